/** One effect as a small picture: the mean with its band, the best value and the present one. */

import type { Effect, Parameter } from '../messages';
import { svgElement } from '../dom';

const WIDTH = 220;
const HEIGHT = 64;
const MARGIN = 7;
/** The part of a choice's slot that its dash takes. */
const DASH = 0.6;
const SIZE = 4;

/** A point of the effect in pixels, with both ends of its band. */
interface Point {
  x: number;
  y: number;
  low: number;
  high: number;
}

/** Positions as in {@link Effect}; null where there is none. */
export interface Marked {
  best: number | null;
  now: number | null;
}

type Scale = (value: number) => number;

/** Values to pixels; the middle where they are all one. */
function scaleOf(values: readonly number[], from: number, to: number): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return (value) => (high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2);
}

function xScale({ kind, log, choices }: Parameter, effect: Effect, { best, now }: Marked): Scale {
  if (kind === 'choice') return (index) => ((index + 0.5) / choices.length) * WIDTH;
  const onAxis = (value: number) => (log ? Math.log(value) : value);
  // The present value may lie outside of what the study knew.
  const values = [...effect.x, best, now].filter((value) => value !== null).map(onAxis);
  const scale = scaleOf(values.filter(Number.isFinite), MARGIN, WIDTH - MARGIN);
  return (value) => scale(onAxis(value));
}

function pointsOf({ x, mean, sd }: Effect, scale: Scale): Point[] {
  const known = x.flatMap((position, i) => {
    const [middle = NaN, spread = NaN] = [mean[i], sd[i]];
    const reach = Number.isFinite(spread) ? spread : 0;
    const at = scale(position);
    return Number.isFinite(middle) && Number.isFinite(at) ? [{ at, middle, reach }] : [];
  });
  const ends = known.flatMap(({ middle, reach }) => [middle - reach, middle + reach]);
  const y = scaleOf(ends, HEIGHT - MARGIN, MARGIN);
  return known.map(({ at, middle, reach }) => ({
    x: at,
    y: y(middle),
    low: y(middle - reach),
    high: y(middle + reach),
  }));
}

function px(value: number): string {
  return value.toFixed(1);
}

function curve(points: readonly Point[]): Element[] {
  const above = points.map(({ x, high }) => `${px(x)},${px(high)}`);
  const below = points.map(({ x, low }) => `${px(x)},${px(low)}`);
  const mean = points.map(({ x, y }) => `${px(x)},${px(y)}`);
  return [
    svgElement('polygon', { class: 'jtune-spark-band', points: [...above, ...below.reverse()].join(' ') }),
    svgElement('polyline', { class: 'jtune-spark-mean', points: mean.join(' ') }),
  ];
}

function dashes(points: readonly Point[], slot: number): Element[] {
  const half = (slot * DASH) / 2;
  return points.flatMap(({ x, y, low, high }) => [
    svgElement('rect', {
      class: 'jtune-spark-band',
      x: px(x - half),
      y: px(high),
      width: px(2 * half),
      height: px(low - high),
    }),
    svgElement('line', {
      class: 'jtune-spark-mean',
      x1: px(x - half),
      x2: px(x + half),
      y1: px(y),
      y2: px(y),
    }),
  ]);
}

/** The height of the mean at x, between two points by a straight line. */
function meanAt(points: readonly Point[], x: number): number {
  const right = points.findIndex((point) => point.x >= x);
  const [after, before] = [points[right], points[right - 1]];
  if (!after) return points.at(-1)?.y ?? HEIGHT / 2;
  if (!before || after.x === before.x) return after.y;
  return before.y + ((x - before.x) / (after.x - before.x)) * (after.y - before.y);
}

/** A diamond for the best, a ring for the present: told apart by their shapes. */
function mark(kind: 'best' | 'now', x: number, y: number): Element {
  const line = svgElement('line', { x1: px(x), x2: px(x), y1: 0, y2: HEIGHT });
  const diamond = `M${px(x)},${px(y - SIZE - 1)}l5,5l-5,5l-5,-5z`;
  const shape =
    kind === 'best'
      ? svgElement('path', { d: diamond })
      : svgElement('circle', { cx: px(x), cy: px(y), r: SIZE });
  return svgElement('g', { class: `jtune-spark-${kind}` }, line, shape);
}

export function sparkline(parameter: Parameter, effect: Effect, marked: Marked): SVGElement {
  const scale = xScale(parameter, effect, marked);
  const points = pointsOf(effect, scale);
  const marks = (['best', 'now'] as const).flatMap((kind) => {
    const x = marked[kind] === null ? NaN : scale(marked[kind]);
    return Number.isFinite(x) ? [mark(kind, x, meanAt(points, x))] : [];
  });
  const isChoice = parameter.kind === 'choice';
  const drawn = isChoice ? dashes(points, WIDTH / parameter.choices.length) : curve(points);
  const attributes = { class: 'jtune-spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' };
  const label = `The predicted objective along ${parameter.name}`;
  return svgElement('svg', { ...attributes, 'aria-label': label }, ...drawn, ...marks);
}
