/** What the tune language says, from the file that the kernel reads too: regular expressions, and hints for slips. */

import grammar from '../../../jtune/language/grammar.json';
import { strText } from './values';

export type PatternName = keyof typeof grammar.patterns;
type Expected = keyof typeof grammar.slips;

/** What cannot be read; `start` is the mistake's place in the text. */
export class MarkError extends Error {
  constructor(
    readonly start: number,
    message: string,
  ) {
    super(message);
  }
}

const PATTERNS: Readonly<Record<string, string>> = grammar.patterns;
/** Compiled once each: a cell of many marks matches them again and again. */
const compiled = new Map<string, RegExp>();

/** What `<name>` stands for, all of it. */
export function source(name: PatternName): string {
  return expanded(`<${name}>`);
}

/** The match of a pattern with the whole of a text. */
export function match(name: PatternName, text: string): RegExpExecArray | null {
  return regExp(`^<${name}>$`).exec(text);
}

/** The match of a pattern with what stands at a place of a text. */
export function matchStart(name: PatternName, text: string, at = 0): RegExpExecArray | null {
  return matchAt(`<${name}>`, text, at);
}

export function isMatch(name: PatternName, text: string): boolean {
  return regExp(`^<${name}>$`).test(text);
}

/** Where a group of a match starts and ends. */
export function placeOf(found: RegExpExecArray, group: number): { from: number; to: number } {
  const [from, to] = found.indices?.[group] ?? [0, 0];
  return { from, to };
}

/** The mistake that something stands at a place of a text, where something else was expected. */
export function slip(expected: Expected, text: string, at: number): MarkError {
  const { expected: what, hints } = grammar.slips[expected];
  for (const [pattern = '', hint = ''] of hints) {
    const found = matchAt(pattern, text, at);
    if (found) return new MarkError(at, `${what} ${strText(found[0])}; ${hint}`);
  }
  throw new RangeError('the last hint is for any word');
}

function matchAt(pattern: string, text: string, at: number): RegExpExecArray | null {
  const found = regExp(pattern, 'y');
  found.lastIndex = at;
  return found.exec(text);
}

function expanded(text: string): string {
  return text.replace(/<([a-z_]+)>/g, (_, name: string) => `(?:${expanded(PATTERNS[name] ?? '')})`);
}

function regExp(pattern: string, sticky = ''): RegExp {
  const found = compiled.get(pattern + sticky) ?? new RegExp(expanded(pattern), `dsu${sticky}`);
  compiled.set(pattern + sticky, found);
  return found;
}
