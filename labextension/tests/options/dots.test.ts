import { describe, expect, it } from 'vitest';
import { evenly, strewn, thinned } from '../../src/panel/options/dots';
import { improvements } from '../../src/panel/options/measure';
import { training, trials } from '../fixtures';

describe('evenly', () => {
  it.each([
    [[1, 2, 3], 5, [1, 2, 3]],
    [[1, 2, 3, 4, 5], 3, [1, 3, 5]],
    [[1, 2, 3, 4, 5], 1, [5]],
    [[1, 2, 3], 0, []],
    [[], 3, []],
  ])('of %o, %d are %o', (items, count, expected) => {
    expect(evenly(items, count)).toEqual(expected);
  });
});

describe('thinned', () => {
  const many = training(10_000, { selected: 1234 });
  const numbers = (data = many) => new Set(thinned(data, data.rows).map(({ number }) => number));

  it('leaves few trials as they are', () => {
    const few = training(100);
    expect(thinned(few, few.rows)).toBe(few.rows);
  });

  it('keeps at most about 500, in their order', () => {
    const kept = thinned(many, many.rows);
    expect(kept.length).toBeGreaterThan(450);
    expect(kept.length).toBeLessThanOrEqual(510);
    expect(kept).toEqual([...kept].sort((a, b) => a.number - b.number));
  });

  it('keeps the best, the baseline, the selected, the improving and the 200 most recent', () => {
    const kept = numbers();
    for (const trial of [many.best, many.baseline, 1234]) expect(kept).toContain(trial);
    for (const { row } of improvements(many)) expect(kept).toContain(row.number);
    for (let trial = 9800; trial < 10_000; trial++) expect(kept).toContain(trial);
  });

  it('is bounded where every trial improves', () => {
    const data = trials(Array.from({ length: 10_000 }, (_, i) => -i));
    expect(thinned(data, data.rows).length).toBeLessThanOrEqual(510);
  });

  it('keeps all that pass the brushes, if these are few', () => {
    const kept = numbers({ ...many, isShown: ({ number }) => number % 97 === 3 });
    for (let trial = 3; trial < 10_000; trial += 97) expect(kept).toContain(trial);
  });

  it('gives the same again', () => {
    expect(numbers()).toEqual(numbers());
  });
});

it('dots are strewn to both sides, and always the same', () => {
  const shifts = Array.from({ length: 200 }, (_, i) => strewn(i));
  expect(Math.min(...shifts)).toBeGreaterThanOrEqual(-1);
  expect(Math.max(...shifts)).toBeLessThanOrEqual(1);
  expect(Math.abs(shifts.reduce((a, b) => a + b) / 200)).toBeLessThan(0.05);
  expect(shifts).toEqual(Array.from({ length: 200 }, (_, i) => strewn(i)));
});
