/**
 * Exact arithmetic on numbers as they are written, with the precision of Python's `decimal`.
 *
 * A grid such as 0.1, 0.2, 0.3 exists only there: floats cannot add 0.1 exactly.
 */

/** `digits` times ten to the power `exponent`. */
export interface Decimal {
  digits: bigint;
  exponent: number;
}

const PRECISION = 28;

/** The number that the shortest text of a float says. */
export function asWritten(x: number): Decimal {
  const [mantissa = '0', exponent = '0'] = x.toExponential().split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), exponent: Number(exponent) - fraction.length };
}

/** The float nearest to a number. */
export function nearestFloat({ digits, exponent }: Decimal): number {
  return Number(`${digits}e${exponent}`);
}

/** The sign of `a - b`. */
export function compare(a: Decimal, b: Decimal): number {
  const [left, right] = aligned(a, b);
  return left === right ? 0 : left < right ? -1 : 1;
}

export function plus(a: Decimal, b: Decimal): Decimal {
  const [left, right, exponent] = aligned(a, b);
  return inPrecision({ digits: left + right, exponent });
}

export function minus(a: Decimal, b: Decimal): Decimal {
  return plus(a, { ...b, digits: -b.digits });
}

export function times(a: Decimal, count: bigint): Decimal {
  return inPrecision({ digits: a.digits * count, exponent: a.exponent });
}

/** How often `b` fits into `a`, both of one sign. */
export function wholeQuotient(a: Decimal, b: Decimal): bigint {
  const [left, right] = aligned(a, b);
  return left / right;
}

/** A float's exact value at a number of decimal places (which may be negative), half to even: Python's `round`. */
export function roundTo(x: number, places: number): number {
  return nearestFloat(shortened(binary(x), -places));
}

/** A float of half a unit goes to the even neighbour, as Python's `round` has it. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
}

function aligned(a: Decimal, b: Decimal): [left: bigint, right: bigint, exponent: number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = (d: Decimal) => d.digits * 10n ** BigInt(d.exponent - exponent);
  return [scaled(a), scaled(b), exponent];
}

function inPrecision(d: Decimal): Decimal {
  const excess = String(d.digits < 0n ? -d.digits : d.digits).length - PRECISION;
  return excess > 0 ? shortened(d, d.exponent + excess) : d;
}

function shortened(d: Decimal, exponent: number): Decimal {
  if (exponent <= d.exponent) return d;
  const unit = 10n ** BigInt(exponent - d.exponent);
  const size = d.digits < 0n ? -d.digits : d.digits;
  const whole = size / unit;
  const rest = 2n * (size % unit);
  const rounded = rest > unit || (rest === unit && whole % 2n === 1n) ? whole + 1n : whole;
  return { digits: d.digits < 0n ? -rounded : rounded, exponent };
}

/** The value that a float's bits stand for. */
function binary(x: number): Decimal {
  let exponent = 0;
  // Both are exact: a power of two times a float, until it is whole.
  while (!Number.isInteger(x)) {
    x *= 2;
    exponent += 1;
  }
  return { digits: BigInt(x) * 5n ** BigInt(exponent), exponent: -exponent };
}
