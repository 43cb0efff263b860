/** Conditions' values, as Python would compute them, with its messages where it cannot. */

import type { Expr, OtherConstant } from './expressions';
import type { Value } from './types';

/** What this evaluator does not know; no mistake of the user's. */
export class Unsupported extends Error {}

/** Integers are exact; a float is a number. */
type Data = bigint | number | boolean | string | null | Sequence | OtherConstant;

interface Sequence {
  type: 'tuple' | 'list' | 'set';
  items: readonly Data[];
}

type Names = ReadonlyMap<string, Value>;

// Longer texts and tuples are made by no condition that anyone means.
const LONGEST = 100_000;

/** Whether an expression of constants, names and operators is true. Throws where Python would. */
export function evaluate(expr: Expr, names: Names): boolean {
  return isTrue(dataOf(expr, names));
}

function dataOf(expr: Expr, names: Names): Data {
  switch (expr.kind) {
    case 'constant':
      return fromConstant(expr.value);
    case 'name': {
      const value = names.get(expr.id);
      if (!value) throw new Error(`name '${expr.id}' is not defined`);
      return fromConstant(value);
    }
    case 'unary':
      return unary(expr.operator, dataOf(expr.operand, names));
    case 'binary':
      return binary(expr.operator, dataOf(expr.left, names), dataOf(expr.right, names));
    case 'bool':
      return connected(expr.operator, expr.values, names);
    case 'compare':
      return compared(expr.left, expr.operators, expr.others, names);
    case 'tuple':
    case 'list':
      return { type: expr.kind, items: expr.items.map((item) => dataOf(item, names)) };
    case 'set':
      return { type: 'set', items: expr.items.map((item) => hashable(dataOf(item, names))) };
    default:
      throw new Unsupported(expr.kind);
  }
}

function fromConstant(value: Value | OtherConstant): Data {
  switch (value.type) {
    case 'int':
      return BigInt(value.text);
    case 'none':
      return null;
    case 'tuple':
      return { type: 'tuple', items: value.items.map(fromConstant) };
    case 'float':
    case 'bool':
    case 'str':
      return value.value;
    default:
      return value;
  }
}

function typeOf(data: Data): string {
  switch (typeof data) {
    case 'bigint':
      return 'int';
    case 'number':
      return 'float';
    case 'boolean':
      return 'bool';
    case 'string':
      return 'str';
    default:
      return data === null ? 'NoneType' : data.type;
  }
}

function isSequence(data: Data): data is Sequence {
  return typeof data === 'object' && data !== null && 'items' in data;
}

/** A number as arithmetic sees it: booleans are integers. */
function asNumber(data: Data): bigint | number | null {
  if (typeof data === 'boolean') return data ? 1n : 0n;
  return typeof data === 'bigint' || typeof data === 'number' ? data : null;
}

function isTrue(data: Data): boolean {
  if (isSequence(data)) return data.items.length > 0;
  if (typeof data === 'object' && data !== null) return isOtherTrue(data);
  return Boolean(data);
}

function isOtherTrue(constant: OtherConstant): boolean {
  if (constant.type === 'ellipsis') return true;
  throw new Unsupported(constant.type);
}

function connected(operator: string, values: readonly Expr[], names: Names): Data {
  let result: Data = null;
  for (const value of values) {
    result = dataOf(value, names);
    if (isTrue(result) === (operator === 'or')) break;
  }
  return result;
}

function compared(left: Expr, operators: readonly string[], others: readonly Expr[], names: Names): Data {
  let before = dataOf(left, names);
  for (const [i, other] of others.entries()) {
    const after = dataOf(other, names);
    if (!comparison(operators[i] ?? '', before, after)) return false;
    before = after;
  }
  return true;
}

function comparison(operator: string, left: Data, right: Data): boolean {
  switch (operator) {
    case '==':
      return isEqual(left, right);
    case '!=':
      return !isEqual(left, right);
    case 'is':
      return isIdentical(left, right);
    case 'is not':
      return !isIdentical(left, right);
    case 'in':
      return isIn(left, right);
    case 'not in':
      return !isIn(left, right);
    default:
      return isOrdered(operator, left, right);
  }
}

function isIdentical(left: Data, right: Data): boolean {
  return typeOf(left) === typeOf(right) && isEqual(left, right);
}

function isEqual(left: Data, right: Data): boolean {
  const [a, b] = [asNumber(left), asNumber(right)];
  // Between an integer and a float this compares what they stand for.
  if (a !== null && b !== null) return !(a < b) && !(a > b) && !Number.isNaN(a) && !Number.isNaN(b);
  if (!isSequence(left) || !isSequence(right)) return isSameConstant(left, right);
  if (left.type !== right.type) return false;
  if (left.type === 'set') return isWithin(left, right) && isWithin(right, left);
  return (
    left.items.length === right.items.length &&
    left.items.every((item, i) => isEqual(item, right.items[i] ?? null))
  );
}

function isSameConstant(left: Data, right: Data): boolean {
  if (
    typeof left === 'object' &&
    typeof right === 'object' &&
    left &&
    right &&
    'text' in left &&
    'text' in right
  ) {
    return left.type === right.type && left.text === right.text;
  }
  return left === right;
}

function isWithin(part: Sequence, whole: Sequence): boolean {
  return part.items.every((item) => whole.items.some((other) => isEqual(item, other)));
}

function isIn(item: Data, container: Data): boolean {
  if (typeof container === 'string') {
    if (typeof item === 'string') return container.includes(item);
    throw new Error(`'in <string>' requires string as left operand, not ${typeOf(item)}`);
  }
  if (!isSequence(container)) throw new Error(`argument of type '${typeOf(container)}' is not iterable`);
  if (container.type === 'set') hashable(item);
  return container.items.some((other) => isEqual(item, other));
}

function hashable(data: Data): Data {
  if (!isSequence(data)) return data;
  if (data.type !== 'tuple') throw new Error(`unhashable type: '${data.type}'`);
  data.items.forEach(hashable);
  return data;
}

function isOrdered(operator: string, left: Data, right: Data): boolean {
  const [a, b] = [asNumber(left), asNumber(right)];
  if (a !== null && b !== null) return order(operator, a, b);
  if (typeof left === 'string' && typeof right === 'string') {
    return order(operator, byCodePoints(left, right), 0);
  }
  if (isSequence(left) && isSequence(right) && left.type === right.type) {
    return left.type === 'set' ? isSubset(operator, left, right) : isSequenceOrdered(operator, left, right);
  }
  const types = `'${typeOf(left)}' and '${typeOf(right)}'`;
  throw new Error(`'${operator}' not supported between instances of ${types}`);
}

function order(operator: string, a: bigint | number, b: bigint | number): boolean {
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  return operator === '>' ? a > b : a >= b;
}

/** The sign of the difference; JavaScript's own order is that of UTF-16. */
function byCodePoints(left: string, right: string): number {
  const [a, b] = [Array.from(left), Array.from(right)];
  const at = a.findIndex((char, i) => char !== b[i]);
  if (at < 0) return a.length - b.length;
  return (a[at]?.codePointAt(0) ?? -1) - (b[at]?.codePointAt(0) ?? -1);
}

function isSequenceOrdered(operator: string, left: Sequence, right: Sequence): boolean {
  for (const [i, item] of left.items.entries()) {
    const other = right.items[i];
    if (other === undefined) break;
    if (!isEqual(item, other)) return isOrdered(operator, item, other);
  }
  return order(operator, left.items.length, right.items.length);
}

function isSubset(operator: string, left: Sequence, right: Sequence): boolean {
  const [part, whole] = operator.startsWith('<') ? [left, right] : [right, left];
  return isWithin(part, whole) && (operator.endsWith('=') || !isWithin(whole, part));
}

function unary(operator: string, operand: Data): Data {
  if (operator === 'not') return !isTrue(operand);
  const number = asNumber(operand);
  if (number === null) throw new Error(`bad operand type for unary ${operator}: '${typeOf(operand)}'`);
  return operator === '-' ? -number : number;
}

function binary(operator: string, left: Data, right: Data): Data {
  const [a, b] = [asNumber(left), asNumber(right)];
  if (typeof a === 'bigint' && typeof b === 'bigint') return integers(operator, a, b);
  if (a !== null && b !== null) return floats(operator, toFloat(a), toFloat(b));
  const isOther = [left, right].some(
    (data) => typeof data === 'object' && data !== null && !isSequence(data),
  );
  if (isOther || (operator === '%' && typeof left === 'string') || isDifference(operator, left, right)) {
    throw new Unsupported(operator);
  }
  if (operator === '+' && isList(left)) return concatenated(left, right);
  if (operator === '*' && isList(left)) return repeated(left, b, right);
  if (operator === '*' && isList(right)) return repeated(right, a, left);
  throw new Error(`unsupported operand type(s) for ${operator}: '${typeOf(left)}' and '${typeOf(right)}'`);
}

function isDifference(operator: string, left: Data, right: Data): boolean {
  return operator === '-' && [left, right].every((data) => isSequence(data) && data.type === 'set');
}

function isList(data: Data): data is string | Sequence {
  return typeof data === 'string' || (isSequence(data) && data.type !== 'set');
}

function concatenated(left: string | Sequence, right: Data): Data {
  if (typeof left === 'string' && typeof right === 'string') return left + right;
  if (typeof left !== 'string' && isSequence(right) && right.type === left.type) {
    return { type: left.type, items: [...left.items, ...right.items] };
  }
  throw new Error(`can only concatenate ${typeOf(left)} (not "${typeOf(right)}") to ${typeOf(left)}`);
}

function repeated(list: string | Sequence, count: bigint | number | null, by: Data): Data {
  if (typeof count !== 'bigint')
    throw new Error(`can't multiply sequence by non-int of type '${typeOf(by)}'`);
  const times = Math.max(0, Number(count));
  const length = typeof list === 'string' ? list.length : list.items.length;
  if (length * times > LONGEST) throw new Unsupported('length');
  if (typeof list === 'string') return list.repeat(times);
  return { type: list.type, items: Array<readonly Data[]>(times).fill(list.items).flat() };
}

function toFloat(x: bigint | number): number {
  const result = Number(x);
  if (typeof x === 'bigint' && !Number.isFinite(result)) throw new Error('int too large to convert to float');
  return result;
}

function integers(operator: string, a: bigint, b: bigint): Data {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      if (b === 0n) throw new Error('division by zero');
      return Number(a) / Number(b);
    case '//':
      if (b === 0n) throw new Error('integer division or modulo by zero');
      return (a - floorModulo(a, b)) / b;
    default:
      if (b === 0n) throw new Error('integer modulo by zero');
      return floorModulo(a, b);
  }
}

/** The rest with the divisor's sign. */
function floorModulo(a: bigint, b: bigint): bigint {
  return ((a % b) + b) % b;
}

function floats(operator: string, a: number, b: number): Data {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      if (b === 0) throw new Error('float division by zero');
      return a / b;
    case '//':
      if (b === 0) throw new Error('float floor division by zero');
      return Math.round((a - floatModulo(a, b)) / b);
    default:
      if (b === 0) throw new Error('float modulo');
      return floatModulo(a, b);
  }
}

function floatModulo(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}
