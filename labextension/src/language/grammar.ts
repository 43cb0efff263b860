/** What the tune language says, from the file that the kernel reads too: regular expressions, and hints for slips. */

import grammar from '../../../jtune/language/grammar.json';

export type PatternName = keyof typeof grammar.patterns;

/** What cannot be read; `start` is the mistake's place in the text. */
export class MarkError extends Error {
  constructor(
    readonly start: number,
    message: string,
  ) {
    super(message);
  }
}

/** The grammar's tables. */
export const { objectives, options, slips, words } = grammar;
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

/** The match of an expression, in which `<name>` stands for a pattern, with what stands at a place of a text. */
export function matchAt(pattern: string, text: string, at: number): RegExpExecArray | null {
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
