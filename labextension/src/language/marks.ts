/** A comment's text -> marks: what the tune language says about one line. The twin of `jtune/language/marks.py`. */

import { readCondition } from './conditions';
import { MarkError, isMatch, match, matchStart, placeOf, source } from './grammar';
import { elementsOf, leavesOf, readExpression, spelled } from './literals';
import type { Group } from './literals';
import { isDomain, meantDirection, slip, stripped } from './slips';
import type { Condition, Direction } from './types';
import { strText } from './values';
import { FORMS, checkForm } from './written';

export type Mark =
  | {
      kind: 'parameter';
      name: string | null;
      domain: string | null;
      condition: Condition | null;
      /** Where the item, its domain and its condition start in the comment. */
      start: number;
      domainStart: number;
      conditionStart: number;
    }
  | { kind: 'objective'; direction: Direction; start: number }
  | { kind: 'report'; text: string; start: number }
  | { kind: 'once'; start: number };

export type ParameterMark = Extract<Mark, { kind: 'parameter' }>;
export type ObjectiveMark = Extract<Mark, { kind: 'objective' }>;
export type ReportMark = Extract<Mark, { kind: 'report' }>;
export type OnceMark = Extract<Mark, { kind: 'once' }>;

/** Where a `*` multiplies, or stands before a parameter. */
const NO_STARS = new Set(['ArithOp', 'ParamList']);

/** The marks of a comment, from its `#` to the end of the line; none when it is an ordinary one. */
export function readComment(comment: string): Mark[] {
  const found = match('mark', comment) ?? match('later_mark', comment);
  if (!found) {
    checkNear(comment);
    const colab = match('colab', comment);
    return colab ? readColab(colab[1] ?? '', placeOf(colab, 1).from) : [];
  }
  const start = placeOf(found, 1).to;
  const rest = comment.slice(start);
  expectColon(rest, start);
  const body = match('body', rest);
  if (!body) {
    throw new MarkError(
      start + (matchStart('body', rest)?.[1] ?? '').length,
      'a string is not closed; write its second quote',
    );
  }
  const odd = match('odd_space', body[1] ?? '');
  if (odd) throw new MarkError(start + placeOf(odd, 1).from, `${oddText(odd)}; type it anew`);
  return readBody((body[1] ?? '').trimEnd(), start);
}

/** Whether a comment on a line of its own is no mark; one behind something else is switched off with its line. */
export function isProse(comment: string): boolean {
  return !isMatch('mark_alone', comment);
}

/** Whether a text that Python does not read holds a mark. */
export function hasMark(text: string): boolean {
  return isMatch('later_mark', text);
}

/** Where the part of a comment that begins at a place ends: before what is separated from it. */
export function extentFrom(comment: string, start: number): number {
  const part = /^#?[^;#]*/.exec(comment.slice(start))?.[0] ?? '';
  return start + part.trimEnd().length;
}

/** Refuse a comment that were a mark, if only its first word or its spaces were typed otherwise. */
function checkNear(comment: string): void {
  const near = match('near_mark', comment);
  if (!near) return;
  const [, sign = '', word = '', tail = ''] = near;
  const rest = tail.replace(new RegExp(source('odd'), 'gu'), ' ');
  const odd = match('odd_space', sign + tail.slice(0, 1));
  let text = (matchStart('body', rest)?.[1] ?? '').trimEnd();
  if (isDomain(text.trim())) text = `: ${text.trim()}`;
  const isBare = text === '' && word.toLowerCase() === 'tune';
  if ((word === 'tune' && !odd) || !(text.includes(':') || isBare)) return;
  try {
    readComment(`# tune${text}`);
  } catch (error) {
    if (error instanceof MarkError) return;
    throw error;
  }
  const what = odd ? oddText(odd) : `a mark starts with # tune, not ${strText(word)}`;
  throw new MarkError(placeOf(near, 1).from, `${what}; write # tune${text}`);
}

function oddText(found: RegExpExecArray): string {
  const code = (found[1] ?? '').codePointAt(0) ?? 0;
  return `a space here is no plain one (U+${code.toString(16).toUpperCase().padStart(4, '0')})`;
}

function readBody(body: string, start: number): Mark[] {
  const objective = match('objective', body);
  if (objective) {
    const direction = meantDirection(objective[1] ?? '') ?? 'minimize';
    return [{ kind: 'objective', direction, start: start + placeOf(objective, 1).from }];
  }
  const once = match('once', body);
  if (once) return [{ kind: 'once', start: start + placeOf(once, 1).from }];
  const report = match('report', body);
  if (report) {
    const [, sense = '', text = ''] = report;
    return [readReport(text.trim(), sense, start + body.length - text.trimStart().length)];
  }
  return readItems(body, start);
}

function readItems(body: string, start: number): ParameterMark[] {
  const items = separated(body, start);
  for (const [text, at] of items.slice(1)) {
    if (text.trim() === '') throw new MarkError(at - 1, 'nothing follows the semicolon; leave it out');
  }
  const marks: ParameterMark[] = [];
  for (const [text, at] of items) {
    const mark = readItem(text, at, items.length === 1);
    if (mark.name !== null && marks.some(({ name }) => name === mark.name)) {
      throw new MarkError(mark.start, `${mark.name} stands twice; say it once`);
    }
    marks.push(mark);
  }
  return marks;
}

/** What stands between semicolons, and where each piece starts. */
export function separated(body: string, start: number): [text: string, start: number][] {
  const pieces: [string, number][] = [];
  let [rest, at]: [string | undefined, number] = [body, start];
  while (rest !== undefined) {
    const split: RegExpExecArray | null = match('separated', rest);
    pieces.push([split?.[1] ?? rest, at]);
    at += (split && placeOf(split, 2).from) ?? 0;
    rest = split?.[2];
  }
  return pieces;
}

function readItem(text: string, start: number, isOnly: boolean): ParameterMark {
  const found = match('item_if', text) ?? match('item', text);
  const placeIn = (group: number) => start + (found ? placeOf(found, group).from : 0);
  const [, name = null, domain = '', condition = null] = found ?? [];
  const lead = start + text.length - text.replace(/^[ \t]+/, '').length;
  if (!isOnly && name === null) {
    throw new MarkError(lead, 'each of several needs its name: # tune NAME: DOMAIN; NAME: DOMAIN');
  }
  if (domain === '' && condition === null && text.trim() !== '') {
    throw new MarkError(lead, `nothing follows the colon; write ${FORMS}`);
  }
  if (domain !== '') {
    shifted(placeIn(2), () => {
      checkForm(domain);
    });
  }
  return {
    kind: 'parameter',
    name: name === null ? null : name.normalize('NFKC'),
    domain: domain === '' ? null : domain,
    condition: condition === null ? null : shifted(placeIn(3), () => readCondition(condition)),
    start: lead,
    domainStart: domain === '' ? lead : placeIn(2),
    conditionStart: placeIn(3),
  };
}

function expectColon(text: string, start: number): void {
  if (isMatch('head', text)) return;
  const words = stripped(text.split('#')[0] ?? '');
  throw new MarkError(start + text.indexOf(words), slip('colon', words).message);
}

/** Run `read`, with the places of its mistakes moved. */
function shifted<T>(start: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof MarkError) throw new MarkError(start + error.start, error.message);
    throw error;
  }
}

function readReport(text: string, sense: string, start: number): Mark {
  if (text === '') {
    const written = sense && `${sense} `;
    throw new MarkError(start, `nothing to report; write # tune: report ${written}EXPR[, EXPR]`);
  }
  const refused = (what: string) => new MarkError(start, `${what}; write ${slip('report', text).message}`);
  // With one more, so that no comma is the last.
  const list = `[${text}\n, 0]`;
  const elements = expressionsIn(list);
  if (!elements) throw refused(`${strText(text)} is not a list of Python expressions`);
  if (isChanging(elements, list)) {
    throw refused(`${strText(text)} would change what the cell does; name values only`);
  }
  const spellings = new Set(elements.map((element) => spelled(element, list)));
  if (spellings.size < elements.length) throw new MarkError(start, 'an expression stands twice; say it once');
  return { kind: 'report', text, start };
}

/** The expressions of a list, but for its last one; null where it is none. */
function expressionsIn(list: string): Group[] | null {
  const [array, ...others] = readExpression(list) ?? [];
  if (array?.name !== 'ArrayExpression' || others.length > 0) return null;
  return elementsOf([array])?.slice(0, -1) ?? null;
}

/** Whether an expression binds a name, has a star, or makes the function around it a generator. */
function isChanging(elements: readonly Group[], text: string): boolean {
  const leaves = elements.flat().flatMap(leavesOf);
  return leaves.some(({ name, from, to, parent }) => {
    const isStar = name === '*' && !NO_STARS.has(parent?.name ?? '');
    return isStar || name === 'yield' || text.slice(from, to) === ':=';
  });
}

/** Colab's form annotations; those that name no domain (text boxes) are left alone. */
function readColab(form: string, start: number): Mark[] {
  const slider = match('colab_slider', form);
  const [, low = '', high = '', step] = slider ?? [];
  let domain = slider ? `${low}..${high}${step === undefined ? '' : ` step ${step}`}` : null;
  if (isMatch('colab_choices', form)) domain = form;
  if (isMatch('colab_boolean', form)) domain = '[False, True]';
  const place = { start, domainStart: start, conditionStart: start };
  return domain === null ? [] : [{ kind: 'parameter', name: null, domain, condition: null, ...place }];
}
