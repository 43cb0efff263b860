import { describe, expect, it } from 'vitest';
import { historyOption } from '../../src/panel/options/history';
import { MAXIMIZE, MINIMIZE, THEME, dataOf, range, row, study, trials } from '../fixtures';
import { allSeries, axisOf, items, series, trialsOf, values } from './reading';

const history = (...given: Parameters<typeof trials>) => historyOption(trials(...given), THEME);

describe('best so far', () => {
  it.each([
    [
      'minimized',
      MINIMIZE,
      [
        [0, 3],
        [2, 2],
        [4, 1],
        [5, 1],
      ],
    ],
    [
      'maximized',
      MAXIMIZE,
      [
        [0, 3],
        [1, 4],
        [3, 5],
        [5, 5],
      ],
    ],
  ] as const)('is the running best as a step line when %s', (_what, goal, expected) => {
    const option = history([3, 4, 2, 5, 1, null], {}, goal);
    expect(values(option, 'best so far')).toEqual(expected);
    expect(series(option, 'best so far').step).toBe('end');
  });

  it('begins at the first trial that has a value', () => {
    expect(values(history([null, null, 7, 8]), 'best so far')).toEqual([
      [2, 7],
      [3, 7],
    ]);
  });

  it('is absent without objectives, and the dots are seconds', () => {
    const rows = [row(0, [0.1], [], { state: 'complete', seconds: 2.5 })];
    const option = historyOption(dataOf(study([range('x', 0, 1)], []), rows), THEME);
    expect(values(option, 'best so far')).toEqual([]);
    expect(values(option, 'trial')).toEqual([[0, 2.5]]);
    expect(axisOf(option, 'yAxis').name).toBe('seconds');
  });
});

describe('dots', () => {
  it('are sorted by state and origin', () => {
    const states = ['failed', 'timed out', 'pruned', 'interrupted'] as const;
    const rows = [
      row(0, [0], [3], { origin: 'baseline' }),
      row(1, [0], [2], { origin: 'manual' }),
      row(2, [0], [1]),
      row(3, [0], [2]),
      ...states.map((state, i) => row(4 + i, [0], [], { state })),
    ];
    const option = historyOption(dataOf(study([range('x', 0, 1)]), rows, { best: 2, baseline: 0 }), THEME);
    const found = ['baseline', 'manual', 'best', 'trial', ...states].map((id) => trialsOf(option, id));
    expect(found).toEqual([[0], [1], [2], [3], [4], [5], [6], [7]]);
  });

  it('of unfinished trials lie at the bottom of the plot', () => {
    const option = history([1, null, 2]);
    expect(values(option, 'failed')).toEqual([[1, axisOf(option, 'yAxis').min]]);
  });

  it('ring the selected trial, also where it has no value', () => {
    expect(trialsOf(history([1, 2, null], { selected: 1 }), 'selected')).toEqual([1]);
    expect(trialsOf(history([1, 2, null], { selected: 2 }), 'selected, unfinished')).toEqual([2]);
  });

  it('that are off the scale are triangles at the edge', () => {
    const option = history([0.1, 0.2, 0.3, 0.4, 0.5, 1e9], { best: 0 });
    const [clipped] = items(option, 'off the scale');
    expect(clipped).toMatchObject({ value: [5, axisOf(option, 'yAxis').max], trial: 5, symbolRotate: 0 });
    expect(trialsOf(option, 'trial')).toEqual([1, 2, 3, 4]);
  });

  it('point down where the scale ends below', () => {
    const option = history([0.1, 0.2, 0.3, 0.4, 0.5, -1e9], { best: 4 }, MAXIMIZE);
    expect(items(option, 'off the scale')[0]?.symbolRotate).toBe(180);
  });

  it('that do not pass the brushes are faint', () => {
    const option = history([1, 2, null], { isShown: ({ number }) => number === 0 });
    expect(trialsOf(option, 'trial')).toEqual([0]);
    expect(trialsOf(option, 'filtered')).toEqual([1]);
    expect(trialsOf(option, 'filtered, unfinished')).toEqual([2]);
    expect(series(option, 'filtered').itemStyle?.opacity).toBeLessThan(0.15);
  });
});

describe('the rule of the baseline', () => {
  const ruleOf = (option: ReturnType<typeof history>) => series(option, 'best so far').markLine;

  it('is at its value, not rounded', () => {
    const rule = ruleOf(history([0.00123, 0.001], { baseline: 0 }));
    expect(rule?.data).toEqual([{ yAxis: 0.00123 }]);
    expect(rule?.precision).toBe(-1);
  });

  it.each([
    ['there is none', [1, 2], null],
    ['it failed', [null, 2], 0],
    ['it is off the scale', [1e9, 1, 1.1, 1.2, 1.3, 1.4, 1.5], 0],
  ])('is absent, but an empty list, when %s', (_what, given, baseline) => {
    expect(ruleOf(history(given, { baseline }))?.data).toEqual([]);
  });
});

it('the series are always the same, so that a redraw can merge', () => {
  const ids = (option: ReturnType<typeof history>) => allSeries(option).map(({ id }) => id);
  expect(ids(history([1]))).toEqual(ids(history([1, null, 3], { best: 0, baseline: 0, selected: 1 })));
});
