import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { DetailMessage, FromBoard, Row, TrialsMessage } from '../src/messages';
import { Store, type Part } from '../src/panel/store';
import { choice, range, row, study } from './fixtures';

const STUDY = study([range('x', 0, 1), choice('kind', 'a', 'b')]);

function rows(count: number, start = 0): Row[] {
  return Array.from({ length: count }, (_, i) => row(start + i, [0.5, 0], [start + i]));
}

function trials(start: number, sent: Row[]): TrialsMessage {
  return { type: 'trials', start, rows: sent, best: 0, baseline: 0, front: [0] };
}

function detail(number: number): DetailMessage {
  const empty = { reason: '', took: '1 s', params: [], values: [], repeats: [], traceback: '' };
  return { type: 'detail', number, state: 'complete', origin: 'sampler', ...empty };
}

function made(): { store: Store; sent: FromBoard[]; changes: Part[] } {
  const sent: FromBoard[] = [];
  const changes: Part[] = [];
  const store = new Store(STUDY, (message) => sent.push(message));
  store.listen((part) => changes.push(part), new AbortController().signal);
  store.start();
  return { store, sent, changes };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe('trials', () => {
  test('a store asks for everything when it starts', () => {
    expect(made().sent).toEqual([{ type: 'resync', start: 0 }]);
  });

  test('rows are appended, and those that overlap are overwritten', () => {
    const { store } = made();
    store.take(trials(0, rows(3)));
    const better = row(2, [0.1, 1], [42]);
    store.take(trials(2, [better, ...rows(1, 3)]));
    expect(store.rows.map(({ values }) => values[0])).toEqual([0, 1, 42, 3]);
  });

  test('a gap asks once for what is missing, and again after 3 s', () => {
    const { store, sent, changes } = made();
    store.take(trials(0, rows(2)));
    store.take(trials(5, rows(1, 5)));
    store.take(trials(6, rows(1, 6)));
    expect(sent.slice(1)).toEqual([{ type: 'resync', start: 2 }]);
    expect(store.rows).toHaveLength(2);
    expect(changes).toEqual(['trials']);
    vi.advanceTimersByTime(3000);
    expect(sent.slice(2)).toEqual([{ type: 'resync', start: 2 }]);
  });

  test('after an answer nothing is asked again', () => {
    const { store, sent } = made();
    store.take(trials(0, rows(2)));
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(1);
  });

  test('fewer rows from 0 on are another state of the study', () => {
    const { store } = made();
    store.take(trials(0, rows(5)));
    store.pick(4);
    store.take(trials(0, [row(0, [0.9, 1], [7])]));
    expect(store.rows).toHaveLength(1);
    expect(store.selected).toBeNull();
  });

  test('the first of our own rows, sent again for another page, change nothing', () => {
    const { store } = made();
    store.take(trials(0, rows(5)));
    store.pick(4);
    store.take(trials(0, rows(2)));
    expect(store.rows).toHaveLength(5);
    expect(store.selected).toBe(4);
  });

  test('another study forgets everything and asks anew', () => {
    const { store, sent, changes } = made();
    store.take(trials(0, rows(5)));
    store.replaceStudy({ ...STUDY, name: 'other' });
    expect(store.rows).toEqual([]);
    expect(sent.at(-1)).toEqual({ type: 'resync', start: 0 });
    expect(changes.at(-1)).toBe('study');
  });
});

describe('picking', () => {
  test('selects and tells the kernel; picking again unselects', () => {
    const { store, sent } = made();
    store.take(trials(0, rows(5)));
    store.pick(3);
    expect(store.selected).toBe(3);
    store.pick(3);
    expect(store.selected).toBeNull();
    expect(sent.slice(1)).toEqual([
      { type: 'pick', number: 3 },
      { type: 'pick', number: null },
    ]);
  });

  test('the answer to an outdated pick is ignored', () => {
    const { store } = made();
    store.pick(1);
    store.pick(2);
    store.take(detail(1));
    expect(store.selected).toBe(2);
    expect(store.detail).toBeNull();
    store.take(detail(2));
    expect(store.detail?.number).toBe(2);
  });

  test('a late answer after unpicking is ignored', () => {
    const { store } = made();
    store.pick(1);
    store.pick(null);
    store.take(detail(1));
    expect(store.selected).toBeNull();
  });

  test('what the kernel has picked by itself is selected', () => {
    const { store } = made();
    store.pick(1);
    store.take(detail(1));
    store.take(detail(4));
    expect(store.selected).toBe(4);
    expect(store.detail?.number).toBe(4);
  });
});

describe('handles', () => {
  test('stand at the values of the cell, and are moved at once', () => {
    const { store, sent, changes } = made();
    expect(store.present).toEqual([0, 0]);
    store.move(new Map([[0, 0.5]]));
    expect(store.present).toEqual([0.5, 0]);
    expect(sent.at(-1)).toEqual({ type: 'move', values: { x: 0.5 } });
    store.move(new Map([[1, 1]]), false);
    expect(store.present).toEqual([0.5, 1]);
    expect(sent).toHaveLength(2);
    expect(changes).toEqual(['cursor', 'cursor']);
  });

  test('what the kernel said before it took the last move is outdated', () => {
    const { store } = made();
    store.move(new Map([[0, 0.5]]));
    store.move(new Map([[0, 0.6]]));
    store.take({ type: 'cursor', params: [0.5, 0], active: [true, true], taken: 1 });
    expect(store.present).toEqual([0.6, 0]);
    store.take({ type: 'cursor', params: [0.25, 1], active: [true, false], taken: 2 });
    expect([store.present, store.active]).toEqual([
      [0.25, 1],
      [true, false],
    ]);
  });

  test('a condition makes parameters active and inactive in the page', () => {
    const conditions = [{ name: 'x', parents: [{ name: 'kind', cuts: [] }], holds: [true, false] }];
    const store = new Store({ ...STUDY, conditions }, () => undefined);
    expect(store.active).toEqual([true, true]);
    store.move(new Map([[1, 1]]));
    expect(store.active).toEqual([false, true]);
  });
});

test('a filter hides rows until it is cleared', () => {
  const { store, changes } = made();
  store.setFilter(({ number }) => number > 1);
  expect(rows(4).filter((each) => store.isShown(each))).toHaveLength(2);
  store.setFilter(null);
  store.setFilter(null);
  expect(store.isShown(row(0, [0, 0], [1]))).toBe(true);
  expect(changes).toEqual(['filter', 'filter']);
});

test('a listener is left alone after its signal', () => {
  const { store } = made();
  const life = new AbortController();
  const heard = vi.fn();
  store.listen(heard, life.signal);
  life.abort();
  store.take(trials(0, rows(1)));
  expect(heard).not.toHaveBeenCalled();
});
