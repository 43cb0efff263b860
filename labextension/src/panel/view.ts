/** One view of a study: head, rows and what lies below them, kept as fresh as the page can draw. */

import { Chart, type Content, type Shared } from './chart';
import { csvOf } from './columns';
import type { Data, Theme } from './data';
import { showDetail, sourceBlock } from './detail';
import { button, element, section, setText } from '../dom';
import { Drawers } from './drawers';
import { ROW_PX } from './drawing';
import { counted } from './format';
import { Head } from './head';
import { Interactions } from './interactions';
import type { Library } from './large';
import { Menu } from './menu';
import type { SourceMessage, Status } from '../messages';
import { curvesOption } from './options/curves';
import { frontOption } from './options/front';
import { historyOption } from './options/history';
import { holdHeight } from './output';
import { Parallel } from './parallel';
import { SvgPen } from './pen';
import { Rows } from './rows';
import { TITLE_PX, type Placed, download, pictureOf } from './save';
import { Stage } from './stage';
import type { Part, Store } from './store';
import { onArrival } from './surroundings';
import { TrialsTable } from './table';
import { onThemeChange, themeOf } from './theme';

export class View {
  readonly #shared: Shared;
  readonly #stage: Stage;
  readonly #head: Head;
  readonly #rows: Rows;
  readonly #next = element('span', { class: 'jtune-next' });
  readonly #history: Chart;
  readonly #curves: Chart;
  readonly #front: Chart;
  readonly #frontSection: HTMLElement;
  readonly #curvesSection: HTMLElement;
  readonly #interactions: Interactions;
  readonly #parallel: Parallel;
  readonly #table: TrialsTable;
  readonly #drawers: Drawers;
  readonly #filtered = element('span', { role: 'status' });
  readonly #chip: HTMLElement;
  readonly #source = element('div');
  readonly #detail = element('section', { class: 'jtune-detail', 'aria-label': 'The picked trial' });
  #theme: Theme | null = null;
  #status: Status | null = null;
  #hasCurves = false;

  constructor(
    private readonly root: HTMLElement,
    private readonly store: Store,
    library: () => Promise<Library>,
    signal: AbortSignal,
  ) {
    root.classList.add('jtune-board');
    // Keys in the panel are the panel's, not JupyterLab's shortcuts (a D would delete cells).
    root.dataset.lmSuppressShortcuts = 'true';
    this.#shared = { store, theme: () => this.#themeNow(), signal, library };
    this.#stage = new Stage(
      () => store.rows.length,
      (rows) => (root.dataset.drawn = String(rows)),
      signal,
    );
    this.#history = this.#chart({
      option: historyOption,
      describe: (data) => describeHistory(data, this.#status),
    });
    this.#curves = this.#chart({ option: curvesOption, describe: describeCurves });
    this.#front = this.#chart({ option: frontOption, describe: describeFront });
    this.#frontSection = section('Pareto front', 'jtune-front', this.#front.node);
    this.#curvesSection = section('Learning curves', 'jtune-curves', this.#curves.node);
    this.#interactions = new Interactions(this.#shared, this.#stage);
    this.#parallel = new Parallel(this.#shared);
    this.#stage.add(this.#parallel);
    this.#table = new TrialsTable(this.#shared, this.#stage);
    this.#chip = this.#makeChip();
    this.#head = new Head(this.#shared, this.#stage, (applied) => {
      this.#undo(applied);
    });
    this.#drawers = new Drawers(
      [
        {
          label: 'History',
          content: section('History', 'jtune-history', this.#history.node),
          opener: this.#head.spark,
        },
        { label: 'Trials', content: element('div', {}, this.#chip, this.#parallel.node, this.#table.node) },
        { label: 'Pairs', content: this.#interactions.node },
        { label: 'Curves', content: this.#curvesSection },
      ],
      () => {
        this.#stage.markAll();
        this.#interactions.ask();
      },
    );
    this.#rows = new Rows(this.#shared, this.#stage);
    this.#lay(signal);
    this.#arrange();
    this.#follow(signal);
  }

  /** Whether the user can see it. */
  get isVisible(): boolean {
    return this.root.isConnected && this.root.getClientRects().length > 0;
  }

  /** How far the study is. */
  show(status: Status): void {
    this.#status = status;
    this.#head.update(status);
    this.#rows.follow(status.phase !== 'ended' && !status.is_exploring, status.is_live, status.failed);
    this.root.classList.toggle('jtune-explores', status.is_exploring);
    const label = status.next === '' ? [] : [element('b', {}, 'Next: ')];
    const said = status.next || (status.is_exploring ? '' : status.text);
    if (this.#next.textContent !== `${label.length > 0 ? 'Next: ' : ''}${said}`) {
      this.#next.replaceChildren(...label, said);
      this.#next.title = said;
    }
    this.#arrange();
  }

  tick(): void {
    this.#head.tick();
  }

  /** Offer the cell's new text to whoever can put it into the notebook; show it where nobody does. */
  offerSource(source: SourceMessage): void {
    if (this.#isTaken(source)) this.#head.applied(source);
    else {
      const close = () => {
        this.#source.replaceChildren();
      };
      this.#source.replaceChildren(sourceBlock(source, close));
    }
  }

  #isTaken(source: SourceMessage): boolean {
    const options = { detail: source, bubbles: true, composed: true, cancelable: true };
    return !this.root.dispatchEvent(new CustomEvent('jtune:apply', options));
  }

  /** Put back what stood there before. */
  #undo(applied: SourceMessage): void {
    const literals = applied.literals.map(([name, before, after]) => [name, after, before]);
    this.#isTaken({ ...applied, literals: literals as SourceMessage['literals'] });
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
    const save = new Menu('Save', 'Save', signal);
    save.offer([
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
    ]);
    this.#drawers.bar.append(save.node);
    const foot = element('div', { class: 'jtune-foot' }, this.#next, this.#drawers.bar);
    this.#detail.hidden = true;
    this.root.append(
      this.#head.node,
      this.#source,
      this.#frontSection,
      this.#rows.node,
      this.#rows.under,
      foot,
      this.#drawers.panels,
      this.#detail,
    );
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
    if (this.store.isLive)
      for (const part of ['trials', 'effects', 'cursor', 'detail', 'filter'] as const) this.#onChange(part);
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
        this.#rows.update();
        this.#head.offer();
        this.#stage.markAll();
        break;
      case 'effects':
        this.#rows.arrange();
        this.#rows.update();
        this.#interactions.update();
        this.#interactions.ask();
        break;
      case 'pair':
        this.#interactions.update();
        break;
      case 'cursor':
        this.#rows.update(true);
        this.#head.moved();
        break;
      case 'narrowed':
        this.#rows.update(true);
        break;
      case 'selected':
        if (store.selected !== null) this.#table.reveal(store.selected);
        showDetail(this.#detail, store.detail);
        this.#head.moved();
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
    this.#rows.rebuild();
    this.#interactions.rebuild();
    this.#table.rebuild();
    this.#hasCurves = false;
    this.#arrange();
    this.#stage.markAll();
  }

  /** What this study has no use for is not shown. */
  #arrange(): void {
    const { study, rows } = this.store;
    const isSearch = study.objectives.length > 0 && !this.#status?.is_exploring;
    this.#hasCurves ||= rows.some((row) => row.curves);
    this.#drawers.offer(this.#curvesSection, this.#hasCurves);
    this.#frontSection.hidden = !isSearch || study.objectives.length < 2;
    this.#drawers.offer(this.#interactions.node, isSearch && study.parameters.length > 1);
  }

  #showFilter(): void {
    const { filter, rows } = this.store;
    this.#chip.hidden = filter === null;
    if (filter === null) this.#parallel.clear();
    else setText(this.#filtered, `${rows.filter(filter).length} of ${counted(rows.length, 'trial')} shown`);
    this.#stage.markAll();
  }

  /** What is in sight, as pictures with their titles. */
  #pictures(): { title: string; node: HTMLElement; svg: string }[] {
    const theme = this.#themeNow();
    const rows = this.#rows.shown.map((row) => {
      const node = row.node.querySelector('canvas')?.parentElement ?? row.node;
      const pen = new SvgPen(node.clientWidth, ROW_PX, theme.font);
      row.drawWith(pen, theme);
      return { title: row.title, node, svg: new XMLSerializer().serializeToString(pen.node) };
    });
    const charts: [string, Chart][] = [
      ['Pareto front', this.#front],
      ['History', this.#history],
      ['Parallel coordinates', this.#parallel],
      ['Pairs', this.#interactions.chart],
      ['Learning curves', this.#curves],
    ];
    const drawn = charts.map(([title, chart]) => ({ title, node: chart.node, svg: chart.svg() }));
    return [...rows, ...drawn.filter(({ node, svg }) => node.clientHeight > 0 && svg !== '')];
  }

  #savePicture(): void {
    let y = 0;
    const placed: Placed[] = [];
    for (const { title, node, svg } of this.#pictures()) {
      y += TITLE_PX;
      placed.push({ title, x: 0, y, width: node.clientWidth, svg });
      y += node.clientHeight;
    }
    const width = Math.max(...placed.map((each) => each.width), 0);
    download(`${this.store.study.name}.svg`, 'image/svg+xml', pictureOf(placed, width, y, this.#themeNow()));
  }

  #saveTrials(): void {
    const { study, rows } = this.store;
    download(`${study.name}.csv`, 'text/csv', csvOf(study, rows));
  }
}

function describeHistory({ rows }: Data, status: Status | null): string {
  const best = status?.best ? `, best ${status.best}` : '';
  return `History: ${counted(rows.length, 'trial')}${best}`;
}

function describeCurves({ rows }: Data): string {
  return `Learning curves of ${counted(rows.filter((row) => row.curves).length, 'trial')}`;
}

function describeFront({ front, rows }: Data): string {
  return `Pareto front: ${front.length} of ${counted(rows.length, 'trial')}`;
}
