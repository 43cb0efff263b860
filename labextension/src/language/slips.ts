/** What was expected where no domain stands, and for the common slips what to type. */

import type { Expr } from './expressions';
import { readList } from './literals';
import { didYouMean } from './near';
import { MarkError, isMatch, match, matchStart, source } from './grammar';
import type { Direction } from './types';
import { unparse } from './unparse';
import { strText, tupleText } from './values';

const WORDS = ['minimize', 'maximize', 'report', 'log', 'step'];
export const FORMS = 'LOW..HIGH [log] [step S] or [a, b, c]';

const OBJECTIVES: ReadonlyMap<string, Direction> = new Map([
  ['min', 'minimize'],
  ['minimise', 'minimize'],
  ['minimize', 'minimize'],
  ['max', 'maximize'],
  ['maximise', 'maximize'],
  ['maximize', 'maximize'],
]);
const NO_CONDITION = 'a condition is missing; write for example if layers >= 2';
/** Python's `\w`, and what may start a word that is no number. */
const WORD = String.raw`[\p{L}\p{N}_]`;
const LETTER = String.raw`[\p{L}\p{Nl}\p{No}_]`;

/** The direction that a word was written for. */
export function meantDirection(word: string): Direction | undefined {
  return OBJECTIVES.get(word.toLowerCase());
}

/** Whether a text is a domain in form. */
export function isDomain(text: string): boolean {
  return isMatch('range', text) || isMatch('choices', text);
}

/** What is wrong with a text that is neither a range nor choices. */
export function slip(text: string): MarkError {
  const first = text.split(/[ \t]/)[0] ?? '';
  const item = match('item', text);
  const named = item?.[1] ? { name: item[1], domain: item[2] ?? '' } : null;
  const direction = named ? OBJECTIVES.get(named.domain) : meantDirection(first);
  if (direction) return objectiveSlip(direction, first === text && first !== direction);
  if (first === 'if') return new MarkError(0, NO_CONDITION);
  const bounds = matchStart('bounds', text)?.[0];
  if (bounds) return slipAfter(bounds, text.slice(bounds.length));
  if (named && isDomain(named.domain)) {
    const written = `# tune ${named.name}: ${named.domain}`;
    return new MarkError(0, `the name comes before the colon; write ${written}`);
  }
  return new MarkError(0, slipMessage(text, first));
}

function objectiveSlip(direction: Direction, isMisspelled: boolean): MarkError {
  const what = isMisspelled
    ? `the word is ${direction}`
    : 'an objective stands alone on the line that computes it';
  return new MarkError(0, `${what}; write # tune: ${direction}`);
}

function slipMessage(text: string, first: string): string {
  const pair = asRange(text);
  const choices = asChoices(text);
  if (pair) {
    const alternative = choices ? `, or for choices ${choices}` : '';
    return `expected two dots between the bounds; write ${pair}${alternative}`;
  }
  if (choices) return `choices stand in square brackets; write ${choices}`;
  const late = new RegExp(`^((?:${WORD}+[ \\t]+)+)(\\S.*)$`, 'u').exec(text);
  const forms = late ? [`${late[2] ?? ''} ${(late[1] ?? '').trim()}`, late[2] ?? ''] : [];
  const written = forms.find((form) => isMatch('range', form));
  if (written !== undefined) return `the range comes first; write ${written}`;
  if (text.includes('..')) return 'LOW and HIGH are numbers; write for example 1..10 or 1e-3..1';
  return `expected ${FORMS}${didYouMean(first.toLowerCase(), WORDS)}`;
}

function slipAfter(bounds: string, tail: string): MarkError {
  const start = bounds.length + tail.length - tail.trimStart().length;
  if (new RegExp(`^[ \\t]*,[ \\t]*${WORD}+[ \\t]*:`, 'u').test(tail)) {
    const hint = 'write # tune NAME: DOMAIN; NAME: DOMAIN';
    return new MarkError(bounds.length, `several are separated by semicolons; ${hint}`);
  }
  const words = tidied(tail);
  if (words.at(-1) === 'if') return new MarkError(start, NO_CONDITION);
  const hint = hintAfter(bounds, words.join(' '));
  const got = strText(tail.trim());
  return new MarkError(start, `after LOW..HIGH come log, step S and if CONDITION, not ${got}${hint}`);
}

/** The words of what follows a range, in the tune language's spelling where it is clear. */
function tidied(tail: string): string[] {
  const stepped = tail.toLowerCase().replace(new RegExp(`(?<!${WORD})by(?!${WORD})`, 'gu'), 'step');
  return stepped
    .replace(/[,:=]/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '');
}

function hintAfter(bounds: string, tidy: string): string {
  if (isMatch('range', `${bounds} ${tidy}`)) return `; write ${bounds} ${tidy}`;
  if (tidy.startsWith('step')) return '; write for example step 2';
  if (tidy.includes('log')) return `; write ${bounds} log`;
  return '; a note stands behind another #';
}

/** The range that was probably meant by a pair such as `1-10` or `uniform(1, 10)`. */
function asRange(text: string): string | null {
  const number = `(${source('number')})`;
  const between = '(?:\\.{3,}|[-–—:,…‥]|to)';
  const pattern = `^(${WORD}*\\()? *${number} *${between} *${number}(?: *: *${number})? *\\)?(.*)$`;
  const pair = new RegExp(pattern, 'iu').exec(text);
  const [, call = '', low = '', high = '', step, rest = ''] = pair ?? [];
  if (!pair || toNumber(low) >= toNumber(high)) return null;
  const log = call.toLowerCase().includes('log') ? 'log' : '';
  const parts = [`${low}..${high}`, log, step ? `step ${step}` : '', rest.replace(/^[ \t,]+|[ \t,]+$/g, '')];
  const written = parts.filter((part) => part !== '').join(' ');
  return isMatch('range', written) ? written : null;
}

/** A number of the grammar; it may hold underscores. */
export function toNumber(text: string): number {
  return Number(text.replaceAll('_', ''));
}

/** The choices that were probably meant, with the brackets and quotes that are missing. */
function asChoices(text: string): string | null {
  const quoted = (word: string) =>
    /^["']/.test(word) || /^(?:True|False|None)$/.test(word) ? word : `"${word}"`;
  const parts = text.replace(/^[[\](){} \t,]+|[[\](){} \t,]+$/g, '').replace(/[ \t]*[/|][ \t]*/g, ', ');
  const words = new RegExp(`${source('string')}|${LETTER}${WORD}*(?:[ -]${WORD}+)*`, 'gsu');
  const written = `[${parts.replace(words, quoted)}]`;
  const choices = readList(written);
  return choices && choices.length > 1 && isMatch('choices', written) ? written : null;
}

/** What is wrong with a text that starts as choices. */
export function slipInChoices(text: string): MarkError {
  const inner = text.replace(/^[[\] \t]+|[[\] \t]+$/g, '');
  if (isMatch('range', inner)) return new MarkError(0, `a range stands without brackets; write ${inner}`);
  const end = matchStart('choices', text)?.[0].length;
  if (end === undefined) return new MarkError(0, 'the bracket is not closed; write its ]');
  const tail = text.slice(end).trim();
  if (tail) {
    const what = `only if CONDITION may follow the choices, not ${strText(tail)}`;
    return new MarkError(text.indexOf(tail, end), `${what}; a note stands behind another #`);
  }
  const literals = 'numbers, strings, True, False, None, tuples';
  const meant = asChoices(text) ?? '["a", "b"]';
  return new MarkError(0, `choices are literals (${literals}); write for example ${meant}`);
}

/** Refuse a literal that can be no choice. */
export function checkChoice(choice: Expr): void {
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
