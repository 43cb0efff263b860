/** The grid of small charts, one per parameter, the most important first. */

import { Chart, type Shared } from './chart';
import type { Data } from './data';
import { button, element, section, setText } from '../dom';
import { counted } from './format';
import type { Effect, Goal } from '../messages';
import { effectOption } from './options/effect';
import type { Stage } from './stage';

const FEW = 8;
const NARROWEST_PX = 215;
/** Differences of importance up to this change no order: charts that swap their places all the time are no help. */
const NOTABLE = 0.03;

/** The names by importance; in the present order where that is as good as sorted. */
export function settle(present: readonly string[], importance: ReadonlyMap<string, number>): string[] {
  const of = (name: string) => importance.get(name) ?? 0;
  let least = Infinity;
  const isSettled = present.every((name) => {
    const isInPlace = of(name) <= least + NOTABLE;
    least = Math.min(least, of(name));
    return isInPlace;
  });
  return isSettled ? [...present] : [...present].sort((a, b) => of(b) - of(a));
}

/** Columns that fill their rows evenly: eight charts are 4 + 4, not 5 + 3. */
export function columnsFor(count: number, width_px: number): number {
  const most = Math.min(5, Math.max(2, Math.floor(width_px / NARROWEST_PX)));
  const rows = Math.max(1, Math.ceil(count / most));
  return Math.ceil(count / rows);
}

/** Which objective the charts show, where there are several. */
export function whichOf([first, ...others]: readonly Goal[]): string {
  return first && others.length > 0 ? `on ${first.label}` : '';
}

interface Tile {
  name: string;
  chart: Chart;
  figure: HTMLElement;
  share: HTMLElement;
}

export class Effects {
  readonly #grid = element('div', { class: 'jtune-effects-grid' });
  readonly #note = element('p', { class: 'jtune-note' });
  readonly #more = button('', () => {
    this.#isFull = !this.#isFull;
    this.update();
  });
  readonly node = section('Effects', 'jtune-effects', this.#note, this.#grid, this.#more);
  #tiles: Tile[] = [];
  #isFull = false;

  constructor(
    private readonly shared: Shared,
    private readonly stage: Stage,
  ) {
    const sizes = new ResizeObserver(() => {
      this.#fit();
    });
    sizes.observe(this.#grid);
    shared.signal.addEventListener('abort', () => {
      sizes.disconnect();
    });
    this.rebuild();
  }

  /** The charts that are shown, by their titles. */
  get charts(): [string, Chart][] {
    return this.#shown().map(({ name, share, chart }) => [`${name}  ${share.textContent}`, chart]);
  }

  /** For another study. */
  rebuild(): void {
    for (const { chart } of this.#tiles) {
      this.stage.remove(chart.node);
      chart.dispose();
    }
    this.#tiles = this.shared.store.study.parameters.map(({ name }) => this.#tile(name));
    this.#isFull = false;
    this.update();
  }

  update(): void {
    const { effects, effectsReason, study } = this.shared.store;
    const importance = new Map(effects.map((effect) => [effect.name, effect.importance]));
    const byName = new Map(this.#tiles.map((tile) => [tile.name, tile]));
    const order = settle([...byName.keys()], importance);
    this.#tiles = order.flatMap((name) => byName.get(name) ?? []);
    const shares = new Map(effects.map((effect) => [effect.name, effect.share]));
    for (const { name, share } of this.#tiles) setText(share, shares.get(name) ?? '');
    setText(this.#note, effects.length > 0 ? whichOf(study.objectives) : effectsReason);
    setText(this.#more, this.#isFull ? 'Show fewer' : `Show all ${this.#tiles.length}`);
    this.#more.hidden = this.#tiles.length <= FEW;
    this.#place();
  }

  mark(): void {
    for (const { chart } of this.#tiles) this.stage.mark(chart.node);
  }

  #shown(): Tile[] {
    return this.#isFull ? this.#tiles : this.#tiles.slice(0, FEW);
  }

  #place(): void {
    const figures = this.#shown().map(({ figure }) => figure);
    const isSame =
      figures.length === this.#grid.childElementCount &&
      figures.every((figure, i) => figure === this.#grid.children[i]);
    if (!isSame) this.#grid.replaceChildren(...figures);
    this.#fit();
  }

  #fit(): void {
    const columns = columnsFor(this.#grid.childElementCount, this.#grid.clientWidth);
    this.#grid.style.setProperty('--columns', String(columns));
  }

  #tile(name: string): Tile {
    const chart = new Chart(this.shared, {
      option: (data, theme) => effectOption(data, theme, name),
      describe: (data) => describe(data, name),
    });
    const share = element('span', { class: 'jtune-share' });
    const title = element('span', { class: 'jtune-name', title: name }, name);
    const caption = element('figcaption', {}, title, share);
    this.stage.add(chart);
    return { name, chart, figure: element('figure', {}, caption, chart.node), share };
  }
}

function describe(data: Data, name: string): string {
  const effect: Effect | undefined = data.effects.find((each) => each.name === name);
  const share = effect ? `, importance ${effect.share}` : '';
  const what = ['Effect of', name, whichOf(data.study.objectives)].filter(Boolean).join(' ');
  return `${what}: ${counted(data.rows.length, 'trial')}${share}`;
}
