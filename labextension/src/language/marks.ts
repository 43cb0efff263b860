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
  | { kind: 'report'; text: string; start: number };

export type ParameterMark = Extract<Mark, { kind: 'parameter' }>;
export type ObjectiveMark = Extract<Mark, { kind: 'objective' }>;
export type ReportMark = Extract<Mark, { kind: 'report' }>;

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
    const direction = directionOf(objective[1]) ?? 'maximize';
    return [{ kind: 'objective', direction, start: start + placeOf(objective, 1).from }];
  }
  const report = match('report', body);
  if (report) {
    const text = report[2] ?? '';
    return [readReport(text.trim(), directionOf(report[1]), start + body.length - text.trimStart().length)];
  }
  return readItems(body, start);
}

/** What a word of the language's own says. */
function directionOf(word: string | undefined): Direction | null {
  return word === 'minimize' || word === 'maximize' ? word : null;
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
function separated(body: string, start: number): [text: string, start: number][] {
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
  const name = found?.[1] ?? null;
  const domain = found?.[2] || null; // eslint-disable-line @typescript-eslint/prefer-nullish-coalescing -- '' is none
  const condition = found?.[3] ?? null;
  const lead = start + text.length - text.replace(/^[ \t]+/, '').length;
  if (!isOnly && name === null) {
    throw new MarkError(lead, 'each of several needs its name: # tune NAME: DOMAIN; NAME: DOMAIN');
  }
  if (domain === null && condition === null && text.trim() !== '') {
    throw new MarkError(lead, `nothing follows the colon; write ${FORMS}`);
  }
  const domainStart = domain === null ? lead : start + ((found && placeOf(found, 2).from) ?? 0);
  const conditionStart = start + ((found && placeOf(found, 3).from) ?? 0);
  if (domain !== null) {
    shifted(domainStart, () => {
      checkForm(domain);
    });
  }
  return {
    kind: 'parameter',
    name: name === null ? null : name.normalize('NFKC'),
    domain,
    condition: conditionAt(condition, conditionStart),
    start: lead,
    domainStart,
    conditionStart,
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

function conditionAt(text: string | null, start: number): Condition | null {
  if (text === null) return null;
  return shifted(start, () => readCondition(text));
}

function readReport(text: string, direction: Direction | null, start: number): Mark {
  if (text === '') {
    const sense = direction ? `${direction} ` : '';
    throw new MarkError(start, `nothing to report; write # tune: report ${sense}EXPR[, EXPR]`);
  }
  const refused = (what: string) => new MarkError(start, `${what}; write ${meantReport(text)}`);
  const list = listed(text);
  const elements = expressionsIn(list);
  if (!elements) throw refused(`${strText(text)} is not a list of Python expressions`);
  if (isChanging(elements, list)) {
    throw refused(`${strText(text)} would change what the cell does; name values only`);
  }
  const spellings = new Set(elements.map((element) => spelled(element, list)));
  if (spellings.size < elements.length) throw new MarkError(start, 'an expression stands twice; say it once');
  return { kind: 'report', text, start };
}

/** A list with what is reported, and with one more, so that no comma is the last. */
function listed(text: string): string {
  return `[${text}, 0]`;
}

/** The expressions of such a list, but for the one more; null where it is none. */
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

/** What to write instead of a report that cannot be read: its sense in the language's word, and in front. */
function meantReport(text: string): string {
  const words = text.split(/[ \t]+/);
  const ways: [string | undefined, string[]][] = [
    [words[0], words.slice(1)],
    [words.at(-1), words.slice(0, -1)],
  ];
  for (const [word = '', rest] of ways) {
    const direction = meantDirection(stripped(word, ':'));
    const list = listed(rest.join(' '));
    const elements = direction && expressionsIn(list);
    if (elements && !isChanging(elements, list)) return `# tune: report ${direction} ${rest.join(' ')}`;
  }
  return '# tune: report EXPR[, EXPR]';
}

/** Colab's form annotations; those that name no domain (text boxes) are left alone. */
function readColab(form: string, start: number): Mark[] {
  const domain = colabDomain(form);
  if (domain === null) return [];
  const place = { start, domainStart: start, conditionStart: start };
  return [{ kind: 'parameter', name: null, domain, condition: null, ...place }];
}

function colabDomain(form: string): string | null {
  if (isMatch('colab_choices', form)) return form;
  if (isMatch('colab_boolean', form)) return '[False, True]';
  const slider = match('colab_slider', form);
  if (!slider) return null;
  const [, low = '', high = '', step] = slider;
  return `${low}..${high}${step === undefined ? '' : ` step ${step}`}`;
}
