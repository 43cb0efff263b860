/** What two parameters do together: the predicted mean as a heat map, the trials on it. */

import type { CustomSeriesOption, ScatterSeriesOption } from 'echarts/charts';
import type { Data, Theme } from '../data';
import { axis as tickText } from '../format';
import type { PairMessage, Parameter, Row } from '../../messages';
import { parameterAxis, shownRange } from './axes';
import { type Dots, type Spot, dotSeries, ring, sortedDots, strewn, thinned } from './dots';
import { numbersOf } from './measure';
import { type Range, isLog } from './range';
import { type ChartOption, frame, quiet, truncated } from './shared';

const WHITE = '#ffffff';

interface Side {
  parameter: Parameter;
  index: number;
  range: Range;
  /** Where each cell begins and ends; of choices in indices, half of one to both sides. */
  edges: Range[];
}

function middle(a: number, b: number, isLogarithmic: boolean): number {
  // Not sqrt(a * b) nor (a + b) / 2: the product and the sum may overflow.
  return isLogarithmic ? Math.sqrt(a) * Math.sqrt(b) : a / 2 + b / 2;
}

/** The cells around positions: from midpoint to midpoint, at the ends as far as the range goes. */
export function cellEdges(positions: readonly number[], range: Range, isLogarithmic: boolean): Range[] {
  return positions.map((at, i): Range => {
    const [before, after] = [positions[i - 1], positions[i + 1]];
    return [
      before === undefined ? Math.min(range[0], at) : middle(before, at, isLogarithmic),
      after === undefined ? Math.max(range[1], at) : middle(at, after, isLogarithmic),
    ];
  });
}

/** Whole numbers have a cell to both sides, at the ends too. */
function withCells(parameter: Parameter, [low, high]: Range): Range {
  return parameter.kind === 'int' && !isLog(parameter) ? [low - 0.5, high + 0.5] : [low, high];
}

function sideOf(data: Data, name: string, positions: readonly number[]): Side | null {
  const index = data.study.parameters.findIndex((parameter) => parameter.name === name);
  const parameter = data.study.parameters[index];
  if (!parameter) return null;
  const seen = numbersOf(data.rows, (row) => row.params[index] ?? null);
  const bounds = withCells(parameter, shownRange(parameter, [], 'tight'));
  const range = withCells(parameter, shownRange(parameter, seen, 'tight'));
  const isChoice = parameter.kind === 'choice';
  const edges = isChoice
    ? positions.map((at): Range => [at - 0.5, at + 0.5])
    : cellEdges(positions, bounds, isLog(parameter));
  return { parameter, index, range, edges };
}

/** Pixels of a cell along one axis. A category axis knows whole indices only. */
function extent_px(api: CellApi, side: Side, dim: 0 | 1, [low, high]: Range, other: number): Range {
  const at = (value: number): number => api.coord(dim === 0 ? [value, other] : [other, value])[dim] ?? 0;
  if (side.parameter.kind !== 'choice') return [at(low), at(high)];
  const half = ((api.size?.([1, 1]) as number[])[dim] ?? 0) / 2;
  return [at((low + high) / 2) - half, at((low + high) / 2) + half];
}

type CellApi = Parameters<NonNullable<CustomSeriesOption['renderItem']>>[1];

interface Cell {
  value: [x: number, y: number, mean: number];
}

function heatSeries(pair: PairMessage, x: Side, y: Side): CustomSeriesOption {
  const cells = pair.x.flatMap((atX, i) =>
    pair.y.map((atY, j): Cell => ({ value: [atX, atY, pair.mean[i]?.[j] ?? NaN] })),
  );
  return {
    id: 'heat',
    type: 'custom',
    data: cells,
    silent: true,
    clip: true,
    z: 1,
    encode: { x: 0, y: 1 },
    renderItem: (params, api) => {
      const [i, j] = [Math.floor(params.dataIndex / pair.y.length), params.dataIndex % pair.y.length];
      const [across, up] = [x.edges[i], y.edges[j]];
      if (!across || !up) return null;
      // Whole pixels: neighbours that share a fraction of one let the background through.
      const [x1 = 0, x2 = 0] = extent_px(api, x, 0, across, pair.y[j] ?? 0).map(Math.round);
      const [y1 = 0, y2 = 0] = extent_px(api, y, 1, up, pair.x[i] ?? 0).map(Math.round);
      const shape = {
        x: Math.min(x1, x2),
        y: Math.min(y1, y2),
        width: Math.abs(x2 - x1),
        height: Math.abs(y2 - y1),
      };
      return { type: 'rect', shape, style: { fill: api.visual('color') as string } };
    },
  };
}

function colorBar(pair: PairMessage, theme: Theme): ChartOption['visualMap'] {
  const means = pair.mean.flat().filter((mean) => Number.isFinite(mean));
  const low = means.reduce((a, b) => Math.min(a, b), Infinity);
  const high = means.reduce((a, b) => Math.max(a, b), -Infinity);
  return {
    type: 'continuous',
    min: low,
    max: high > low ? high : low + (Math.abs(low) || 1),
    dimension: 2,
    seriesIndex: 0,
    calculable: false,
    hoverLink: false,
    right: 4,
    top: 'middle',
    itemWidth: 8,
    itemHeight: 110,
    text: [tickText(round(high)), tickText(round(low))],
    textGap: 6,
    textStyle: { color: theme.muted, fontFamily: theme.font, fontSize: theme.fontSize - 1 },
    inRange: { color: [...theme.scale] },
  };
}

function round(x: number): number {
  return Number(x.toPrecision(3));
}

/** Around the white ring, a dark one: together they are legible on every colour of the heat map. */
function outerRing(dots: Dots, theme: Theme): ScatterSeriesOption {
  return { ...ring(dots.selected, theme, '#000000'), id: 'selected, outer', symbolSize: 19, z: 8 };
}

export function pairOption(data: Data, theme: Theme): ChartOption {
  const { pair } = data;
  const x = pair && sideOf(data, pair.a, pair.x);
  const y = pair && sideOf(data, pair.b, pair.y);
  if (!x || !y || pair.reason !== '' || pair.mean.length === 0) {
    const reason = pair?.reason ?? '';
    return quiet(data, theme, reason === '' ? 'No prediction yet' : reason);
  }
  const spotOf = (row: Row): Spot | null => {
    const [atX, atY] = [row.params[x.index] ?? null, row.params[y.index] ?? null];
    if (atX === null || atY === null) return null;
    return x.parameter.kind === 'choice'
      ? { x: atX, y: atY, shift_px: 12 * strewn(row.number) }
      : { x: atX, y: atY };
  };
  const rows = thinned(
    data,
    data.rows.filter((row) => spotOf(row) !== null),
  );
  const dots = sortedDots(data, rows, spotOf, x.range, y.range);
  const axisOf = ({ parameter, range }: Side) => ({
    parameter,
    range,
    count: 4,
    width: 44,
    name: truncated(parameter.name, 40),
  });
  return {
    ...frame(data, theme),
    grid: { left: 8, right: 66, top: 12, bottom: 6, outerBoundsMode: 'same', outerBoundsContain: 'all' },
    xAxis: parameterAxis(axisOf(x), theme, 'x'),
    yAxis: parameterAxis(axisOf(y), theme, 'y'),
    visualMap: colorBar(pair, theme),
    series: [
      heatSeries(pair, x, y),
      ...dotSeries(dots, theme, { border: WHITE, opacity: 0.9, ring: WHITE }),
      outerRing(dots, theme),
    ],
  };
}
