/** What a parameter may be: which values lie in a domain, and where they stand on its slider. */

import * as decimals from './decimals';
import type { ChoiceDomain, Domain, RangeDomain, Value } from './types';
import { boolValue, floatText, floatValue, intValue, isNumber, isSame } from './values';

/** A slider of a few hundred pixels tells so many values apart. */
const POSITIONS = 200;
/** So many arrow keys go from one end to the other. */
const KEYS = 100;
/** What is sampled has so many digits. */
const DIGITS = 6;
/** Beyond, the kernel's integers are not exact. */
export const LARGEST_INT = 2 ** 53;

/** The domain that a bare `# tune` gives a literal, or null where it must be written. */
export function infer(literal: Value): Domain | null {
  if (literal.type === 'bool') return { kind: 'choice', choices: [boolValue(false), boolValue(true)] };
  const n = isNumber(literal) ? literal.value : 0;
  if (literal.type === 'int' && n >= 1 && n <= LARGEST_INT / 4) {
    return { kind: 'int', low: Math.max(1, Math.floor(n / 4)), high: 4 * n, log: false, step: 1 };
  }
  if (literal.type !== 'float' || !(n > 0) || n === Infinity) return null;
  const written = decimals.asWritten(n);
  const low = decimals.nearestFloat({ ...written, exponent: written.exponent - 1 });
  const high = decimals.nearestFloat({ ...written, exponent: written.exponent + 1 });
  return low * high > 0 && high < Infinity ? { kind: 'float', low, high, log: true, step: null } : null;
}

/** The domain as the tune language writes it. */
export function domainText(domain: Domain): string {
  if (domain.kind === 'choice') return `[${domain.choices.map(({ text }) => text).join(', ')}]`;
  const { low, high, log, step } = domain;
  const hasStep = step !== null && !(domain.kind === 'int' && step === 1);
  const [first, last, by] = [low, high, step ?? 0].map((x) => numberText(domain, x));
  return `${first ?? ''}..${last ?? ''}${log ? ' log' : ''}${hasStep ? ` step ${by ?? ''}` : ''}`;
}

/** Why `value` is not in the domain, or null when it is. */
export function reject(domain: Domain, value: Value): string | null {
  if (domain.kind === 'choice') {
    return indexOf(domain, value) < 0 ? `${value.text} is not one of ${domainText(domain)}` : null;
  }
  const isInt = domain.kind === 'int';
  if (!isNumber(value) || !Number.isFinite(value.value) || (isInt && !Number.isInteger(value.value))) {
    return `${value.text} is not ${isInt ? 'an integer' : 'a number'}`;
  }
  const { low, high } = domain;
  if (!(low <= value.value && value.value <= high)) {
    return `${value.text} is outside ${numberText(domain, low)}..${numberText(domain, high)}`;
  }
  return isOnGrid(domain, value.value) ? null : `${value.text} is not on the grid ${gridText(domain)}`;
}

/** The value of the domain that is nearest to `value`; choices have no neighbours, and stay as they are. */
export function snap(domain: Domain, value: Value): Value {
  if (domain.kind === 'choice') return domain.choices[indexOf(domain, value)] ?? value;
  return isNumber(value) ? made(domain, snapNumber(domain, value.value)) : value;
}

/**
 * Values that a condition with some numbers can tell apart: all choices; of a range the ends, the numbers, and one value
 * between each two of these.
 */
export function triedOf(domain: Domain, numbers: readonly number[]): readonly Value[] {
  if (domain.kind === 'choice') return domain.choices;
  const marked = [domain.low, ...numbers.filter((x) => domain.low < x && x < domain.high), domain.high];
  const between = marked.slice(1).map((high, i) => ((marked[i] ?? high) + high) / 2);
  return [...marked, ...between].map((x) => made(domain, snapNumber(domain, x)));
}

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

function indexOf({ choices }: ChoiceDomain, value: Value): number {
  return choices.findIndex((choice) => isSame(choice, value));
}

function choiceAt({ choices }: ChoiceDomain, index: number): Value {
  const choice = choices[Math.min(Math.max(index, 0), choices.length - 1)];
  if (!choice) throw new RangeError('a domain without choices');
  return choice;
}

function made(domain: RangeDomain, x: number): Value {
  return domain.kind === 'int' ? intValue(x) : floatValue(x);
}

function numberText(domain: RangeDomain, x: number): string {
  return domain.kind === 'int' ? String(x) : floatText(x);
}

function clamped(domain: RangeDomain, x: number): number {
  return Math.min(Math.max(x, domain.low), domain.high);
}

/** How many whole steps lie between the bounds, exactly as they are written. */
function stepsOf({ low, high, step }: RangeDomain): number {
  const [first, last, by] = [low, high, step ?? 1].map(decimals.asWritten);
  if (!first || !last || !by) return 0;
  return Number(decimals.wholeQuotient(decimals.minus(last, first), by));
}

/** The value of the grid after so many steps. */
function gridValue({ low, step }: RangeDomain, count: number): number {
  const way = decimals.times(decimals.asWritten(step ?? 1), BigInt(count));
  return decimals.nearestFloat(decimals.plus(decimals.asWritten(low), way));
}

function lastOf(domain: RangeDomain): number {
  return domain.step === null ? domain.high : gridValue(domain, stepsOf(domain));
}

function gridText(domain: RangeDomain): string {
  return `${[0, 1, 2].map((i) => numberText(domain, gridValue(domain, i))).join(', ')}, ...`;
}

function isOnGrid(domain: RangeDomain, x: number): boolean {
  if (domain.step === null) return true;
  if (domain.kind === 'int') return (x - domain.low) % domain.step === 0;
  const near = snapNumber(domain, x);
  return Math.abs(near - x) <= Math.max(1e-15 * Math.max(Math.abs(near), Math.abs(x)), 1e-9 * domain.step);
}

function snapNumber(domain: RangeDomain, x: number): number {
  const { low, high, log, step } = domain;
  const inside = clamped(domain, x);
  if (domain.kind === 'int') return snapInt(domain, inside);
  if (step !== null) {
    return gridValue(domain, Math.min(decimals.roundHalfEven((inside - low) / step), stepsOf(domain)));
  }
  if (inside === low || inside === high) return inside;
  const magnitude = log ? Math.abs(inside) : high - low;
  const places = DIGITS - 1 - Math.floor(Math.log10(magnitude));
  return clamped(domain, decimals.roundTo(inside, places)) + 0;
}

function snapInt(domain: RangeDomain, x: number): number {
  const step = domain.step ?? 1;
  const whole = Math.floor(x);
  const rest = (whole - domain.low) % step;
  const below = (whole - domain.low - rest) / step;
  const count = 2 * (rest + (x - whole)) > step ? below + 1 : below;
  return domain.low + Math.min(count, Math.floor((domain.high - domain.low) / step)) * step;
}

function shareOfNumber(domain: RangeDomain, x: number): number {
  const { low, log } = domain;
  const last = lastOf(domain);
  const inside = Math.min(Math.max(x, low), last);
  if (last === low) return 0;
  if (!log) return (inside - low) / (last - low);
  // In logarithms: the ratio of two floats need not be one.
  return (Math.log(inside) - Math.log(low)) / (Math.log(last) - Math.log(low));
}

function numberAt(domain: RangeDomain, share: number): number {
  const { low, log, step } = domain;
  const last = lastOf(domain);
  if (share === 0) return low;
  if (share === 1) return last;
  const x = log ? Math.exp((1 - share) * Math.log(low) + share * Math.log(last)) : low + (last - low) * share;
  if (step !== null) return snapNumber(domain, x);
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
