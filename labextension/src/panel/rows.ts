/** The rows of all parameters: what they show of the study, in which order, and which of them are folded. */

import type { Shared } from './chart';
import { button, element, setText } from '../dom';
import { INSET_PX } from './drawing';
import { counted } from './format';
import { thinned } from './options/dots';
import { pictureOf } from './picture';
import { ParameterRow } from './row';
import { scaleOf } from './scale';
import type { Surrogate } from './slices';
import type { Drawable, Stage } from './stage';
import type { Row } from '../messages';
import { tooltipOf } from './tooltip';

/** With so few parameters none is folded. */
const FEW = 4;
const ALL = 1;

/** Trials that are drawn, with their rows as the surrogate has them. */
interface Drawn {
  rows: readonly Row[];
  encoded: readonly Float64Array[];
  of: Surrogate | null;
  count: number;
}

export class Rows implements Drawable {
  readonly #list = element('div', { class: 'jtune-rows' });
  readonly #fold = button('', () => {
    this.#isFull = !this.#isFull;
    this.arrange();
  });
  readonly #prediction = element('span', { class: 'jtune-prediction' });
  readonly #failed = element('span', { class: 'jtune-failed' });
  /** What stands below the rows; its height is there from the first. */
  readonly under = element('div', { class: 'jtune-under' }, this.#fold, this.#prediction, this.#failed);
  readonly node = this.#list;
  readonly #tip = element('div', { class: 'jtune-tooltip-box jtune-tip', hidden: '' });
  #rows: ParameterRow[] = [];
  #isFull = false;
  #isRunning = false;
  #isLive = false;
  #isUntold = false;
  #drawn: Drawn = { rows: [], encoded: [], of: null, count: -1 };

  constructor(
    private readonly shared: Shared,
    private readonly stage: Stage,
  ) {
    this.#fold.classList.add('jtune-fold');
    stage.add(this);
    shared.signal.addEventListener('abort', () => {
      this.#tip.remove();
    });
    this.rebuild();
  }

  /** For another study. */
  rebuild(): void {
    this.#rows = this.shared.store.study.parameters.map((parameter, i) => this.#row(parameter, i));
    this.#isFull = false;
    this.#drawn = { rows: [], encoded: [], of: null, count: -1 };
    this.arrange();
    this.update();
  }

  /** Whether a search runs: rows keep their places; and whether the kernel is told of each move. */
  follow(isRunning: boolean, isLive: boolean, failed: string): void {
    this.#isLive = isLive;
    setText(this.#failed, failed);
    this.#failed.title = failed;
    if (this.#isRunning === isRunning) return;
    this.#isRunning = isRunning;
    this.arrange();
  }

  /** What the kernel, or the user, said has changed. */
  update(isUrgent = false): void {
    const { store } = this.shared;
    const best = store.best === null ? undefined : store.rows[store.best];
    for (const [i, row] of this.#rows.entries()) {
      const { name } = row.parameter;
      const position = store.present[i] ?? row.parameter.own;
      const held = { isLocked: store.locked.includes(name), range: store.narrowed[name] ?? null };
      row.place(position, store.active[i] ?? true, held);
      row.markBest(best?.params[i] === position);
    }
    this.#predict();
    if (isUrgent) this.stage.hurry(this.node);
    else this.stage.mark(this.node);
  }

  /** Put the rows in order, and fold those without effect; while a search runs they stay where they are. */
  arrange(): void {
    const { verdicts } = this.shared.store;
    const byName = new Map(verdicts.map((verdict, rank) => [verdict.name, { verdict, rank }]));
    for (const row of this.#rows) row.judge(byName.get(row.parameter.name)?.verdict);
    if (!this.#isRunning) {
      const rankOf = (row: ParameterRow) => byName.get(row.parameter.name)?.rank ?? 0;
      const order = [...this.#rows].sort((a, b) => rankOf(a) - rankOf(b)).map(({ node }) => node);
      if (order.some((node, i) => node !== this.#list.children[i])) this.#list.replaceChildren(...order);
    }
    const idle = this.#rows.filter((row) => row.node.dataset.verdict === 'none');
    const isFolded = !this.#isRunning && this.#rows.length > FEW && idle.length > ALL;
    for (const row of this.#rows) row.node.hidden = isFolded && !this.#isFull && idle.includes(row);
    this.#fold.hidden = !isFolded;
    this.#fold.setAttribute('aria-expanded', String(this.#isFull));
    setText(this.#fold, `${counted(idle.length, 'parameter')} without effect`);
    this.stage.mark(this.node);
  }

  /** The rows in sight, for a picture. */
  get shown(): readonly ParameterRow[] {
    const byNode = new Map(this.#rows.map((row) => [row.node as Element, row]));
    return [...this.#list.children]
      .flatMap((node) => byNode.get(node) ?? [])
      .filter(({ node }) => !node.hidden);
  }

  draw(): void {
    const { store } = this.shared;
    const theme = this.shared.theme();
    const scale = scaleOf(store);
    const shown = this.#rows.filter(({ node }) => !node.hidden);
    const axes = new Map(shown.map((row) => [this.#rows.indexOf(row), row.axis]));
    const slices = scale && store.surrogate?.slices(axes, store.present, store.active);
    const drawn = this.#trials();
    const present = store.surrogate?.encoded(store.present, store.active) ?? null;
    for (const row of shown) {
      const i = this.#rows.indexOf(row);
      const near = present && store.surrogate?.closeness(i, drawn.encoded, present);
      const slice = slices?.get(i) ?? null;
      const given = { axis: row.axis, index: i, scale, trials: drawn.rows, near: near ?? null, slice };
      row.draw(pictureOf(store, given), theme);
    }
  }

  /** The trials that are drawn, encoded once for each surrogate. */
  #trials(): Drawn {
    const { store } = this.shared;
    const { surrogate, rows } = store;
    if (this.#drawn.of !== surrogate || this.#drawn.count !== rows.length) {
      const some = thinned(store, rows);
      const encoded = surrogate ? some.map((row) => surrogate.encodedTrial(row)) : [];
      this.#drawn = { rows: some, encoded, of: surrogate, count: rows.length };
    }
    return this.#drawn;
  }

  #predict(): void {
    const { surrogate, present, active, study } = this.shared.store;
    const goal = study.objectives[0];
    if (!surrogate || !goal) {
      setText(this.#prediction, '');
      return;
    }
    const measured = this.#measured();
    if (measured) {
      setText(this.#prediction, `measured ${goal.label}: ${measured}`);
      return;
    }
    const { mean, sd } = surrogate.at(present, active);
    setText(this.#prediction, `predicted ${goal.label}: ${digits(mean, 4)} ± ${digits(sd, 2)}`);
  }

  /** What the trials gave where the handles stand; empty where none ran there. */
  #measured(): string {
    const { rows, present, active } = this.shared.store;
    const isHere = ({ params }: Row) =>
      params.every((value, i) => value === (active[i] === false ? null : present[i]));
    const here = rows.filter((row) => row.values.length > 0 && isHere(row));
    const [first] = here;
    if (!first) return '';
    const mean = here.reduce((sum, row) => sum + (row.values[0] ?? NaN), 0) / here.length;
    const where = here.length > 1 ? `on average in ${here.length} trials` : `in trial ${first.number}`;
    return `${digits(mean, 4)} ${where}`;
  }

  #row(parameter: ParameterRow['parameter'], i: number): ParameterRow {
    const { store } = this.shared;
    return new ParameterRow(parameter, {
      move: (position, isDone) => {
        // A release where the kernel has been told already is no news.
        if (isDone && !this.#isUntold && position === store.present[i]) return;
        const isTold = isDone || this.#isLive;
        this.#isUntold = !isTold;
        store.move(new Map([[i, position]]), isTold);
      },
      lock: (isLocked) => {
        store.hold(parameter.name, isLocked, store.narrowed[parameter.name] ?? null);
      },
      narrow: (low, high) => {
        const row = this.#rows[i];
        const isWhole = row && low <= row.axis.low && high >= row.axis.high;
        store.hold(parameter.name, store.locked.includes(parameter.name), isWhole ? null : [low, high]);
      },
      pick: (trial) => {
        store.pick(trial);
      },
      point: (trial, x, y) => {
        this.#point(trial, x, y);
      },
    });
  }

  #point(trial: number | null, x: number, y: number): void {
    this.#list.classList.toggle('jtune-pointing', trial !== null);
    this.#tip.hidden = trial === null;
    if (trial === null) return;
    if (!this.#tip.isConnected) document.body.append(this.#tip);
    if (this.#tip.dataset.trial !== String(trial)) {
      this.#tip.dataset.trial = String(trial);
      this.#tip.replaceChildren(tooltipOf(this.shared.store, trial));
    }
    const { offsetWidth, offsetHeight } = this.#tip;
    const beside = x + INSET_PX + offsetWidth < innerWidth ? x + INSET_PX : x - INSET_PX - offsetWidth;
    this.#tip.style.left = `${Math.max(0, beside)}px`;
    this.#tip.style.top = `${Math.max(0, Math.min(y + INSET_PX, innerHeight - offsetHeight))}px`;
  }
}

/** As Python's `%.4g`, without an exponent where people write none. */
function digits(x: number, count: number): string {
  return Number.isFinite(x) ? String(Number(x.toPrecision(count))) : String(x);
}
