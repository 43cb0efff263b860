import { describe, expect, it } from 'vitest';
import type { Data } from '../../src/panel/data';
import { effectOption, effectRange } from '../../src/panel/options/effect';
import { objectiveRange } from '../../src/panel/options/range';
import { THEME, choice, dataOf, range, row, study, training, trials } from '../fixtures';
import { axisOf, items, series, trialsOf, values } from './reading';

const EFFECT = {
  name: 'x',
  x: [0, 0.5, 1],
  mean: [-1, 0.5, 2],
  sd: [0.5, 1, 0.25],
  importance: 1,
  share: '100 %',
};

const effect = (data: Data, name = 'x') => effectOption(data, THEME, name);

describe('axes', () => {
  it.each([
    ['learning_rate', 'log'],
    ['layers', 'value'],
    ['optimizer', 'category'],
    ['dropout', 'value'],
  ])('of %s: %s', (name, expected) => {
    expect(axisOf(effect(training(30), name), 'xAxis').type).toBe(expected);
  });

  it('have few short ticks where the axis is log', () => {
    const { axisLabel } = axisOf(effect(training(30), 'learning_rate'), 'xAxis');
    expect(axisLabel.customValues.map(axisLabel.formatter)).toEqual(['1e-5', '1e-3', '0.1']);
  });

  it('share the range of the objective', () => {
    const data = training(50);
    for (const { name } of data.study.parameters) {
      const { min, max } = axisOf(effect(data, name), 'yAxis');
      expect([min, max]).toEqual(objectiveRange(data));
    }
  });

  it('also hold the best of a mean that lies elsewhere, and four lengths of the axis of it', () => {
    const data = trials([1, 2, 1.5, 1.2]);
    const [low, high] = objectiveRange(data);
    const length = high - low;
    const of = (...mean: number[]) => effectRange(data, { ...EFFECT, mean });
    expect(of(1.5, 1.6, 1.5)).toEqual([low, high]);
    expect(of(10, 10, 10)).toEqual([low, 10 + 0.06 * length]);
    expect(of(10, 10, 1e9)).toEqual([low, 10 + 4.06 * length]);
    expect(of(-5, NaN, 1)).toEqual([-5, high]);
  });

  it('are linear where a log axis is impossible', () => {
    const data = dataOf(study([range('x', 0, 1, { log: true })]), [row(0, [0], [1])]);
    expect(axisOf(effect(data), 'xAxis').type).toBe('value');
  });
});

describe('the surrogate', () => {
  it('is a mean with a band of one sd, also below zero', () => {
    const option = effect(trials([1, 2], { effects: [EFFECT] }));
    expect(series(option, 'mean').data).toEqual([
      [0, -1],
      [0.5, 0.5],
      [1, 2],
    ]);
    expect(series(option, 'band').data).toEqual([
      [0, -1.5, -0.5],
      [0.5, -0.5, 1.5],
      [1, 1.75, 2.25],
    ]);
  });

  it('is a dash and a bar for each choice', () => {
    const data = dataOf(study([choice('x', 'a', 'b', 'c')]), [row(0, [1], [1])], {
      effects: [{ ...EFFECT, x: [0, 1, 2] }],
    });
    const mean = series(effect(data), 'mean');
    expect(mean.type).toBe('custom');
    expect(mean.data).toEqual([
      [0, -1.5, -0.5],
      [1, -0.5, 1.5],
      [2, 1.75, 2.25],
    ]);
  });

  it('is absent while there are too few trials', () => {
    expect(series(effect(trials([1, 2])), 'mean').data).toEqual([]);
  });
});

describe('dots', () => {
  it('lie at the value and the objective', () => {
    const option = effect(trials([3, 4, 5], { best: 0, selected: 1 }));
    expect(values(option, 'trial')).toEqual([
      [1 / 3, 4],
      [2 / 3, 5],
    ]);
    expect(trialsOf(option, 'best')).toEqual([0]);
    expect(trialsOf(option, 'selected')).toEqual([1]);
  });

  it('are left out where the parameter was inactive or the trial has no value', () => {
    const rows = [row(0, [null], [1]), row(1, [0.5], []), row(2, [0.5], [1])];
    expect(trialsOf(effect(dataOf(study([range('x', 0, 1)]), rows)), 'trial')).toEqual([2]);
  });

  it('outside of the axis are triangles that point there', () => {
    const rows = [row(0, [50], [1]), row(1, [-50], [1]), row(2, [0.5], [2])];
    const found = items(effect(dataOf(study([range('x', 0, 1)]), rows)), 'off the scale');
    expect(found.map(({ trial, symbolRotate }) => [trial, symbolRotate])).toEqual([
      [0, -90],
      [1, 90],
    ]);
  });
});

describe('the cursor of the sliders', () => {
  const cursorAt = (params: (number | null)[], mean: number | null) =>
    series(effect(trials([1, 2], { cursor: { type: 'cursor', params, mean, sd: 0.1 } })), 'cursor');

  it('is a line with a dot at the prediction', () => {
    expect(cursorAt([0.001], 1.5).markLine).toMatchObject({ data: [{ xAxis: 0.001 }], precision: -1 });
    expect(cursorAt([0.001], 1.5).data).toEqual([[0.001, 1.5]]);
  });

  it('has no dot without a prediction, and no line where the parameter is inactive', () => {
    expect(cursorAt([0.5], null)).toMatchObject({ data: [], markLine: { data: [{ xAxis: 0.5 }] } });
    expect(cursorAt([null], 1)).toMatchObject({ data: [], markLine: { data: [] } });
  });
});

describe('what the search leaves out', () => {
  it('is shaded on both sides', () => {
    const option = effect(trials([1, 2], { narrowed: { x: [0.25, 0.5] } }));
    const { min, max } = axisOf(option, 'xAxis');
    expect(series(option, 'mean').markArea?.data).toEqual([
      [{ xAxis: min }, { xAxis: 0.25 }],
      [{ xAxis: 0.5 }, { xAxis: max }],
    ]);
  });

  it('is nothing where the parameter is free', () => {
    expect(series(effect(trials([1, 2])), 'mean').markArea?.data).toEqual([]);
  });

  it('are the other choices where one is locked', () => {
    const data = dataOf(study([choice('x', 'a', 'b', 'c')]), [], { narrowed: { x: [1, 1] } });
    const shaded = series(effect(data), 'left out').data as number[][];
    expect(shaded.map(([index]) => index)).toEqual([0, 2]);
  });
});

it('a name that the study does not have gives an empty chart', () => {
  expect(effect(trials([1]), 'y').series).toEqual([]);
});
