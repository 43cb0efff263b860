/** Domains as they are written in a mark. The messages are those of the kernel's `jtune/language/marks.py`. */

import * as decimals from './decimals';
import { LARGEST_INT, infer, reject } from './domains';
import { MarkError, isMatch, match, placeOf } from './grammar';
import { bare, elementsOf, literalOf, otherType, readList } from './literals';
import type { Group } from './literals';
import { slip, toNumber } from './slips';
import type { ChoiceDomain, Domain, RangeDomain, Value } from './types';
import { equalityKey, floatText, isNumber, isSame, strText, strValue, tupleText } from './values';

export const FORMS = 'LOW..HIGH [log] [step S] or [a, b, c]';
/** The kernel's limit of how fine a grid may be. */
const FINEST_GRID = 1e7;
const REFUSED: Readonly<Record<string, string>> = { SetExpression: 'set', DictionaryExpression: 'dict' };

/** The domain that a text gives a literal; null infers it. Throws `MarkError`, counted from the start of the text. */
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

/** Find what is wrong with a domain, whatever the literal is. */
export function checkForm(text: string): void {
  if (text.startsWith('[')) readChoices(text);
  else if (!isMatch('range', text)) throw slip('domain', text);
}

function readRange(text: string, literal: Value): RangeDomain {
  const found = match('range', text);
  if (!found) throw slip('domain', text);
  const [, lowText = '', highText = '', options = ''] = found;
  const optionsAt = placeOf(found, 3).from;
  const log = isMatch('log', options);
  const stepText = match('step', options)?.[1] ?? null;
  if (options.split(/[ \t]+/).filter(Boolean).length > (log ? 1 : 0) + (stepText === null ? 0 : 2)) {
    throw new MarkError(optionsAt, `${strText(options.trim())} says something twice; say it once`);
  }
  if (!isNumber(literal)) {
    const choices = literal.type === 'bool' ? '[True, False]' : `[${literal.text}, ...]`;
    const what = `a range needs a number, and the literal is ${literal.text}`;
    throw new MarkError(0, `${what}; write choices: ${choices}`);
  }
  const texts = [lowText, highText, stepText ?? '1'];
  const isInt = literal.type === 'int' && texts.every((number) => isMatch('integer', number));
  const [low = NaN, high = NaN, step = NaN] = texts.map(toNumber);
  const swapped = `${highText}..${lowText}${options}`;
  const domain: RangeDomain = isInt
    ? { kind: 'int', low, high, log, step }
    : { kind: 'float', low, high, log, step: stepText === null ? null : step };
  const reason = wrongBounds(domain, swapped, highText);
  if (reason !== null) throw new MarkError(0, reason);
  const slow = stepText === null ? null : wrongStep(domain, step);
  if (slow !== null) throw new MarkError(optionsAt + options.indexOf('step'), slow);
  return domain;
}

function wrongBounds(
  { kind, low, high, log }: RangeDomain,
  swapped: string,
  highText: string,
): string | null {
  if (![low, high, high - low].every(Number.isFinite)) {
    return 'the bounds must be finite; write smaller numbers';
  }
  if (low >= high) return `LOW must be below HIGH; write ${low > high ? swapped : 'two different bounds'}`;
  if (log && low <= 0) {
    const least = kind === 'int' ? 1 : high / 1e6;
    const example = `write for example ${general(least)}..${highText} log`;
    return `log needs LOW above 0; ${least < high && high > 0 ? example : 'leave log out'}`;
  }
  if (kind === 'int' && Math.max(Math.abs(low), Math.abs(high), high - low) > LARGEST_INT) {
    return 'an integer range cannot reach beyond 2**53 nor be wider; write the bounds as floats';
  }
  return log && low * high === 0 ? 'the bounds are too small for log; write larger numbers' : null;
}

/** As Python's `%g`. */
function general(x: number): string {
  return floatText(Number(x.toPrecision(6))).replace(/\.0$/, '');
}

function wrongStep({ kind, low, high, log }: RangeDomain, step: number): string | null {
  if (step <= 0) return 'the step must be above 0; write for example step 1';
  if (log && kind === 'float') return 'a float range is either log or has a step; leave one of them out';
  const [exactLow, exactStep] = [decimals.asWritten(low), decimals.asWritten(step)];
  const width = decimals.minus(decimals.asWritten(high), exactLow);
  if (decimals.isBelow(width, exactStep)) {
    const most = floatText(decimals.nearestFloat(width)).replace(/\.0$/, '');
    return `the step is wider than the range; write at most step ${most}`;
  }
  const last = decimals.plus(exactLow, decimals.times(exactStep, decimals.wholeQuotient(width, exactStep)));
  const nearest = decimals.asWritten(decimals.nearestFloat(last));
  const isExact = !decimals.isBelow(nearest, last) && !decimals.isBelow(last, nearest);
  const isFine = Math.max(Math.abs(low), Math.abs(high)) / step > FINEST_GRID || !isExact;
  return kind === 'float' && isFine ? 'the step is too fine for these bounds; leave it out' : null;
}

function readChoices(text: string): ChoiceDomain {
  const elements = readList(text);
  const reason = elements?.map((element) => whyNoChoice(element, text)).find((why) => why !== null);
  if (reason) throw new MarkError(0, reason);
  if (!elements || !isMatch('choices', text)) throw slip('domain', text);
  const choices = elements.map((element) => literalOf(element, text)).filter((value) => value !== null);
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

/** As the study's file has it: a tuple by its text. */
function stored(value: Value): Value {
  return value.type === 'tuple' ? strValue(value.text) : value;
}

/** Why a literal can be no choice, or null. */
function whyNoChoice(choice: Group, text: string): string | null {
  const [node] = bare(choice);
  if (node?.name === 'Ellipsis') {
    return 'choices are written out; for all numbers between two write LOW..HIGH';
  }
  const elements = elementsOf(choice);
  if (node?.name === 'ArrayExpression') {
    const texts = (elements ?? []).map((element) => textOf(element, text));
    return `a choice cannot be a list; write a tuple: ${tupleText(texts)}`;
  }
  if (elements)
    return elements.map((element) => whyNoChoice(element, text)).find((why) => why !== null) ?? null;
  const type = node && (REFUSED[node.name] ?? otherType(node, text));
  if (type) return `a choice cannot be of type ${type}; write a number, a string or a tuple`;
  const value = literalOf(choice, text);
  const isEndless = value?.type === 'float' && !Number.isFinite(value.value);
  return isEndless ? 'a choice must be finite; write a smaller number' : null;
}

function textOf(group: Group, text: string): string {
  return literalOf(group, text)?.text ?? text.slice(group[0]?.from, group.at(-1)?.to);
}
