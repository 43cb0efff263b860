/** Two objectives against each other, and the trials that none other beats in both: the Pareto front. */

import type { LineSeriesOption } from 'echarts/charts';
import type { Data, Theme } from '../data';
import type { Row } from '../../messages';
import { numberAxis } from './axes';
import { type Dot, type Spot, dotSeries, dotsOf, sortedDots, thinned } from './dots';
import { type Measure, measureOfGoal, numbersOf } from './measure';
import { type Range, clamp, robustRange } from './range';
import { type ChartOption, aimed, frame, quiet } from './shared';

interface Plane {
  across: Measure;
  up: Measure;
  xRange: Range;
  yRange: Range;
}

function spotIn({ across, up }: Plane): (row: Row) => Spot | null {
  return (row) => {
    const [x, y] = [across.of(row), up.of(row)];
    return x === null || y === null ? null : { x, y };
  };
}

function rangeOf(data: Data, measure: Measure): Range {
  return robustRange(numbersOf(data.rows, measure.of), measure.sign);
}

function frontDots(data: Data, plane: Plane): Dot[] {
  const spotOf = spotIn(plane);
  const dots = data.front.flatMap((trial): Dot[] => {
    const row = data.rows[trial];
    const spot = row && data.isShown(row) ? spotOf(row) : null;
    return spot ? [{ value: [clamp(spot.x, plane.xRange), clamp(spot.y, plane.yRange)], trial }] : [];
  });
  return dots.sort((a, b) => a.value[0] - b.value[0] || a.value[1] - b.value[1]);
}

/** Of the front of three objectives, what is also the front of the first two: only that is a staircase. */
function staircase(dots: Dot[], { across, up }: Plane): Dot[] {
  const bestFirst = [...dots].sort(
    (a, b) => across.sign * (a.value[0] - b.value[0]) || up.sign * (a.value[1] - b.value[1]),
  );
  let best = Infinity;
  const kept = bestFirst.filter(({ value }) => {
    const isBetter = up.sign * value[1] < best;
    if (isBetter) best = up.sign * value[1];
    return isBetter;
  });
  return kept.sort((a, b) => a.value[0] - b.value[0]);
}

/**
 * The border of what the front has reached.
 *
 * Between two of its trials, the one that is better in x is what has been reached: the left one where x is
 * minimized ("end": the step is at the next trial), the right one where it is maximized.
 */
function frontLine(dots: Dot[], plane: Plane, theme: Theme): LineSeriesOption {
  return {
    id: 'front line',
    type: 'line',
    step: plane.across.sign === 1 ? 'end' : 'start',
    data: staircase(dots, plane),
    showSymbol: false,
    silent: true,
    z: 3,
    lineStyle: { color: theme.best, width: 1.5 },
  };
}

function series(data: Data, theme: Theme, plane: Plane): ChartOption['series'] {
  const spotOf = spotIn(plane);
  const onFront = new Set(data.front);
  const rows = thinned(
    data,
    data.rows.filter((row) => spotOf(row) !== null),
  );
  const dots = sortedDots(data, rows, spotOf, plane.xRange, plane.yRange);
  const front = frontDots(data, plane);
  return [
    frontLine(front, plane, theme),
    ...dotSeries({ ...dots, trial: dots.trial.filter(({ trial }) => !onFront.has(trial)) }, theme),
    dotsOf('front', front, { symbol: 'circle', size: 9, color: theme.best, border: theme.background, z: 5 }),
  ];
}

export function frontOption(data: Data, theme: Theme): ChartOption {
  const [first, second] = data.study.objectives;
  if (!first || !second) return quiet(data, theme, 'The study has one objective');
  const [across, up] = [measureOfGoal(first, 0), measureOfGoal(second, 1)];
  const plane: Plane = { across, up, xRange: rangeOf(data, across), yRange: rangeOf(data, up) };
  return {
    ...frame(data, theme),
    grid: { left: 8, right: 16, top: 12, bottom: 6, outerBoundsMode: 'same', outerBoundsContain: 'all' },
    xAxis: {
      ...numberAxis({ range: plane.xRange, count: 6 }, theme, 'x', aimed(across.label, across.sign)),
      splitLine: { show: true, lineStyle: { color: theme.grid, width: 1, opacity: 0.6 } },
    },
    yAxis: numberAxis({ range: plane.yRange, count: 5 }, theme, 'y', aimed(up.label, up.sign)),
    series: series(data, theme, plane),
  };
}
