/**
 * A cell's text -> its syntax tree, at the same positions.
 *
 * What IPython takes before Python sees it (`%%magic`, `%magic`, `!command`, `name?`) is put out of sight first.
 */

import type { Parser, Tree, TreeFragment } from '@lezer/common';

import type { Span } from './types';

export interface Masked {
  /** As long as the cell, with its line ends. */
  text: string;
  /** The lines that IPython hands to a magic or a shell. */
  foreign: readonly Span[];
  /** The name of the cell magic, without its `%%`. */
  magic: string | null;
}

// Those whose cell is Python, run in the notebook's namespace.
const PYTHON_MAGICS = new Set(['tune', 'explore', 'time', 'timeit', 'prun', 'capture']);
const CELL_MAGIC = /^[ \t\r\n]*%%([\p{L}\p{N}_]*)[^\r\n]*/u;
/** Without one of these no line needs to be looked at: an escape at its start, a `= %` or `= !`, a `?` at its end. */
const SUSPECT = /^[ \t]*[%!?,;/]|=[ \t]*[%!][^=]|\?[ \t]*$/m;
const ESCAPED = /^[ \t]*[%!?,;/]/;
const ASSIGNED = /^[^=#"'(){}[\]]*[^=!<>#"'(){}[\]]=[ \t]*(?:%[ \t]*[\p{L}_]|!)/u;
const HELP = /\?[ \t]*$/;
/** What opens and closes in a line of Python: brackets, strings, the comment. */
const DELIMITERS = /#.*|"""|'''|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[([{]|[)\]}]/g;
/** Lezer takes the dot of `1.` for that of an attribute; with a zero in its place the number is one. */
const TRAILING_DOT = /(?<![\p{XID_Continue}.])[0-9][0-9_]*\.(?![0-9.])/gu;
const LINE = /([^\r\n]*)(\r\n|\n|\r|$)/y;

let python: Parser | null = null;

/** Take the parser of Python, which is the host's. Nothing can be read before. */
export function usePython(parser: Parser): void {
  python = parser;
}

/** Parse a cell; with the fragments of the tree before, only what has changed. */
export function parsePython(text: string, fragments?: readonly TreeFragment[]): Tree {
  const masked = maskMagics(text);
  // An edit may put lines elsewhere out of sight, which fragments do not know.
  const isAllSeen = masked.foreign.length === 0 && masked.text.trim() !== '';
  return treeOf(masked.text, isAllSeen ? fragments : undefined);
}

/** Parse a text that is all Python. */
export function treeOf(text: string, fragments?: readonly TreeFragment[]): Tree {
  if (!python) throw new Error('there is no parser yet');
  const input = text.replace(TRAILING_DOT, (number) => `${number.slice(0, -1)}0`);
  return python.parse(input, fragments);
}

/** The cell with spaces where no Python is. */
export function maskMagics(text: string): Masked {
  const found = CELL_MAGIC.exec(text);
  const head = found?.[0].length ?? 0;
  const name = found ? (found[1] ?? '') : null;
  if (name !== null && !PYTHON_MAGICS.has(name)) return { text: blank(text), foreign: [], magic: name };
  const body = text.slice(head);
  // A cell takes one cell magic.
  if (name !== null && CELL_MAGIC.test(body)) return { text: blank(text), foreign: [], magic: name };
  const foreign = SUSPECT.test(body) ? foreignLines(text, head) : [];
  let masked = blank(text.slice(0, head)) + body;
  for (const { from, to } of foreign) {
    masked = masked.slice(0, from) + stub(text.slice(from, to)) + masked.slice(to);
  }
  return { text: masked, foreign, magic: name };
}

function blank(text: string): string {
  return text.replace(/[^\r\n]/g, ' ');
}

/** An expression that says nothing, so that a block that holds only a magic is still one. */
function stub(line: string): string {
  const at = line.search(/\S/);
  return at < 0 ? line : `${blank(line.slice(0, at))}0${blank(line.slice(at + 1))}`;
}

interface Reading {
  depth: number;
  /** The quotes of the text that is open. */
  quotes: string;
  isContinued: boolean;
  isForeign: boolean;
}

function foreignLines(text: string, start: number): Span[] {
  const foreign: Span[] = [];
  let reading: Reading = { depth: 0, quotes: '', isContinued: false, isForeign: false };
  LINE.lastIndex = start;
  while (LINE.lastIndex < text.length) {
    const from = LINE.lastIndex;
    const line = LINE.exec(text)?.[1] ?? '';
    const isForeign = reading.isContinued ? reading.isForeign : isEscape(line, reading);
    if (isForeign) foreign.push({ from, to: from + line.length });
    reading = isForeign ? { ...reading, isForeign, isContinued: line.endsWith('\\') } : after(line, reading);
  }
  return foreign;
}

/** Whether a line that starts a statement is one of IPython's. */
function isEscape(line: string, reading: Reading): boolean {
  if (reading.depth > 0 || reading.quotes !== '') return false;
  if (ESCAPED.test(line) || ASSIGNED.test(line)) return true;
  if (!HELP.test(line) || line.includes('#')) return false;
  const { depth, quotes } = after(line, reading);
  return depth === 0 && quotes === '';
}

/** What is open after a line of Python. */
function after(line: string, { depth, quotes }: Reading): Reading {
  let at = 0;
  let open = depth;
  let inside = quotes;
  while (at < line.length) {
    if (inside) {
      at = endOfText(line, at, inside);
      if (at < 0) return { depth: open, quotes: inside, isContinued: false, isForeign: false };
      inside = '';
      continue;
    }
    DELIMITERS.lastIndex = at;
    const found = DELIMITERS.exec(line);
    if (!found) break;
    at = DELIMITERS.lastIndex;
    if (found[0] === '"""' || found[0] === "'''") inside = found[0];
    else if (/^[([{]/.test(found[0])) open += 1;
    else if (/^[)\]}]/.test(found[0])) open = Math.max(0, open - 1);
  }
  const isContinued = line.endsWith('\\') && inside === '';
  return { depth: open, quotes: inside, isContinued, isForeign: false };
}

function endOfText(line: string, at: number, quotes: string): number {
  const pattern = quotes === '"""' ? /(?:[^\\]|\\.)*?(?:"""|$)/y : /(?:[^\\]|\\.)*?(?:'''|$)/y;
  pattern.lastIndex = at;
  const end = pattern.test(line) ? pattern.lastIndex : line.length;
  return line.slice(at, end).endsWith(quotes) ? end : -1;
}
