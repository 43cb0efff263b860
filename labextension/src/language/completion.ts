/** What may follow at a place in a cell: forms of marks, and the options of the magics. */

import type { Tree } from '@lezer/common';

import { labelsOf, readCell } from './cell';
import { domainText } from './domains';
import { findOn, loopOn } from './find';
import type { Found, Named } from './find';
import { formsOf, optionsOf, stepsOf } from './forms';
import { isMatch, match } from './grammar';
import { optionsAt } from './magics';
import { separated } from './marks';
import { isInBlock, topStatements } from './once';
import { commentsOf, maskMagics, parsePython } from './parse';
import type { Item, Offer, Span, Tunable } from './types';

export interface Completions extends Span {
  items: readonly Item[];
}

/** A place in a mark. */
interface Place {
  text: string;
  python: string;
  tree: Tree;
  line: Span;
  found: Found;
  /** The literals of the line, and what they are called in a mark. */
  here: readonly Named[];
  labels: readonly string[];
  /** The item up to the place: from behind `tune`, or from behind a semicolon. */
  written: string;
  /** The items before it. */
  before: readonly string[];
}

const SIGN = /#[ \t]*tune(?=[ \t:]|$)/;
const OBJECTIVES: readonly Item[] = [
  { text: 'minimize', detail: 'what this line computes is to be small' },
  { text: 'maximize', detail: 'what this line computes is to be large' },
];
const SENSES: readonly Item[] = [
  { text: 'minimize ', detail: 'the first curve is to fall' },
  { text: 'maximize ', detail: 'the first curve is to rise' },
];
const ONCE: Item = { text: 'once', detail: 'run it in the first trial only' };
const REPORT: Item = { text: 'report ', detail: 'record values after every iteration' };
const IF: Item = { text: 'if ', detail: 'active only where a condition holds' };
const LITERAL_NODES = new Set(['Number', 'String', 'ContinuedString', 'Boolean', 'None', 'UnaryExpression']);

/** What may follow at a place, in the order of likelihood; null where nothing is known. */
export function completionsAt(text: string, pos: number): Completions | null {
  const offer = optionsAt(text, pos) ?? marksAt(text, pos);
  if (!offer) return null;
  const { typed } = offer;
  const items = offer.items.filter((item) => item.text.startsWith(typed) && item.text !== typed);
  return items.length > 0 ? { from: pos - typed.length, to: pos, items } : null;
}

function marksAt(text: string, pos: number): Offer | null {
  const place = placeAt(text, pos);
  if (!place) return null;
  const named = /^[ \t]*(?:([^:"']*?)[ \t]*)?:(.*)$/s.exec(place.written);
  const bare = /^[ \t]+if[ \t]+(.*)$/s.exec(place.written)?.[1];
  if (bare !== undefined && !named) return conditionAt(place, bare);
  if (!named) return namesAt(place);
  const name = (named[1] ?? '').trim();
  if (place.before.length > 0 && !name) return null;
  return domainAt(place, name, (named[2] ?? '').trimStart());
}

/** The mark around a place, if one is there. */
function placeAt(text: string, pos: number): Place | null {
  const lineFrom = Math.max(text.lastIndexOf('\n', pos - 1), text.lastIndexOf('\r', pos - 1)) + 1;
  // Most places are in no mark; then nothing is parsed.
  if (pos === 0 || !SIGN.test(text.slice(lineFrom, pos))) return null;
  const tree = parsePython(text);
  const comment = commentsOf(tree).find(({ from, to }) => from < pos && pos <= to);
  const sign = comment && SIGN.exec(text.slice(comment.from, pos));
  if (!sign) return null;
  const rest = text.slice(comment.from + sign.index + sign[0].length, pos);
  // Within a string or a note.
  if (match('body', rest)?.[1] !== rest) return null;
  const pieces = separated(rest, 0).map(([piece]) => piece);
  const { text: python } = maskMagics(text);
  const line = { from: lineFrom, to: comment.to };
  const found = findOn([line], python, tree);
  const here = found.named.filter(({ to }) => to > line.from && to <= line.to);
  const written = pieces.pop() ?? '';
  return { text, python, tree, line, found, here, labels: labelsOf(here), written, before: pieces };
}

/** Before the colon: the names of the line's literals. */
function namesAt({ here, labels, written, before }: Place): Offer | null {
  const typed = /^[ \t]+([^ \t]*)$/.exec(before.length === 0 ? written : ` ${written.trimStart()}`)?.[1];
  if (typed === undefined || here.length < 2) return null;
  const items = here.map(({ value }, i) => ({ text: `${labels[i] ?? ''}: `, detail: `now ${value.text}` }));
  const isWritten = ({ text }: Item) => before.some((item) => item.trimStart().startsWith(text.trimEnd()));
  return { typed, items: items.filter((item) => !isWritten(item)) };
}

/** Behind the colon. */
function domainAt(place: Place, name: string, written: string): Offer | null {
  const { here, labels } = place;
  const [, sense, reported] =
    /^report[ \t]+(minimize[ \t]+|maximize[ \t]+)?(?:.*,)?[ \t]*([\p{L}\p{N}_]*)$/su.exec(written) ?? [];
  if (reported !== undefined && !name) {
    const isFirst = sense === undefined && !written.includes(',');
    return { typed: reported, items: [...reportable(place), ...(isFirst ? SENSES : [])] };
  }
  const condition = /^(?:.*[ \t])?if[ \t]+(.*)$/s.exec(written)?.[1];
  if (condition !== undefined) return conditionAt(place, condition);
  const called = here.find((named, i) => name === labels[i] || name === named.name);
  const literal = here.length === 1 || !name ? here[0] : called;
  const later = laterAt(literal, written);
  if (later) return later;
  if (/[ \t]/.test(written)) return null;
  const isClear = literal !== undefined && (name !== '' || here.length === 1);
  const forms = isClear ? formsOf(literal.value, place.python.slice(literal.from, literal.to)) : [];
  return { typed: written, items: name ? forms : [...forms, ...goalsAt(place)] };
}

/** Behind a range or choices: what may still be said. */
function laterAt(literal: Named | undefined, written: string): Offer | null {
  const [, head = '', typed = ''] = /^(.*[ \t])([^ \t]*)$/s.exec(written) ?? [];
  const domain = head.trim();
  if (isMatch('choices', domain)) return { typed, items: [IF] };
  const stepless = /^(.*\S)[ \t]+step$/s.exec(domain)?.[1];
  if (stepless !== undefined && literal && isMatch('range', stepless)) {
    return { typed, items: stepsOf(literal.value, stepless) };
  }
  if (!isMatch('range', domain)) return null;
  return { typed, items: [...(literal ? optionsOf(literal.value, domain) : []), IF] };
}

/** What a line may be that computes something, or that repeats. */
function goalsAt({ found, line, tree, here }: Place): Item[] {
  const statement = found.statements.findLast(({ to }) => to > line.from && to <= line.to);
  const isObjective =
    statement?.isInner === false && !LITERAL_NODES.has(statement.node.lastChild?.name ?? '');
  const top = topStatements(tree).findLast(({ from, to }) => from <= line.to && to > line.from);
  const mayRunOnce = here.length === 0 && top !== undefined && !isInBlock(line, top);
  return [
    ...(loopOn(line, found) ? [REPORT] : []),
    ...(isObjective ? OBJECTIVES : []),
    ...(mayRunOnce ? [ONCE] : []),
  ];
}

/** The names that the loop of this header assigns. */
function reportable({ found, line, python, tree }: Place): Item[] {
  const loop = found.loops.findLast(({ from }) => from <= line.to);
  if (!loop) return [];
  const names = new Set<string>();
  tree.iterate({
    ...loop,
    enter: ({ name, node }) => {
      if (name !== 'AssignStatement' && name !== 'UpdateStatement') return;
      for (let child = node.firstChild; child && !child.name.endsWith('Op'); child = child.nextSibling) {
        if (child.name === 'VariableName') names.add(python.slice(child.from, child.to));
      }
    },
  });
  return [...names].map((text) => ({ text, detail: 'assigned in this loop' }));
}

/** In a condition: other parameters, and what they may be compared with. */
function conditionAt({ text, tree, line }: Place, written: string): Offer {
  const others = readCell(text, tree).tunables.filter(({ from, to }) => to <= line.from || from >= line.to);
  const [, compared, operator, value = ''] =
    /([\p{L}_][\p{L}\p{N}_.]*)[ \t]+(?:(==|!=)[ \t]*)?([^ \t]*)$/su.exec(written) ?? [];
  const known = others.find(({ name }) => name === compared);
  if (known) return { typed: value, items: comparisons(known, operator) };
  const items = others.map(({ name, domain }) => ({ text: name, detail: domainText(domain) }));
  return { typed: /[\p{L}\p{N}_.]*$/u.exec(written)?.[0] ?? '', items };
}

function comparisons({ domain }: Tunable, operator: string | undefined): Item[] {
  const detail = domainText(domain);
  if (domain.kind !== 'choice') {
    const operators = operator === undefined ? ['>= ', '<= ', '> ', '< ', '== '] : [];
    return operators.map((text) => ({ text, detail }));
  }
  return domain.choices.map(({ text }) => ({ text: operator === undefined ? `== ${text}` : text, detail }));
}
