/** The regular expressions of the tune language, from the file that the kernel reads too. */

import grammar from '../../../jtune/language/grammar.json';

export type PatternName = Exclude<keyof typeof grammar, 'about'>;

const SOURCES: Readonly<Record<string, string>> = grammar;
/** Compiled once each: a cell of many marks matches them again and again. */
const whole = new Map<PatternName, RegExp>();
const starts = new Map<PatternName, RegExp>();

/** What `<name>` stands for, all of it. */
export function source(name: PatternName): string {
  return expanded(SOURCES[name] ?? '');
}

/** The match of a pattern with the whole of a text. */
export function match(name: PatternName, text: string): RegExpExecArray | null {
  return compiled(whole, name, '$').exec(text);
}

/** The match of a pattern with the start of a text. */
export function matchStart(name: PatternName, text: string): RegExpExecArray | null {
  return compiled(starts, name, '').exec(text);
}

export function isMatch(name: PatternName, text: string): boolean {
  return compiled(whole, name, '$').test(text);
}

/** Where a group of a match starts and ends. */
export function placeOf(found: RegExpExecArray, group: number): { from: number; to: number } {
  const [from, to] = found.indices?.[group] ?? [0, 0];
  return { from, to };
}

function expanded(text: string): string {
  return text.replace(/<([a-z_]+)>/g, (_, name: string) => `(?:${expanded(SOURCES[name] ?? '')})`);
}

function compiled(known: Map<PatternName, RegExp>, name: PatternName, end: string): RegExp {
  const found = known.get(name) ?? new RegExp(`^(?:${source(name)})${end}`, 'dsu');
  known.set(name, found);
  return found;
}
