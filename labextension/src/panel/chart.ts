/** One ECharts chart in the page. The library is large, and comes when the first chart is to be seen. */

import type { Data, Theme } from './data';
import { element } from '../dom';
import type { EChartsOption, EChartsType, Library } from './large';
import { trialOf } from './options/shared';
import type { Drawable } from './stage';
import type { Store } from './store';

const GAP_PX = 14;

/** What the parts of a view have in common. */
export interface Shared {
  store: Store;
  theme(): Theme;
  signal: AbortSignal;
  library(): Promise<Library>;
}

/** What a chart shows, as a picture and as a sentence. */
export interface Content {
  option(data: Data, theme: Theme): EChartsOption;
  describe(data: Data): string;
}

/** What merging cannot take away: the series, axes and their parts. Where it differs, nothing is merged. */
function structureOf(option: EChartsOption): string {
  const shapes = Object.entries(option).map(([name, value]) => {
    const parts = (Array.isArray(value) ? value : [value]) as unknown[];
    return [name, parts.map((part) => [kindOf(part), ...Object.keys(Object(part) as object)])];
  });
  return JSON.stringify(shapes);
}

function kindOf(part: unknown): string {
  const { type, id } = Object(part) as { type?: unknown; id?: unknown };
  return `${String(type)} ${String(id)}`;
}

export class Chart implements Drawable {
  readonly node = element('div', { class: 'jtune-chart', role: 'img' });
  protected chart: EChartsType | null = null;
  #library: Library | null = null;
  #isAsked = false;
  #structure = '';

  constructor(
    protected readonly shared: Shared,
    private readonly content: Content,
  ) {
    shared.signal.addEventListener('abort', () => {
      this.dispose();
    });
  }

  draw(): void {
    const { clientWidth: width, clientHeight: height } = this.node;
    if (width === 0 || height === 0) return;
    if (!this.#library) {
      this.#ask();
      return;
    }
    this.chart ??= this.#create(this.#library);
    if (this.chart.getWidth() !== width || this.chart.getHeight() !== height) this.chart.resize();
    const option = this.complete();
    const structure = structureOf(option);
    this.chart.setOption(option, { notMerge: structure !== this.#structure });
    this.#structure = structure;
    this.node.setAttribute('aria-label', this.content.describe(this.shared.store));
  }

  /** The chart as SVG, in its present size; empty before it has been drawn. */
  svg(): string {
    if (!this.#library) return '';
    const { clientWidth: width, clientHeight: height } = this.node;
    const still = this.#library.init(null, null, { renderer: 'svg', ssr: true, width, height });
    still.setOption(this.complete());
    const svg = still.renderToSVGString();
    still.dispose();
    return svg;
  }

  dispose(): void {
    this.chart?.dispose();
    this.chart = null;
  }

  protected complete(): EChartsOption {
    const option = this.content.option(this.shared.store, this.shared.theme());
    const base = Array.isArray(option.tooltip) ? option.tooltip[0] : option.tooltip;
    const tooltip = {
      ...base,
      // In the body: the output area would scroll, or cut off, what hangs over its edge.
      appendTo: document.body,
      confine: false,
      className: 'jtune-tooltip-box',
      extraCssText: 'box-shadow: none',
      position: (
        at: number[],
        _params: unknown,
        _box: unknown,
        _rect: unknown,
        size: { contentSize: number[] },
      ) => this.#beside(at, size.contentSize),
    };
    return { ...option, tooltip };
  }

  /** Where the tooltip goes, within the window: beside the pointer, on the side that has room. */
  #beside([x = 0, y = 0]: number[], [width = 0, height = 0]: number[]): [number, number] {
    const { left, top } = this.node.getBoundingClientRect();
    const [toRight, toBottom] = [left + x + GAP_PX + width, innerHeight - height - GAP_PX];
    const across = toRight < innerWidth ? x + GAP_PX : x - GAP_PX - width;
    return [across, Math.max(GAP_PX, Math.min(top + y + GAP_PX, toBottom)) - top];
  }

  #ask(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    void this.shared.library().then((library) => {
      this.#library = library;
      if (!this.shared.signal.aborted) this.draw();
    });
  }

  #create({ init }: Library): EChartsType {
    const chart = init(this.node, null, { renderer: 'canvas' });
    chart.on('click', (event) => {
      const trial = trialOf(event);
      if (trial !== null) this.shared.store.pick(trial);
    });
    return chart;
  }
}
