/** The one scale of the objective that all rows have: from the best to a little beyond the baseline. */

import type { Data } from './data';
import { measureOf, numbersOf } from './options/measure';
import { LARGEST, clamp } from './options/range';

export interface Scale {
  low: number;
  high: number;
  /** 1 where small is good, -1 where large is. */
  sign: 1 | -1;
}

/** The baseline stands so far from the best, as a share of the scale. */
const TO_BASELINE = 1 / 1.6;
/** Beyond the best: its sign is to be seen whole, above the handle where small is good. */
const MARGIN = { above: 0.13, below: 0.34 };
/** A baseline that is so many times further off than nearly all trials is off the scale. */
const FAR = 4;

/** Null while no trial has a value, and in a cell without an objective. */
export function scaleOf(data: Data): Scale | null {
  if (data.study.objectives.length === 0) return null;
  const { sign, of } = measureOf(data);
  const losses = Float64Array.from(numbersOf(data.rows, of), (value) => finite(sign * value)).sort();
  const best = losses[0];
  if (best === undefined) return null;
  const span = spanOf(losses, best, baselineLoss(data, sign, of)) || Math.abs(best) / 10 || 1;
  const margin = sign === 1 ? MARGIN.below : MARGIN.above;
  const ends = [sign * (best - margin * span), sign * (best + span)];
  return { low: Math.min(...ends), high: Math.max(...ends), sign };
}

function baselineLoss(data: Data, sign: number, of: ReturnType<typeof measureOf>['of']): number | null {
  const row = data.baseline === null ? undefined : data.rows[data.baseline];
  const value = row ? of(row) : null;
  return value === null ? null : finite(sign * value);
}

/** Where differences do not overflow. */
function finite(value: number): number {
  return clamp(value, [-LARGEST, LARGEST]);
}

/** From the best to the worst that is shown. */
function spanOf(losses: Float64Array, best: number, baseline: number | null): number {
  const reach = (share: number) => (losses[Math.floor(share * (losses.length - 1))] ?? best) - best;
  const toBaseline = baseline === null ? 0 : (baseline - best) / TO_BASELINE;
  const nearly = reach(0.9);
  if (losses.length >= 5 && nearly > 0 && toBaseline > FAR * nearly) return 1.2 * nearly;
  // Some trials are to be seen, also where the baseline is the best one.
  return Math.max(toBaseline, reach(0.25)) || reach(0.5) || reach(0.75) || reach(1);
}

/** From 0 at the top to 1 at the bottom; beyond, where a value is off the scale. */
export function heightOf({ low, high }: Scale, value: number): number {
  return (high - finite(value)) / (high - low);
}
