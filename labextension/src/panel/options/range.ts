/** What part of an axis is shown, and where its ticks are. */

import type { Data } from '../data';
import type { Parameter } from '../../messages';
import { measureOf, numbersOf } from './measure';

export type Range = [low: number, high: number];

/** Differences of numbers within it are finite, and so are those of the axes made from them. */
export const LARGEST = 2 ** 1000;
/** To both sides of 1 on a log axis: beyond, numbers lose digits or are infinite. */
const MOST_DECADES = 305;
/** How many spreads the worst value must be away before the axis is clipped, and how many it then keeps. */
const FAR_SPREADS = 10;
const KEPT_SPREADS = 2;
/** With fewer values no quantile says which of them is the strange one. */
const FEWEST_CLIPPED = 4;
export const MARGIN = 0.06;

export function clamp(x: number, [low, high]: Range): number {
  return Math.min(Math.max(x, low), high);
}

/** The range with a margin on both sides; around a single value, a tenth of it. */
export function padded(low: number, high: number): Range {
  const pad = low === high ? Math.abs(low) / 10 || 1 : (high - low) * MARGIN;
  return [low - pad, high + pad];
}

/** The worst value that is still shown, of values that are sorted from the best (smallest) on. */
function worstShown(sorted: Float64Array): number {
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const best = at(0);
  const usual = at(0.75) > best ? at(0.75) : at(0.9);
  const spread = usual - best;
  const isFar = spread > 0 && at(1) - usual > FAR_SPREADS * spread;
  if (sorted.length < FEWEST_CLIPPED || !isFar) return at(1);
  const fence = usual + KEPT_SPREADS * spread;
  return sorted.filter((value) => value <= fence).at(-1) ?? usual;
}

/**
 * From the best value to the worst that is not hugely far away, with a margin.
 *
 * `sign` is 1 where small is good and -1 where large is; only the bad side is ever clipped.
 */
export function robustRange(values: readonly number[], sign: 1 | -1): Range {
  if (values.length === 0) return [0, 1];
  const sorted = Float64Array.from(values, (value) => clamp(sign * value, [-LARGEST, LARGEST])).sort();
  const [best, worst] = [sign * (sorted[0] ?? 0), sign * worstShown(sorted)];
  return padded(Math.min(best, worst), Math.max(best, worst));
}

/** The y axis that the history and all effect charts share. */
export function objectiveRange(data: Data): Range {
  const measure = measureOf(data);
  return robustRange(numbersOf(data.rows, measure.of), measure.sign);
}

export function isLog(parameter: Parameter): boolean {
  return parameter.log && parameter.low > 0;
}

/** `low` to `high`, and what was tried outside of it, up to one more length of it on each side. */
function reach(low: number, high: number, seen: readonly number[]): Range {
  const length = high - low;
  const inside = seen
    .filter((value) => !Number.isNaN(value))
    .map((value) => clamp(value, [low - length, high + length]));
  return inside.reduce<Range>(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [low, high]);
}

/** The axis of a range parameter: its bounds, and the trials outside of them as far as is sensible. */
export function parameterRange(
  parameter: Parameter,
  seen: readonly number[],
  margin: 'margin' | 'tight',
): Range {
  const { low, high } = parameter;
  if (isLog(parameter)) {
    const logs = seen.filter((value) => value > 0).map(Math.log10);
    const [a, b] = reach(Math.log10(low), Math.log10(high), logs);
    const pad = a === b ? 0.3 : margin === 'tight' ? 0 : (b - a) * (MARGIN / 2);
    return [10 ** Math.max(a - pad, -MOST_DECADES), 10 ** Math.min(b + pad, MOST_DECADES)];
  }
  const [a, b] = reach(clamp(low, [-LARGEST, LARGEST]), clamp(high, [-LARGEST, LARGEST]), seen);
  if (a === b) return padded(a, b);
  return margin === 'tight' ? [a, b] : [a - (b - a) * (MARGIN / 2), b + (b - a) * (MARGIN / 2)];
}

/** The multiples of a step within the range, as the first and the last factor. */
function multiples([low, high]: Range, step: number): Range {
  return [Math.ceil(low / step), Math.floor(high / step)];
}

/** The step (1, 2 or 5 times a power of ten) that gives the number of ticks nearest to `count`. */
function roundStep(range: Range, count: number, isInteger: boolean): number {
  const power = 10 ** Math.floor(Math.log10((range[1] - range[0]) / count));
  const steps = [1, 2, 5, 10].map((factor) => factor * power).filter((step) => !isInteger || step >= 1);
  const distance = (step: number): number => {
    const [first, last] = multiples(range, step);
    return Math.abs(last - first + 1 - count);
  };
  return steps.reduce((a, b) => (distance(b) <= distance(a) ? b : a), steps[0] ?? 1);
}

/** About `count` round numbers within the range. */
export function ticks(range: Range, count: number, isInteger = false): number[] {
  const step = roundStep(range, count, isInteger);
  if (!(step > 0) || range[0] + step === range[0]) return [range[0]];
  const [first, last] = multiples(range, step);
  // The product carries the error of the step (3 * 0.1); twelve digits are what a tick can have.
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

function powersOfTen([low, high]: Range): number[] {
  // A bound such as 10 ** -3 may lie a rounding error on the wrong side of its power.
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => first + i);
}

/** Powers of ten; within one or two of them also 2 and 5 times; within less, round numbers. */
export function logTicks(range: Range, count: number): number[] {
  const powers = powersOfTen(range);
  if (powers.length > 2) {
    const every = Math.ceil((powers.length - 1) / count);
    return powers.filter((_, i) => i % every === 0).map((power) => Number(`1e${power}`));
  }
  const [low, high] = range;
  const around = powersOfTen([low / 10, high]);
  const all = around.flatMap((power) => [1, 2, 5].map((factor) => Number(`${factor}e${power}`)));
  const within = all.filter((tick) => tick >= low && tick <= high);
  if (within.length < 2) return ticks(range, count);
  if (within.length <= count + 1) return within;
  return powers.length === 2
    ? powers.map((power) => Number(`1e${power}`))
    : within.filter((_, i) => i % 2 === 0);
}
