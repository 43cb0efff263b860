/**
 * Python expressions as trees, with the fields and the places that Python's `ast` gives them.
 *
 * Conditions, choices and reports are read with it. Lezer's grammar is made for highlighting: it takes `not a and b`
 * for `not (a and b)`, and finds no mistakes.
 */

import { ExpressionError, INVALID, tokensOf, unclosed } from './tokens';
import type { Token } from './tokens';
import type { Span, Value } from './types';
import { NONE, boolValue, floatValue, intValue, strValue } from './values';

/** A constant that is no value of the tune language. */
export interface OtherConstant {
  type: 'bytes' | 'complex' | 'ellipsis';
  text: string;
}

export interface Clause {
  isAsync: boolean;
  target: Expr;
  source: Expr;
  conditions: readonly Expr[];
}

export interface LambdaParameter {
  /** `*`, `**`, or nothing; `/` and a lone `*` have no name. */
  mark: string;
  name: string;
  fallback: Expr | null;
}

type Node =
  | { kind: 'constant'; value: Value | OtherConstant }
  | { kind: 'format'; text: string }
  | { kind: 'name'; id: string }
  | { kind: 'attribute'; object: Expr; name: string }
  | { kind: 'subscript'; object: Expr; index: Expr }
  | { kind: 'slice'; parts: readonly (Expr | null)[] }
  | {
      kind: 'call';
      callee: Expr;
      args: readonly Expr[];
      keywords: readonly { name: string | null; value: Expr }[];
    }
  | { kind: 'unary'; operator: string; operand: Expr }
  | { kind: 'binary'; operator: string; left: Expr; right: Expr }
  | { kind: 'bool'; operator: string; values: readonly Expr[] }
  | { kind: 'compare'; left: Expr; operators: readonly string[]; others: readonly Expr[] }
  | { kind: 'conditional'; body: Expr; test: Expr; otherwise: Expr }
  | { kind: 'lambda'; parameters: readonly LambdaParameter[]; body: Expr }
  | { kind: 'named'; target: Expr; value: Expr }
  | { kind: 'starred'; value: Expr }
  | { kind: 'await'; value: Expr }
  | { kind: 'yield'; isFrom: boolean; value: Expr | null }
  | { kind: 'tuple' | 'list' | 'set'; items: readonly Expr[] }
  | { kind: 'dict'; entries: readonly { key: Expr | null; value: Expr }[] }
  | {
      kind: 'comprehension';
      brackets: '()' | '[]' | '{}';
      element: Expr;
      value: Expr | null;
      clauses: readonly Clause[];
    };

export type Expr = Span & Node;

/** Read an expression, or several with commas as a tuple. Throws `ExpressionError`. */
export function parseExpression(text: string): Expr {
  return new Parser(text).whole((parser) => parser.list(false));
}

/** Read what may stand as a statement, or on either side of `=`: with stars, or a `yield`. Throws. */
export function parseStatement(text: string): Expr {
  return new Parser(text).whole((parser) => (parser.isAt('yield') ? parser.yielded() : parser.list(true)));
}

/** Read what may stand between brackets, with a comma between each two. Throws `ExpressionError`. */
export function parseElements(text: string): Expr[] {
  return new Parser(text).whole((parser) => {
    const elements = [parser.element()];
    while (parser.take(',')) elements.push(parser.element());
    return elements;
  });
}

/** An expression's parts, in the order of the fields in Python's `ast`. */
export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'constant':
    case 'format':
    case 'name':
      return [];
    case 'attribute':
      return [expr.object];
    case 'subscript':
      return [expr.object, expr.index];
    case 'slice':
      return present(expr.parts);
    case 'call':
      return [expr.callee, ...expr.args, ...expr.keywords.map(({ value }) => value)];
    case 'unary':
      return [expr.operand];
    case 'binary':
      return [expr.left, expr.right];
    case 'bool':
      return expr.values;
    case 'compare':
      return [expr.left, ...expr.others];
    case 'conditional':
      return [expr.test, expr.body, expr.otherwise];
    case 'lambda':
      return [...present(expr.parameters.map(({ fallback }) => fallback)), expr.body];
    case 'named':
      return [expr.target, expr.value];
    case 'starred':
    case 'await':
      return [expr.value];
    case 'yield':
      return present([expr.value]);
    case 'tuple':
    case 'list':
    case 'set':
      return expr.items;
    case 'dict':
      return [...present(expr.entries.map(({ key }) => key)), ...expr.entries.map(({ value }) => value)];
    case 'comprehension': {
      const clauses = expr.clauses.flatMap(({ target, source, conditions }) => [
        target,
        source,
        ...conditions,
      ]);
      return [expr.element, ...present([expr.value]), ...clauses];
    }
  }
}

/** An expression and all that it holds, level by level as Python's `ast.walk`. */
export function walk(expr: Expr): Expr[] {
  const found = [expr];
  for (const each of found) found.push(...partsOf(each));
  return found;
}

function present(parts: readonly (Expr | null)[]): Expr[] {
  return parts.filter((part) => part !== null);
}

/** What may stand at each level of precedence, loosest first. */
const BINARY: readonly (readonly string[])[] = [
  ['|'],
  ['^'],
  ['&'],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '//', '%', '@'],
];
const COMPARISONS = new Set(['<', '>', '<=', '>=', '==', '!=', 'in', 'is', 'not']);
const SIGNS = new Set(['+', '-', '~']);
// Deeper than anyone nests, and far from the end of the stack.
const DEEPEST = 150;
const ASSIGNED: Readonly<Partial<Record<Expr['kind'], string>>> = {
  attribute: 'attribute',
  subscript: 'subscript',
  call: 'function call',
  compare: 'comparison',
  constant: 'literal',
  unary: 'expression',
  binary: 'expression',
};

class Parser {
  private readonly tokens: readonly Token[];
  private index = 0;
  private depth = 0;

  constructor(text: string) {
    this.tokens = tokensOf(text);
  }

  /** The one thing that the text is. */
  whole<T>(read: (parser: this) => T): T {
    try {
      const result = read(this);
      if (this.token.kind !== 'end') this.fail();
      return result;
    } catch (error) {
      throw this.isNearEnd() ? this.unclosedInstead(error) : error;
    }
  }

  /** At the end of the text, Python sees first that a bracket is open. */
  private isNearEnd(): boolean {
    return this.ahead(1).kind === 'end';
  }

  private unclosedInstead(error: unknown): unknown {
    const bracket = unclosed(this.tokens);
    return bracket === undefined ? error : new ExpressionError(`'${bracket}' was never closed`);
  }

  /** One expression, or a tuple without its parentheses. */
  list(hasStars: boolean): Expr {
    const from = this.token.from;
    const read = () => (hasStars && this.isAt('*') ? this.starred() : this.expression());
    const first = read();
    if (!this.isAt(',')) {
      if (first.kind === 'starred') throw new ExpressionError("can't use starred expression here");
      return first;
    }
    const items = [first];
    while (this.take(',') && this.startsExpression(hasStars)) items.push(read());
    return this.made(from, { kind: 'tuple', items });
  }

  /** What may stand in a list: an expression, `NAME := ...` or `*...`. */
  element(): Expr {
    return this.isAt('*') ? this.starred() : this.named();
  }

  yielded(): Expr {
    const from = this.token.from;
    this.expect('yield');
    if (this.take('from')) return this.made(from, { kind: 'yield', isFrom: true, value: this.expression() });
    const value = this.startsExpression(true) ? this.list(true) : null;
    return this.made(from, { kind: 'yield', isFrom: false, value });
  }

  isAt(...texts: string[]): boolean {
    const { kind, text } = this.token;
    return (kind === 'operator' || kind === 'keyword') && texts.includes(text);
  }

  take(text: string): boolean {
    const isThere = this.isAt(text);
    if (isThere) this.index += 1;
    return isThere;
  }

  private get token(): Token {
    return this.ahead(0);
  }

  private ahead(count: number): Token {
    // The last token is the end, which nothing takes.
    const token = this.tokens[Math.min(this.index + count, this.tokens.length - 1)];
    if (!token) throw new ExpressionError(INVALID);
    return token;
  }

  private next(): Token {
    const { token } = this;
    this.index += 1;
    return token;
  }

  private expect(text: string): void {
    if (!this.take(text)) this.fail();
  }

  private fail(): never {
    throw new ExpressionError(INVALID);
  }

  private made(from: number, node: Node): Expr {
    return { ...node, from, to: this.tokens[this.index - 1]?.to ?? from };
  }

  private startsExpression(hasStars: boolean): boolean {
    const { kind } = this.token;
    if (kind === 'name' || kind === 'number' || kind === 'string') return true;
    const words = ['(', '[', '{', '+', '-', '~', '...', 'not', 'lambda', 'await', 'None', 'True', 'False'];
    return this.isAt(...words) || (hasStars && this.isAt('*'));
  }

  private nested<T>(read: () => T): T {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new ExpressionError('');
    const result = read();
    this.depth -= 1;
    return result;
  }

  private starred(): Expr {
    const from = this.token.from;
    this.expect('*');
    return this.made(from, { kind: 'starred', value: this.binary(0) });
  }

  private named(): Expr {
    const from = this.token.from;
    const target = this.expression();
    if (target.kind !== 'name' || !this.take(':=')) return target;
    return this.made(from, { kind: 'named', target, value: this.expression() });
  }

  private expression(): Expr {
    return this.nested(() => {
      if (this.isAt('lambda')) return this.lambda();
      const from = this.token.from;
      const body = this.disjunction();
      if (!this.take('if')) return body;
      const test = this.disjunction();
      if (this.token.text !== 'else' && this.token.text !== ':') {
        throw new ExpressionError("expected 'else' after 'if' expression");
      }
      this.expect('else');
      return this.made(from, { kind: 'conditional', body, test, otherwise: this.expression() });
    });
  }

  private lambda(): Expr {
    const from = this.token.from;
    this.expect('lambda');
    const parameters: LambdaParameter[] = [];
    while (!this.isAt(':')) {
      const mark = this.isAt('*', '**', '/') ? this.next().text : '';
      const name = this.token.kind === 'name' ? this.name() : '';
      if (!name && mark !== '*' && mark !== '/') this.fail();
      parameters.push({ mark, name, fallback: this.take('=') ? this.expression() : null });
      if (!this.take(',')) break;
    }
    this.expect(':');
    return this.made(from, { kind: 'lambda', parameters, body: this.expression() });
  }

  private disjunction(): Expr {
    return this.joined('or', () => this.joined('and', () => this.negation()));
  }

  private joined(operator: string, read: () => Expr): Expr {
    const from = this.token.from;
    const values = [read()];
    while (this.take(operator)) values.push(read());
    const [first] = values;
    return first && values.length === 1 ? first : this.made(from, { kind: 'bool', operator, values });
  }

  private negation(): Expr {
    const from = this.token.from;
    if (!this.take('not')) return this.comparison();
    const operand = this.nested(() => this.negation());
    return this.made(from, { kind: 'unary', operator: 'not', operand });
  }

  private comparison(): Expr {
    const from = this.token.from;
    const left = this.binary(0);
    const operators: string[] = [];
    const others: Expr[] = [];
    while (COMPARISONS.has(this.token.text) && this.token.kind !== 'string') {
      // `not` compares only before `in`.
      if (this.isAt('not') && this.ahead(1).text !== 'in') break;
      operators.push(this.comparisonOperator());
      others.push(this.binary(0));
    }
    return operators.length > 0 ? this.made(from, { kind: 'compare', left, operators, others }) : left;
  }

  private comparisonOperator(): string {
    const { text } = this.next();
    if (text === 'not') {
      this.expect('in');
      return 'not in';
    }
    return text === 'is' && this.take('not') ? 'is not' : text;
  }

  private binary(level: number): Expr {
    const operators = BINARY[level];
    if (!operators) return this.signed();
    const from = this.token.from;
    let left = this.binary(level + 1);
    while (this.isAt(...operators)) {
      const operator = this.next().text;
      left = this.made(from, { kind: 'binary', operator, left, right: this.binary(level + 1) });
    }
    return left;
  }

  private signed(): Expr {
    const { from, kind, text } = this.token;
    if (kind !== 'operator' || !SIGNS.has(text)) return this.power();
    this.index += 1;
    const operand = this.nested(() => this.signed());
    return this.made(from, { kind: 'unary', operator: text, operand });
  }

  private power(): Expr {
    const from = this.token.from;
    const left = this.take('await')
      ? this.made(from, { kind: 'await', value: this.primary() })
      : this.primary();
    if (!this.take('**')) return left;
    return this.made(from, { kind: 'binary', operator: '**', left, right: this.signed() });
  }

  private primary(): Expr {
    const from = this.token.from;
    let result = this.atom();
    for (;;) {
      if (this.take('.')) result = this.made(from, { kind: 'attribute', object: result, name: this.name() });
      else if (this.isAt('(')) result = this.call(from, result);
      else if (this.take('[')) {
        const index = this.subscript();
        this.close(']');
        result = this.made(from, { kind: 'subscript', object: result, index });
      } else return result;
    }
  }

  private name(): string {
    if (this.token.kind !== 'name') this.fail();
    return this.next().text.normalize('NFKC');
  }

  private call(from: number, callee: Expr): Expr {
    this.expect('(');
    const args: Expr[] = [];
    const keywords: { name: string | null; value: Expr }[] = [];
    while (!this.isAt(')')) {
      if (this.take('**')) keywords.push({ name: null, value: this.expression() });
      else if (this.token.kind === 'name' && this.ahead(1).text === '=') {
        const name = this.name();
        this.index += 1;
        keywords.push({ name, value: this.expression() });
      } else {
        if (keywords.length > 0 && !this.isAt('*')) {
          throw new ExpressionError('positional argument follows keyword argument');
        }
        args.push(this.argument());
      }
      if (!this.take(',')) break;
    }
    this.close(')');
    return this.made(from, { kind: 'call', callee, args, keywords });
  }

  private argument(): Expr {
    const from = this.token.from;
    const element = this.element();
    if (!this.isAt('for', 'async')) return element;
    return this.made(from, {
      kind: 'comprehension',
      brackets: '()',
      element,
      value: null,
      clauses: this.clauses(),
    });
  }

  private subscript(): Expr {
    const from = this.token.from;
    const first = this.slice();
    if (!this.isAt(',')) return first;
    const items = [first];
    while (this.take(',') && !this.isAt(']')) items.push(this.slice());
    return this.made(from, { kind: 'tuple', items });
  }

  private slice(): Expr {
    const from = this.token.from;
    const parts = [this.isAt(':') ? null : this.element()];
    if (parts[0] && !this.isAt(':')) return parts[0];
    while (parts.length < 3 && this.take(':')) {
      parts.push(this.isAt(':', ',', ']') ? null : this.expression());
    }
    return this.made(from, { kind: 'slice', parts });
  }

  private atom(): Expr {
    const { kind, text, from } = this.token;
    switch (kind) {
      case 'name':
        return this.made(from, { kind: 'name', id: this.name() });
      case 'number':
        this.index += 1;
        return this.made(from, { kind: 'constant', value: numberOf(text) });
      case 'string':
        return this.strings();
      default:
        return this.wordOrBrackets();
    }
  }

  private wordOrBrackets(): Expr {
    const { from, text } = this.token;
    const constant = (value: Value | OtherConstant): Expr => {
      this.index += 1;
      return this.made(from, { kind: 'constant', value });
    };
    if (this.isAt('True', 'False')) return constant(boolValue(text === 'True'));
    if (this.isAt('None')) return constant(NONE);
    if (this.isAt('...')) return constant({ type: 'ellipsis', text });
    if (this.take('(')) return this.parenthesized(from);
    if (this.take('[')) return this.bracketed(from);
    if (this.take('{')) return this.braced(from);
    return this.fail();
  }

  private parenthesized(from: number): Expr {
    if (this.take(')')) return this.made(from, { kind: 'tuple', items: [] });
    if (this.isAt('yield')) {
      const inner = this.yielded();
      this.close(')');
      return inner;
    }
    const first = this.element();
    if (this.isAt('for', 'async')) return this.comprehension(from, '()', first, null);
    if (!this.isAt(',')) {
      this.refuseAssignment(first);
      this.close(')');
      if (first.kind === 'starred') throw new ExpressionError('cannot use starred expression here');
      return first;
    }
    const items = this.more(first, ')');
    return this.made(from, { kind: 'tuple', items });
  }

  private bracketed(from: number): Expr {
    if (this.take(']')) return this.made(from, { kind: 'list', items: [] });
    const first = this.element();
    if (this.isAt('for', 'async')) return this.comprehension(from, '[]', first, null);
    const items = this.more(first, ']');
    return this.made(from, { kind: 'list', items });
  }

  private braced(from: number): Expr {
    if (this.take('}')) return this.made(from, { kind: 'dict', entries: [] });
    if (this.isAt('**')) return this.dict(from, []);
    const first = this.element();
    if (this.take(':')) {
      const value = this.expression();
      if (this.isAt('for', 'async')) return this.comprehension(from, '{}', first, value);
      return this.dict(from, [{ key: first, value }]);
    }
    if (this.isAt('for', 'async')) return this.comprehension(from, '{}', first, null);
    const items = this.more(first, '}');
    return this.made(from, { kind: 'set', items });
  }

  private dict(from: number, entries: { key: Expr | null; value: Expr }[]): Expr {
    while (entries.length === 0 || (this.take(',') && !this.isAt('}'))) {
      if (this.take('**')) {
        entries.push({ key: null, value: this.binary(0) });
        continue;
      }
      const key = this.expression();
      if (!this.take(':')) throw new ExpressionError("':' expected after dictionary key");
      entries.push({ key, value: this.expression() });
    }
    this.close('}');
    return this.made(from, { kind: 'dict', entries });
  }

  /** The elements after the first one, and the bracket. */
  private more(first: Expr, bracket: string): Expr[] {
    const items = [first];
    while (this.take(',') && !this.isAt(bracket)) items.push(this.element());
    this.close(bracket);
    return items;
  }

  private comprehension(from: number, brackets: '()' | '[]' | '{}', element: Expr, value: Expr | null): Expr {
    const clauses = this.clauses();
    this.close(brackets.charAt(1));
    return this.made(from, { kind: 'comprehension', brackets, element, value, clauses });
  }

  private clauses(): Clause[] {
    const clauses: Clause[] = [];
    while (this.isAt('for', 'async')) {
      const isAsync = this.take('async');
      this.expect('for');
      const target = this.targets();
      this.expect('in');
      const source = this.disjunction();
      const conditions: Expr[] = [];
      while (this.take('if')) conditions.push(this.disjunction());
      clauses.push({ isAsync, target, source, conditions });
    }
    return clauses;
  }

  private targets(): Expr {
    const from = this.token.from;
    const read = () => (this.isAt('*') ? this.starred() : this.binary(0));
    const first = read();
    if (!this.isAt(',')) return first;
    const items = [first];
    while (this.take(',') && !this.isAt('in')) items.push(read());
    return this.made(from, { kind: 'tuple', items });
  }

  /** The closing bracket, or what Python says where something else stands. */
  private close(bracket: string): void {
    if (this.take(bracket)) return;
    const before = this.tokens[this.index - 1];
    const isPair = before?.kind === 'name' && this.token.kind === 'string';
    if (this.startsExpression(false) && !this.isAt('not') && !isPair) {
      throw new ExpressionError(`${INVALID}. Perhaps you forgot a comma?`);
    }
    this.fail();
  }

  private refuseAssignment(target: Expr): void {
    if (!this.isAt('=')) return;
    if (target.kind === 'name')
      throw new ExpressionError(`${INVALID}. Maybe you meant '==' or ':=' instead of '='?`);
    const what = ASSIGNED[target.kind];
    if (what)
      throw new ExpressionError(`cannot assign to ${what} here. Maybe you meant '==' instead of '='?`);
  }

  /** One string, or several that stand side by side. */
  private strings(): Expr {
    const from = this.token.from;
    const parts: Token[] = [];
    while (this.token.kind === 'string') parts.push(this.next());
    const prefixes = parts.map(({ text }) => text.slice(0, text.search(/["']/)).toLowerCase());
    if (prefixes.some((prefix) => prefix.includes('f'))) {
      const text = parts.map((part) => part.text).join(' ');
      return this.made(from, { kind: 'format', text });
    }
    const areBytes = prefixes.map((prefix) => prefix.includes('b'));
    if (areBytes.every(Boolean)) {
      const text = parts.map((part) => part.text).join(' ');
      return this.made(from, { kind: 'constant', value: { type: 'bytes', text } });
    }
    if (areBytes.some(Boolean)) throw new ExpressionError('cannot mix bytes and nonbytes literals');
    const value = strValue(parts.map((part, i) => stringOf(part.text, prefixes[i] ?? '')).join(''));
    return this.made(from, { kind: 'constant', value });
  }
}

function numberOf(text: string): Value | OtherConstant {
  const plain = text.replaceAll('_', '').toLowerCase();
  if (/^0[xob]/.test(plain)) return intValue(BigInt(plain));
  if (plain.endsWith('j')) return { type: 'complex', text };
  return /^[0-9]+$/.test(plain) ? intValue(BigInt(plain)) : floatValue(Number(plain));
}

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
  '\r\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
};
const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(\r\n|[^]))/g;

/** What a string literal says. An escape that Python does not know stays as it is. */
function stringOf(text: string, prefix: string): string {
  const literal = text.slice(prefix.length);
  const quotes = literal.startsWith('"""') || literal.startsWith("'''") ? 3 : 1;
  const inner = literal.slice(quotes, -quotes).replace(/\r\n?/g, '\n');
  if (prefix.includes('r')) return inner;
  return inner.replace(
    ESCAPE,
    (whole, octal?: string, x?: string, u?: string, long?: string, other?: string) => {
      if (octal !== undefined) return String.fromCodePoint(parseInt(octal, 8));
      const hex = x ?? u ?? long;
      if (hex !== undefined) return charOf(parseInt(hex, 16));
      // Names of characters are in no table of JavaScript.
      if (other === undefined || 'xuUN'.includes(other)) throw new ExpressionError(`cannot read ${whole}`);
      return SIMPLE[other] ?? whole;
    },
  );
}

function charOf(code: number): string {
  if (code > 0x10ffff) throw new ExpressionError('illegal Unicode character');
  return String.fromCodePoint(code);
}

/** The first escape in a string that Python does not know. */
export function unknownEscape(text: string): string | undefined {
  for (const { kind, text: literal } of tokensOf(text)) {
    if (kind !== 'string' || /^[a-z]*r/i.test(literal)) continue;
    const found = [...literal.matchAll(/\\([^])/gu)].find(
      ([, char]) => !/[abfnrtvxuUN0-7\n\r\\'"]/.test(char ?? ''),
    );
    if (found) return found[0];
  }
  return undefined;
}
