/** Python's literals: made, compared, and written as Python's `repr` writes them. */

import type { Value } from './types';

export const NONE: Value = { type: 'none', text: 'None' };

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

export function intValue(value: number | bigint): Value {
  return { type: 'int', value: Number(value), text: String(BigInt(value)) };
}

export function floatValue(value: number): Value {
  return { type: 'float', value, text: floatText(value) };
}

export function strValue(value: string): Value {
  return { type: 'str', value, text: strText(value) };
}

export function boolValue(value: boolean): Value {
  return { type: 'bool', value, text: value ? 'True' : 'False' };
}

export function tupleValue(items: readonly Value[]): Value {
  return { type: 'tuple', items, text: tupleText(items.map(({ text }) => text)) };
}

/** A tuple of these texts; one element keeps its comma. */
export function tupleText(items: readonly string[]): string {
  return items.length === 1 ? `(${items[0] ?? ''},)` : `(${items.join(', ')})`;
}

/** The shortest digits that give the float back, in Python's choice of notation: 0.5, 1.0, 1e-06, 1e+16. */
export function floatText(x: number): string {
  if (Number.isNaN(x)) return 'nan';
  if (!Number.isFinite(x)) return x < 0 ? '-inf' : 'inf';
  if (Object.is(x, -0)) return '-0.0';
  const [mantissa = '', exponent = '0'] = x.toExponential().split('e');
  const power = Number(exponent);
  if (x !== 0 && (power < -4 || power >= 16)) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const digits = mantissa.split('.')[1]?.length ?? 0;
  return x.toFixed(Math.max(1, digits - power));
}

/** A string in the quotes that need fewer backslashes. */
export function strText(value: string): string {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const inner = value.replace(/[\\\p{C}\p{Z}'"]/gu, (c) => (c === quote ? `\\${c}` : escaped(c)));
  return quote + inner + quote;
}

function escaped(char: string): string {
  if (char === ' ' || char === '"' || char === "'") return char;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const numeric =
    code < 0x100
      ? `\\x${hex.padStart(2, '0')}`
      : code < 0x10000
        ? `\\u${hex.padStart(4, '0')}`
        : `\\U${hex.padStart(8, '0')}`;
  return ESCAPES[char] ?? numeric;
}

/** Whether two literals are the same value; `True` is not `1` here, `1` is `1.0`. */
export function isSame(a: Value, b: Value): boolean {
  if (a.type === 'tuple' && b.type === 'tuple') {
    return a.items.length === b.items.length && a.items.every((item, i) => isSame(item, b.items[i] ?? NONE));
  }
  return (a.type === 'bool') === (b.type === 'bool') && equalityKey(a) === equalityKey(b);
}

/** A text that is equal for what Python's `==` calls equal, `True` and `1` too; tuples by their text. */
export function equalityKey(value: Value): string {
  switch (value.type) {
    case 'int':
      return value.text;
    case 'float':
      return Number.isInteger(value.value) ? String(BigInt(value.value)) : value.text;
    case 'bool':
      return value.value ? '1' : '0';
    case 'str':
      return `'${value.value}`;
    case 'none':
    case 'tuple':
      return value.text;
  }
}

/** Whether a value is a number; booleans are not. */
export function isNumber(value: Value): value is Extract<Value, { type: 'int' | 'float' }> {
  return value.type === 'int' || value.type === 'float';
}

/** A value as the user would type it, in the quotes of the literal that it replaces. */
export function literalText(value: Value, like: string): string {
  const { text } = value;
  const isDoubleQuoted = like.replace(/^[rRuUbB]+/, '').startsWith('"');
  if (value.type === 'str' && isDoubleQuoted && text.startsWith("'") && !text.includes('"')) {
    return `"${text.slice(1, -1)}"`;
  }
  return text;
}
