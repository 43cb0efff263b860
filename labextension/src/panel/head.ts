/** The anywidget module of the panel's head: how far the search is, and how good. */

import type { AnyModel } from '@anywidget/types';

import { definitions, element, setText } from '../dom';
import { elapsed, roughly } from './duration';
import { Lanes } from './lanes';
import type { FromHead, Goal, HeadTraits, Status } from '../messages';

const ARROWS = { minimize: '↓ minimize', maximize: '↑ maximize' };

/** "12 s, about 20 s left", some seconds after the status was made. */
export function timeText(status: Status, since_s: number): string {
  const ticked_s = status.phase === 'running' ? since_s : 0;
  const gone = elapsed(status.elapsed_s + ticked_s);
  if (status.left_s === null || status.phase === 'ended') return gone;
  return `${gone}, about ${roughly(Math.max(0, status.left_s - ticked_s))} left`;
}

function goal({ label, direction }: Goal): HTMLElement {
  const way = element('span', { class: 'jtune-direction' }, ARROWS[direction]);
  return element('span', { class: 'jtune-goal' }, label, ' ', way);
}

function results({ best, baseline, gain }: Status): [string, string][] {
  const pairs: [string, string][] = [
    ['best', best],
    ['baseline', baseline],
    ['gain', gain],
  ];
  return pairs.filter(([, value]) => value !== '');
}

class Head {
  readonly #name = element('span', { class: 'jtune-study' });
  readonly #goals = element('span', { class: 'jtune-goals' });
  readonly #state = element('span', { class: 'jtune-state', role: 'status', 'aria-live': 'polite' });
  readonly #fill = element('div');
  readonly #bar = element(
    'div',
    { class: 'jtune-bar', role: 'progressbar', 'aria-label': 'progress' },
    this.#fill,
  );
  readonly #count = element('span', { class: 'jtune-count' });
  readonly #time = element('span', { class: 'jtune-time' });
  readonly #lanes: Lanes;
  readonly #results = element('div', { class: 'jtune-results' });
  readonly #notes = element('ul', { class: 'jtune-notes' });
  #status: Status;
  #since_ms = performance.now();

  constructor(
    private readonly root: HTMLElement,
    status: Status,
    send: (message: FromHead) => void,
  ) {
    this.#status = status;
    this.#lanes = new Lanes(send);
    root.classList.add('jtune-head');
    const title = element('div', { class: 'jtune-title' }, this.#name, this.#goals, this.#state);
    const progress = element('div', { class: 'jtune-progress' }, this.#bar, this.#count, this.#time);
    root.append(title, progress, this.#lanes.node, this.#results, this.#notes);
    this.update(status);
  }

  update(status: Status): void {
    this.#status = status;
    this.#since_ms = performance.now();
    this.root.dataset.phase = status.phase;
    setText(this.#name, status.name);
    this.#goals.replaceChildren(...status.objectives.map(goal));
    setText(this.#state, status.text);
    this.#showProgress(status);
    this.#lanes.update(status);
    this.#results.replaceChildren(definitions(results(status), 'jtune-values'));
    this.#notes.replaceChildren(...status.notes.map((note) => element('li', {}, note)));
    this.tick();
  }

  tick(): void {
    // The class is ipywidgets' own, of a widget whose kernel is gone.
    if (this.root.closest('.jupyter-widgets-disconnected')) return;
    const since_s = (performance.now() - this.#since_ms) / 1000;
    setText(this.#time, timeText(this.#status, since_s));
    this.#lanes.tick(since_s);
  }

  #showProgress(status: Status): void {
    const { done, total, count } = status;
    setText(this.#count, count);
    this.#bar.hidden = total === null;
    if (total === null) return;
    this.#bar.setAttribute('aria-valuemin', '0');
    this.#bar.setAttribute('aria-valuenow', String(done));
    this.#bar.setAttribute('aria-valuemax', String(total));
    this.#bar.setAttribute('aria-valuetext', count);
    this.#fill.style.width = `${total > 0 ? Math.min(100, (100 * done) / total) : 0}%`;
  }
}

function render({ model, el }: { model: AnyModel<HeadTraits>; el: HTMLElement }): () => void {
  const head = new Head(el, model.get('status'), (message) => {
    model.send(message);
  });
  const update = () => {
    head.update(model.get('status'));
  };
  model.on('change:status', update);
  const clock = setInterval(() => {
    head.tick();
  }, 1000);
  return () => {
    clearInterval(clock);
    model.off('change:status', update);
  };
}

export default () => ({ render });
