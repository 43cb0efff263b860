/** The head: what came of the search, how far it is, and what can be done with it. */

import type { Shared } from './chart';
import { button, element, setText } from '../dom';
import { elapsed, roughly } from './duration';
import { Lanes } from './lanes';
import { Menu } from './menu';
import type { Change, SourceMessage, Status } from '../messages';
import { CanvasPen } from './pen';
import { drawSpark } from './spark';
import type { Drawable, Stage } from './stage';

const [SPARK_WIDTH_PX, SPARK_HEIGHT_PX] = [120, 30];
const MORE_TRIALS = 20;

/** "12 s, about 20 s left", some seconds after the status was made. */
export function timeText(status: Status, since_s: number): string {
  const ticked_s = status.phase === 'running' ? since_s : 0;
  const gone = elapsed(status.elapsed_s + ticked_s);
  if (status.left_s === null || status.phase === 'ended') return gone;
  return `${gone}, about ${roughly(Math.max(0, status.left_s - ticked_s))} left`;
}

function changeNode({ label, before, after, gain, is_better }: Change): HTMLElement {
  const look = is_better ? 'jtune-value-after jtune-better' : 'jtune-value-after';
  const values = [
    ...(before || gain === '' ? [element('span', { class: 'jtune-value-before' }, before || '–')] : []),
    ...(after ? [' → ', element('span', { class: look }, after)] : []),
  ];
  return element(
    'div',
    { class: 'jtune-change' },
    element('span', { class: 'jtune-goal', title: label }, label),
    element('span', { class: 'jtune-values-told' }, ...values),
    element('span', { class: 'jtune-gain' }, gain),
  );
}

/** The history as a small picture. */
class Spark implements Drawable {
  readonly #canvas = element('canvas', { 'aria-hidden': 'true' });
  readonly node: HTMLButtonElement;

  constructor(private readonly shared: Shared) {
    const attributes = { type: 'button', class: 'jtune-spark', 'aria-label': 'History', title: 'History' };
    this.node = element('button', attributes, this.#canvas);
  }

  draw(): void {
    const context = this.#canvas.getContext('2d');
    if (!context) return;
    const ratio = window.devicePixelRatio || 1;
    this.#canvas.width = SPARK_WIDTH_PX * ratio;
    this.#canvas.height = SPARK_HEIGHT_PX * ratio;
    context.scale(ratio, ratio);
    const theme = this.shared.theme();
    drawSpark(new CanvasPen(context, theme.font), this.shared.store, theme, SPARK_WIDTH_PX, SPARK_HEIGHT_PX);
  }
}

export class Head {
  readonly node = element('div', { class: 'jtune-head' });
  readonly #changes = element('div', { class: 'jtune-changes' });
  readonly #spark: Spark;
  readonly #fill = element('div');
  readonly #bar = element(
    'div',
    { class: 'jtune-bar', role: 'progressbar', 'aria-label': 'progress' },
    this.#fill,
  );
  readonly #count = element('span', { class: 'jtune-count' });
  readonly #time = element('span', { class: 'jtune-time' });
  readonly #said = element('span', { class: 'jtune-said', role: 'status', 'aria-live': 'polite' });
  readonly #buttons = element('div', { class: 'jtune-buttons' });
  readonly #menu: Menu;
  readonly #lanes: Lanes;
  readonly #notes = element('ul', { class: 'jtune-notes' });
  #status: Status | null = null;
  #since_ms = performance.now();
  /** What was written into the cell, as long as it can be taken back. */
  #applied: SourceMessage | null = null;

  /**
   * @param onUndo what was applied is to be taken back
   */
  constructor(
    private readonly shared: Shared,
    stage: Stage,
    private readonly onUndo: (applied: SourceMessage) => void,
  ) {
    this.#spark = new Spark(shared);
    this.#menu = new Menu('More actions', '⋯', shared.signal);
    this.#lanes = new Lanes((message) => {
      shared.store.send(message);
    });
    const progress = element('div', { class: 'jtune-progress' }, this.#count, this.#bar, this.#time);
    const line = element(
      'div',
      { class: 'jtune-line' },
      this.#changes,
      this.#spark.node,
      progress,
      this.#buttons,
      this.#menu.node,
      this.#said,
    );
    this.node.append(line, this.#lanes.node, this.#notes);
    stage.add(this.#spark);
  }

  /** The small history, which opens the large one. */
  get spark(): HTMLButtonElement {
    return this.#spark.node;
  }

  update(status: Status): void {
    this.#status = status;
    this.#since_ms = performance.now();
    this.node.dataset.phase = status.phase;
    this.node.title = status.name;
    this.#changes.replaceChildren(...changesOf(status).map(changeNode));
    this.#showProgress(status);
    this.#say(status);
    this.#lanes.update(status);
    this.#notes.replaceChildren(...status.notes.map((note) => element('li', {}, note)));
    this.offer();
    this.tick();
  }

  tick(): void {
    // The class is ipywidgets' own, of a widget whose kernel is gone.
    if (!this.#status || this.node.closest('.jupyter-widgets-disconnected')) return;
    const since_s = (performance.now() - this.#since_ms) / 1000;
    const text = this.#status.is_exploring ? '' : timeText(this.#status, since_s);
    setText(this.#time, text);
    this.#time.title = text;
    this.#lanes.tick(since_s);
  }

  /** What was applied is in the cell. */
  applied(source: SourceMessage): void {
    this.#applied = source;
    this.offer();
  }

  /** Handles were moved, or a trial was picked: another one would be applied. */
  moved(): void {
    this.#applied = null;
    this.offer();
  }

  /** Show the buttons that do something now. */
  offer(): void {
    const status = this.#status;
    if (!status) return;
    const wanted = this.#wanted(status);
    const present = [...this.#buttons.children].map((node) => node.textContent);
    // A button that stays keeps the keyboard's focus.
    if (present.join('\n') !== wanted.map(([label]) => label).join('\n')) {
      const hadFocus = this.#buttons.contains(document.activeElement);
      const made = wanted.map(([label, run, className]) =>
        button(label, run, className ? { class: className } : {}),
      );
      this.#buttons.replaceChildren(...made);
      if (hadFocus) made[0]?.focus();
    }
    this.#menu.offer(this.#items(status));
  }

  #wanted(status: Status): [label: string, run: () => void, className?: string][] {
    const { store } = this.shared;
    const act = (type: 'pause' | 'resume' | 'stop' | 'run') => () => {
      store.send({ type });
    };
    if (status.phase !== 'ended') {
      const isPaused = status.phase === 'paused' || status.text.startsWith('pauses');
      return [
        isPaused ? ['Resume', act('resume')] : ['Pause', act('pause')],
        ['Stop', act('stop')],
        ...(this.#isMoved && status.can_run ? ([['Run these', act('run')]] as [string, () => void][]) : []),
      ];
    }
    const found: [string, () => void, string?][] = [];
    const applied = this.#applied;
    if (applied) {
      found.push([
        'Applied · Undo',
        () => {
          this.#applied = null;
          this.onUndo(applied);
          this.offer();
        },
      ]);
    } else if (store.best !== null || status.is_exploring) {
      const { label, number } = this.#selection(status);
      found.push([
        label,
        () => {
          store.send({ type: 'apply', number });
        },
        'jtune-primary',
      ]);
    }
    if (status.is_exploring || !status.can_run) return found;
    if (this.#isMoved) found.push(['Run these', act('run')]);
    found.push([
      `+${MORE_TRIALS} trials`,
      () => {
        store.send({ type: 'more', trials: MORE_TRIALS });
      },
    ]);
    return found;
  }

  /** Whether the handles stand where no picked trial and not the best one ran. */
  get #isMoved(): boolean {
    const { store } = this.shared;
    return store.best !== null && !store.isAt(store.best) && !store.isAt(store.selected);
  }

  #selection({ is_exploring }: Status): { label: string; number: number | null } {
    const { store } = this.shared;
    if (!is_exploring && store.selected !== null && store.isAt(store.selected)) {
      const number = store.selected;
      return { label: number === store.best ? 'Apply best' : `Apply trial ${number}`, number };
    }
    if (!is_exploring && store.isAt(store.best)) return { label: 'Apply best', number: store.best };
    return { label: 'Apply these', number: null };
  }

  #items(status: Status): [string, () => void][] {
    const { store } = this.shared;
    const isRunning = status.phase !== 'ended' && !status.is_exploring;
    const items: [string, () => void][] = [];
    if (isRunning) {
      items.push([
        (status.jobs ?? 1) > 1 ? 'Skip all that run' : 'Skip this trial',
        () => {
          store.send({ type: 'skip', number: null });
        },
      ]);
    }
    if (store.best !== null && !status.is_exploring) {
      items.push([
        'Reset to the best',
        () => {
          store.followBest();
        },
      ]);
    }
    items.push([
      'Reset to my cell',
      () => {
        store.move(new Map(store.study.parameters.map(({ own }, i) => [i, own])));
      },
    ]);
    return items;
  }

  #showProgress({ done, total, count, phase, is_exploring }: Status): void {
    const isCounted = total !== null && !is_exploring;
    setText(this.#count, is_exploring ? '' : phase === 'ended' ? `${done} done` : count);
    this.#bar.hidden = !isCounted;
    if (total === null || !isCounted) return;
    this.#bar.setAttribute('aria-valuemin', '0');
    this.#bar.setAttribute('aria-valuenow', String(done));
    this.#bar.setAttribute('aria-valuemax', String(total));
    this.#bar.setAttribute('aria-valuetext', count);
    this.#fill.style.width = `${total > 0 ? Math.min(100, (100 * done) / total) : 0}%`;
  }

  /** For screen readers: new bests and phases, and not each trial. */
  #say({ phase, best, text }: Status): void {
    setText(this.#said, phase === 'running' ? (best ? `best ${best}` : 'running') : text);
  }
}

/** Of an explored cell, its name and how the last run went. */
function changesOf({ changes, name, text, is_exploring }: Status): Change[] {
  if (is_exploring) return [{ label: name, before: '', after: '', gain: text, is_better: false }];
  return changes;
}
