/** All trials in a sortable table; only the rows in sight are in the page. */

import type { Shared } from './chart';
import { columnsOf, sorted, type Column, type Order } from './columns';
import { element, section } from '../dom';
import type { Row } from '../messages';
import type { Drawable, Stage } from './stage';

const ROW_PX = 26;
/** Rows beyond the edges, so that scrolling shows no gaps. */
const MARGIN = 8;
const WIDEST_CH = 26;

/** Wide enough for the header and what the first rows hold: it must not change while one scrolls. */
function widthOf(column: Column, rows: readonly Row[]): number {
  const longest = Math.max(...rows.slice(0, 50).map((row) => column.text(row).length), 0);
  return Math.min(WIDEST_CH, Math.max(column.label.length + 2, longest + 1, 7)) + 4;
}

export class TrialsTable implements Drawable {
  readonly #head = element('tr', { 'aria-rowindex': '1' });
  readonly #body = element('tbody');
  readonly #columnWidths = element('colgroup');
  readonly #table = element('table', { role: 'grid', 'aria-label': 'Trials' }, this.#columnWidths);
  readonly #scroller = element('div', { class: 'jtune-table' }, this.#table);
  readonly node: HTMLElement;
  #columns: Column[] = [];
  #order: Order = { column: 0, isDescending: false };
  #rows: Row[] = [];
  /** Where the keyboard is, by the trial's number. */
  #active: number | null = null;
  #widthsFor = 0;

  constructor(
    private readonly shared: Shared,
    private readonly stage: Stage,
  ) {
    this.#table.append(element('thead', {}, this.#head), this.#body);
    this.node = section('Trials', 'jtune-trials', this.#scroller);
    this.#scroller.addEventListener('scroll', () => {
      this.#fill();
    });
    this.#body.addEventListener('click', (event) => {
      this.#pick(this.#trialAt(event.target));
    });
    this.#body.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
    stage.add(this);
    this.rebuild();
  }

  /** For another study. */
  rebuild(): void {
    this.#columns = columnsOf(this.shared.store.study);
    this.#order = { column: 0, isDescending: false };
    this.#active = null;
    this.#widthsFor = 0;
    this.#head.replaceChildren(...this.#columns.map((column, i) => this.#header(column, i)));
    this.stage.mark(this.node);
  }

  draw(): void {
    const { store } = this.shared;
    const shown = store.filter === null ? store.rows : store.rows.filter(store.filter);
    const column = this.#columns[this.#order.column];
    if (column) this.#rows = sorted(shown, column, this.#order.isDescending);
    this.#table.setAttribute('aria-rowcount', String(this.#rows.length + 1));
    this.#fitColumns();
    this.#fill();
  }

  /** Bring a trial into sight. */
  reveal(number: number): void {
    const index = this.#rows.findIndex((row) => row.number === number);
    if (index >= 0 && !this.#body.contains(document.activeElement)) this.#scrollTo(index);
  }

  /** Once there are rows, and again when there are many more of them. */
  #fitColumns(): void {
    const enough = Math.min(this.#rows.length, 50);
    if (enough <= this.#widthsFor && this.#widthsFor > 0) return;
    this.#widthsFor = enough;
    const widths = this.#columns.map((column) => widthOf(column, this.#rows));
    const columns = widths.map((width) => element('col', { style: `width: ${width}ch` }));
    this.#columnWidths.replaceChildren(...columns);
    this.#table.style.width = `${widths.reduce((sum, width) => sum + width, 0)}ch`;
  }

  #header({ label, isNumeric }: Column, index: number): HTMLElement {
    const sort = element('button', { type: 'button', title: label }, label);
    sort.addEventListener('click', () => {
      this.#sortBy(index);
    });
    const attributes = { scope: 'col', 'aria-sort': index === 0 ? 'ascending' : 'none' };
    return element('th', isNumeric ? { ...attributes, class: 'jtune-number' } : attributes, sort);
  }

  #sortBy(column: number): void {
    const isDescending = this.#order.column === column && !this.#order.isDescending;
    this.#order = { column, isDescending };
    [...this.#head.children].forEach((th, i) => {
      th.setAttribute('aria-sort', i !== column ? 'none' : isDescending ? 'descending' : 'ascending');
    });
    this.#scroller.scrollTop = 0;
    this.draw();
  }

  /** Put the rows in sight into the page, and spacers for the others. */
  #fill(): void {
    const top = this.#scroller.scrollTop;
    const first = Math.max(0, Math.floor(top / ROW_PX) - MARGIN);
    const count = Math.ceil(this.#scroller.clientHeight / ROW_PX) + 2 * MARGIN;
    const rows = this.#rows.slice(first, first + count);
    const after = this.#rows.length - first - rows.length;
    const focused = this.#body.contains(document.activeElement);
    const entry = this.#entry(rows);
    const lines = rows.map((row, i) => this.#line(row, first + i, row.number === entry));
    this.#body.replaceChildren(spacer(first), ...lines, spacer(after));
    if (focused) this.#focusActive();
  }

  /** The row that Tab goes to. */
  #entry(rows: readonly Row[]): number | undefined {
    const isThere = rows.some((row) => row.number === this.#active);
    return isThere && this.#active !== null ? this.#active : rows[0]?.number;
  }

  #line(row: Row, index: number, isEntry: boolean): HTMLElement {
    const cells = this.#columns.map((column) => {
      const text = column.text(row);
      return element('td', column.isNumeric ? { class: 'jtune-number' } : { title: text }, text);
    });
    const { selected, best } = this.shared.store;
    const attributes = {
      'aria-rowindex': String(index + 2),
      'aria-selected': String(row.number === selected),
      'data-trial': String(row.number),
      'data-state': row.state,
      tabindex: isEntry ? '0' : '-1',
      ...(row.number === best ? { class: 'jtune-best' } : {}),
    };
    return element('tr', attributes, ...cells);
  }

  #trialAt(target: EventTarget | null): number | null {
    const line = target instanceof Element ? target.closest<HTMLElement>('tr[data-trial]') : null;
    return line ? Number(line.dataset.trial) : null;
  }

  #pick(number: number | null): void {
    if (number === null) return;
    this.#active = number;
    this.shared.store.pick(number);
  }

  #onKey(event: KeyboardEvent): void {
    const number = this.#trialAt(event.target);
    if (number === null) return;
    const index = this.#rows.findIndex((row) => row.number === number);
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / ROW_PX) - 2);
    const moves: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: this.#rows.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined) this.#goTo(Math.min(Math.max(to, 0), this.#rows.length - 1));
    else if (event.key === 'Enter' || event.key === ' ') this.#pick(number);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #goTo(index: number): void {
    this.#active = this.#rows[index]?.number ?? null;
    this.#scrollTo(index);
    this.#fill();
    this.#focusActive();
  }

  #scrollTo(index: number): void {
    const top = index * ROW_PX;
    const room = this.#scroller.clientHeight - 2 * ROW_PX;
    if (top < this.#scroller.scrollTop) this.#scroller.scrollTop = top;
    else if (top > this.#scroller.scrollTop + room) this.#scroller.scrollTop = top - room;
  }

  #focusActive(): void {
    const line = this.#body.querySelector<HTMLElement>(`tr[data-trial="${this.#active ?? ''}"]`);
    line?.focus({ preventScroll: true });
  }
}

function spacer(rows: number): HTMLElement {
  return element('tr', { 'aria-hidden': 'true', style: `height: ${rows * ROW_PX}px` });
}
