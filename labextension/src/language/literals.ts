/** Expressions that are literals, as the values that they stand for. */

import { parseExpression, parseStatement } from './expressions';
import type { Expr } from './expressions';
import { ExpressionError } from './tokens';
import type { Value } from './types';
import { floatValue, intValue, isNumber, tupleValue } from './values';

/** The value of a literal as it stands in a cell (a tuple may lack its parentheses), or null. */
export function readLiteral(text: string): Value | null {
  const expr = attempt(() => parseStatement(text));
  return expr && valueOf(expr);
}

/** The elements of a list of literals of any kind, as Python's `ast.literal_eval` reads it, or null. */
export function readList(text: string): readonly Expr[] | null {
  const expr = attempt(() => parseExpression(text));
  return expr?.kind === 'list' && isLiteral(expr) ? expr.items : null;
}

/** The value of a number, string, boolean, None or tuple of these, or null. */
export function valueOf(expr: Expr): Value | null {
  if (expr.kind === 'constant') return isValue(expr.value) ? expr.value : null;
  if (expr.kind === 'unary') return signed(expr.operator, valueOf(expr.operand));
  if (expr.kind !== 'tuple') return null;
  const items = expr.items.map(valueOf).filter((item) => item !== null);
  return items.length === expr.items.length ? tupleValue(items) : null;
}

/** What reading gives, or null where it finds no Python. */
export function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof ExpressionError) return null;
    throw error;
  }
}

function isValue(value: Extract<Expr, { kind: 'constant' }>['value']): value is Value {
  return value.type !== 'bytes' && value.type !== 'complex' && value.type !== 'ellipsis';
}

function signed(operator: string, value: Value | null): Value | null {
  if (!value || !isNumber(value) || (operator !== '-' && operator !== '+')) return null;
  if (operator === '+') return value;
  return value.type === 'int' ? intValue(-BigInt(value.text)) : floatValue(-value.value);
}

function isLiteral(expr: Expr): boolean {
  switch (expr.kind) {
    case 'constant':
      return true;
    case 'unary':
      return isPlainNumber(expr);
    case 'binary':
      return (
        (expr.operator === '+' || expr.operator === '-') && isPlainNumber(expr.left) && isComplex(expr.right)
      );
    case 'tuple':
    case 'list':
      return expr.items.every(isLiteral);
    case 'set':
      return expr.items.every((item) => isLiteral(item) && isHashable(item));
    case 'dict':
      return expr.entries.every(
        ({ key, value }) => key && isLiteral(key) && isHashable(key) && isLiteral(value),
      );
    case 'call':
      // The empty set has no other literal.
      return (
        expr.callee.kind === 'name' &&
        expr.callee.id === 'set' &&
        expr.args.length + expr.keywords.length === 0
      );
    default:
      return false;
  }
}

function isPlainNumber(expr: Expr): boolean {
  if (expr.kind === 'unary') {
    return expr.operator !== 'not' && expr.operator !== '~' && isPlainNumber(expr.operand);
  }
  return (
    isComplex(expr) ||
    (expr.kind === 'constant' && (expr.value.type === 'int' || expr.value.type === 'float'))
  );
}

function isComplex(expr: Expr): boolean {
  return expr.kind === 'constant' && expr.value.type === 'complex';
}

function isHashable(expr: Expr): boolean {
  if (expr.kind === 'tuple') return expr.items.every(isHashable);
  return expr.kind !== 'list' && expr.kind !== 'set' && expr.kind !== 'dict' && expr.kind !== 'call';
}
