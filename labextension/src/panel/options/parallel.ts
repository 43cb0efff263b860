/** Parallel coordinates: a line per trial over all parameters and objectives. */

import type { ParallelSeriesOption } from 'echarts/charts';
import { between, lightness } from '../colors';
import type { Data, Theme } from '../data';
import type { Parameter, Row } from '../../messages';
import { parallelNumbers, parallelScale, shownRange } from './axes';
import { evenly } from './dots';
import { type Measure, bestFirst, measureOf, measureOfGoal, numbersOf } from './measure';
import { type Range, clamp, objectiveRange, robustRange } from './range';
import { type ChartOption, type Item, frame, quiet, truncated } from './shared';

const MOST_LINES = 500;
const MOST_BEST = MOST_LINES / 2;
/** From here on the names of the axes stand in two rows. */
const MANY_AXES = 8;
const FAINT = 0.08;

interface Axis {
  name: string;
  parameter: Parameter | null;
  range: Range;
  /** What a line shows on it; null where the trial has nothing. */
  of: (row: Row) => number | null;
}

function parameterAxisOf(data: Data, parameter: Parameter, index: number): Axis {
  const raw = (row: Row) => row.params[index] ?? null;
  const range = shownRange(parameter, numbersOf(data.rows, raw), 'tight');
  return { name: parameter.name, parameter, range, of: (row) => within(raw(row), range) };
}

function goalAxisOf(data: Data, measure: Measure, aim: string): Axis {
  const range = robustRange(numbersOf(data.rows, measure.of), measure.sign);
  return {
    name: `${measure.label}${aim}`,
    parameter: null,
    range,
    of: (row) => within(measure.of(row), range),
  };
}

function within(value: number | null, range: Range): number | null {
  return value === null ? null : clamp(value, range);
}

/** Parameters in cell order, then the objectives. */
function axesOf(data: Data): Axis[] {
  const goals = data.study.objectives.map((goal, i) =>
    goalAxisOf(data, measureOfGoal(goal, i), goal.direction === 'minimize' ? ' ↓' : ' ↑'),
  );
  const seconds = goals.length === 0 ? [goalAxisOf(data, measureOf(data), '')] : [];
  return [
    ...data.study.parameters.map((parameter, i) => parameterAxisOf(data, parameter, i)),
    ...goals,
    ...seconds,
  ];
}

/**
 * Whether a trial passes the brushes: by axis, the intervals in the axis' own units (choices by index).
 *
 * What lies outside of an axis is drawn at its end, and counts as being there.
 */
export function brushed(intervals: Map<number, [number, number][]>, data: Data): (row: Row) => boolean {
  const axes = axesOf(data);
  const brushes = [...intervals].flatMap(([index, parts]) => {
    const axis = axes[index];
    return axis && parts.length > 0 ? [{ axis, parts }] : [];
  });
  return (row) =>
    brushes.every(({ axis, parts }) => {
      const value = axis.of(row);
      return value !== null && parts.some(([low, high]) => value >= low && value <= high);
    });
}

/** Of the rows, the best half and the most recent ones. */
function notable(rows: readonly Row[], measure: Measure): Set<Row> {
  const best = bestFirst(rows, measure).slice(0, MOST_BEST);
  const kept = new Set(best);
  for (const row of rows.slice(-(MOST_LINES - MOST_BEST))) kept.add(row);
  return kept;
}

/** At most about 500 trials: of those that pass the brushes the notable ones, then some of the others. */
export function lineRows(data: Data): Row[] {
  if (data.rows.length <= MOST_LINES) return [...data.rows];
  const kept = notable(
    data.rows.filter((row) => data.isShown(row)),
    measureOf(data),
  );
  for (const trial of [data.best, data.baseline, data.selected]) {
    const row = trial === null ? undefined : data.rows[trial];
    if (row) kept.add(row);
  }
  const rest = data.rows.filter((row) => !kept.has(row));
  for (const row of evenly(rest, Math.max(MOST_LINES - kept.size, 0))) kept.add(row);
  return data.rows.filter((row) => kept.has(row));
}

/** From faint to strong against the background. */
export function strengths(theme: Theme): string[] {
  const light = (text: string): number => lightness(text) ?? 0;
  const [first, last] = [theme.scale[0], theme.scale.at(-1)];
  if (first === undefined || last === undefined) return [theme.trial, theme.trial];
  const back = light(theme.background);
  const isRising = Math.abs(light(last) - back) >= Math.abs(light(first) - back);
  return isRising ? [...theme.scale] : [...theme.scale].reverse();
}

interface Line extends Item {
  lineStyle: {
    color: string;
    width: number;
    opacity: number;
    type?: 'solid' | 'dashed';
    shadowColor?: string;
    shadowBlur?: number;
  };
}

/** 0 at the bad end of the objective's range, 1 at the good one. */
function merit(value: number, measure: Measure, [low, high]: Range): number {
  const share = (clamp(value, [low, high]) - low) / (high - low);
  return measure.sign === 1 ? 1 - share : share;
}

function styler(data: Data, theme: Theme, count: number): (row: Row) => Line['lineStyle'] {
  const measure = measureOf(data);
  const range = objectiveRange(data);
  const scale = strengths(theme);
  const [base, most] = count > 150 ? [0.18, 0.4] : [0.5, 0.9];
  // The shadow sets the line off from a bundle of others in nearly its colour.
  const strong = { width: 3, opacity: 1, shadowColor: theme.background, shadowBlur: 5 };
  return (row) => {
    if (row.number === data.selected) return { color: theme.text, ...strong };
    if (row.number === data.best) return { color: theme.best, ...strong };
    if (row.number === data.baseline) return { color: theme.baseline, width: 2, opacity: 1, type: 'dashed' };
    const value = measure.of(row);
    if (!data.isShown(row)) return { color: theme.muted, width: 1, opacity: FAINT };
    if (value === null) return { color: theme.muted, width: 1, opacity: FAINT * 2 };
    const good = merit(value, measure, range);
    return { color: between(good, scale), width: 1, opacity: base + (most - base) * good ** 2 };
  };
}

/** The bad ones first, so that the good ones lie above them. */
function drawingOrder(data: Data, rows: Row[]): Row[] {
  const { sign, of } = measureOf(data);
  const rank = (row: Row): number => {
    if (row.number === data.selected) return 4;
    if (row.number === data.best) return 3;
    if (row.number === data.baseline) return 2;
    return of(row) === null || !data.isShown(row) ? 0 : 1;
  };
  const loss = (row: Row): number => sign * (of(row) ?? 0);
  return rows
    .map((row) => ({ row, rank: rank(row), loss: loss(row) }))
    .sort((a, b) => a.rank - b.rank || b.loss - a.loss || a.row.number - b.row.number)
    .map(({ row }) => row);
}

function lines(data: Data, theme: Theme, axes: Axis[]): Line[] {
  const rows = drawingOrder(data, lineRows(data));
  const styleOf = styler(data, theme, rows.length);
  return rows.map((row) => ({
    value: axes.map((axis) => axis.of(row)),
    trial: row.number,
    lineStyle: styleOf(row),
  }));
}

function lineSeries(data: Data, theme: Theme, axes: Axis[]): ParallelSeriesOption {
  return {
    id: 'trials',
    type: 'parallel',
    data: lines(data, theme, axes),
    smooth: false,
    inactiveOpacity: 0.04,
    activeOpacity: 0.85,
    emphasis: { lineStyle: { width: 3, opacity: 1 } },
  };
}

function axisOption(axis: Axis, dim: number, count: number, theme: Theme) {
  const isMany = count > MANY_AXES;
  const isHigh = isMany && dim % 2 === 0;
  const scale = axis.parameter
    ? parallelScale(axis.parameter, axis.range, theme)
    : parallelNumbers({ range: axis.range, count: 4 }, theme);
  const length = isMany ? Math.max(Math.floor(240 / count), 8) : 18;
  return {
    ...scale,
    dim,
    name: truncated(axis.name, length),
    nameLocation: 'end' as const,
    // ECharts truncates to the width of one axis; names in two rows have two.
    nameTruncate: { maxWidth: isMany ? 1700 / count : 160 },
    z: 5,
    nameGap: isHigh ? 24 : 9,
    nameTextStyle: { color: theme.text, fontFamily: theme.font, fontSize: theme.fontSize },
    axisLine: { lineStyle: { color: theme.muted, width: 1 } },
    areaSelectStyle: {
      width: 16,
      borderWidth: 1,
      borderColor: theme.cursor,
      color: theme.cursor,
      opacity: 0.25,
    },
  };
}

export function parallelOption(data: Data, theme: Theme): ChartOption {
  const axes = axesOf(data);
  if (data.study.parameters.length === 0) return quiet(data, theme, 'No parameters');
  const isMany = axes.length > MANY_AXES;
  return {
    ...frame(data, theme),
    parallel: { left: isMany ? 60 : 44, right: 64, top: isMany ? 46 : 30, bottom: 14 },
    parallelAxis: axes.map((axis, dim) => axisOption(axis, dim, axes.length, theme)),
    series: [lineSeries(data, theme, axes)],
  };
}
