import { describe, expect, it } from 'vitest';
import type { Data } from '../../src/panel/data';
import type { Goal } from '../../src/messages';
import { frontOption } from '../../src/panel/options/front';
import { THEME, dataOf, range, row, study, trials } from '../fixtures';
import { allSeries, axisOf, series, trialsOf, values } from './reading';

type Direction = Goal['direction'];

function plane(
  x: Direction,
  y: Direction,
  points: number[][],
  front: number[],
  more: Partial<Data> = {},
): Data {
  const goals = [
    { label: 'error', direction: x },
    { label: 'size', direction: y },
    { label: 'third', direction: x },
  ].slice(0, points[0]?.length ?? 2);
  const rows = points.map((point, i) => row(i, [0.5], point));
  return dataOf(study([range('x', 0, 1)], goals), rows, { front, ...more });
}

const CORNERS = [
  [0, 0],
  [1, 1],
  [0, 1],
  [1, 0],
  [0.5, 0.5],
];

it.each<[Direction, Direction, number[], string, string, string]>([
  ['minimize', 'minimize', [0], 'end', '← error (minimize)', '← size (minimize)'],
  ['minimize', 'maximize', [2], 'end', '← error (minimize)', 'size (maximize) →'],
  ['maximize', 'minimize', [3], 'start', 'error (maximize) →', '← size (minimize)'],
  ['maximize', 'maximize', [1], 'start', 'error (maximize) →', 'size (maximize) →'],
])('%s and %s: the step line and the names say what is better', (x, y, front, step, nameX, nameY) => {
  const option = frontOption(plane(x, y, CORNERS, front), THEME);
  expect(series(option, 'front line').step).toBe(step);
  expect([axisOf(option, 'xAxis').name, axisOf(option, 'yAxis').name]).toEqual([nameX, nameY]);
  expect(trialsOf(option, 'front')).toEqual(front);
});

it('the front is joined from left to right, and its trials are not drawn twice', () => {
  const option = frontOption(
    plane(
      'minimize',
      'minimize',
      [
        [2, 0],
        [0, 2],
        [1, 1],
        [2, 2],
      ],
      [0, 1, 2],
    ),
    THEME,
  );
  expect(values(option, 'front line')).toEqual([
    [0, 2],
    [1, 1],
    [2, 0],
  ]);
  expect(trialsOf(option, 'trial')).toEqual([3]);
});

it('of three objectives, only what is a front of two is joined', () => {
  const points = [
    [0, 2, 9],
    [1, 3, 0],
    [2, 1, 9],
    [3, 0, 9],
  ];
  const option = frontOption(plane('minimize', 'minimize', points, [0, 1, 2, 3]), THEME);
  expect(trialsOf(option, 'front')).toEqual([0, 1, 2, 3]);
  expect(trialsOf(option, 'front line')).toEqual([0, 2, 3]);
});

it('baseline and selected are marked', () => {
  const option = frontOption(
    plane('minimize', 'minimize', CORNERS, [0], { baseline: 1, selected: 2 }),
    THEME,
  );
  expect(trialsOf(option, 'baseline')).toEqual([1]);
  expect(trialsOf(option, 'selected')).toEqual([2]);
});

describe('hostile studies', () => {
  it('one objective gives a quiet note', () => {
    expect(allSeries(frontOption(trials([1, 2]), THEME)).map(({ id }) => id)).toEqual(['note']);
  });

  it('an exploding objective is clipped', () => {
    const points = [...Array.from({ length: 8 }, (_, i) => [i, 8 - i]), [4, 1e12]];
    const option = frontOption(plane('minimize', 'minimize', points, [0]), THEME);
    expect(axisOf(option, 'yAxis').max).toBeLessThan(20);
    expect(trialsOf(option, 'off the scale')).toEqual([8]);
  });
});
