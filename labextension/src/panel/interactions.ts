/** The prediction over a pair of parameters, which two selects pick. */

import { Chart, type Shared } from './chart';
import { element, section, setText } from '../dom';
import { pairOption } from './options/pair';
import type { Stage } from './stage';

const PACE_MS = 1000;

export class Interactions {
  readonly #across = element('select', { 'aria-label': 'Parameter across' });
  readonly #up = element('select', { 'aria-label': 'Parameter up' });
  readonly #what = element('span', { class: 'jtune-note' });
  readonly chart: Chart;
  readonly node: HTMLElement;
  #isChosen = false;
  #askedAt_ms = -Infinity;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly shared: Shared,
    private readonly stage: Stage,
  ) {
    this.chart = new Chart(shared, {
      option: pairOption,
      describe: ({ pair }) =>
        pair ? `Prediction over ${pair.a} and ${pair.b}` : 'Prediction over two parameters',
    });
    this.chart.node.classList.add('jtune-tall', 'jtune-square');
    const picker = element('div', { class: 'jtune-picker' }, this.#across, '×', this.#up, this.#what);
    this.node = section('Pairs', 'jtune-pairs', picker, this.chart.node);
    for (const select of [this.#across, this.#up]) {
      select.addEventListener('change', () => {
        this.#choose(select);
      });
    }
    stage.add(this.chart);
    shared.signal.addEventListener('abort', () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
    });
    this.rebuild();
  }

  /** For another study. */
  rebuild(): void {
    const { parameters, objectives } = this.shared.store.study;
    const names = parameters.map(({ name }) => name);
    setText(this.#what, objectives[0] ? `predicted ${objectives[0].label}` : '');
    for (const select of [this.#across, this.#up]) {
      select.replaceChildren(...names.map((name) => element('option', { value: name }, name)));
    }
    this.#isChosen = false;
    this.update();
  }

  /** What the kernel said has changed, or the tab was shown. */
  update(): void {
    if (!this.#isChosen) this.#preset();
    this.stage.mark(this.chart.node);
  }

  /** Ask for the prediction, at most once per second and only while it is looked at. */
  ask(): void {
    if (this.node.hidden || this.#timer !== null || this.#across.value === this.#up.value) return;
    const wait_ms = Math.max(0, this.#askedAt_ms + PACE_MS - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#askedAt_ms = performance.now();
      this.shared.store.askPair(this.#across.value, this.#up.value);
    }, wait_ms);
  }

  /** The two parameters that matter most, as long as the user has chosen none. */
  #preset(): void {
    const { verdicts, study } = this.shared.store;
    const names = (verdicts.length > 1 ? verdicts : study.parameters).map(({ name }) => name);
    this.#across.value = names[0] ?? '';
    this.#up.value = names[1] ?? '';
  }

  #choose(changed: HTMLSelectElement): void {
    this.#isChosen = true;
    const other = changed === this.#across ? this.#up : this.#across;
    if (other.value === changed.value) {
      const names = this.shared.store.study.parameters.map(({ name }) => name);
      other.value = names.find((name) => name !== changed.value) ?? '';
    }
    this.ask();
  }
}
