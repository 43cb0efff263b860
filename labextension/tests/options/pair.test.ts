import { describe, expect, it } from 'vitest';
import type { Data } from '../../src/panel/data';
import { cellEdges, pairOption } from '../../src/panel/options/pair';
import { THEME, training } from '../fixtures';
import { allSeries, axisOf, items, trialsOf } from './reading';

const X = [1e-5, 1e-3, 1e-1];
const LAYERS_BY_RATE = {
  type: 'pair' as const,
  a: 'learning_rate',
  b: 'layers',
  x: X,
  y: [1, 8],
  mean: [
    [1, 2],
    [3, 4],
    [5, 6],
  ],
  reason: '',
};

const pair = (more: Partial<Data> = {}) => pairOption(training(30, { pair: LAYERS_BY_RATE, ...more }), THEME);

describe('cellEdges', () => {
  it.each([
    [
      'midpoints',
      [0, 1, 3],
      [0, 3],
      false,
      [
        [0, 0.5],
        [0.5, 2],
        [2, 3],
      ],
    ],
    [
      'geometric midpoints on a log axis',
      [1, 100],
      [1, 100],
      true,
      [
        [1, 10],
        [10, 100],
      ],
    ],
    ['to the ends of the range', [1], [0, 2], false, [[0, 2]]],
    ['none', [], [0, 1], false, []],
  ])('are %s', (_what, positions, [low, high], isLog, expected) => {
    const edges = cellEdges(positions, [low ?? 0, high ?? 0], isLog);
    edges.forEach((edge, i) => {
      expect(edge[0]).toBeCloseTo(expected[i]?.[0] ?? NaN, 12);
      expect(edge[1]).toBeCloseTo(expected[i]?.[1] ?? NaN, 12);
    });
    expect(edges).toHaveLength(expected.length);
  });

  it('are finite for huge positions', () => {
    expect(cellEdges([1e308, 1.7e308], [1e308, 1.7e308], false)[0]?.[1]).toBeCloseTo(1.35e308, -300);
  });
});

it('the cells have the predicted means at their positions', () => {
  expect(items(pair(), 'heat').map(({ value }) => value)).toEqual([
    [1e-5, 1, 1],
    [1e-5, 8, 2],
    [1e-3, 1, 3],
    [1e-3, 8, 4],
    [1e-1, 1, 5],
    [1e-1, 8, 6],
  ]);
  expect(pair().visualMap).toMatchObject({ min: 1, max: 6, dimension: 2 });
});

it('axes are log and of choices where the parameters are', () => {
  expect(axisOf(pair(), 'xAxis').type).toBe('log');
  const option = pair({
    pair: { ...LAYERS_BY_RATE, a: 'optimizer', b: 'learning_rate', x: [0, 1, 2], y: X },
  });
  expect([axisOf(option, 'xAxis').type, axisOf(option, 'yAxis').type]).toEqual(['category', 'log']);
});

it('trials lie at their values, the failed too; the best is marked and the selected ringed', () => {
  const data = training(30, { pair: LAYERS_BY_RATE, selected: 4 });
  const option = pairOption(data, THEME);
  const dots = ['trial', 'best', 'baseline'].flatMap((id) => items(option, id));
  expect(dots).toHaveLength(30);
  for (const { trial, value } of dots) expect(value).toEqual(data.rows[trial]?.params.slice(0, 2));
  expect(trialsOf(option, 'best')).toEqual([data.best]);
  expect(trialsOf(option, 'selected')).toEqual([4]);
});

it('trials in which one of the two is inactive are left out', () => {
  const option = pair({ pair: { ...LAYERS_BY_RATE, a: 'dropout', x: [0, 0.25, 0.5] } });
  const active = training(30).rows.filter(({ params }) => params[3] !== null);
  expect(items(option, 'trial').length).toBeLessThan(active.length + 1);
});

it.each([
  ['there is no prediction', null],
  ['the kernel gives a reason', { ...LAYERS_BY_RATE, mean: [], reason: 'too few trials' }],
  ['a parameter is unknown', { ...LAYERS_BY_RATE, a: 'gone' }],
])('there is a quiet note when %s', (_what, message) => {
  expect(allSeries(pair({ pair: message })).map(({ id }) => id)).toEqual(['note']);
});
