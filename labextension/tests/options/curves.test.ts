import { describe, expect, it } from 'vitest';
import type { Data } from '../../src/panel/data';
import type { Row } from '../../src/messages';
import { curveRows, curvesOption, pieces } from '../../src/panel/options/curves';
import { THEME, dataOf, range, row, study } from '../fixtures';
import { allSeries, axisOf, items, series, trialsOf } from './reading';

interface Curve {
  trial: number;
  style: { lineWidth: number; opacity: number };
}

function curved(number: number, loss: number, more: Partial<Row> = {}): Row {
  const curves = {
    train: [
      [0, loss + 1],
      [1, loss],
    ] as [number, number][],
    validation: [
      [0, loss + 2],
      [1, loss + 1],
    ] as [number, number][],
  };
  return row(number, [0.5], [loss], { curves, ...more });
}

function reported(rows: Row[], more: Partial<Data> = {}): Data {
  return dataOf(study([range('x', 0, 1)]), rows, more);
}

const styleOf = (data: Data, trial: number) => {
  const found = items(curvesOption(data, THEME), 'label train').find((each) => each.trial === trial);
  return (found as unknown as Curve | undefined)?.style;
};

describe('pieces', () => {
  it.each([
    ['nothing', [], []],
    [
      'one piece',
      [
        [0, 1],
        [1, 2],
      ],
      [
        [
          [0, 1],
          [1, 2],
        ],
      ],
    ],
    [
      'two around a gap',
      [
        [0, 1],
        [1, null],
        [2, 3],
      ],
      [[[0, 1]], [[2, 3]]],
    ],
    [
      'none of gaps alone',
      [
        [0, null],
        [1, NaN],
      ],
      [],
    ],
    [
      'one without gaps at the ends',
      [
        [0, null],
        [1, 2],
        [2, Infinity],
      ],
      [[[1, 2]]],
    ],
  ] as [string, [number, number | null][], [number, number][][]][])('are %s', (_what, points, expected) => {
    expect(pieces(points)).toEqual(expected);
  });
});

it('there is one colour per label, and a legend of them', () => {
  const option = curvesOption(reported([curved(0, 1)]), THEME);
  expect(option.legend).toMatchObject({ data: ['train', 'validation'] });
  expect(series(option, 'label train').itemStyle?.color).toBe(THEME.series[0]);
  expect(series(option, 'label validation').itemStyle?.color).toBe(THEME.series[1]);
});

it('the best and the selected are strong, others faint, pruned fainter', () => {
  const rows = [curved(0, 1), curved(1, 2), curved(2, 3), curved(3, 4, { state: 'pruned', values: [] })];
  const data = reported(rows, { best: 0, selected: 1 });
  const [best, selected, other, pruned] = [0, 1, 2, 3].map((trial) => styleOf(data, trial));
  expect(best).toMatchObject({ lineWidth: 2.5, opacity: 1 });
  expect(selected).toMatchObject({ lineWidth: 3, opacity: 1 });
  expect(other?.opacity).toBeLessThan(0.5);
  expect(pruned?.opacity).toBeLessThan(other?.opacity ?? 0);
  expect(trialsOf(curvesOption(data, THEME), 'best')).toEqual([0, 0]);
});

it('trials that do not pass the brushes are not drawn, the baseline nearly invisible', () => {
  const isShown = ({ number }: Row) => number === 2;
  const data = reported([curved(0, 1), curved(1, 2), curved(2, 3)], { baseline: 1, isShown });
  expect(trialsOf(curvesOption(data, THEME), 'label train')).toEqual([1, 2]);
  expect(styleOf(data, 1)?.opacity).toBeLessThan(0.1);
});

it('at most about 150 trials are drawn: best, recent, selected, baseline', () => {
  const rows = Array.from({ length: 1000 }, (_, i) => curved(i, (i * 7919) % 1000));
  const data = reported(rows, { best: 0, baseline: 1, selected: 500 });
  const numbers = curveRows(data).map(({ number }) => number);
  expect(numbers.length).toBeLessThanOrEqual(153);
  for (const trial of [0, 1, 500, 999, 925]) expect(numbers).toContain(trial);
});

it('an exploding curve does not flatten the others', () => {
  const rows = [0, 1, 2, 3, 4, 5].map((i) => curved(i, 1 + i / 10));
  const wild = curved(6, 1, {
    curves: {
      train: [
        [0, 1],
        [1, 1e12],
      ],
    },
  });
  expect(axisOf(curvesOption(reported([...rows, wild]), THEME), 'yAxis').max).toBeLessThan(20);
});

it.each([
  ['no trials', []],
  ['nothing was reported', [row(0, [0.5], [1])]],
  ['only what is not a number was', [row(0, [0.5], [1], { curves: { train: [[0, null]] } })]],
])('there is a quiet note when there are %s', (_what, rows) => {
  expect(allSeries(curvesOption(reported(rows), THEME)).map(({ id }) => id)).toEqual(['note']);
});
