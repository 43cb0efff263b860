/** Expressions of the syntax tree that are literals, as the values that they stand for. */

import type { SyntaxNode } from '@lezer/common';

import { isMatch } from './grammar';
import { treeOf } from './parse';
import type { Value } from './types';
import { NONE, boolValue, floatValue, intValue, isNumber, strValue, tupleValue } from './values';

/** Nodes that are one expression in the text, such as `1, 2`: several where a tuple has no parentheses. */
export type Group = readonly SyntaxNode[];

export const STRINGS: ReadonlySet<string> = new Set(['String', 'ContinuedString']);
const SEQUENCES = new Set(['TupleExpression', 'ArrayExpression']);
const CONTAINERS = new Set([
  ...SEQUENCES,
  'ParenthesizedExpression',
  'SetExpression',
  'DictionaryExpression',
]);
const INTEGER = /^(?:0x[\da-f]+|0o[0-7]+|0b[01]+|[1-9]\d*|0+)$/;
const STRING = /^([a-z]*)('''|"""|'|")((?:[^\\]|\\.)*)\2$/is;
const ESCAPE =
  /\\(?:([0-7]{1,3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U(00(?:0[\da-fA-F]|10)[\da-fA-F]{4})|([^]))/g;
const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** The value of a number, string, boolean, None or tuple of these, or null. */
export function literalOf(group: Group, text: string): Value | null {
  const nodes = bare(group);
  const [node] = nodes;
  if (!node) return null;
  if (nodes.length > 1 || node.name === 'TupleExpression') {
    const items = (elementsOf(nodes) ?? [[]]).map((element) => literalOf(element, text));
    return items.every((item) => item !== null) ? tupleValue(items) : null;
  }
  const source = text.slice(node.from, node.to);
  switch (node.name) {
    case 'Number':
      return numberOf(source);
    case 'String':
    case 'ContinuedString':
      return stringOf(node, text);
    case 'Boolean':
      return boolValue(source === 'True');
    case 'None':
      return NONE;
    case 'UnaryExpression':
      return signed(node, text);
    default:
      return null;
  }
}

/** The value of a literal by itself, or null. */
export function readLiteral(text: string): Value | null {
  return literalOf(readExpression(text) ?? [], text);
}

/** What a text is, if it is one expression without a mistake. */
export function readExpression(text: string): Group | null {
  const statement = treeOf(text).topNode.firstChild;
  if (statement?.name !== 'ExpressionStatement' || statement.nextSibling) return null;
  return leavesOf(statement).some(({ type }) => type.isError) ? null : childrenOf(statement);
}

/** The elements of a list of literals of any kind, also of those that are no values, or null. */
export function readList(text: string): Group[] | null {
  const [list, ...others] = readExpression(text) ?? [];
  if (list?.name !== 'ArrayExpression' || others.length > 0 || !isLiteral(list, text)) return null;
  return elementsOf([list]);
}

/** The type of a literal that is no value of the tune language. */
export function otherType({ name, from, to }: SyntaxNode, text: string): string | null {
  const source = text.slice(from, to);
  if (name === 'Number' && /j$/i.test(source)) return 'complex';
  return STRINGS.has(name) && /^r?b/i.test(source) ? 'bytes' : null;
}

/** An expression without the parentheses around it; those of a tuple are its own. */
export function bare(group: Group): Group {
  let nodes = group;
  while (nodes.length === 1 && nodes[0]?.name === 'ParenthesizedExpression') nodes = inside(nodes[0]);
  return nodes;
}

/** The elements of a tuple or a list, or null. */
export function elementsOf(group: Group): Group[] | null {
  const nodes = bare(group);
  const only = nodes.length === 1 ? nodes[0] : undefined;
  const isBracketed = only !== undefined && SEQUENCES.has(only.name);
  if (!isBracketed && !nodes.some(({ name }) => name === ',')) return null;
  const elements: SyntaxNode[][] = [[]];
  for (const node of isBracketed ? inside(only) : nodes) {
    if (node.name === ',') elements.push([]);
    else elements.at(-1)?.push(node);
  }
  if (elements.at(-1)?.length === 0) elements.pop();
  return elements;
}

/** An expression's text without what does not count in it: spaces, notes, the quotes of strings. */
export function spelled(group: Group, text: string): string {
  const leaves = group.flatMap(leavesOf).filter(({ name }) => name !== 'Comment');
  return leaves.map((leaf) => literalOf([leaf], text)?.text ?? text.slice(leaf.from, leaf.to)).join(' ');
}

/** The ends of a node's branches, in order; what is a mistake is an end. */
export function leavesOf(node: SyntaxNode): SyntaxNode[] {
  return node.firstChild && !node.type.isError ? childrenOf(node).flatMap(leavesOf) : [node];
}

/** The parts of a node, without notes. */
export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    if (child.name !== 'Comment') children.push(child);
  }
  return children;
}

/** What stands between the brackets of a node. */
function inside(node: SyntaxNode): Group {
  const children = childrenOf(node).slice(1);
  // Where the bracket is not closed, what it holds is no expression.
  return children.at(-1)?.type.isError ? children : children.slice(0, -1);
}

function isLiteral(node: SyntaxNode, text: string): boolean {
  if (CONTAINERS.has(node.name)) {
    return childrenOf(node).every((child) => /^[[\](){},:]$/.test(child.name) || isLiteral(child, text));
  }
  return node.name === 'Ellipsis' || otherType(node, text) !== null || literalOf([node], text) !== null;
}

function numberOf(source: string): Value | null {
  const plain = source.replaceAll('_', '').toLowerCase();
  if (INTEGER.test(plain)) return intValue(BigInt(plain));
  return isMatch('number', source) && /[.e]/.test(plain) ? floatValue(Number(plain)) : null;
}

function signed(node: SyntaxNode, text: string): Value | null {
  const [operator, operand] = childrenOf(node);
  const value = operand ? literalOf([operand], text) : null;
  if (operator?.name !== 'ArithOp' || !value || !isNumber(value)) return null;
  if (text.charAt(operator.from) === '+') return value;
  return value.type === 'int' ? intValue(-BigInt(value.text)) : floatValue(-value.value);
}

/** One string, or several that stand side by side. */
function stringOf(node: SyntaxNode, text: string): Value | null {
  const parts = node.name === 'String' ? [node] : childrenOf(node);
  const pieces = parts.map(({ from, to }) => unquoted(text.slice(from, to)));
  return pieces.every((piece) => piece !== null) ? strValue(pieces.join('')) : null;
}

/** What a string literal says, or null. An escape that Python does not know stays as it is. */
function unquoted(source: string): string | null {
  const [, prefix = '', , body = ''] = STRING.exec(source) ?? ['', 'b'];
  if (/[bf]/i.test(prefix)) return null;
  const inner = body.replace(/\r\n?/g, '\n');
  if (/r/i.test(prefix)) return inner;
  const escapes = [...inner.matchAll(ESCAPE)];
  // Names of characters are in no table of JavaScript.
  if (escapes.some(([, , , , , other]) => other && 'xuUN'.includes(other))) return null;
  return inner.replace(ESCAPE, (whole, octal?: string, ...rest: (string | undefined)[]) => {
    const [x, u, long, other] = rest;
    if (other !== undefined) return SIMPLE[other] ?? whole;
    return String.fromCodePoint(octal ? parseInt(octal, 8) : parseInt(x ?? u ?? long ?? '', 16));
  });
}
