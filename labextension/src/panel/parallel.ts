/** Parallel coordinates, whose brushes filter all views. */

import { Chart, type Shared } from './chart';
import type { EChartsOption } from './large';
import { counted } from './format';
import { brushed, parallelOption } from './options/parallel';

interface AreaEvent {
  parallelAxisId: string;
  intervals: [number, number][];
}

const idOf = (axis: number) => `axis-${axis}`;

export class Parallel extends Chart {
  readonly #intervals = new Map<number, [number, number][]>();
  #isListening = false;

  constructor(shared: Shared) {
    super(shared, {
      option: parallelOption,
      describe: ({ rows, study }) =>
        `Parallel coordinates: ${counted(rows.length, 'trial')} over ${counted(study.parameters.length, 'parameter')}`,
    });
    this.node.classList.add('jtune-tall');
  }

  override draw(): void {
    super.draw();
    if (this.chart === null || this.#isListening) return;
    this.#isListening = true;
    this.chart.on('axisareaselected', (event) => {
      this.#onBrush(event as AreaEvent);
    });
  }

  /** Take the brushes away: someone has cleared the filter. */
  clear(): void {
    const axes = [...this.#intervals.keys()];
    this.#intervals.clear();
    for (const axis of axes) {
      this.chart?.dispatchAction({ type: 'axisAreaSelect', parallelAxisId: idOf(axis), intervals: [] });
    }
  }

  protected override complete(): EChartsOption {
    const option = super.complete();
    const axes = Array.isArray(option.parallelAxis) ? option.parallelAxis : [];
    return { ...option, parallelAxis: axes.map((axis, i) => ({ ...axis, id: idOf(i) })) };
  }

  #onBrush({ parallelAxisId, intervals }: AreaEvent): void {
    const axis = Number(parallelAxisId.replace(idOf(0).slice(0, -1), ''));
    if (intervals.length > 0) this.#intervals.set(axis, intervals);
    else if (!this.#intervals.delete(axis)) return;
    const { store } = this.shared;
    store.setFilter(this.#intervals.size > 0 ? brushed(new Map(this.#intervals), store) : null);
  }
}
