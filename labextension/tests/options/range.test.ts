import { describe, expect, it } from 'vitest';
import { objectiveRange, parameterRange, logTicks, robustRange, ticks } from '../../src/panel/options/range';
import { MAXIMIZE, range, trials } from '../fixtures';

const USUAL = [0.1, 0.2, 0.3, 0.4, 0.5];

describe('robustRange', () => {
  it('shows all values where none is far away', () => {
    const [low, high] = robustRange(USUAL, 1);
    expect(low).toBeLessThan(0.1);
    expect(high).toBeGreaterThan(0.5);
    expect(high - low).toBeLessThan(0.5);
  });

  it.each([
    ['an exploding loss', [...USUAL, 1e6], 1, 0.1, 0.5],
    ['several of them', [...USUAL, ...USUAL, 1e6, 1e9, 1e300], 1, 0.1, 0.5],
    ['a collapsing accuracy', [...USUAL, -1e6], -1, 0.1, 0.5],
  ] as const)('clips %s', (_what, values, sign, best, worst) => {
    const [low, high] = robustRange(values, sign);
    expect(low).toBeGreaterThan(best - 0.2);
    expect(low).toBeLessThan(best);
    expect(high).toBeGreaterThan(worst);
    expect(high).toBeLessThan(worst + 0.2);
  });

  it.each([
    ['minimized', [0.1, 100, 101, 102, 103, 104], 1],
    ['maximized', [1000, 0.1, 0.2, 0.3, 0.2, 0.1], -1],
  ] as const)('never clips the best value when it is %s', (_what, values, sign) => {
    const [low, high] = robustRange(values, sign);
    const best = sign === 1 ? Math.min(...values) : Math.max(...values);
    expect(low).toBeLessThanOrEqual(best);
    expect(high).toBeGreaterThanOrEqual(best);
  });

  it.each([
    ['nothing', []],
    ['one value', [3]],
    ['one zero', [0]],
    ['equal values', [5, 5, 5, 5, 5]],
    ['equal values but one', [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6]],
    ['huge values', [1e300, -1e300, 1.7e308, -1.7e308, 0]],
    ['tiny values', [5e-324, 1e-323]],
  ])('is a finite range that is not empty for %s', (_what, values) => {
    for (const sign of [1, -1] as const) {
      const [low, high] = robustRange(values, sign);
      expect(high - low).toBeGreaterThan(0);
      expect(high - low).toBeLessThan(Infinity);
    }
  });
});

it('the range of the objective is aware of its direction', () => {
  const values = [...USUAL, -1e6];
  expect(objectiveRange(trials(values, {}, MAXIMIZE))[0]).toBeGreaterThan(0);
  expect(objectiveRange(trials(values))[0]).toBeLessThan(-1e6);
});

describe('parameterRange', () => {
  it('holds the bounds, and a baseline outside of them', () => {
    const [low, high] = parameterRange(range('x', 0, 1), [1.5], 'tight');
    expect([low, high]).toEqual([0, 1.5]);
  });

  it('is not drawn out by one that is far away', () => {
    expect(parameterRange(range('x', 0, 1), [1e6, -1e300], 'tight')).toEqual([-1, 2]);
  });

  it('counts in powers of ten on a log axis', () => {
    const [low, high] = parameterRange(range('x', 1e-4, 1e-2, { log: true }), [1, -5, 0], 'tight');
    expect(low).toBeCloseTo(1e-4, 12);
    expect(high).toBeCloseTo(1, 12);
  });

  it.each([
    ['a constant', range('x', 3, 3)],
    ['a constant zero', range('x', 0, 0)],
    ['a constant on a log axis', range('x', 3, 3, { log: true })],
    ['all that a log axis can have', range('x', 1e-300, 1e300, { log: true })],
    ['all that a linear axis can have', range('x', -1.7e308, 1.7e308)],
  ])('is a finite range that is not empty for %s', (_what, parameter) => {
    for (const margin of ['margin', 'tight'] as const) {
      const [low, high] = parameterRange(parameter, [], margin);
      expect(high - low).toBeGreaterThan(0);
      expect(high - low).toBeLessThan(Infinity);
    }
  });
});

describe('ticks', () => {
  it.each([
    [[0, 1], 5, false, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [[0, 1], 4, false, [0, 0.5, 1]],
    [[0.8, 8.2], 3, true, [2, 4, 6, 8]],
    [[-0.3, 1.3], 4, true, [0, 1]],
    [[-0.31, 0.31], 3, false, [-0.2, 0, 0.2]],
  ] as const)('within %o, about %d: %o %o', ([low, high], count, isInteger, expected) => {
    expect(ticks([low, high], count, isInteger)).toEqual(expected);
  });

  it('has an end where the range is too narrow for steps', () => {
    expect(ticks([1e16, 1e16 + 2], 4).length).toBeLessThan(10);
  });
});

describe('logTicks', () => {
  it.each([
    [[1e-5, 1e-1], 4, [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]],
    [[1e-5, 1e-1], 3, [1e-5, 1e-3, 1e-1]],
    [[0.02, 30], 3, [0.1, 1, 10]],
    [[0.8, 12], 3, [1, 2, 5, 10]],
    [[0.2, 0.9], 3, [0.2, 0.5]],
    [[3.2, 3.4], 2, [3.2, 3.3, 3.4]],
  ] as const)('within %o, about %d: %o', ([low, high], count, expected) => {
    expect(logTicks([low, high], count)).toEqual(expected);
  });
});
