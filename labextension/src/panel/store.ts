/** One study as the page knows it, fed by the kernel's messages; all views of a model share it. */

import type { Data } from './data';
import type {
  CursorMessage,
  DetailMessage,
  EffectsMessage,
  FromBoard,
  PairMessage,
  Row,
  StudyInfo,
  ToBoard,
  TrialsMessage,
  Verdict,
} from '../messages';
import { Activities } from './encoding';
import { Surrogate } from './slices';

/** What changed: the type of the message, or what the user did. */
export type Part = ToBoard['type'] | 'study' | 'selected' | 'filter';
export type Filter = (row: Row) => boolean;

const RETRY_MS = 3000;
const MAX_RETRY_MS = 60_000;

export class Store implements Data {
  rows: Row[] = [];
  best: number | null = null;
  baseline: number | null = null;
  front: number[] = [];
  surrogate: Surrogate | null = null;
  verdicts: Verdict[] = [];
  /** Why there is no prediction. */
  reason = '';
  pair: PairMessage | null = null;
  present: number[] = [];
  active: boolean[] = [];
  narrowed: Record<string, [number, number]> = {};
  locked: string[] = [];
  selected: number | null = null;
  detail: DetailMessage | null = null;
  filter: Filter | null = null;
  /** Whether anything has come from the kernel. */
  isLive = false;

  readonly #listeners = new Set<(part: Part) => void>();
  #request: ReturnType<typeof setTimeout> | null = null;
  /** What was picked here and has not been answered, in order. */
  #picked: number[] = [];
  /** How many moves were sent: what the kernel says of the time before them is outdated. */
  #moves = 0;
  #activities: Activities;

  constructor(
    public study: StudyInfo,
    readonly send: (message: FromBoard) => void,
  ) {
    this.#activities = new Activities(study);
    this.#placeOwn();
  }

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
    this.surrogate = this.pair = null;
    this.verdicts = [];
    this.narrowed = {};
    this.locked = [];
    this.#activities = new Activities(study);
    this.#placeOwn();
    this.#cancelRequest();
    this.#resync(RETRY_MS);
    this.#changed('study');
  }

  take(message: ToBoard): void {
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

  /**
   * Move handles, by the index of their parameter.
   *
   * @param isSent whether the kernel is told
   */
  move(positions: ReadonlyMap<number, number>, isSent = true): void {
    this.present = this.present.map((position, i) => positions.get(i) ?? position);
    this.active = this.#activities.of(this.present, this.active);
    if (isSent) {
      const { parameters } = this.study;
      const named = [...positions].map(([i, position]) => [parameters[i]?.name ?? '', position] as const);
      this.#moves += 1;
      this.send({ type: 'move', values: Object.fromEntries(named) });
    }
    this.#changed('cursor');
  }

  /** Move the handles to the best trial, and on with it. */
  followBest(): void {
    this.send({ type: 'pick', number: null });
    if (this.selected !== null) this.#select(null);
  }

  /** Hold the search to a parameter's value, or to a part of its range. */
  hold(name: string, isLocked: boolean, range: readonly [number, number] | null): void {
    const [low, high] = range ?? [null, null];
    this.send({ type: 'hold', name, locked: isLocked, low, high });
    this.locked = [...this.locked.filter((each) => each !== name), ...(isLocked ? [name] : [])];
    const others = Object.fromEntries(Object.entries(this.narrowed).filter(([each]) => each !== name));
    this.narrowed = range ? { ...others, [name]: [range[0], range[1]] } : others;
    this.#changed('narrowed');
  }

  /** Whether the handles stand where a trial ran. */
  isAt(number: number | null): boolean {
    const row = number === null ? undefined : this.rows[number];
    if (!row) return false;
    return row.params.every((position, i) => position === null || position === this.present[i]);
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
  #apply(message: ToBoard): boolean {
    switch (message.type) {
      case 'trials':
        return this.#takeTrials(message);
      case 'effects':
        this.#takeEffects(message);
        return true;
      case 'pair':
        this.pair = message;
        return true;
      case 'cursor':
        return this.#takeCursor(message);
      case 'narrowed':
        this.narrowed = message.ranges;
        this.locked = message.locked;
        return true;
      case 'detail':
        return this.#takeDetail(message);
      case 'source':
        return true;
    }
  }

  #placeOwn(): void {
    this.present = this.study.parameters.map(({ own }) => own);
    this.active = this.#activities.of(this.present);
  }

  #takeEffects({ posterior, verdicts, reason }: EffectsMessage): void {
    this.surrogate = posterior && new Surrogate(this.study, posterior);
    this.verdicts = verdicts;
    this.reason = reason;
  }

  #takeCursor({ params, active, taken }: CursorMessage): boolean {
    if (taken < this.#moves) return false;
    this.present = params;
    this.active = active;
    return true;
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
