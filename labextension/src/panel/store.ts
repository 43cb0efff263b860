/** One study as the page knows it, fed by the kernel's messages; all views of a model share it. */

import type { Data } from './data';
import type {
  CursorMessage,
  DetailMessage,
  Effect,
  ToCharts,
  FromCharts,
  PairMessage,
  Row,
  StudyInfo,
  TrialsMessage,
} from '../messages';

/** What changed: the type of the message, or what the user did. */
export type Part = ToCharts['type'] | 'study' | 'selected' | 'filter';
export type Filter = (row: Row) => boolean;

const RETRY_MS = 3000;
const MAX_RETRY_MS = 60_000;

export class Store implements Data {
  rows: Row[] = [];
  best: number | null = null;
  baseline: number | null = null;
  front: number[] = [];
  effects: Effect[] = [];
  effectsReason = '';
  pair: PairMessage | null = null;
  cursor: CursorMessage | null = null;
  narrowed: Record<string, [number, number]> = {};
  selected: number | null = null;
  detail: DetailMessage | null = null;
  filter: Filter | null = null;
  /** Whether anything has come from the kernel. */
  isLive = false;

  readonly #listeners = new Set<(part: Part) => void>();
  #request: ReturnType<typeof setTimeout> | null = null;
  /** What was picked here and has not been answered, in order. */
  #picked: number[] = [];

  constructor(
    public study: StudyInfo,
    private readonly send: (message: FromCharts) => void,
  ) {}

  /** Ask for all there is. */
  start(): void {
    this.#resync(RETRY_MS);
  }

  /** Call the listener after each change, until the signal aborts. */
  listen(listener: (part: Part) => void, signal: AbortSignal): void {
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener));
  }

  isShown(row: Row): boolean {
    return this.filter === null || this.filter(row);
  }

  /** Another study: forget everything and ask for it. */
  replaceStudy(study: StudyInfo): void {
    this.study = study;
    this.#forget();
    this.rows = [];
    this.effects = [];
    this.pair = this.cursor = null;
    this.narrowed = {};
    this.#cancelRequest();
    this.#resync(RETRY_MS);
    this.#changed('study');
  }

  take(message: ToCharts): void {
    this.isLive = true;
    if (this.#apply(message)) this.#changed(message.type);
  }

  /** Select a trial everywhere; picking it again, or null, unselects. */
  pick(number: number | null): void {
    const next = number === this.selected ? null : number;
    if (next === this.selected) return;
    if (next !== null) this.#picked.push(next);
    this.send({ type: 'pick', number: next });
    this.#select(next);
  }

  setFilter(filter: Filter | null): void {
    if (filter === null && this.filter === null) return;
    this.filter = filter;
    this.#changed('filter');
  }

  askPair(a: string, b: string): void {
    this.send({ type: 'pair', a, b });
  }

  dispose(): void {
    this.#cancelRequest();
    this.#listeners.clear();
  }

  /** Whether there is something new to show. */
  #apply(message: ToCharts): boolean {
    switch (message.type) {
      case 'trials':
        return this.#takeTrials(message);
      case 'effects':
        this.effects = message.effects;
        this.effectsReason = message.reason;
        return true;
      case 'pair':
        this.pair = message;
        return true;
      case 'cursor':
        this.cursor = message;
        return true;
      case 'narrowed':
        this.narrowed = message.ranges;
        return true;
      case 'detail':
        return this.#takeDetail(message);
      case 'source':
        return true;
    }
  }

  #takeTrials({ start, rows, best, baseline, front }: TrialsMessage): boolean {
    if (start > this.rows.length) {
      this.#resync(RETRY_MS);
      return false;
    }
    this.#cancelRequest();
    if (start === 0 && rows.length < this.rows.length && !this.#isKnown(rows)) {
      this.rows = [];
      this.#forget();
    }
    rows.forEach((row, index) => (this.rows[start + index] = row));
    Object.assign(this, { best, baseline, front });
    return true;
  }

  /** Whether these rows are the first of ours: when another page asks for all, it gets them piece by piece. */
  #isKnown(rows: readonly Row[]): boolean {
    const last = rows.length - 1;
    return last >= 0 && [0, last].every((i) => JSON.stringify(rows[i]) === JSON.stringify(this.rows[i]));
  }

  /** A detail also says what the kernel has picked; but the answer to a pick that is outdated says nothing. */
  #takeDetail(message: DetailMessage): boolean {
    const at = this.#picked.indexOf(message.number);
    this.#picked.splice(0, at + 1);
    if (at >= 0 && message.number !== this.selected) return false;
    this.detail = message;
    if (this.selected !== message.number) this.#select(message.number);
    return true;
  }

  #select(number: number | null): void {
    this.selected = number;
    if (this.detail?.number !== number) this.detail = null;
    this.#changed('selected');
  }

  /** What was said of rows that are gone. */
  #forget(): void {
    this.best = this.baseline = null;
    this.front = [];
    this.detail = null;
    this.#picked = [];
    if (this.selected !== null) this.#select(null);
    this.setFilter(null);
  }

  /** One request is in flight at a time; repeated, ever more rarely, until trials come. */
  #resync(retry_ms: number): void {
    if (this.#request !== null) return;
    this.send({ type: 'resync', start: this.rows.length });
    this.#request = setTimeout(() => {
      this.#request = null;
      this.#resync(Math.min(2 * retry_ms, MAX_RETRY_MS));
    }, retry_ms);
  }

  #cancelRequest(): void {
    if (this.#request !== null) clearTimeout(this.#request);
    this.#request = null;
  }

  #changed(part: Part): void {
    for (const listener of this.#listeners) listener(part);
  }
}
