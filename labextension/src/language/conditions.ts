/** Conditions, read and evaluated without `eval`: the twin of the kernel's `jtune/language/conditions.py`. */

import { MarkError, matchStart } from './grammar';
import type { PatternName } from './grammar';
import { readLiteral } from './literals';
import { slip } from './slips';
import type { Condition, Value } from './types';
import { NONE, boolValue, equalityKey, intValue, isNumber, tupleValue } from './values';

type Point = ReadonlyMap<string, Value>;
type Evaluated = (point: Point) => Value;

/** Brackets within brackets: more than anyone writes. */
const DEEPEST = 20;
const NAME = /^[\p{XID_Start}_]\p{XID_Continue}*(\.[\p{XID_Start}_]\p{XID_Continue}*)*$/u;

/** Read a condition. Throws `MarkError`. */
export function readCondition(text: string): Condition {
  const reader = new Reader(text);
  const value = reader.whole();
  const numbers = [...reader.numbers].sort((a, b) => a - b);
  return { text, names: [...reader.names], numbers, holds: (point) => isTrue(value(point)) };
}

class Reader {
  readonly names = new Set<string>();
  readonly numbers = new Set<number>();
  private at = 0;
  private depth = 0;

  constructor(private readonly text: string) {}

  whole(): Evaluated {
    const value = this.condition();
    if (this.at < this.text.length) throw this.slip('operator');
    return value;
  }

  private condition(): Evaluated {
    this.depth += 1;
    if (this.depth > DEEPEST) {
      throw new MarkError(this.at, 'brackets stand too deep in brackets; write a simpler condition');
    }
    const value = this.joined('condition_or', () => this.joined('condition_and', () => this.negation()));
    this.depth -= 1;
    return value;
  }

  private joined(operator: 'condition_or' | 'condition_and', read: () => Evaluated): Evaluated {
    const parts = [read()];
    while (this.take(operator)) parts.push(read());
    const decides = operator === 'condition_or';
    return (point) => {
      let value = boolValue(!decides);
      for (const part of parts) {
        value = part(point);
        if (isTrue(value) === decides) break;
      }
      return value;
    };
  }

  private negation(): Evaluated {
    let count = 0;
    while (this.take('condition_not')) count += 1;
    const value = this.comparison();
    return count === 0 ? value : (point) => boolValue(isTrue(value(point)) === (count % 2 === 0));
  }

  private comparison(): Evaluated {
    const first = this.operand();
    const others: { operator: string; value: Evaluated }[] = [];
    for (;;) {
      const operator = this.take('condition_comparison');
      if (!operator) break;
      others.push({ operator, value: this.compared(operator) });
    }
    if (others.length === 0) return first;
    return (point) => {
      let left = first(point);
      const isHeld = others.every(({ operator, value }) => {
        const right = value(point);
        const result = compare(operator, left, right);
        left = right;
        return result;
      });
      return boolValue(isHeld);
    };
  }

  /** What stands behind a comparison's sign or word. */
  private compared(operator: string): Evaluated {
    if (operator.endsWith('in')) return this.choices();
    if (!operator.startsWith('is')) return this.operand();
    const constant = readLiteral(this.take('condition_constant'));
    if (!constant) throw this.slip('constant');
    return () => constant;
  }

  private operand(): Evaluated {
    const start = this.at;
    if (this.sign('(')) return this.elements(')').value;
    const name = this.take('condition_name');
    if (name) return this.parameter(name, start);
    const literal =
      this.take('condition_number') || this.take('condition_string') || this.take('condition_constant');
    const value = readLiteral(literal);
    if (!value) throw this.slip('operand');
    if (isNumber(value)) {
      if (!Number.isFinite(value.value)) {
        throw new MarkError(start, 'a number must be finite; write a smaller one');
      }
      this.numbers.add(value.value).add(-value.value);
    }
    return () => value;
  }

  private parameter(written: string, start: number): Evaluated {
    if (!NAME.test(written)) throw slip('operand', this.text, start);
    const name = written.normalize('NFKC');
    this.names.add(name);
    return (point) => {
      const value = point.get(name);
      if (!value) throw new Error(`name '${name}' is not defined`);
      return value;
    };
  }

  private choices(): Evaluated {
    const start = this.at;
    const isList = this.sign('[');
    if (!isList && !this.sign('(')) throw this.slip('choices');
    const { value, isSequence } = this.elements(isList ? ']' : ')', isList);
    if (isSequence) return value;
    throw new MarkError(start, 'parentheses around one value are no choices; write it in square brackets');
  }

  /** What stands in brackets: a sequence, or one value in parentheses. */
  private elements(closing: string, isList = false): { value: Evaluated; isSequence: boolean } {
    const items: Evaluated[] = [];
    let hasComma = false;
    while (!this.sign(closing)) {
      items.push(this.condition());
      if (this.sign(',')) hasComma = true;
      else if (this.sign(closing)) break;
      else throw this.slip('operator');
    }
    const [first] = items;
    if (first && !hasComma && !isList) return { value: first, isSequence: false };
    return { value: (point) => tupleValue(items.map((item) => item(point))), isSequence: true };
  }

  private sign(sign: string): boolean {
    const isThere = this.text.startsWith(sign, this.at);
    if (isThere) this.move(this.at + sign.length);
    return isThere;
  }

  private take(name: PatternName): string {
    const found = matchStart(name, this.text, this.at)?.[0] ?? '';
    this.move(this.at + found.length);
    return found;
  }

  /** Go on behind the space that follows. */
  private move(end: number): void {
    this.at = end + (matchStart('space', this.text, end)?.[0].length ?? 0);
  }

  private slip(expected: Parameters<typeof slip>[0]): MarkError {
    if (this.at < this.text.length) return slip(expected, this.text, this.at);
    return new MarkError(this.at, 'the condition stops short; write for example: if layers >= 2');
  }
}

function isTrue(value: Value): boolean {
  if (value.type === 'tuple') return value.items.length > 0;
  return value.type !== 'none' && Boolean(value.value);
}

function compare(operator: string, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return isEqual(left, right);
    case '!=':
      return !isEqual(left, right);
    case '<':
      return order(left, right) < 0;
    case '<=':
      return order(left, right) <= 0;
    case '>':
      return order(left, right) > 0;
    case '>=':
      return order(left, right) >= 0;
  }
  const isThere = operator.endsWith('in')
    ? right.type === 'tuple' && right.items.some((item) => isEqual(left, item))
    : left.type === right.type && isEqual(left, right);
  return isThere !== operator.includes('not');
}

/** As Python's `==`, for which 1, 1.0 and True are equal. */
function isEqual(a: Value, b: Value): boolean {
  if (a.type !== 'tuple' || b.type !== 'tuple')
    return a.type !== 'tuple' && equalityKey(a) === equalityKey(b);
  return a.items.length === b.items.length && a.items.every((item, i) => isEqual(item, b.items[i] ?? item));
}

/** The sign of the difference, where there is one. */
function order(a: Value, b: Value): number {
  const [x, y] = [exact(a), exact(b)];
  if (x !== null && y !== null) return x < y ? -1 : x > y ? 1 : 0;
  const [left, right] = [partsOf(a), partsOf(b)];
  if (a.type !== b.type || !left || !right) throw new Error('values of different kinds have no order');
  const at = left.findIndex((part, i) => !isEqual(part, right[i] ?? NONE));
  const [part, other] = [left[at], right[at]];
  return part && other ? order(part, other) : left.length - right.length;
}

/** What is compared one by one: the elements of a tuple, the characters of a text. */
function partsOf(value: Value): readonly Value[] | null {
  if (value.type === 'tuple') return value.items;
  return value.type === 'str' ? Array.from(value.value, (c) => intValue(c.codePointAt(0) ?? 0)) : null;
}

/** A number with all its digits; booleans are numbers too. */
function exact(value: Value): number | bigint | null {
  if (value.type === 'int') return BigInt(value.text);
  return value.type === 'float' || value.type === 'bool' ? Number(value.value) : null;
}
