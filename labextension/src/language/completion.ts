/** What may follow at a place in a cell: forms of marks, and the options of the magics. */

import type { Tree } from '@lezer/common';

import { readCell } from './cell';
import { domainText, infer } from './domains';
import { findOn, fullName } from './find';
import type { Found, Named } from './find';
import { optionsAt } from './magics';
import type { Item } from './magics';
import { MarkError, isMatch, match } from './grammar';
import { readDomain } from './written';
import { maskMagics, parsePython } from './parse';
import { toNumber } from './slips';
import type { Span, Tunable } from './types';
import { floatText, intValue } from './values';

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
  pos: number;
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
const IF: Item = { text: 'if ', detail: 'active only where a condition holds' };
const LITERAL_NODES = new Set(['Number', 'String', 'ContinuedString', 'Boolean', 'None', 'UnaryExpression']);

/** What may follow at a place, in the order of likelihood; null where nothing is known. */
export function completionsAt(text: string, pos: number): Completions | null {
  const found = optionsAt(text, pos) ?? marksAt(text, pos);
  if (!found) return null;
  const typed = text.slice(found.from, pos);
  const items = found.items.filter((item) => item.text.startsWith(typed) && item.text !== typed);
  return items.length > 0 ? { from: found.from, to: pos, items } : null;
}

function marksAt(text: string, pos: number): Completions | null {
  const place = placeAt(text, pos);
  if (!place) return null;
  const named = /^[ \t]*(?:([^:"']*?)[ \t]*)?:(.*)$/s.exec(place.written);
  const bare = /^[ \t]+if[ \t]+(.*)$/s.exec(place.written)?.[1];
  if (bare !== undefined && !named) return conditionAt(place, bare);
  if (!named) return namesAt(place);
  const name = (named[1] ?? '').trim();
  if (place.before.length > 0 && !name) return null;
  return domainAt(place, name, named[2] ?? '');
}

/** The mark around a place, if one is there. */
function placeAt(text: string, pos: number): Place | null {
  const lineFrom = Math.max(text.lastIndexOf('\n', pos - 1), text.lastIndexOf('\r', pos - 1)) + 1;
  // Most places are in no mark; then nothing is parsed.
  if (pos === 0 || !SIGN.test(text.slice(lineFrom, pos))) return null;
  const tree = parsePython(text);
  const node = tree.resolveInner(pos, -1);
  const sign = node.name === 'Comment' ? SIGN.exec(text.slice(node.from, pos)) : null;
  if (!sign) return null;
  const rest = text.slice(node.from + sign.index + sign[0].length, pos);
  const pieces = piecesOf(rest);
  if (!pieces) return null;
  const { text: python } = maskMagics(text);
  const line = { from: lineFrom, to: node.to };
  const found = findOn([line], python, tree);
  const written = pieces.pop() ?? '';
  return { text, python, tree, line, found, pos, written, before: pieces };
}

/** What stands between semicolons; null within a string or a note. */
function piecesOf(rest: string): string[] | null {
  if (match('body', rest)?.[1] !== rest) return null;
  const pieces: string[] = [];
  let left: string | undefined = rest;
  while (left !== undefined) {
    const split: RegExpExecArray | null = match('separated', left);
    pieces.push(split?.[1] ?? left);
    left = split?.[2];
  }
  return pieces;
}

function literalsOf({ found, line }: Place): Named[] {
  return found.named.filter(({ to }) => to > line.from && to <= line.to);
}

function labelOf(named: Named, here: readonly Named[]): string {
  return here.filter(({ name }) => name === named.name).length > 1 ? fullName(named) : named.name;
}

/** Before the colon: the names of the line's literals. */
function namesAt(place: Place): Completions | null {
  const typed = /^[ \t]+([^ \t]*)$/.exec(
    place.before.length === 0 ? place.written : ` ${place.written.trimStart()}`,
  )?.[1];
  const here = literalsOf(place);
  if (typed === undefined || here.length < 2) return null;
  const items = here
    .map((named) => ({ text: `${labelOf(named, here)}: `, detail: `now ${named.value.text}` }))
    .filter(({ text }) => !place.before.some((piece) => piece.trimStart().startsWith(text.trimEnd())));
  return { from: place.pos - typed.length, to: place.pos, items };
}

/** Behind the colon. */
function domainAt(place: Place, name: string, written: string): Completions | null {
  const { pos } = place;
  const trimmed = written.trimStart();
  const [, sense, reported] =
    /^report[ \t]+(minimize[ \t]+|maximize[ \t]+)?(?:.*,)?[ \t]*([\p{L}\p{N}_]*)$/su.exec(trimmed) ?? [];
  if (reported !== undefined && !name) {
    const isFirst = sense === undefined && !trimmed.includes(',');
    return {
      from: pos - reported.length,
      to: pos,
      items: [...reportable(place), ...(isFirst ? SENSES : [])],
    };
  }
  const condition = /^(?:.*[ \t])?if[ \t]+(.*)$/s.exec(trimmed)?.[1];
  if (condition !== undefined) return conditionAt(place, condition);
  const here = literalsOf(place);
  const literal = name ? here.find((each) => name === labelOf(each, here) || name === each.name) : here[0];
  const named = literal ?? (here.length === 1 ? here[0] : undefined);
  const later = laterAt(place, named, trimmed);
  if (later) return later;
  if (/[ \t]/.test(trimmed)) return null;
  const isAmbiguous = !name && here.length > 1;
  const items = [
    ...(named && !isAmbiguous ? formsOf(named, place.python) : []),
    ...(name ? [] : [...reportForm(place), ...(isObjective(place) ? OBJECTIVES : [])]),
  ];
  return { from: pos - trimmed.length, to: pos, items };
}

/** Behind a range or choices: what may still be said. */
function laterAt({ pos }: Place, named: Named | undefined, written: string): Completions | null {
  const [, head = '', typed = ''] = /^(.*[ \t])([^ \t]*)$/s.exec(written) ?? [];
  const domain = head.trim();
  const from = pos - typed.length;
  if (isMatch('choices', domain)) return { from, to: pos, items: [IF] };
  const stepless = /^(.*\S)[ \t]+step$/s.exec(domain)?.[1];
  if (stepless !== undefined && named && isMatch('range', stepless)) {
    const items = stepsFor(named, stepless).map((step) => ({
      text: step,
      detail: `a grid from LOW by ${step}`,
    }));
    return { from, to: pos, items };
  }
  if (!isMatch('range', domain)) return null;
  const steps = named && !isMatch('step', ` ${domain}`) ? stepsFor(named, domain).slice(0, 1) : [];
  const options = [
    { text: 'log', detail: 'on a log scale' },
    ...steps.map((step) => ({ text: `step ${step}`, detail: `a grid from LOW by ${step}` })),
  ];
  const fits = ({ text }: Item) => named !== undefined && isDomainOf(named, `${domain} ${text}`);
  return { from, to: pos, items: [...options.filter(fits), IF] };
}

function isDomainOf({ value }: Named, domain: string): boolean {
  try {
    readDomain(domain, value);
    return true;
  } catch (error) {
    if (error instanceof MarkError) return false;
    throw error;
  }
}

/** Steps that the literal is on the grid of: LOW itself where it goes into the range often, and round ones. */
function stepsFor(named: Named, range: string): string[] {
  const [, lowText = '', highText = ''] = match('range', range) ?? [];
  const [low, width] = [toNumber(lowText), toNumber(highText) - toNumber(lowText)];
  const unit = 10 ** Math.floor(Math.log10(width / 10));
  const round = [5, 2, 1, 0.5, 0.2, 0.1].map((factor) => Number((factor * unit).toPrecision(1)));
  const isInt = named.value.type === 'int' && isMatch('integer', lowText) && isMatch('integer', highText);
  const steps = isInt && low > 1 && width >= 3 * low ? [low, ...round] : round;
  const texts = steps.filter((step) => !isInt || (step > 1 && Number.isInteger(step))).map(String);
  return [...new Set(texts)].filter((step) => isDomainOf(named, `${range} step ${step}`)).slice(0, 3);
}

/** The domains that a literal may be given. */
function formsOf(named: Named, python: string): Item[] {
  const { value } = named;
  switch (value.type) {
    case 'bool':
      return [{ text: '[True, False]', detail: 'both' }];
    case 'int':
      return intForms(named, value.value).filter(({ text }) => isDomainOf(named, text));
    case 'float':
      return floatForms(named, value.value).filter(({ text }) => isDomainOf(named, text));
    case 'str': {
      const source = python.slice(named.from, named.to);
      const text = /[\r\n]/.test(source) ? value.text : source;
      return [{ text: `[${text}, ${text.endsWith("'") ? "''" : '""'}]`, detail: 'choices' }];
    }
    default:
      return [{ text: `[${value.text}, ""]`, detail: 'choices' }];
  }
}

function inferred({ value }: Named): string {
  const domain = infer(value);
  return domain ? domainText(domain) : '';
}

function intForms(named: Named, n: number): Item[] {
  const range = inferred(named) || `${Math.min(4 * n, n - 10)}..${Math.max(0, n + 10)}`;
  const choices = [n, 2 * n || 1].map((each) => intValue(each).text);
  return [
    { text: range, detail: 'integers between' },
    { text: `${range} log`, detail: 'integers on a log scale' },
    ...stepsFor(named, range)
      .slice(0, 1)
      .map((step) => ({ text: `${range} step ${step}`, detail: `a grid from LOW by ${step}` })),
    { text: `[${choices.join(', ')}]`, detail: 'choices' },
  ];
}

function floatForms(named: Named, x: number): Item[] {
  const linear = linearRange(x);
  return [
    { text: inferred(named), detail: 'floats on a log scale' },
    { text: linear, detail: 'floats between' },
    ...stepsFor(named, linear)
      .slice(0, 1)
      .map((step) => ({ text: `${linear} step ${step}`, detail: `a grid from LOW by ${step}` })),
    { text: `[${floatText(x)}, ${floatText(2 * x || 1)}]`, detail: 'choices' },
  ];
}

function linearRange(x: number): string {
  if (x < 0) return `${floatText(2 * x)}..0.0`;
  return x < 1 ? '0.0..1.0' : `0.0..${floatText(2 * x)}`;
}

function reportForm({ found, line }: Place): Item[] {
  const isHeader = found.loops.some(
    ({ from, bodyFrom }) => from <= line.to && (bodyFrom > line.to || from >= line.from),
  );
  return isHeader ? [{ text: 'report ', detail: 'record values after every iteration' }] : [];
}

/** Whether the line's statement computes something that may be judged. */
function isObjective({ found, line }: Place): boolean {
  const statement = found.statements.filter(({ to }) => to > line.from && to <= line.to).at(-1);
  return statement?.isInner === false && !LITERAL_NODES.has(statement.node.lastChild?.name ?? '');
}

/** The names that the loop of this header assigns. */
function reportable({ found, line, python, tree }: Place): Item[] {
  const loop = found.loops.filter(({ from }) => from <= line.to).at(-1);
  if (!loop) return [];
  const names = new Set<string>();
  tree.iterate({
    from: loop.from,
    to: loop.to,
    enter: ({ name, node }) => {
      if (name !== 'AssignStatement' && name !== 'UpdateStatement') return;
      for (
        let child = node.firstChild;
        child && !/^(Assign|Update)Op$/.test(child.name);
        child = child.nextSibling
      ) {
        if (child.name === 'VariableName') names.add(python.slice(child.from, child.to));
      }
    },
  });
  return [...names].map((text) => ({ text, detail: 'assigned in this loop' }));
}

/** In a condition: other parameters, and what they may be compared with. */
function conditionAt(place: Place, written: string): Completions | null {
  const { text, tree, pos } = place;
  const others = readCell(text, tree).tunables.filter(
    ({ from, to }) => !(to > place.line.from && from < place.line.to),
  );
  const [, compared, operator, value = ''] =
    /([\p{L}_][\p{L}\p{N}_.]*)[ \t]+(?:(==|!=)[ \t]*)?([^ \t]*)$/su.exec(written) ?? [];
  const known = others.find(({ name }) => name === compared);
  if (known) return { from: pos - value.length, to: pos, items: comparisons(known, operator) };
  const typed = /[\p{L}\p{N}_.]*$/u.exec(written)?.[0] ?? '';
  const items = others.map(({ name, domain }) => ({ text: name, detail: domainText(domain) }));
  return { from: pos - typed.length, to: pos, items };
}

function comparisons({ domain }: Tunable, operator: string | undefined): Item[] {
  if (domain.kind !== 'choice') {
    if (operator !== undefined) return [];
    return ['>= ', '<= ', '> ', '< ', '== '].map((text) => ({ text, detail: domainText(domain) }));
  }
  const values = domain.choices.map((choice) => choice.text);
  return values.map((text) => ({
    text: operator === undefined ? `== ${text}` : text,
    detail: domainText(domain),
  }));
}
