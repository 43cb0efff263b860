/** Where the values of a domain stand on its slider, and which value a slider means. */

import * as decimals from './decimals';
import { clamped, gridValue, indexOf, lastOf, made, snapped, stepsOf } from './domains';
import type { ChoiceDomain, Domain, RangeDomain, Value } from './types';
import { isNumber } from './values';

/** A slider of a few hundred pixels tells so many values apart. */
const POSITIONS = 200;
/** So many arrow keys go from one end to the other. */
const KEYS = 100;
/** Where a value stands between the ends of its domain's own scale, from 0 to 1. */
export function shareOf(domain: Domain, value: Value): number {
  if (domain.kind === 'choice') {
    return Math.max(0, indexOf(domain, value)) / Math.max(1, domain.choices.length - 1);
  }
  return isNumber(value) ? shareOfNumber(domain, value.value) : 0;
}

/** The value at a share of the scale, in as many digits as a slider can mean; always in the domain. */
export function valueAt(domain: Domain, share: number): Value {
  const part = Math.min(Math.max(share, 0), 1);
  if (domain.kind === 'choice') return choiceAt(domain, Math.round(part * (domain.choices.length - 1)));
  return made(domain, numberAt(domain, part));
}

/** The value that so many arrow keys to the right (or left, below 0) lead to. */
export function stepped(domain: Domain, value: Value, steps: number): Value {
  if (domain.kind === 'choice') return choiceAt(domain, Math.max(0, indexOf(domain, value)) + steps);
  if (!isNumber(value)) return made(domain, domain.low);
  return made(
    domain,
    domain.log ? steppedOnLog(domain, value.value, steps) : steppedEvenly(domain, value.value, steps),
  );
}

function choiceAt({ choices }: ChoiceDomain, index: number): Value {
  const choice = choices[Math.min(Math.max(index, 0), choices.length - 1)];
  if (!choice) throw new RangeError('a domain without choices');
  return choice;
}

/** Where a number stands between the ends of its domain's own scale, from 0 to 1. */
export function shareOfNumber(domain: RangeDomain, x: number): number {
  const { low, log } = domain;
  const last = lastOf(domain);
  const inside = Math.min(Math.max(x, low), last);
  if (last === low) return 0;
  if (!log) return (inside - low) / (last - low);
  // In logarithms: the ratio of two floats need not be one.
  return (Math.log(inside) - Math.log(low)) / (Math.log(last) - Math.log(low));
}

/** The number at a share of the scale, in as many digits as a slider can mean. */
export function numberAt(domain: RangeDomain, share: number): number {
  const { low, log, step } = domain;
  const last = lastOf(domain);
  if (share === 0) return low;
  if (share === 1) return last;
  const x = log ? Math.exp((1 - share) * Math.log(low) + share * Math.log(last)) : low + (last - low) * share;
  if (step !== null) return snapped(domain, x);
  return clamped(domain, log ? Number(x.toPrecision(logDigits(domain))) : rounded(x, stride(last - low)));
}

/** 3, or as many as a narrow range needs. */
function logDigits({ low, high }: RangeDomain): number {
  const resolution = (Math.log(high) - Math.log(low)) / POSITIONS;
  return Math.min(17, Math.max(3, 1 + Math.ceil(-Math.log10(resolution))));
}

/** The round number that a width is divided into some 200 parts by. */
function stride(width: number): number {
  const least = width / POSITIONS;
  const unit = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5].find((each) => each * unit >= least * 0.999) ?? 10;
  return Number((factor * unit).toPrecision(1));
}

/** The multiple of a round step, without the digits that floats would add. */
function rounded(x: number, step: number): number {
  const count = Math.round(x / step);
  return decimals.nearestFloat(decimals.times(decimals.asWritten(step), BigInt(count))) + 0;
}

/** The number that so many steps of the last digit that is shown lead to, or of the grid. */
export function steppedByDigit(domain: RangeDomain, x: number, steps: number): number {
  if (!domain.log || domain.step !== null || !(x > 0)) return steppedEvenly(domain, x, steps);
  const unit = 10 ** (Math.floor(Math.log10(x) + 1e-9) + 1 - logDigits(domain));
  return clamped(domain, rounded(x + steps * unit, Number(unit.toPrecision(1))));
}

function steppedEvenly(domain: RangeDomain, x: number, steps: number): number {
  const { low, high, step } = domain;
  if (step === null) return clamped(domain, rounded(x + steps * stride(high - low), stride(high - low)));
  const count = stepsOf(domain);
  const jump = count > 2 * POSITIONS ? Math.round(stride(count)) : 1;
  const position = Math.min(Math.max(Math.round((x - low) / step) + steps * jump, 0), count);
  return gridValue(domain, position);
}

/** On a log scale a key goes a part of the way, and always to another value. */
function steppedOnLog(domain: RangeDomain, x: number, steps: number): number {
  const from = shareOfNumber(domain, x);
  const way = steps / KEYS;
  for (let factor = 1; factor <= KEYS; factor *= 1.25) {
    const share = Math.min(Math.max(from + way * factor, 0), 1);
    const reached = numberAt(domain, share);
    if (Math.sign(reached - x) === Math.sign(steps) || share === 0 || share === 1) return reached;
  }
  return clamped(domain, x);
}
