/** Trials as dots: which of them are drawn, and how each kind looks. */

import type { ScatterSeriesOption } from 'echarts/charts';
import type { Data, Theme } from '../data';
import type { Row } from '../../messages';
import { improvements } from './measure';
import { type Range, clamp } from './range';
import type { Item } from './shared';

const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** More would fill the small charts anyway, and cost the page its smoothness. */
const MOST_DOTS = 500;
const MOST_RECENT = 200;
const MOST_IMPROVEMENTS = 100;
/** Above this the dots are smaller and paler. */
export const MANY = 300;

/** The signs are those of the rows (signs.ts). */
export const BEST_SYMBOL = 'diamond';
export const FILTERED_OPACITY = 0.08;

export interface Dot extends Item {
  value: [number, number];
  symbolRotate?: number;
  symbolOffset?: [number, number];
}

/** Where a trial is drawn; `shift_px` moves the dot beside its true place. */
export interface Spot {
  x: number;
  y: number;
  shift_px?: number;
}

/** `count` of the items, evenly spread, with the first and the last. */
export function evenly<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  if (count < 2) return items.slice(items.length - count);
  const every = (items.length - 1) / (count - 1);
  return Array.from({ length: count }, (_, i) => items[Math.round(i * every)]).filter(
    (item) => item !== undefined,
  );
}

/** Best, baseline and selected. */
export function marked(data: Data): Set<number> {
  return new Set([data.best, data.baseline, data.selected].filter((trial) => trial !== null));
}

/** At most about 500 of the rows, in their order: the marked, the improving, the recent, and some of the rest. */
export function thinned(data: Data, rows: readonly Row[]): readonly Row[] {
  if (rows.length <= MOST_DOTS) return rows;
  const kept = marked(data);
  const keep = (some: readonly Row[]): void => {
    for (const row of some) kept.add(row.number);
  };
  keep(evenly(improvements(data), MOST_IMPROVEMENTS).map(({ row }) => row));
  const shown = rows.filter((row) => data.isShown(row));
  keep(shown.slice(-MOST_RECENT));
  for (const group of [shown, rows]) {
    const rest = group.filter((row) => !kept.has(row.number));
    keep(evenly(rest, Math.max(MOST_DOTS - kept.size, 0)));
  }
  return rows.filter((row) => kept.has(row.number));
}

/** Where a triangle at the edge points: up, down, right or left (degrees against the clock); null inside. */
function outward({ x, y }: Spot, xRange: Range, yRange: Range): number | null {
  if (y > yRange[1]) return 0;
  if (y < yRange[0]) return 180;
  if (x > xRange[1]) return -90;
  return x < xRange[0] ? 90 : null;
}

function dotAt(spot: Spot, trial: number, xRange: Range, yRange: Range): Dot {
  const dot: Dot = { value: [clamp(spot.x, xRange), clamp(spot.y, yRange)], trial };
  if (spot.shift_px !== undefined) dot.symbolOffset = [spot.shift_px, 0];
  const symbolRotate = outward(spot, xRange, yRange);
  return symbolRotate === null ? dot : { ...dot, symbolRotate };
}

export interface Dots {
  filtered: Dot[];
  trial: Dot[];
  manual: Dot[];
  clipped: Dot[];
  baseline: Dot[];
  best: Dot[];
  selected: Dot[];
}

/** Sorts the rows' dots by how they are drawn. A row without a spot has none. */
export function sortedDots(
  data: Data,
  rows: readonly Row[],
  spotOf: (row: Row) => Spot | null,
  xRange: Range,
  yRange: Range,
): Dots {
  const dots: Dots = {
    filtered: [],
    trial: [],
    manual: [],
    clipped: [],
    baseline: [],
    best: [],
    selected: [],
  };
  for (const row of rows) {
    const spot = spotOf(row);
    if (spot === null) continue;
    const dot = dotAt(spot, row.number, xRange, yRange);
    const special = [
      ...(row.number === data.baseline ? (['baseline'] as const) : []),
      ...(row.number === data.best ? (['best'] as const) : []),
    ];
    for (const kind of special) dots[kind].push({ ...dot, symbolRotate: 0 });
    if (special.length === 0) dots[plainKind(data, row, dot)].push(dot);
    if (row.number === data.selected) dots.selected.push({ ...dot, symbolRotate: 0 });
  }
  return dots;
}

function plainKind(data: Data, row: Row, dot: Dot): 'filtered' | 'clipped' | 'manual' | 'trial' {
  if (!data.isShown(row)) return 'filtered';
  if (dot.symbolRotate !== undefined) return 'clipped';
  return row.origin === 'manual' ? 'manual' : 'trial';
}

interface Look {
  symbol: string;
  size: number | [number, number];
  color: string;
  opacity?: number;
  border?: string;
  z: number;
}

/** A bare array where nothing else is said of the dot: for each object ECharts makes a model, at each draw. */
function packed({ value, trial, ...more }: Dot): Dot | number[] {
  return Object.keys(more).length > 0 ? { value, trial, ...more } : [...value, trial];
}

/** One kind of dots in one look. The names are for the legend. */
export function dotsOf(name: string, data: Dot[], look: Look): ScatterSeriesOption {
  const { symbol, size, color, opacity = 1, border, z } = look;
  return {
    id: name,
    name,
    type: 'scatter',
    data: data.map(packed),
    symbol,
    symbolSize: size,
    z,
    cursor: 'pointer',
    itemStyle: { color, opacity, ...(border === undefined ? {} : { borderColor: border, borderWidth: 1 }) },
    emphasis: { scale: 1.4 },
  };
}

/** The ring around the picked trial; it lets the dot inside be pointed at. */
export function ring(data: Dot[], theme: Theme, color = theme.text): ScatterSeriesOption {
  return {
    id: 'selected',
    name: 'selected',
    type: 'scatter',
    data,
    symbol: 'circle',
    symbolSize: 15,
    z: 9,
    silent: true,
    itemStyle: { color: 'transparent', borderColor: color, borderWidth: 2 },
  };
}

/** Between -1 and 1, evenly spread, always the same for a trial. */
export function strewn(trial: number): number {
  return 2 * ((trial * GOLDEN) % 1) - 1;
}

interface Manner {
  size?: number;
  opacity?: number;
  border?: string;
  ring?: string;
}

/** All kinds, always in this order, so that a redraw finds each series again. */
export function dotSeries(dots: Dots, theme: Theme, manner: Manner = {}): ScatterSeriesOption[] {
  const { size = 7, ring: ringColor, ...plain } = manner;
  const isMany = dots.trial.length + dots.filtered.length > MANY;
  const small = isMany ? size - 2 : size;
  const color = theme.trial;
  const look: Look = { symbol: 'circle', size: small, color, opacity: isMany ? 0.5 : 0.75, z: 4, ...plain };
  const border = theme.background;
  const manual = { symbol: 'emptyCircle', size: small + 1, color, opacity: isMany ? 0.7 : 1, z: 5 };
  return [
    dotsOf('filtered', dots.filtered, { ...look, opacity: FILTERED_OPACITY, z: 3 }),
    dotsOf('trial', dots.trial, look),
    dotsOf('manual', dots.manual, { ...manual, ...plain }),
    dotsOf('off the scale', dots.clipped, { ...look, symbol: 'triangle' }),
    dotsOf('baseline', dots.baseline, {
      symbol: 'rect',
      size: size + 2,
      color: theme.baseline,
      border,
      z: 6,
    }),
    dotsOf('best', dots.best, { symbol: BEST_SYMBOL, size: size + 8, color: theme.best, border, z: 7 }),
    ring(dots.selected, theme, ringColor),
  ];
}
