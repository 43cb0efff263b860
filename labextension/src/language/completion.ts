/** What may follow at a place in a cell: forms of marks, and the magics' options. */

import { readCell } from './cell';
import { domainText, infer } from './domains';
import { parsePython } from './parse';
import type { Value } from './types';
import { literalText } from './values';

export interface Completions {
  from: number;
  to: number;
  items: readonly { text: string; detail: string }[];
}

type Item = Completions['items'][number];

/** As `jtune/magic.py` lists them. */
const OPTIONS: readonly Item[] = [
  { text: '-n', detail: 'bring the study to N finished trials (30)' },
  { text: '--minimize', detail: 'minimize EXPR, or the last expression' },
  { text: '--maximize', detail: 'maximize EXPR, or the last expression' },
  { text: '--sampler', detail: 'gp, skopt, forest, tpe, cmaes, random, grid, qmc, nsga2' },
  { text: '--pruner', detail: 'median, hyperband, none' },
  { text: '--seed', detail: 'makes proposals repeatable' },
  { text: '--timeout', detail: 'end the search after this time: 30s, 10m' },
  { text: '--trial-timeout', detail: 'end a trial after this time' },
  { text: '--target', detail: 'end when the objective is this good' },
  { text: '--patience', detail: 'end after N trials without a better one' },
  { text: '--repeats', detail: 'run the cell R times a trial' },
  { text: '--fresh', detail: 'start anew; the old trials stay on disk' },
  { text: '--no-panel', detail: 'only the report' },
];
const OF_EXPLORE = new Set(['--minimize', '--maximize', '--fresh']);

export function completionsAt(text: string, pos: number): Completions | null {
  const lineStart = text.lastIndexOf('\n', pos - 1) + 1;
  const before = text.slice(lineStart, pos);
  if (lineStart === 0 && /^%%(tune|explore)\s/.test(before)) return optionsAt(before, pos);
  const mark = /#[ \t]*tune(?:[ \t]+[\w.]+)?[ \t]*:([^#]*)$/.exec(before);
  if (!mark) return null;
  return formsAt(text, lineStart, lineStart + mark.index, pos, mark[1] ?? '');
}

function optionsAt(before: string, pos: number): Completions | null {
  const typed = /\s(-{1,2}[\w-]*)$/.exec(before)?.[1];
  if (typed === undefined) return null;
  const isExplore = before.startsWith('%%explore');
  const fitting = OPTIONS.filter(
    ({ text }) => text.startsWith(typed) && (!isExplore || OF_EXPLORE.has(text)),
  );
  return { from: pos - typed.length, to: pos, items: fitting };
}

function formsAt(
  text: string,
  lineStart: number,
  markStart: number,
  pos: number,
  written: string,
): Completions {
  const typed = /(?:^|\s)(\S*)$/.exec(written)?.[1] ?? '';
  const from = pos - typed.length;
  const all = written.trim() === typed ? first(text, lineStart, markStart) : later(text, written);
  return { from, to: pos, items: all.filter((item) => item.text.startsWith(typed)) };
}

/** What may stand behind the colon, by what the line holds. */
function first(text: string, lineStart: number, markStart: number): Item[] {
  const code = text.slice(lineStart, markStart);
  if (/^\s*(?:async\s+)?(?:for|while)\b/.test(code)) {
    return [{ text: 'report ', detail: 'record values after each iteration' }];
  }
  // With a bare mark the line's literal is read, whatever it is.
  const line = `${code}# tune: [0, 1]`;
  const bare = `${text.slice(0, lineStart)}${line}`;
  const problem = readCell(bare, parsePython(bare));
  const literal = literalOf(code) ?? problem.tunables.at(-1)?.literal;
  const objective = [
    { text: 'minimize', detail: 'this is the objective' },
    { text: 'maximize', detail: 'this is the objective' },
  ];
  return literal ? forms(literal, code) : objective;
}

/** The literal that a line ends in, read by what a mark on it would be told. */
function literalOf(code: string): Value | null {
  const alone = `${code.trimStart()}# tune: [None, ""]`;
  const bare = alone.replace(/^\s+/, '');
  const found = /(?:=|:)\s*([^=:#]+?)\s*,?\s*#/.exec(bare)?.[1];
  if (found === undefined) return null;
  const cell = `x = ${found}  # tune: [${found}, 'jtune']`;
  return readCell(cell, parsePython(cell)).tunables[0]?.literal ?? null;
}

function forms(literal: Value, code: string): Item[] {
  const domain = infer(literal);
  switch (literal.type) {
    case 'bool':
      return [{ text: '[True, False]', detail: 'both' }];
    case 'int':
      return domain ? intForms(domainText(domain)) : [{ text: '0..10', detail: 'an integer range' }];
    case 'float':
      return domain
        ? floatForms(domainText(domain), literal.value)
        : [{ text: '-1.0..1.0', detail: 'a range' }];
    case 'str':
      return [{ text: `[${literalText(literal, code.includes('"') ? '"' : "'")}, ""]`, detail: 'choices' }];
    default:
      return [{ text: `[${literal.text}, None]`, detail: 'choices' }];
  }
}

function intForms(range: string): Item[] {
  return [
    { text: range, detail: 'an integer range' },
    { text: `${range} log`, detail: 'on a log scale' },
    { text: `${range} step 2`, detail: 'a grid' },
  ];
}

function floatForms(logRange: string, value: number): Item[] {
  const [low, high] = value <= 1 ? ['0.0', '1.0'] : ['0.0', String(2 * value)];
  return [
    { text: logRange, detail: 'on a log scale' },
    { text: `${low}..${high}`, detail: 'a range' },
  ];
}

/** What may stand behind a range. */
function later(text: string, written: string): Item[] {
  const words = written.split(/\s+/);
  if (words.includes('if')) {
    const tree = parsePython(text);
    return readCell(text, tree).tunables.map(({ name }) => ({ text: name, detail: 'a parameter' }));
  }
  return [
    ...(words.includes('log') || written.includes('[') ? [] : [{ text: 'log', detail: 'on a log scale' }]),
    ...(words.includes('step') || written.includes('[') ? [] : [{ text: 'step ', detail: 'a grid' }]),
    { text: 'if ', detail: 'active only where a condition holds' },
  ];
}
