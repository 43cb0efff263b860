/** Every trial by its number: how it ended, and the best so far. */

import type { LineSeriesOption, ScatterSeriesOption } from 'echarts/charts';
import type { Data, Theme } from '../data';
import type { Row, State } from '../../messages';
import { halo, numberAxis } from './axes';
import {
  BEST_SYMBOL,
  type Dot,
  FILTERED_OPACITY,
  MANY,
  dotSeries,
  dotsOf,
  evenly,
  ring,
  sortedDots,
  thinned,
} from './dots';
import { improvements, measureOf } from './measure';
import { type Range, objectiveRange } from './range';
import { type ChartOption, EXACT, frame, quiet, truncated } from './shared';

/** What ended without a value. */
type Unfinished = Exclude<State, 'complete' | 'running'>;

const CROSS = 'path://M0 2L2 0L5 3L8 0L10 2L7 5L10 8L8 10L5 7L2 10L0 8L3 5Z';
const PLUS = 'path://M3.8 0H6.2V3.8H10V6.2H6.2V10H3.8V6.2H0V3.8H3.8Z';
/** Above the axis, within the margin that every range has. */
const LIFT_PX = 6;
/** The axis is as long as this many trials while there are fewer. */
const FEWEST_TRIALS = 10;
const MOST_STEPS = 1000;

/** The running best: its value from each improving trial on, until the last trial. */
function bestSoFar(data: Data): Dot[] {
  const found = evenly(improvements(data), MOST_STEPS);
  const steps = found.map(({ row, value }): Dot => ({ value: [row.number, value], trial: row.number }));
  const [end, last] = [steps.at(-1), data.rows.at(-1)];
  if (end && last && last.number > end.trial)
    steps.push({ value: [last.number, end.value[1]], trial: end.trial });
  return steps;
}

function baselineRule(data: Data, theme: Theme, [low, high]: Range): LineSeriesOption['markLine'] {
  const row = data.baseline === null ? undefined : data.rows[data.baseline];
  const value = row && measureOf(data).of(row);
  const isWithin = typeof value === 'number' && value >= low && value <= high;
  const isHigh = isWithin && value > high - (high - low) / 6;
  return {
    silent: true,
    symbol: 'none',
    animation: false,
    precision: EXACT,
    lineStyle: { color: theme.baseline, type: [5, 4], width: 1 },
    label: {
      position: isHigh ? 'insideEndBottom' : 'insideEndTop',
      formatter: () => 'baseline',
      color: theme.baseline,
      fontFamily: theme.font,
      fontSize: theme.fontSize - 1,
      ...halo(theme),
    },
    data: isWithin ? [{ yAxis: value }] : [],
  };
}

function bestLine(data: Data, theme: Theme, range: Range): LineSeriesOption {
  return {
    id: 'best so far',
    name: 'best so far',
    type: 'line',
    step: 'end',
    data: data.study.objectives.length > 0 ? bestSoFar(data) : [],
    symbol: 'none',
    silent: true,
    z: 3,
    lineStyle: { color: theme.best, width: 1.5 },
    itemStyle: { color: theme.best },
    markLine: baselineRule(data, theme, range),
  };
}

/** Trials without a value, along the bottom of the plot. */
function unfinishedSeries(
  data: Data,
  rows: readonly Row[],
  theme: Theme,
  bottom: number,
): ScatterSeriesOption[] {
  const looks: Record<Unfinished, [symbol: string, size: number | [number, number], color: string]> = {
    failed: [CROSS, 8, theme.failed],
    'timed out': [PLUS, 9, theme.failed],
    pruned: ['rect', [2, 9], theme.pruned],
    interrupted: ['rect', [8, 2], theme.muted],
  };
  const dotOf = ({ number }: Row): Dot => ({
    value: [number, bottom],
    trial: number,
    symbolOffset: [0, -LIFT_PX],
  });
  const series = Object.entries(looks).map(([state, [symbol, size, color]]) => {
    const dots = rows.filter((row) => row.state === state && data.isShown(row)).map(dotOf);
    return dotsOf(state, dots, { symbol, size, color, opacity: dots.length > MANY ? 0.5 : 1, z: 4 });
  });
  const hidden = rows.filter((row) => row.state !== 'complete' && !data.isShown(row)).map(dotOf);
  const faint = { symbol: 'rect', size: [2, 9] as [number, number], color: theme.muted, z: 2 };
  const picked = rows.filter((row) => row.state !== 'complete' && row.number === data.selected).map(dotOf);
  return [
    ...series,
    dotsOf('filtered, unfinished', hidden, { ...faint, opacity: FILTERED_OPACITY }),
    { ...ring(picked, theme), id: 'selected, unfinished' },
  ];
}

/** In the legend's order; ECharts would stretch some symbols, and put a circle on the line. */
const ICONS: Record<string, string> = {
  trial: 'circle',
  manual: 'diamond',
  'off the scale': 'triangle',
  baseline: 'rect',
  best: BEST_SYMBOL,
  'best so far': 'path://M0 0H14V2H0Z',
  failed: CROSS,
  'timed out': PLUS,
  pruned: 'path://M0 0H2V9H0Z',
  interrupted: 'path://M0 0H9V2H0Z',
};

/** The kinds that there are. */
function legend(series: (LineSeriesOption | ScatterSeriesOption)[], theme: Theme): ChartOption['legend'] {
  const used = new Set(
    series.filter(({ data }) => Array.isArray(data) && data.length > 0).map(({ name }) => name),
  );
  return {
    data: Object.entries(ICONS).flatMap(([name, icon]) => (used.has(name) ? [{ name, icon }] : [])),
    top: 0,
    right: 8,
    itemWidth: 14,
    itemHeight: 9,
    itemGap: 14,
    // One line: where the chart is narrow, the rest of it is paged.
    type: 'scroll',
    left: 8,
    align: 'left',
    pageIconSize: 9,
    pageTextStyle: { color: theme.muted, fontFamily: theme.font, fontSize: theme.fontSize - 1 },
    pageIconColor: theme.text,
    pageIconInactiveColor: theme.grid,
    selectedMode: false,
    // The border of the marks is of the background's colour, and would cover them at this size.
    itemStyle: { borderWidth: 0 },
    textStyle: { color: theme.muted, fontFamily: theme.font, fontSize: theme.fontSize - 1 },
  };
}

export function historyOption(data: Data, theme: Theme): ChartOption {
  if (data.rows.length === 0) return quiet(data, theme, 'No trials yet');
  const measure = measureOf(data);
  const yRange = objectiveRange(data);
  const last = Math.max(data.rows.length, FEWEST_TRIALS) - 1;
  const xRange: Range = [-0.01 * last - 0.3, last * 1.01 + 0.3];
  const rows = thinned(data, data.rows);
  const spotOf = (row: Row) => {
    const y = measure.of(row);
    return y === null ? null : { x: row.number, y };
  };
  const series = [
    bestLine(data, theme, yRange),
    ...unfinishedSeries(data, rows, theme, yRange[0]),
    ...dotSeries(sortedDots(data, rows, spotOf, xRange, yRange), theme),
  ];
  return {
    ...frame(data, theme),
    legend: legend(series, theme),
    grid: { left: 8, right: 12, top: 28, bottom: 6, outerBoundsMode: 'same', outerBoundsContain: 'all' },
    xAxis: numberAxis({ range: xRange, isInteger: true, count: 8 }, theme, 'x', 'trial'),
    yAxis: numberAxis({ range: yRange, count: 5 }, theme, 'y', truncated(measure.label, 32)),
    series,
  };
}
