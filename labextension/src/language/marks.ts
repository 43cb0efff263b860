/** A comment's text -> marks: what the tune language says about one line. The twin of `jtune/language/marks.py`. */

import { readCondition } from './conditions';
import * as decimals from './decimals';
import { infer, reject } from './domains';
import { type Expr, parseElements, walk } from './expressions';
import { attempt, readList, valueOf } from './literals';
import { MarkError, isMatch, match, matchStart, placeOf, source } from './grammar';
import { codePointText } from './tokens';
import { isDomain, meantDirection, slip, stripped, toNumber } from './slips';
import type { ChoiceDomain, Condition, Direction, Domain, RangeDomain, Value } from './types';
import { unparse } from './unparse';
import { equalityKey, floatText, isNumber, isSame, strText, tupleText } from './values';

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
  | { kind: 'report'; expressions: readonly string[]; direction: Direction | null; start: number };

export type ParameterMark = Extract<Mark, { kind: 'parameter' }>;
export type ObjectiveMark = Extract<Mark, { kind: 'objective' }>;
export type ReportMark = Extract<Mark, { kind: 'report' }>;

const FORMS = 'LOW..HIGH [log] [step S] or [a, b, c]';
// The kernel's limits: of how fine a grid may be, and of its integers.
const FINEST_GRID = 1e7;
const LARGEST_INT = 2 ** 53;

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

/** The domain that a text gives a literal; null infers it. The error counts from the start of the text. */
export function readDomain(text: string | null, literal: Value): Domain {
  if (text === null) {
    const domain = infer(literal);
    if (domain) return domain;
    throw new MarkError(0, `no range can be inferred for ${literal.text}; write it: # tune: ${FORMS}`);
  }
  const domain = text.startsWith('[') ? readChoices(text) : readRange(text, literal);
  const reason = reject(domain, literal);
  if (reason !== null) throw new MarkError(0, `the literal ${reason}; change the one or the other`);
  return domain;
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
  return `a space here is no plain one (${codePointText(found[1] ?? '')})`;
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
  if (domain !== null) checkForm(domain, domainStart);
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

/** Find what is wrong with a domain, whatever the literal is. */
function checkForm(domain: string, start: number): void {
  shifted(start, () => {
    if (domain.startsWith('[')) readChoices(domain);
    else if (!isMatch('range', domain)) throw slip('domain', domain);
  });
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
  const elements = attempt(() => parseElements(text));
  if (!elements) throw refused(`${strText(text)} is not a list of Python expressions`);
  if (isChanging(elements)) {
    throw refused(`${strText(text)} would change what the cell does; name values only`);
  }
  const expressions = elements.map(unparse);
  const twice = expressions.find((expression, i) => expressions.indexOf(expression) < i);
  if (twice !== undefined) throw new MarkError(start, `${twice} stands twice; say it once`);
  return { kind: 'report', expressions, direction, start };
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
    const expressions = rest.join(' ');
    const elements = direction && attempt(() => parseElements(expressions));
    if (elements && !isChanging(elements)) return `# tune: report ${direction} ${expressions}`;
  }
  return '# tune: report EXPR[, EXPR]';
}

function isChanging(elements: readonly Expr[]): boolean {
  return elements.some((element) => walk(element).some(bindsOrYields));
}

/** Whether an expression binds a name, or makes the function around it a generator. */
function bindsOrYields({ kind }: Expr): boolean {
  return kind === 'starred' || kind === 'named' || kind === 'yield';
}

function readRange(text: string, literal: Value): RangeDomain {
  const found = match('range', text);
  if (!found) throw slip('domain', text);
  const [lowText = '', highText = '', options = ''] = [1, 2, 3].map((group) => found[group] ?? '');
  const log = isMatch('log', options);
  const stepText = match('step', options)?.[1] ?? null;
  if (options.split(/[ \t]+/).filter(Boolean).length > (log ? 1 : 0) + (stepText === null ? 0 : 2)) {
    throw new MarkError(
      placeOf(found, 3).from,
      `${strText(options.trim())} says something twice; say it once`,
    );
  }
  if (!isNumber(literal)) {
    const choices = literal.type === 'bool' ? '[True, False]' : `[${literal.text}, ...]`;
    throw new MarkError(
      0,
      `a range needs a number, and the literal is ${literal.text}; write choices: ${choices}`,
    );
  }
  const texts = [lowText, highText, stepText ?? '1'];
  const isInt = literal.type === 'int' && texts.every((number) => isMatch('integer', number));
  const [low = NaN, high = NaN, step = NaN] = texts.map((number) => toNumber(number));
  checkBounds({ low, high, log, isInt, lowText, highText, options });
  if (stepText !== null) {
    shifted(placeOf(found, 3).from + options.indexOf('step'), () => {
      checkStep(low, high, step, isInt, log);
    });
  }
  if (isInt) return { kind: 'int', low, high, log, step };
  return { kind: 'float', low, high, log, step: stepText === null ? null : step };
}

interface Bounds {
  low: number;
  high: number;
  log: boolean;
  isInt: boolean;
  lowText: string;
  highText: string;
  options: string;
}

function checkBounds({ low, high, log, isInt, lowText, highText, options }: Bounds): void {
  if (![low, high, high - low].every(Number.isFinite)) {
    throw new MarkError(0, 'the bounds must be finite; write smaller numbers');
  }
  if (low >= high) {
    const swapped = low > high ? `${highText}..${lowText}${options}` : 'two different bounds';
    throw new MarkError(0, `LOW must be below HIGH; write ${swapped}`);
  }
  if (log && low <= 0) {
    const least = isInt ? 1 : high / 1e6;
    const example = `write for example ${general(least)}..${highText} log`;
    throw new MarkError(0, `log needs LOW above 0; ${least < high && high > 0 ? example : 'leave log out'}`);
  }
  if (isInt && Math.max(Math.abs(low), Math.abs(high), high - low) > LARGEST_INT) {
    throw new MarkError(
      0,
      'an integer range cannot reach beyond 2**53 nor be wider; write the bounds as floats',
    );
  }
  if (log && low * high === 0) {
    throw new MarkError(0, 'the bounds are too small for log; write larger numbers');
  }
}

/** As Python's `%g`. */
function general(x: number): string {
  return floatText(Number(x.toPrecision(6))).replace(/\.0$/, '');
}

function checkStep(low: number, high: number, step: number, isInt: boolean, log: boolean): void {
  if (step <= 0) throw new MarkError(0, 'the step must be above 0; write for example step 1');
  if (log && !isInt) {
    throw new MarkError(0, 'a float range is either log or has a step; leave one of them out');
  }
  const [exactLow, exactStep] = [decimals.asWritten(low), decimals.asWritten(step)];
  const width = decimals.minus(decimals.asWritten(high), exactLow);
  if (decimals.compare(exactStep, width) > 0) {
    const most = floatText(decimals.nearestFloat(width)).replace(/\.0$/, '');
    throw new MarkError(0, `the step is wider than the range; write at most step ${most}`);
  }
  const last = decimals.plus(exactLow, decimals.times(exactStep, decimals.wholeQuotient(width, exactStep)));
  const isExact = decimals.compare(decimals.asWritten(decimals.nearestFloat(last)), last) === 0;
  if (!isInt && (Math.max(Math.abs(low), Math.abs(high)) / step > FINEST_GRID || !isExact)) {
    throw new MarkError(0, 'the step is too fine for these bounds; leave it out');
  }
}

function readChoices(text: string): ChoiceDomain {
  const elements = readList(text);
  for (const element of elements ?? []) checkChoice(element);
  if (!elements || !isMatch('choices', text)) throw slip('domain', text);
  const choices = elements.map(valueOf).filter((value) => value !== null);
  choices.forEach((choice, i) => {
    const before = choices.slice(0, i);
    if (before.some((other) => isSame(choice, other))) {
      throw new MarkError(0, `${choice.text} stands twice; say it once`);
    }
    if (before.some((other) => equalityKey(stored(choice)) === equalityKey(stored(other)))) {
      throw new MarkError(0, `${choice.text} equals another choice; leave one of them out`);
    }
  });
  if (choices.length < 2) throw new MarkError(0, 'at least two choices are needed; write [a, b]');
  return { kind: 'choice', choices };
}

/** Refuse a literal that can be no choice. */
function checkChoice(choice: Expr): void {
  if (choice.kind === 'tuple') {
    choice.items.forEach(checkChoice);
    return;
  }
  const reason = whyNoChoice(choice);
  if (reason) throw new MarkError(0, reason);
}

function whyNoChoice(choice: Expr): string | null {
  if (choice.kind === 'list') {
    return `a choice cannot be a list; write a tuple: ${tupleText(choice.items.map(unparse))}`;
  }
  if (choice.kind === 'unary') return whyNoChoice(choice.operand);
  if (choice.kind !== 'constant') return wrongType(choice.kind === 'call' ? 'set' : choice.kind);
  switch (choice.value.type) {
    case 'ellipsis':
      return 'choices are written out; for all numbers between two write LOW..HIGH';
    case 'bytes':
    case 'complex':
      return wrongType(choice.value.type);
    case 'float':
      return Number.isFinite(choice.value.value) ? null : 'a choice must be finite; write a smaller number';
    default:
      return null;
  }
}

function wrongType(kind: string): string {
  // The sum of a number and an imaginary one is the only literal with an operator.
  const type = kind === 'binary' ? 'complex' : kind;
  return `a choice cannot be of type ${type}; write a number, a string or a tuple`;
}

/** As the study's file has it: a tuple by its text. */
function stored(value: Value): Value {
  return value.type === 'tuple' ? { type: 'str', value: value.text, text: strText(value.text) } : value;
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
