/** Numbers and values as text. */

import type { Parameter } from '../messages';

const NOTHING = '–';

/** Mantissa without trailing zeros, and exponent, of a finite number at some significant digits. */
function parts(x: number, digits: number): [mantissa: string, exponent: number] {
  const [mantissa = '', exponent = ''] = x.toExponential(digits - 1).split('e');
  return [mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa, Number(exponent)];
}

/** A number at up to 6 significant digits, as Python's `%.6g` writes it: 0.975, 1e-05, 1.5e+06. */
export function number(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'nan' : x < 0 ? '-inf' : 'inf';
  const [mantissa, exponent] = parts(x, 6);
  if (exponent >= -4 && exponent < 6) return String(Number(x.toPrecision(6)));
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** A number of things: "1 trial", "2 trials", "0 trials". */
export function counted(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** The short text of a tick: 1e-3, 0.01, 1, 100, 1e5. */
export function axis(x: number): string {
  const [mantissa, exponent] = parts(x, 6);
  const isShort = x === 0 || !Number.isFinite(x) || (exponent >= -2 && exponent < 5);
  return isShort ? number(x) : `${mantissa}e${exponent}`;
}

/** A parameter's value as the user would type it; a dash where the parameter is inactive. */
export function typed(parameter: Parameter, value: number | null): string {
  if (value === null) return NOTHING;
  if (parameter.kind === 'choice') return parameter.choices[value] ?? NOTHING;
  return parameter.kind === 'int' ? String(Math.round(value)) : number(value);
}
