/** Learning curves: what the trials reported by iteration, one colour per label. */

import type { CustomSeriesOption } from 'echarts/charts';
import type { Data, Theme } from '../data';
import type { Row } from '../../messages';
import { numberAxis } from './axes';
import { BEST_SYMBOL, dotsOf, marked, ring } from './dots';
import { bestFirst, measureOf } from './measure';
import { type Range, padded, robustRange } from './range';
import { type ChartOption, type Item, type Series, frame, quiet } from './shared';

const MOST_BEST = 75;
const MOST_RECENT = 75;

type Point = [step: number, value: number];

interface Curve extends Item {
  /** Ends where something that is not a number was reported, and begins again after it. */
  pieces: Point[][];
  style: { lineWidth: number; opacity: number };
  z2: number;
}

function hasCurves(row: Row): boolean {
  return Object.values(row.curves ?? {}).some((points) => points.length > 0);
}

/** The best, the recent and the marked trials that reported, in their order. */
export function curveRows(data: Data): Row[] {
  const rows = data.rows.filter(hasCurves);
  const shown = rows.filter((row) => data.isShown(row));
  const best = bestFirst(shown, measureOf(data)).slice(0, MOST_BEST);
  const kept = new Set([
    ...marked(data),
    ...[...best, ...shown.slice(-MOST_RECENT)].map(({ number }) => number),
  ]);
  return rows.filter(({ number }) => kept.has(number));
}

export function pieces(points: readonly [number, number | null][]): Point[][] {
  const found: Point[][] = [[]];
  for (const [step, value] of points) {
    if (value === null || !Number.isFinite(value)) found.push([]);
    else found.at(-1)?.push([step, value]);
  }
  return found.filter((piece) => piece.length > 0);
}

type Look = [lineWidth: number, opacity: number, z2: number];

function lookOf(data: Data, row: Row, count: number): Look {
  const faint = count > 40 ? 0.16 : count > 12 ? 0.26 : 0.4;
  if (row.number === data.selected) return [3, 1, 4];
  if (row.number === data.best) return [2.5, 1, 3];
  if (!data.isShown(row)) return [1, 0.05, 0];
  if (row.number === data.baseline) return [1.5, 0.7, 2];
  return row.state === 'complete' ? [1, faint, 1] : [1, faint / 2, 0];
}

function curvesOf(data: Data, rows: Row[], label: string): Curve[] {
  return rows.flatMap((row): Curve[] => {
    const found = pieces(row.curves?.[label] ?? []);
    const [first, last] = [found[0]?.[0], found.at(-1)?.at(-1)];
    if (!first || !last) return [];
    const [lineWidth, opacity, z2] = lookOf(data, row, rows.length);
    return [{ value: last, trial: row.number, pieces: found, style: { lineWidth, opacity }, z2 }];
  });
}

/**
 * All curves of a label, one data item a trial.
 *
 * Not a line series a trial: hundreds of series are slow, and their lines cannot be pointed at.
 */
function curveSeries(label: string, curves: Curve[], stroke: string): CustomSeriesOption {
  return {
    id: `label ${label}`,
    name: label,
    type: 'custom',
    data: curves,
    clip: true,
    z: 3,
    itemStyle: { color: stroke },
    renderItem: (params, api) => {
      const curve = curves[params.dataIndex];
      if (!curve) return null;
      const children = curve.pieces.map((piece) => ({
        type: 'polyline' as const,
        shape: { points: piece.map((point) => api.coord(point)) },
        style: { stroke, fill: 'none', lineJoin: 'round' as const, ...curve.style },
        emphasis: { style: { lineWidth: curve.style.lineWidth + 1.5, opacity: 1 } },
      }));
      return { type: 'group', z2: curve.z2, children };
    },
  };
}

/** At the ends of the curves of the best and the selected trial, the marks that they have in all charts. */
function endSeries(data: Data, curves: Curve[], theme: Theme, yRange: Range): Series[] {
  const endsOf = (trial: number | null) =>
    curves
      .filter((curve) => curve.trial === trial)
      .flatMap((curve) => {
        const last = curve.pieces.at(-1)?.at(-1);
        return last && last[1] >= yRange[0] && last[1] <= yRange[1]
          ? [{ value: last, trial: curve.trial }]
          : [];
      });
  return [
    dotsOf('best', endsOf(data.best), {
      symbol: BEST_SYMBOL,
      size: 14,
      color: theme.best,
      border: theme.background,
      z: 5,
    }),
    ring(endsOf(data.selected), theme),
  ];
}

function labelsOf(rows: Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row.curves ?? {})))];
}

function stepsOf(curves: Curve[]): Range {
  let [low, high] = [Infinity, -Infinity];
  for (const [step] of curves.flatMap(({ pieces: all }) => all.flat())) {
    low = Math.min(low, step);
    high = Math.max(high, step);
  }
  return low < high ? [low, high + (high - low) * 0.015] : padded(low, high);
}

function valuesOf(curves: Curve[]): number[] {
  return curves.flatMap(({ pieces: all }) => all.flat().map(([, value]) => value));
}

function legend(labels: string[], theme: Theme): ChartOption['legend'] {
  return {
    data: labels,
    top: 0,
    left: 'center',
    icon: 'roundRect',
    itemWidth: 16,
    itemHeight: 3,
    itemGap: 16,
    selectedMode: false,
    textStyle: {
      color: theme.muted,
      fontFamily: theme.font,
      fontSize: theme.fontSize,
      width: 160,
      overflow: 'truncate',
    },
  };
}

export function curvesOption(data: Data, theme: Theme): ChartOption {
  const rows = curveRows(data);
  const labels = labelsOf(rows);
  const byLabel = labels.map((label) => curvesOf(data, rows, label));
  const all = byLabel.flat();
  if (all.length === 0) return quiet(data, theme, 'The cell reports nothing by iteration');
  const yRange = robustRange(valuesOf(all), measureOf(data).sign);
  const colorOf = (i: number) => theme.series[i % theme.series.length] ?? theme.mean;
  return {
    ...frame(data, theme),
    legend: legend(labels, theme),
    grid: { left: 8, right: 12, top: 28, bottom: 6, outerBoundsMode: 'same', outerBoundsContain: 'all' },
    xAxis: numberAxis({ range: stepsOf(all), count: 8, isInteger: true }, theme, 'x', 'iteration'),
    yAxis: numberAxis({ range: yRange, count: 5 }, theme, 'y'),
    series: [
      ...labels.map((label, i) => curveSeries(label, byLabel[i] ?? [], colorOf(i))),
      ...endSeries(data, all, theme, yRange),
    ],
  };
}
