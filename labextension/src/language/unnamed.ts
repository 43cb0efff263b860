/**
 * Why the literal of a marked line cannot be tuned: what it is there, instead of the value of a name.
 *
 * The twin of the kernel's `jtune/language/unnamed.py`.
 */

import type { SyntaxNode, Tree } from '@lezer/common';

import { STRINGS, bare, literalOf } from './literals';
import type { Span, Value } from './types';

interface Unnamed extends Span {
  value: Value;
  place: string;
}

const ARGUMENT = 'a positional argument';
const INDEX = 'an index';
const EXPRESSION = 'part of an expression';
const TUPLE_ELEMENT = 'an element of a tuple';
const PLACES: Readonly<Record<string, string>> = {
  TupleExpression: TUPLE_ELEMENT,
  ArrayExpression: 'an element of a list',
  SetExpression: 'an element of a set',
  UnaryExpression: EXPRESSION,
  ConditionalExpression: EXPRESSION,
  DictionaryExpression: 'the value of a key that is no string',
  ReturnStatement: 'what a function returns',
  ExpressionStatement: 'a statement of its own',
};
/** What may hold a tuple without parentheses. */
const TUPLED = new Set([
  'AssignStatement',
  'UpdateStatement',
  'ReturnStatement',
  'ExpressionStatement',
  'MemberExpression',
  'ForStatement',
  'YieldStatement',
]);
/** No annotations, no notes, and no f-strings, whose positions are wrong before Python 3.12. */
const PASSED_OVER = new Set(['TypeDef', 'Comment', 'FormatString']);
const COMPARING = ['CompareOp', 'in', 'is', 'not'];

/** What is wrong with a mark on a line where no named literal ends, and what to write. */
export function whyUnnamed(tree: Tree, text: string, line: Span, name: string | null): string {
  const [first] = literalsOn(tree, text, line).sort((a, b) => rank(a) - rank(b) || a.from - b.from);
  if (!first) return 'no literal ends on this line; write for example C=1.0,  # tune: 1e-3..1e3 log';
  const { place, value } = first;
  const label = name ?? 'NAME';
  const what = place ? `${value.text} is ${place} and has no name` : `${value.text} has no name`;
  const above = `${label} = ${value.text} on a line above, with this mark`;
  if (place === ARGUMENT) return `${what}; write ${label}=${value.text}, or ${above}`;
  return `${what}; write ${above}, and ${label} here`;
}

/** A text or an index beside a number is rarely what moves. */
function rank({ value, place }: Unnamed): number {
  return (value.type === 'str' ? 2 : 0) + (place === INDEX ? 1 : 0);
}

/** The literals that end on a line and may be meant. */
function literalsOn(tree: Tree, text: string, line: Span): Unnamed[] {
  const found: Unnamed[] = [];
  tree.iterate({
    ...line,
    enter: ({ name, node }) => {
      if (PASSED_OVER.has(name) || isKey(node)) return false;
      if (name === 'ParenthesizedExpression') return true;
      const literal = unnamed(node, text);
      if (literal && literal.to > line.from && literal.to <= line.to) found.push(literal);
      return literal === null;
    },
  });
  return found;
}

/** Whether a node is the key of a dict, or a text in a subscript: none that is tuned. */
function isKey(node: SyntaxNode): boolean {
  const { parent, prevSibling, nextSibling } = node;
  if (parent?.name === 'DictionaryExpression') return nextSibling?.name === ':';
  const isSubscript = prevSibling?.name === '[' && nextSibling?.name === ']';
  return parent?.name === 'MemberExpression' && isSubscript && STRINGS.has(bare([node])[0]?.name ?? '');
}

/** A literal and what it is; null where the node is none. */
function unnamed(node: SyntaxNode, text: string): Unnamed | null {
  const value = literalOf([node], text);
  if (!value) return null;
  let outermost = node;
  while (outermost.parent?.name === 'ParenthesizedExpression') outermost = outermost.parent;
  const { parent } = outermost;
  const place = parent ? placeIn(parent, outermost, text) : '';
  const group = parent && TUPLED.has(parent.name) ? groupAround(outermost) : [outermost];
  if (!group.some(({ name }) => name === ',')) return { from: node.from, to: node.to, value, place };
  const tuple = literalOf(group, text);
  const [first, last] = [group[0] ?? outermost, group.at(-1) ?? outermost];
  if (tuple) return { from: first.from, to: last.to, value: tuple, place };
  return { from: node.from, to: node.to, value, place: TUPLE_ELEMENT };
}

/** The nodes between two words or signs of a statement: several where a tuple has no parentheses. */
function groupAround(node: SyntaxNode): SyntaxNode[] {
  const isPart = ({ name }: SyntaxNode) => name === ',' || /^[A-Z].*(?<!Op)$/.test(name);
  const group = [node];
  for (let side = node.prevSibling; side && isPart(side); side = side.prevSibling) group.unshift(side);
  for (let side = node.nextSibling; side && isPart(side); side = side.nextSibling) group.push(side);
  return group.filter(({ name }) => name !== 'Comment');
}

function placeIn(parent: SyntaxNode, node: SyntaxNode, text: string): string {
  const before = beforeNotes(node);
  switch (parent.name) {
    case 'ArgList': {
      const isPositional = before?.name === '(' || before?.name === ',';
      return isPositional && parent.parent?.name !== 'ClassDefinition' ? ARGUMENT : '';
    }
    case 'UpdateStatement': {
      const operator = parent.getChild('UpdateOp');
      return `part of a ${operator ? text.slice(operator.from, operator.to) : ''} statement`;
    }
    case 'BinaryExpression':
      return COMPARING.some((name) => parent.getChild(name)) ? 'part of a comparison' : EXPRESSION;
    case 'AssignStatement': {
      const target = parent.firstChild;
      const isElement = target?.name === 'MemberExpression' && target.lastChild?.name === ']';
      return isElement ? 'assigned to an element' : '';
    }
    case 'MemberExpression':
      return before ? INDEX : '';
    default:
      return PLACES[parent.name] ?? '';
  }
}

function beforeNotes(node: SyntaxNode): SyntaxNode | null {
  let found = node.prevSibling;
  while (found?.name === 'Comment') found = found.prevSibling;
  return found;
}
