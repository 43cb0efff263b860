import { describe, expect, it } from 'vitest';
import type { Data } from '../../src/panel/data';
import { brushed, lineRows, parallelOption, strengths } from '../../src/panel/options/parallel';
import { MAXIMIZE, MINIMIZE, THEME, choice, dataOf, range, row, study, training } from '../fixtures';
import { items, parallelAxes } from './reading';

const LIGHT = THEME;
const DARK = { ...THEME, isDark: true, background: '#1e1e1e' };

const lines = (data: Data) => items(parallelOption(data, LIGHT), 'trials');

describe('axes', () => {
  it('are the parameters in cell order, then the objectives', () => {
    const axes = parallelAxes(parallelOption(training(30), LIGHT));
    expect(axes.map(({ name, type }) => [name, type])).toEqual([
      ['learning_rate', 'log'],
      ['layers', 'value'],
      ['optimizer', 'category'],
      ['dropout', 'value'],
      ['loss ↓', 'value'],
    ]);
    expect(axes[2]?.data).toEqual(["'adam'", "'sgd'", "'rmsprop'"]);
  });

  it('have short names in two rows when there are many', () => {
    const parameters = Array.from({ length: 15 }, (_, i) => range(`parameter_with_a_long_name_${i}`, 0, 1));
    const option = parallelOption(dataOf(study(parameters), []), LIGHT);
    const axes = option.parallelAxis as { name: string; nameGap: number }[];
    for (const { name } of axes) expect(name.length).toBeLessThanOrEqual(16);
    expect(new Set(axes.map(({ nameGap }) => nameGap)).size).toBe(2);
  });
});

describe('lines', () => {
  it('go through the values, and skip what is inactive or not there', () => {
    const data = training(10);
    for (const { trial, value } of lines(data)) {
      const { params, values } = data.rows[trial] ?? row(0, [], []);
      expect(value).toEqual([...params, values[0] ?? null]);
    }
  });

  it('are stronger the better a trial is, in both directions', () => {
    const spread = [0, 1, 2, 3, 4];
    for (const goal of [MINIMIZE, MAXIMIZE]) {
      const rows = spread.map((value) => row(value, [0.5], [value]));
      const found = lines(dataOf(study([range('x', 0, 1)], [goal]), rows));
      const order = found.map(({ trial }) => trial);
      // The best are drawn last, above the others.
      expect(order).toEqual(goal === MINIMIZE ? [4, 3, 2, 1, 0] : spread);
      const opacities = found.map(({ lineStyle }) => lineStyle?.opacity ?? 0);
      expect(opacities).toEqual([...opacities].sort((a, b) => a - b));
    }
  });

  it('of the best and the selected trial are thick, and on top', () => {
    const data = training(40, { selected: 7 });
    const found = lines(data);
    expect(found.slice(-2).map(({ trial }) => trial)).toEqual([data.best, 7]);
    expect(found.at(-1)?.lineStyle).toMatchObject({ color: LIGHT.text, width: 3 });
    expect(found.at(-2)?.lineStyle).toMatchObject({ color: LIGHT.best, width: 3 });
  });

  it('of trials that failed or do not pass the brushes are faint and below', () => {
    const data = training(40, { isShown: ({ number }) => number !== 20 });
    for (const { trial, lineStyle } of lines(data)) {
      const isFaint = trial === 20 || data.rows[trial]?.values.length === 0;
      if (isFaint) expect(lineStyle?.opacity).toBeLessThan(0.2);
    }
  });

  it('are at most about 500: the best, the recent, some others', () => {
    const data = training(10_000, { selected: 4321 });
    const numbers = new Set(lineRows(data).map(({ number }) => number));
    expect(numbers.size).toBeLessThanOrEqual(503);
    for (const trial of [data.best, data.baseline, 4321, 9999, 9750]) expect(numbers).toContain(trial);
    expect(lineRows(data)).toEqual(lineRows(data));
  });

  it('are first of all those that pass the brushes', () => {
    const data = training(10_000, { isShown: ({ number }) => number % 100 === 1 });
    const shown = lineRows(data).filter((each) => data.isShown(each));
    expect(shown).toHaveLength(100);
  });
});

it('the strong end of the scale is the one that stands out', () => {
  expect(strengths(LIGHT).at(-1)).toBe('#440154');
  expect(strengths(DARK).at(-1)).toBe('#fde725');
});

describe('brushed', () => {
  const rows = [
    row(0, [0.1, 0], [1]),
    row(1, [0.5, 1], [2]),
    row(2, [0.9, null], [3]),
    row(3, [0.5, 2], []),
    row(4, [0.5, 2], [4]),
    row(5, [0.5, 2], [1e9]),
  ];
  const data = dataOf(study([range('x', 0, 1), choice('kind', 'a', 'b', 'c')]), rows);
  const edge = parallelAxes(parallelOption(data, LIGHT))[2]?.max ?? NaN;

  it.each<[string, [number, [number, number][]][], number[]]>([
    ['nothing', [], [0, 1, 2, 3, 4, 5]],
    ['an axis whose brush was taken away', [[0, []]], [0, 1, 2, 3, 4, 5]],
    ['an interval', [[0, [[0.4, 0.6]]]], [1, 3, 4, 5]],
    ['its ends', [[0, [[0.5, 0.9]]]], [1, 2, 3, 4, 5]],
    [
      'any of several intervals',
      [
        [
          0,
          [
            [0, 0.2],
            [0.8, 1],
          ],
        ],
      ],
      [0, 2],
    ],
    ['choices by index; null fails', [[1, [[0.5, 2.2]]]], [1, 3, 4, 5]],
    [
      'every axis',
      [
        [0, [[0.4, 1]]],
        [1, [[1, 1]]],
      ],
      [1],
    ],
    ['the objective; no value fails', [[2, [[2, 4]]]], [1, 2, 4]],
    ['the end of the axis, where what is off the scale is drawn', [[2, [[3.5, edge]]]], [4, 5]],
    ['an axis that is not there', [[9, [[0, 1]]]], [0, 1, 2, 3, 4, 5]],
  ])('passes by %s', (_what, intervals, expected) => {
    const passes = brushed(new Map(intervals), data);
    expect(rows.filter(passes).map(({ number }) => number)).toEqual(expected);
  });
});
