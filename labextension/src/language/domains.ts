/** What a parameter may be, and which values lie in a domain. The twin of `jtune/language/domains.py`. */

import * as decimals from './decimals';
import type { ChoiceDomain, Domain, RangeDomain, Value } from './types';
import { boolValue, floatText, floatValue, intValue, isNumber, isSame } from './values';

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

/**
 * Values that a condition with some numbers can tell apart: all choices; of a range the ends, the numbers, and one value
 * between each two of these.
 */
export function triedOf(domain: Domain, numbers: readonly number[]): readonly Value[] {
  if (domain.kind === 'choice') return domain.choices;
  const { kind, low, high, step } = domain;
  const inner = numbers.filter((x) => low < x && x < high);
  const between = [...inner, high].map((x, i) => ((inner[i - 1] ?? low) + x) / 2);
  const isFree = kind === 'float' && step === null;
  const inside = [...inner, ...between].map((x) =>
    isFree ? Number(x.toPrecision(DIGITS)) : snapped(domain, x),
  );
  return [low, lastOf(domain), ...inside].map((x) => made(domain, x));
}

export function indexOf({ choices }: ChoiceDomain, value: Value): number {
  return choices.findIndex((choice) => isSame(choice, value));
}

export function made(domain: RangeDomain, x: number): Value {
  return domain.kind === 'int' ? intValue(x) : floatValue(x);
}

function numberText(domain: RangeDomain, x: number): string {
  return domain.kind === 'int' ? String(x) : floatText(x);
}

export function clamped(domain: RangeDomain, x: number): number {
  return Math.min(Math.max(x, domain.low), domain.high);
}

/** How many whole steps lie between the bounds, exactly as they are written. */
export function stepsOf({ low, high, step }: RangeDomain): number {
  const [first, last, by] = [low, high, step ?? 1].map(decimals.asWritten);
  if (!first || !last || !by) return 0;
  return Number(decimals.wholeQuotient(decimals.minus(last, first), by));
}

/** The value of the grid after so many steps. */
export function gridValue({ low, step }: RangeDomain, count: number): number {
  const way = decimals.times(decimals.asWritten(step ?? 1), BigInt(count));
  return decimals.nearestFloat(decimals.plus(decimals.asWritten(low), way));
}

export function lastOf(domain: RangeDomain): number {
  return domain.step === null ? domain.high : gridValue(domain, stepsOf(domain));
}

function gridText(domain: RangeDomain): string {
  return `${[0, 1, 2].map((i) => numberText(domain, gridValue(domain, i))).join(', ')}, ...`;
}

function isOnGrid(domain: RangeDomain, x: number): boolean {
  if (domain.step === null) return true;
  if (domain.kind === 'int') return (x - domain.low) % domain.step === 0;
  const near = snapped(domain, x);
  return Math.abs(near - x) <= Math.max(1e-15 * Math.max(Math.abs(near), Math.abs(x)), 1e-9 * domain.step);
}

/** The value of a grid that is nearest to a number. */
export function snapped(domain: RangeDomain, x: number): number {
  const inside = clamped(domain, x);
  if (domain.kind === 'int') return snapInt(domain, inside);
  const position = (inside - domain.low) / (domain.step ?? 1);
  const below = Math.floor(position);
  // Half a step goes to the even neighbour, as Python's `round` has it.
  const isAbove = position - below > 0.5 || (position - below === 0.5 && below % 2 !== 0);
  return gridValue(domain, Math.min(isAbove ? below + 1 : below, stepsOf(domain)));
}

function snapInt(domain: RangeDomain, x: number): number {
  const step = domain.step ?? 1;
  const whole = Math.floor(x);
  const rest = (whole - domain.low) % step;
  const below = (whole - domain.low - rest) / step;
  const count = 2 * (rest + (x - whole)) > step ? below + 1 : below;
  return domain.low + Math.min(count, Math.floor((domain.high - domain.low) / step)) * step;
}
