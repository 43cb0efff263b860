/** What one parameter does: the trials, and the surrogate's mean along it with a band of one sd. */

import type { CustomSeriesOption, LineSeriesOption, ScatterSeriesOption } from 'echarts/charts';
import type { Data, Theme } from '../data';
import type { Effect, Parameter, Row } from '../../messages';
import { numberAxis, parameterAxis, shownRange } from './axes';
import { type Spot, dotSeries, sortedDots, strewn, thinned } from './dots';
import { measureOf, numbersOf } from './measure';
import { MARGIN, type Range, clamp, objectiveRange } from './range';
import { type ChartOption, EXACT, type Series, frame } from './shared';

/** The part of a choice's width over which its dots are strewn, of a chart as wide as ours. */
const STREWN_PX = 100;
const MOST_STREWN_PX = 14;

/** How much of a mean that lies elsewhere is shown, in lengths of the objective's axis. */
const LENGTHS = 4;

interface Place {
  parameter: Parameter;
  index: number;
  xRange: Range;
  yRange: Range;
}

function valueOf(row: Row, index: number): number | null {
  return row.params[index] ?? null;
}

function spotFinder(data: Data, { parameter, index }: Place): (row: Row) => Spot | null {
  const measure = measureOf(data);
  const reach_px = Math.min(MOST_STREWN_PX, STREWN_PX / Math.max(parameter.choices.length, 1));
  return (row) => {
    const [x, y] = [valueOf(row, index), measure.of(row)];
    if (x === null || y === null) return null;
    return parameter.kind === 'choice' ? { x, y, shift_px: reach_px * strewn(row.number) } : { x, y };
  };
}

/** [x, mean - sd, mean + sd] */
type Bar = [x: number, low: number, high: number];

function bars(effect: Effect | undefined): Bar[] {
  if (!effect) return [];
  return effect.x.map((x, i): Bar => {
    const [mean, sd] = [effect.mean[i] ?? NaN, effect.sd[i] ?? NaN];
    return [x, mean - sd, mean + sd];
  });
}

/**
 * The band as one polygon.
 *
 * Not two stacked lines: ECharts stacks along the wrong axis where both axes are of numbers, and adds only
 * numbers of the same sign.
 */
function bandSeries(effect: Effect | undefined, theme: Theme): CustomSeriesOption {
  const band = bars(effect);
  const fill = { fill: theme.mean, opacity: theme.isDark ? 0.22 : 0.15 };
  return {
    id: 'band',
    type: 'custom',
    data: band,
    silent: true,
    clip: true,
    z: 1,
    renderItem: (params, api) => {
      if (params.dataIndex > 0) return null;
      const above = band.map(([x, , high]) => api.coord([x, high]));
      const below = band.map(([x, low]) => api.coord([x, low]));
      return { type: 'polygon', shape: { points: [...above, ...below.reverse()] }, style: fill };
    },
  };
}

function meanSeries(effect: Effect | undefined, theme: Theme): LineSeriesOption {
  return {
    id: 'mean',
    type: 'line',
    data: effect ? effect.x.map((x, i) => [x, effect.mean[i] ?? NaN]) : [],
    showSymbol: false,
    silent: true,
    z: 2,
    lineStyle: { color: theme.mean, width: 2 },
  };
}

/** Of choices: the mean as a dash, the sd as a bar. */
function dashSeries(effect: Effect, theme: Theme): CustomSeriesOption {
  return {
    id: 'mean',
    type: 'custom',
    data: bars(effect),
    silent: true,
    clip: true,
    z: 2,
    renderItem: (_params, api) => {
      const x = api.value(0);
      const [middle = 0, top = 0] = api.coord([x, api.value(2)]);
      const [, bottom = 0] = api.coord([x, api.value(1)]);
      const [width = 0] = api.size?.([1, 0]) as number[];
      const half = Math.min(width * 0.32, 26);
      const bar = { x: middle - half, y: top, width: 2 * half, height: bottom - top, r: 2 };
      const y = (top + bottom) / 2;
      return {
        type: 'group',
        children: [
          { type: 'rect', shape: bar, style: { fill: theme.mean, opacity: theme.isDark ? 0.22 : 0.15 } },
          {
            type: 'line',
            shape: { x1: middle - half, y1: y, x2: middle + half, y2: y },
            style: { stroke: theme.mean, lineWidth: 2 },
          },
        ],
      };
    },
  };
}

/** What the search leaves out of a range, shaded. */
function leftOut(data: Data, { parameter, xRange }: Place, theme: Theme): LineSeriesOption['markArea'] {
  const [low, high] = data.narrowed[parameter.name] ?? xRange;
  const parts: Range[] = [
    [xRange[0], clamp(low, xRange)],
    [clamp(high, xRange), xRange[1]],
  ];
  return {
    silent: true,
    animation: false,
    itemStyle: { color: theme.muted, opacity: 0.14 },
    data: parts.filter(([low, high]) => high > low).map(([low, high]) => [{ xAxis: low }, { xAxis: high }]),
  };
}

/** What the search leaves out of choices, shaded: a mark area would begin in the middle of a choice. */
function leftOutChoices(data: Data, { parameter, yRange }: Place, theme: Theme): CustomSeriesOption {
  const [low, high] = data.narrowed[parameter.name] ?? [0, Infinity];
  const out = parameter.choices.map((_, i) => i).filter((i) => i < low || i > high);
  return {
    id: 'left out',
    type: 'custom',
    data: out.map((i) => [i, yRange[1]]),
    silent: true,
    clip: true,
    z: 0,
    renderItem: (_params, api) => {
      const [middle = 0, top = 0] = api.coord([api.value(0), yRange[1]]);
      const [, bottom = 0] = api.coord([api.value(0), yRange[0]]);
      const [width = 0] = api.size?.([1, 0]) as number[];
      const shape = { x: middle - width / 2, y: top, width, height: bottom - top };
      return { type: 'rect', shape, style: { fill: theme.muted, opacity: 0.14 } };
    },
  };
}

/** Where the sliders stand, and what the surrogate says of it. */
function cursorSeries(data: Data, { index, xRange, yRange }: Place, theme: Theme): ScatterSeriesOption {
  const value = data.cursor?.params[index] ?? null;
  const mean = data.cursor?.mean ?? null;
  const x = value === null ? null : clamp(value, xRange);
  return {
    id: 'cursor',
    type: 'scatter',
    data: x === null || mean === null ? [] : [[x, clamp(mean, yRange)]],
    silent: true,
    z: 8,
    symbolSize: 9,
    itemStyle: { color: theme.cursor, borderColor: theme.background, borderWidth: 1.5 },
    markLine: {
      silent: true,
      symbol: 'none',
      animation: false,
      label: { show: false },
      precision: EXACT,
      lineStyle: { color: theme.cursor, type: 'solid', width: 1.5 },
      data: x === null ? [] : [{ xAxis: x }],
    },
  };
}

/** What lies under the dots. */
function surrogateSeries(data: Data, place: Place, effect: Effect | undefined, theme: Theme): Series[] {
  if (place.parameter.kind === 'choice') {
    const dashes = effect ? dashSeries(effect, theme) : [];
    return [leftOutChoices(data, place, theme)].concat(dashes);
  }
  return [bandSeries(effect, theme), { ...meanSeries(effect, theme), markArea: leftOut(data, place, theme) }];
}

/**
 * The y axis: that of the objective, and of the mean its best part, as far down as the axis is long four times.
 *
 * What is averaged over the whole search space may lie far from where the search went; without it a chart would have
 * no curve, and with all of it the trials might be a line.
 */
export function effectRange(data: Data, effect: Effect | undefined): Range {
  const range = objectiveRange(data);
  const { sign } = measureOf(data);
  const losses = (effect?.mean ?? []).filter(Number.isFinite).map((mean) => sign * mean);
  if (losses.length === 0) return range;
  const length = range[1] - range[0];
  const best = Math.min(...losses);
  const worst = Math.min(Math.max(...losses), best + LENGTHS * length) + length * MARGIN;
  return [Math.min(range[0], sign * best, sign * worst), Math.max(range[1], sign * best, sign * worst)];
}

/** The chart of one parameter; without a name of the study, an empty one. */
export function effectOption(data: Data, theme: Theme, name: string): ChartOption {
  const index = data.study.parameters.findIndex((parameter) => parameter.name === name);
  const parameter = data.study.parameters[index];
  if (!parameter) return { ...frame(data, theme), series: [] };
  const xRange = shownRange(
    parameter,
    numbersOf(data.rows, (row) => valueOf(row, index)),
  );
  const effect = data.effects.find((each) => each.name === name);
  const place: Place = { parameter, index, xRange, yRange: effectRange(data, effect) };
  const spotOf = spotFinder(data, place);
  const rows = thinned(
    data,
    data.rows.filter((row) => spotOf(row) !== null),
  );
  return {
    ...frame(data, theme),
    grid: { left: 4, right: 8, top: 8, bottom: 2, outerBoundsMode: 'same', outerBoundsContain: 'all' },
    xAxis: parameterAxis({ parameter, range: xRange, count: 3, width: 32 }, theme, 'x'),
    yAxis: numberAxis({ range: place.yRange, count: 3 }, theme, 'y'),
    series: [
      ...surrogateSeries(data, place, effect, theme),
      ...dotSeries(sortedDots(data, rows, spotOf, xRange, place.yRange), theme, { size: 6 }),
      cursorSeries(data, place, theme),
    ],
  };
}
