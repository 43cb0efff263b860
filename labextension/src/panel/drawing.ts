/** A row's drawing: the slice of the surrogate, the trials, the signs and the axis. */

import type { Theme } from './data';
import type { Pen, Spot } from './pen';
import { type Scale, heightOf } from './scale';
import { drawSign } from './signs';
import type { Slice } from './slices';

/** A trial that has a value. */
export interface Dot {
  trial: number;
  share: number;
  value: number;
  /** How near it is in the other parameters, 0 to 1. */
  closeness: number;
}

export interface Picture {
  labels: { share: number; text: string }[];
  /** How many values a choice has; 0 for a range. */
  steps: number;
  scale: Scale | null;
  slice: Slice | null;
  dots: readonly Dot[];
  /** Where trials failed. */
  failures: readonly number[];
  best: Dot | null;
  baseline: Dot | null;
  selected: Dot | null;
  /** Where the baseline lies, also where the parameter is inactive in it. */
  level: number | null;
  now: number;
  /** What the search keeps to. */
  range: readonly [number, number];
  isActive: boolean;
}

export const ROW_PX = 58;
export const AXIS_PX = 41;
/** To both sides, for what stands at the ends of the axis. */
export const INSET_PX = 9;
const TOP_PX = 4;
const BOTTOM_PX = 36;
const LABEL_PX = 10;
const RUG_PX = 3;
/** A choice's curve takes so much of its step. */
const STEP_SHARE = 0.7;
const [FAINTEST, STRONGEST] = [0.1, 0.85];

export function across(width: number): (share: number) => number {
  return (share) => INSET_PX + share * (width - 2 * INSET_PX);
}

/** Where a value is drawn; null where it is off the scale. */
export function levelOf(scale: Scale, value: number): number | null {
  const height = heightOf(scale, value);
  return height < 0 || height > 1 ? null : TOP_PX + height * (BOTTOM_PX - TOP_PX);
}

function clampedLevel(scale: Scale, value: number): number {
  const height = Math.min(Math.max(heightOf(scale, value), 0), 1);
  return TOP_PX + height * (BOTTOM_PX - TOP_PX);
}

export function draw(pen: Pen, picture: Picture, theme: Theme, width: number): void {
  const x = across(width);
  const { scale } = picture;
  if (scale && picture.isActive) {
    drawLevel(pen, picture, scale, theme, width);
    if (picture.slice) drawSlice(pen, picture.slice, picture.steps, scale, theme, x);
    drawNow(pen, picture, theme, x);
    drawDots(pen, picture, scale, theme, x);
  }
  drawAxis(pen, picture, theme, x);
  if (scale && picture.isActive) drawSigns(pen, picture, scale, theme, x);
}

function drawLevel(pen: Pen, { level }: Picture, scale: Scale, theme: Theme, width: number): void {
  const y = level === null ? null : levelOf(scale, level);
  if (y === null) return;
  const ends: Spot[] = [
    [INSET_PX, y],
    [width - INSET_PX, y],
  ];
  pen.path(ends, { stroke: theme.baseline, dash: [3, 3], opacity: 0.7 });
}

type Across = (share: number) => number;

function drawSlice(pen: Pen, slice: Slice, steps: number, scale: Scale, theme: Theme, x: Across): void {
  const spots = (values: readonly number[]): Spot[] =>
    values.map((value, i) => [x(slice.shares[i] ?? 0), clampedLevel(scale, value)]);
  const [low, mean, high] = [spots(slice.low), spots(slice.mean), spots(slice.high)];
  const band = { fill: theme.mean, opacity: 0.13 };
  if (steps === 0) {
    pen.path([...high, ...low.reverse()], band);
    pen.path(mean, { stroke: theme.mean, width: 2 });
    return;
  }
  const half = (STEP_SHARE * (x(1) - x(0))) / steps / 2;
  mean.forEach(([middle, y], i) => {
    const [left, right] = [middle - half, middle + half];
    const [top, bottom] = [high[i]?.[1] ?? y, low[i]?.[1] ?? y];
    pen.path(rectangle(left, top, right, bottom), band);
    pen.path(
      [
        [left, y],
        [right, y],
      ],
      { stroke: theme.mean, width: 2 },
    );
  });
}

function rectangle(left: number, top: number, right: number, bottom: number): Spot[] {
  return [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
}

function drawNow(pen: Pen, { now }: Picture, theme: Theme, x: Across): void {
  const line: Spot[] = [
    [x(now), TOP_PX],
    [x(now), AXIS_PX],
  ];
  pen.path(line, { stroke: theme.cursor, opacity: 0.55 });
}

/** Where a dot is drawn: dots of one choice lie side by side, for else they would hide each other. */
export function spotOf(dot: Dot, scale: Scale, steps: number, width: number): Spot | null {
  const y = levelOf(scale, dot.value);
  if (y === null) return null;
  const golden = 2 * ((dot.trial * 0.618034) % 1) - 1;
  const aside = steps > 0 ? (golden * 0.22) / steps : 0;
  return [across(width)(dot.share + aside), y];
}

function drawDots(pen: Pen, picture: Picture, scale: Scale, theme: Theme, x: Across): void {
  const width = x(1) + INSET_PX;
  const off: number[] = [];
  for (const dot of picture.dots) {
    const spot = spotOf(dot, scale, picture.steps, width);
    if (!spot) off.push(dot.share);
    else {
      const opacity = FAINTEST + (STRONGEST - FAINTEST) * dot.closeness;
      pen.circle(spot, 2.6, { fill: theme.trial, opacity });
    }
  }
  drawRug(pen, off, theme.trial, 0.5, x);
  drawRug(pen, picture.failures, theme.failed, 0.9, x);
}

function drawRug(pen: Pen, shares: readonly number[], stroke: string, opacity: number, x: Across): void {
  for (const share of shares) {
    const tick: Spot[] = [
      [x(share), AXIS_PX - RUG_PX],
      [x(share), AXIS_PX + RUG_PX],
    ];
    pen.path(tick, { stroke, width: 1.5, opacity });
  }
}

function drawAxis(pen: Pen, { labels, steps, range, isActive }: Picture, theme: Theme, x: Across): void {
  const line = ([from, to]: readonly [number, number]): Spot[] => [
    [x(from), AXIS_PX],
    [x(to), AXIS_PX],
  ];
  pen.path(line([0, 1]), { stroke: theme.muted, width: 1, opacity: 0.3 });
  pen.path(line(range), { stroke: theme.muted, width: 2, opacity: isActive ? 0.45 : 0.2 });
  const room = steps > 0 ? (x(1) - x(0)) / steps : 120;
  const fitting = Math.max(2, Math.floor(room / (0.58 * LABEL_PX)));
  labels.forEach(({ share, text }, i) => {
    const anchor = steps > 0 ? 'middle' : i === 0 ? 'start' : 'end';
    const at = steps > 0 ? x(share) : x(share) + (share === 0 ? -4 : 4);
    const shown = text.length > fitting ? `${text.slice(0, fitting - 1)}…` : text;
    pen.text([at, ROW_PX - 2], shown, { color: theme.muted, anchor, size: LABEL_PX });
  });
}

/** The best and the baseline where they are; one that is off the scale stands at its edge. */
function drawSigns(pen: Pen, picture: Picture, scale: Scale, theme: Theme, x: Across): void {
  const at = ({ share, value }: Dot): Spot => [x(share), clampedLevel(scale, value)];
  const { best, baseline, selected } = picture;
  if (selected) pen.circle(at(selected), 6, { stroke: theme.text, width: 1.5 });
  // Where the best is the user's own, one sign stands there.
  if (baseline && baseline.trial !== best?.trial) drawSign(pen, 'baseline', at(baseline), theme);
  if (best) drawSign(pen, 'best', at(best), theme);
}
