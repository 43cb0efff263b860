/** One view of a study: all charts, laid out, and kept as fresh as the page can draw. */

import { Chart, type Content, type Shared } from './chart';
import { csvOf } from './columns';
import type { Data, Theme } from './data';
import { showDetail, sourceBlock } from './detail';
import { button, element, section, setText } from '../dom';
import { Effects } from './effects';
import { counted, number } from './format';
import { Interactions } from './interactions';
import type { SourceMessage } from '../messages';
import { curvesOption } from './options/curves';
import { frontOption } from './options/front';
import { historyOption } from './options/history';
import { holdHeight } from './output';
import { Parallel } from './parallel';
import { TITLE_PX, download, menu, pictureOf } from './save';
import { Stage } from './stage';
import { nameControls, onArrival } from './surroundings';
import type { Part, Store } from './store';
import { TrialsTable } from './table';
import { Tabs } from './tabs';
import { onThemeChange, themeOf } from './theme';

export class View {
  readonly #shared: Shared;
  readonly #stage: Stage;
  readonly #history: Chart;
  readonly #curves: Chart;
  readonly #front: Chart;
  readonly #effects: Effects;
  readonly #interactions: Interactions;
  readonly #parallel: Parallel;
  readonly #parallelTab: HTMLElement;
  readonly #table: TrialsTable;
  readonly #tabs: Tabs;
  readonly #top: HTMLElement;
  readonly #filtered = element('span', { role: 'status' });
  readonly #chip: HTMLElement;
  readonly #source = element('div');
  readonly #detail = element('section', { class: 'jtune-detail', 'aria-label': 'The picked trial' });
  #theme: Theme | null = null;
  #hasCurves = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly store: Store,
    signal: AbortSignal,
  ) {
    root.classList.add('jtune-charts');
    // Keys in the panel are the panel's, not JupyterLab's shortcuts (a D would delete cells).
    root.dataset.lmSuppressShortcuts = 'true';
    this.#shared = { store, theme: () => this.#themeNow(), signal };
    this.#stage = new Stage(
      () => store.rows.length,
      (rows) => (root.dataset.drawn = String(rows)),
      signal,
    );
    this.#history = this.#chart({ option: historyOption, describe: describeHistory });
    this.#curves = this.#chart({
      option: curvesOption,
      describe: ({ rows }) =>
        `Learning curves of ${counted(rows.filter((row) => row.curves).length, 'trial')}`,
    });
    this.#front = this.#chart({
      option: frontOption,
      describe: ({ front, rows }) => `Pareto front: ${front.length} of ${counted(rows.length, 'trial')}`,
    });
    this.#effects = new Effects(this.#shared, this.#stage);
    this.#interactions = new Interactions(this.#shared, this.#stage);
    this.#parallel = new Parallel(this.#shared);
    this.#parallelTab = section('Parallel coordinates', 'jtune-tab', this.#parallel.node);
    this.#stage.add(this.#parallel);
    this.#table = new TrialsTable(this.#shared, this.#stage);
    this.#tabs = new Tabs(
      [
        { label: 'Interactions', panel: this.#interactions.node },
        { label: 'Parallel coordinates', panel: this.#parallelTab },
        { label: 'Trials', panel: this.#table.node },
      ],
      () => {
        this.#interactions.ask();
      },
    );
    this.#top = element(
      'div',
      { class: 'jtune-top' },
      section('History', 'jtune-history', this.#history.node),
      section('Learning curves', 'jtune-curves', this.#curves.node),
      section('Pareto front', 'jtune-front', this.#front.node),
    );
    this.#chip = this.#makeChip();
    this.#lay(signal);
    this.#arrange();
    this.#follow(signal);
  }

  /** Whether the user can see it. */
  get isVisible(): boolean {
    return this.root.isConnected && this.root.getClientRects().length > 0;
  }

  /** Offer the cell's new text to whoever can put it into the notebook; show it where nobody does. */
  offerSource(source: SourceMessage): void {
    const options = { detail: source, bubbles: true, composed: true, cancelable: true };
    if (!this.root.dispatchEvent(new CustomEvent('jtune:apply', options))) return;
    this.#source.replaceChildren(
      sourceBlock(source, () => {
        this.#source.replaceChildren();
      }),
    );
  }

  /** The page's colours, read when they are needed: a view is made before it is in the page, where it has none. */
  #themeNow(): Theme {
    this.#theme ??= themeOf(this.root);
    return this.#theme;
  }

  #chart(content: Content): Chart {
    const chart = new Chart(this.#shared, content);
    this.#stage.add(chart);
    return chart;
  }

  #makeChip(): HTMLElement {
    const clear = button('clear', () => {
      this.store.setFilter(null);
    });
    const chip = element('div', { class: 'jtune-chip' }, this.#filtered, ' · ', clear);
    chip.hidden = true;
    return chip;
  }

  #lay(signal: AbortSignal): void {
    const save = menu(
      'Save',
      [
        [
          'Picture (SVG)',
          () => {
            this.#savePicture();
          },
        ],
        [
          'Trials (CSV)',
          () => {
            this.#saveTrials();
          },
        ],
      ],
      signal,
    );
    const bar = element('div', { class: 'jtune-tab-bar' }, this.#tabs.bar, save);
    const more = element(
      'section',
      { class: 'jtune-more', 'aria-label': 'More of the study' },
      bar,
      this.#tabs.panels,
    );
    this.#detail.hidden = true;
    this.root.append(this.#source, this.#chip, this.#top, this.#effects.node, more, this.#detail);
  }

  #follow(signal: AbortSignal): void {
    this.store.listen((part) => {
      this.#onChange(part);
    }, signal);
    onThemeChange(() => {
      this.#theme = null;
      this.#stage.markAll();
    }, signal);
    this.root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || this.store.selected === null) return;
      this.store.pick(null);
      event.stopPropagation();
    });
    onArrival(
      this.root,
      '.jtune-output',
      (output) => {
        holdHeight(output, signal);
      },
      signal,
    );
    onArrival(
      this.root,
      '.jtune-sliders',
      (sliders) => {
        nameControls(sliders, signal);
      },
      signal,
    );
    if (this.store.isLive)
      for (const part of ['trials', 'effects', 'detail', 'filter'] as const) this.#onChange(part);
  }

  #onChange(part: Part): void {
    const { store, root } = this;
    root.classList.toggle('jtune-live', store.isLive);
    root.dataset.rows = String(store.rows.length);
    root.dataset.selected = store.selected === null ? '' : String(store.selected);
    switch (part) {
      case 'study':
        this.#rebuild();
        break;
      case 'trials':
        this.#arrange();
        this.#showFilter();
        this.#stage.markAll();
        break;
      case 'effects':
        this.#effects.update();
        this.#effects.mark();
        this.#interactions.update();
        this.#interactions.ask();
        break;
      case 'pair':
        this.#interactions.update();
        break;
      case 'cursor':
      case 'narrowed':
        this.#effects.mark();
        this.#stage.mark(this.#interactions.chart.node);
        break;
      case 'selected':
        if (store.selected !== null) this.#table.reveal(store.selected);
        showDetail(this.#detail, store.detail);
        this.#stage.markAll();
        break;
      case 'detail':
        showDetail(this.#detail, store.detail);
        break;
      case 'filter':
        this.#showFilter();
        break;
      case 'source':
        break;
    }
  }

  #rebuild(): void {
    this.#source.replaceChildren();
    this.#effects.rebuild();
    this.#interactions.rebuild();
    this.#table.rebuild();
    this.#hasCurves = false;
    this.#arrange();
    this.#stage.markAll();
  }

  /** What this study has no use for is not shown. */
  #arrange(): void {
    const { study, rows } = this.store;
    const isSearch = study.objectives.length > 0;
    this.#hasCurves ||= rows.some((row) => row.curves);
    const offered: [HTMLElement, boolean][] = [
      [this.#history.node, isSearch],
      [this.#curves.node, this.#hasCurves],
      [this.#front.node, study.objectives.length > 1],
    ];
    for (const [node, isOffered] of offered) (node.parentElement ?? node).hidden = !isOffered;
    this.#top.dataset.count = String(offered.filter(([, isOffered]) => isOffered).length);
    this.#effects.node.hidden = !isSearch;
    this.#tabs.offer(this.#interactions.node, isSearch && study.parameters.length > 1);
  }

  #showFilter(): void {
    const { filter, rows } = this.store;
    this.#chip.hidden = filter === null;
    if (filter === null) this.#parallel.clear();
    else setText(this.#filtered, `${rows.filter(filter).length} of ${counted(rows.length, 'trial')} shown`);
    this.#stage.markAll();
  }

  /** The charts in sight, by title. */
  #charts(): [string, Chart][] {
    const charts: [string, Chart][] = [
      ['History', this.#history],
      ['Learning curves', this.#curves],
      ['Pareto front', this.#front],
      ...this.#effects.charts,
      ['Interactions', this.#interactions.chart],
      ['Parallel coordinates', this.#parallel],
    ];
    return charts.filter(([, { node }]) => node.clientHeight > 0);
  }

  #savePicture(): void {
    const charts = this.#charts();
    const boxes = charts.map(([, { node }]) => node.getBoundingClientRect());
    const left = Math.min(...boxes.map((box) => box.left));
    const top = Math.min(...boxes.map((box) => box.top)) - TITLE_PX;
    const placed = charts.map(([title, chart], i) => {
      const box = boxes[i] ?? new DOMRect();
      return {
        title,
        x: Math.round(box.left - left),
        y: Math.round(box.top - top),
        width: box.width,
        svg: chart.svg(),
      };
    });
    const width = Math.ceil(Math.max(...boxes.map((box) => box.right)) - left);
    const height = Math.ceil(Math.max(...boxes.map((box) => box.bottom)) - top);
    download(
      `${this.store.study.name}.svg`,
      'image/svg+xml',
      pictureOf(placed, width, height, this.#themeNow()),
    );
  }

  #saveTrials(): void {
    const { study, rows } = this.store;
    download(`${study.name}.csv`, 'text/csv', csvOf(study, rows));
  }
}

function describeHistory({ rows, best }: Data): string {
  const value = best === null ? undefined : rows[best]?.values[0];
  const words = value === undefined ? '' : `, best ${number(value)} in trial ${best}`;
  return `History: ${counted(rows.length, 'trial')}${words}`;
}
