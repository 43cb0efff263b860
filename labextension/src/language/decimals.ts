/**
 * Exact arithmetic on numbers as they are written.
 *
 * A grid such as 0.1, 0.2, 0.3 exists only there: floats cannot add 0.1 exactly.
 */

/** `digits` times ten to the power `exponent`. */
export interface Decimal {
  digits: bigint;
  exponent: number;
}

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

export function plus(a: Decimal, b: Decimal): Decimal {
  const [left, right, exponent] = aligned(a, b);
  return { digits: left + right, exponent };
}

export function minus(a: Decimal, b: Decimal): Decimal {
  return plus(a, times(b, -1n));
}

export function times({ digits, exponent }: Decimal, count: bigint): Decimal {
  return { digits: digits * count, exponent };
}

/** How often `b` fits into `a`, both of one sign. */
export function wholeQuotient(a: Decimal, b: Decimal): bigint {
  const [left, right] = aligned(a, b);
  return left / right;
}

export function isBelow(a: Decimal, b: Decimal): boolean {
  const [left, right] = aligned(a, b);
  return left < right;
}

function aligned(a: Decimal, b: Decimal): [left: bigint, right: bigint, exponent: number] {
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = (d: Decimal) => d.digits * 10n ** BigInt(d.exponent - exponent);
  return [scaled(a), scaled(b), exponent];
}
