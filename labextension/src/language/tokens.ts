/** The tokens of a Python expression, and the mistakes that Python finds in them. */

export interface Token {
  kind: 'name' | 'keyword' | 'number' | 'string' | 'operator' | 'end';
  text: string;
  from: number;
  to: number;
}

/** A text that is no Python expression; the message is CPython's. */
export class ExpressionError extends Error {}

export const INVALID = 'invalid syntax';

const KEYWORDS = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from ' +
    'global if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);
const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
const BASES: Readonly<Record<string, string>> = { x: 'hexadecimal', o: 'octal', b: 'binary' };

const SPACE = /(?:[ \t\f\r\n]|\\\r?\n|#[^\r\n]*)*/y;
const NAME = /[\p{XID_Start}_]\p{XID_Continue}*/uy;
const CONTINUED = /\p{XID_Continue}/uy;
const DIGITS = String.raw`[0-9](?:_?[0-9])*`;
const NUMBER = new RegExp(
  String.raw`0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|` +
    String.raw`(?:${DIGITS}(?:\.(?:${DIGITS})?)?|\.${DIGITS})(?:[eE][+-]?${DIGITS})?[jJ]?`,
  'y',
);
const QUOTE = /(?:[rR][bBfF]?|[bBfF][rR]?|[uU])?("""|'''|"|')/y;
const OPERATOR = /\.\.\.|\*\*|\/\/|<<|>>|<=|>=|==|!=|:=|->|[-+*/%@&|^~<>=()[\]{},:.;]/y;
const BODIES: Readonly<Record<string, RegExp>> = {
  '"': /(?:[^"\\\r\n]|\\(?:\r\n|[^]))*"/y,
  "'": /(?:[^'\\\r\n]|\\(?:\r\n|[^]))*'/y,
  '"""': /(?:[^\\]|\\[^])*?"""/y,
  "'''": /(?:[^\\]|\\[^])*?'''/y,
};

/** The tokens, the last of them of kind `end`. Throws `ExpressionError`. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const open: string[] = [];
  for (let at = spaceEnd(text, 0); at < text.length; at = spaceEnd(text, at)) {
    const token = tokenAt(text, at);
    if (token.kind === 'operator') followBrackets(open, token.text);
    tokens.push(token);
    at = token.to;
  }
  tokens.push({ kind: 'end', text: '', from: text.length, to: text.length });
  return tokens;
}

/** The innermost bracket that nothing closes. */
export function unclosed(tokens: readonly Token[]): string | undefined {
  const open: string[] = [];
  for (const { kind, text } of tokens) if (kind === 'operator') followBrackets(open, text);
  return open.at(-1);
}

function spaceEnd(text: string, at: number): number {
  return endOf(SPACE, text, at) ?? at;
}

function endOf(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}

function tokenAt(text: string, from: number): Token {
  const make = (kind: Token['kind'], to: number): Token => ({ kind, text: text.slice(from, to), from, to });
  QUOTE.lastIndex = from;
  const quote = QUOTE.exec(text)?.[1];
  if (quote) return make('string', stringEnd(text, QUOTE.lastIndex, quote));
  const nameEnd = endOf(NAME, text, from);
  if (nameEnd !== null) return make(KEYWORDS.has(text.slice(from, nameEnd)) ? 'keyword' : 'name', nameEnd);
  const numberEnd = endOf(NUMBER, text, from);
  if (numberEnd !== null) {
    checkNumber(text, from, numberEnd);
    return make('number', numberEnd);
  }
  const operatorEnd = endOf(OPERATOR, text, from);
  if (operatorEnd !== null) return make('operator', operatorEnd);
  throw new ExpressionError(strayMessage(String.fromCodePoint(text.codePointAt(from) ?? 0)));
}

function stringEnd(text: string, at: number, quote: string): number {
  const body = BODIES[quote];
  const end = body ? endOf(body, text, at) : null;
  if (end !== null) return end;
  const kind = quote.length > 1 ? 'triple-quoted string' : 'string';
  throw new ExpressionError(`unterminated ${kind} literal (detected at line 1)`);
}

function checkNumber(text: string, from: number, to: number): void {
  const number = text.slice(from, to);
  if (/^0[0-9_]*[1-9][0-9_]*$/.test(number)) {
    const hint = 'use an 0o prefix for octal integers';
    throw new ExpressionError(`leading zeros in decimal integer literals are not permitted; ${hint}`);
  }
  if (endOf(CONTINUED, text, to) === null) return;
  const base = number.startsWith('0') ? BASES[text.charAt(from + 1).toLowerCase()] : undefined;
  throw new ExpressionError(`invalid ${base ?? (/j$/i.test(number) ? 'imaginary' : 'decimal')} literal`);
}

function strayMessage(char: string): string {
  if (char === '\\') return 'unexpected character after line continuation character';
  if ('!?$`'.includes(char)) return INVALID;
  const code = codePointText(char);
  if (/[\p{C}\p{Z}]/u.test(char)) return `invalid non-printable character ${code}`;
  return `invalid character '${char}' (${code})`;
}

/** A character's code point, such as `U+00A0`. */
export function codePointText(char: string): string {
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function followBrackets(open: string[], operator: string): void {
  if (operator in CLOSING) open.push(operator);
  if (!')]}'.includes(operator)) return;
  const opening = open.pop();
  if (opening === undefined) throw new ExpressionError(`unmatched '${operator}'`);
  if (CLOSING[opening] !== operator) {
    const pair = `closing parenthesis '${operator}' does not match opening parenthesis '${opening}'`;
    throw new ExpressionError(pair);
  }
}
