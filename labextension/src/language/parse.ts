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
/** A line that is IPython's: with an escape at its start, a `= %` or `= !`, or a `?` at its end. */
const FOREIGN =
  /^[ \t]*[%!?,;/]|^[^=#"'(){}[\]]*[^=!<>#"'(){}[\]]=[ \t]*(?:%[ \t]*[\p{L}_]|!)|^[^#"'(){}]*\?[ \t]*$/u;
/** What counts in a line of Python: notes, texts, brackets, and its end, unless a backslash continues it. */
const TOKEN =
  /#[^\r\n]*|("""|''')(?:\\[^]|[^])*?(?:\1|$)|(["'])(?:\\(?:\r\n|[^])|(?!\2)[^\\\r\n])*\2?|[([{]|[)\]}]|\\(?:\r\n|[^])|\r\n?|\n/g;
/** Lezer takes the dot of `1.` for that of an attribute; with a zero in its place the number is one. */
const TRAILING_DOT = /(?<![\p{XID_Continue}.])[0-9][0-9_]*\.(?![0-9.])/gu;
const LINE = /[^\r\n]*/y;

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

/**
 * The comments of a tree, in order. All nodes are looked at: the parser of JupyterLab 4.4 puts some comments into the
 * statement before, beyond its end, where `resolveInner` does not find them.
 */
export function commentsOf(tree: Tree): Span[] {
  const comments: Span[] = [];
  tree.iterate({
    enter: ({ name, from, to }) => {
      if (name === 'Comment') comments.push({ from, to });
    },
  });
  return comments;
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
  const foreign = foreignLines(text, head);
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

/** The lines that start a statement and are IPython's, with those that a backslash continues them over. */
function foreignLines(text: string, start: number): Span[] {
  const foreign: Span[] = [];
  let [from, depth, isContinued] = [start, 0, false];
  while (from < text.length) {
    LINE.lastIndex = from;
    const line = LINE.exec(text)?.[0] ?? '';
    const isForeign = isContinued || (depth === 0 && FOREIGN.test(line));
    if (isForeign) foreign.push({ from, to: from + line.length });
    isContinued = isForeign && line.endsWith('\\');
    TOKEN.lastIndex = isForeign ? from + line.length : from;
    let token = TOKEN.exec(text)?.[0] ?? '';
    while (token !== '' && !/^[\r\n]/.test(token)) {
      if ('([{'.includes(token)) depth += 1;
      if (')]}'.includes(token)) depth = Math.max(0, depth - 1);
      token = TOKEN.exec(text)?.[0] ?? '';
    }
    from = token === '' ? text.length : TOKEN.lastIndex;
  }
  return foreign;
}
