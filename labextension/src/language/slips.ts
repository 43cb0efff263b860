/**
 * What is said of a text that cannot be read, and what to type instead: the rules are a table of the grammar.
 *
 * The twin of the kernel's `jtune/language/slips.py`.
 */

import { MarkError, isMatch, match, matchAt, objectives, placeOf, slips, source, words } from './grammar';
import { readList } from './literals';
import { didYouMean } from './near';
import type { Direction } from './types';
import { strText } from './values';

interface Rule {
  when: string;
  say?: string;
  hint?: string;
  at?: number;
  write?: string;
  as?: string;
}

type Facts = Readonly<Record<string, string | null | undefined>>;

const SLIPS: Readonly<Record<string, { say?: string; rules: readonly Rule[] }>> = slips;
const OBJECTIVES: Readonly<Record<string, string>> = objectives;
/** What may start a word that is no number, and Python's `\w`. */
const WORD = String.raw`[\p{L}\p{Nl}\p{No}_][\p{L}\p{N}_]*(?:[ -][\p{L}\p{N}_]+)*`;
const LITERAL = /^["']|^(?:True|False|None)$/;

/** The mistake that what stands at a place of a text cannot be read, where something of a kind was expected. */
export function slip(kind: keyof typeof slips, text: string, at = 0): MarkError {
  const { say: common, rules } = SLIPS[kind] ?? { rules: [] };
  for (const rule of rules) {
    const found = matchAt(rule.when, text, at);
    const message = found && messageOf({ say: common, ...rule }, found);
    if (found && message !== null) return new MarkError(placeOf(found, rule.at ?? 0).from, message);
  }
  throw new RangeError('the last rule is for any text');
}

/** The direction that a word was written for. */
export function meantDirection(word: string): Direction | null {
  const direction = OBJECTIVES[word.toLowerCase()];
  return direction === 'minimize' || direction === 'maximize' ? direction : null;
}

/** Whether a text is a domain in form. */
export function isDomain(text: string): boolean {
  return isMatch('range', text) || isMatch('choices', text);
}

/** A number of the grammar; it may hold underscores. */
export function toNumber(text: string): number {
  return Number(text.replaceAll('_', ''));
}

/** Without some characters at its ends. */
export function stripped(text: string, characters = ' \t'): string {
  let [from, to] = [0, text.length];
  while (from < to && characters.includes(text.charAt(from))) from += 1;
  while (to > from && characters.includes(text.charAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

/** What a rule says of a text; null where there are no words for it. */
function messageOf({ say = '', hint, write, as: form }: Rule, found: RegExpExecArray): string | null {
  const facts = { hint, ...factsOf(found) };
  if (write === undefined) return filled(say, facts);
  const written = filled(write, facts)?.trim() ?? null;
  return written !== null && isOf(form, written) ? filled(say, { ...facts, write: written }) : null;
}

/** A template with the words in the places of their names; null where one is missing. */
function filled(template: string, facts: Facts): string | null {
  const names = Array.from(template.matchAll(/\{(\w+)/g), ([, name = '']) => name);
  if (names.some((name) => (facts[name] ?? null) === null)) return null;
  return template.replace(/\{(\w+)(!r)?\}/g, (_, name: string, quotes?: string) =>
    quotes ? strText(facts[name] ?? '') : (facts[name] ?? ''),
  );
}

/** The words that a rule may ask for. */
function factsOf(found: RegExpExecArray): Facts {
  const groups = Array.from(found, (group: string | undefined) => group ?? '');
  const first = groups[1] ?? '';
  const stepped = (groups.at(-1) ?? '')
    .toLowerCase()
    .replace(/(?<![\p{L}\p{N}_])by(?![\p{L}\p{N}_])/gu, 'step');
  return {
    ...Object.fromEntries(groups.entries()),
    objective: meantDirection(first),
    guess: didYouMean(first.toLowerCase(), words),
    tidy: stepped
      .replace(/[,:=]/g, ' ')
      .split(/\s+/)
      .filter((word) => word !== '')
      .join(' '),
    choices: asChoices(found.input),
  };
}

/** Whether what is to be typed would be read. */
function isOf(form: string | undefined, text: string): boolean {
  if (form === 'range') {
    const [, low = '', high = ''] = match('range', text) ?? [];
    return toNumber(low) < toNumber(high);
  }
  const isGoal =
    form === 'mark' && (['objective', 'report', 'once'] as const).some((name) => isMatch(name, `: ${text}`));
  return isGoal || isDomain(text);
}

/** The choices that were probably meant, with the brackets and quotes that are missing. */
function asChoices(text: string): string | null {
  const parts = stripped(text, '[](){} \t,')
    .split(/[/|]/)
    .map((part) => stripped(part));
  const unquoted = new RegExp(`${source('string')}|${WORD}`, 'gsu');
  const written = `[${parts.join(', ').replace(unquoted, (word) => (LITERAL.test(word) ? word : `"${word}"`))}]`;
  const choices = readList(written);
  return choices && choices.length > 1 && isMatch('choices', written) ? written : null;
}
