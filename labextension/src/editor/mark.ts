/**
 * A mark for the literal at the cursor.
 *
 * What a mark may look like, which literal it speaks of and what can be inferred is the language's to say: here marks
 * are tried, and the first one that is read as wanted is taken.
 */

import type { Text } from '@codemirror/state';
import { type Span, type Tunable, domainText, parsePython, readCell } from '../language';
import { MarkError, match, matchStart, placeOf } from '../language/grammar';
import { readComment } from '../language/marks';

export interface Insertion {
  from: number;
  insert: string;
}

const IDENTIFIER = /[\p{L}_][\p{L}\p{N}_]*/gu;

/** Where the mark stands in a comment: neither a comment before it nor one behind it belongs to it. */
function markIn(comment: string): Span {
  const found = match('mark', comment) ?? match('later_mark', comment);
  // Colab's forms take the whole comment.
  if (!found) return { from: 0, to: comment.length };
  const { from, to } = placeOf(found, 1);
  const body = matchStart('body', comment.slice(to))?.[1] ?? '';
  return { from, to: to + body.trimEnd().length };
}

/** Whether a comment says something in the tune language, be it right or wrong for its line. */
function isMark(comment: string): boolean {
  try {
    return readComment(comment).length > 0;
  } catch (error) {
    if (error instanceof MarkError) return false;
    throw error;
  }
}

/** What is to be deleted so that the marks of a text are gone, line by line: parameters, objectives and reports. */
export function marksOf(doc: Text): Span[] {
  const marks: Span[] = [];
  parsePython(doc.toString()).iterate({
    enter: ({ name, from, to }) => {
      const comment = name === 'Comment' ? doc.sliceString(from, to) : '';
      const code = doc.sliceString(doc.lineAt(from).from, from).trimEnd();
      if (comment === '' || code === '' || !isMark(comment)) return;
      const mark = markIn(comment);
      const isLast = comment.slice(mark.to).trim() === '';
      // What follows of the user's takes the place of the mark; else the space before it goes too.
      const before = doc.sliceString(doc.lineAt(from).from, from + mark.from);
      const start = from + mark.from - (isLast ? before.length - before.trimEnd().length : 0);
      const gap = comment.slice(mark.to).length - comment.slice(mark.to).trimStart().length;
      marks.push({ from: start, to: isLast ? to : from + mark.to + gap });
    },
  });
  return marks;
}

function tunablesOf(text: string): readonly Tunable[] {
  return readCell(text, parsePython(text)).tunables;
}

/** The number or the boolean at a position. */
function literalAt(text: string, position: number): Span | null {
  const tree = parsePython(text);
  for (const side of [-1, 1] as const) {
    const node = tree.resolveInner(position, side);
    if (node.name === 'Number' || node.name === 'Boolean') return { from: node.from, to: node.to };
  }
  return null;
}

/** Where a mark is put on a line, and how it begins: behind an earlier item, or as a comment of its own. */
function startOf(doc: Text, tunables: readonly Tunable[], position: number): [at: number, lead: string] {
  const line = doc.lineAt(position);
  const marked = tunables.find(({ comment }) => comment.from >= line.from && comment.to <= line.to);
  if (!marked) return [line.from + line.text.trimEnd().length, '  # tune '];
  const { from, to } = marked.comment;
  return [from + markIn(doc.sliceString(from, to)).to, '; '];
}

/** Where several literals stand on a line: the mark with the name, and with the range that would be inferred. */
function named(doc: Text, tunables: readonly Tunable[], position: number): Insertion | null {
  const text = doc.toString();
  const literal = literalAt(text, position);
  const domain = literal && tunablesOf(`x = ${text.slice(literal.from, literal.to)}  # tune`)[0]?.domain;
  if (!domain) return null;
  const [from, lead] = startOf(doc, tunables, position);
  const names = new Set(doc.lineAt(position).text.match(IDENTIFIER));
  const tries = [...names].map((name) => ({ from, insert: `${lead}${name}: ${domainText(domain)}` }));
  return (
    tries.find((each) => tunablesOf(withText(text, each)).some((tunable) => tunable.from === literal.from)) ??
    null
  );
}

function withText(text: string, { from, insert }: Insertion): string {
  return text.slice(0, from) + insert + text.slice(from);
}

/** The mark to be put in for the literal at a position; null where there is none to mark. */
export function insertionOf(doc: Text, tunables: readonly Tunable[], position: number): Insertion | null {
  const line = doc.lineAt(position);
  const here = tunables.filter(({ from, to }) => from <= line.to && to >= line.from);
  if (here.some(({ from, to }) => from <= position && position <= to)) return null;
  const from = line.from + line.text.trimEnd().length;
  const isHere = (tunable: Tunable) => tunable.from >= line.from && tunable.to <= line.to;
  const bare = tunablesOf(withText(doc.toString(), { from, insert: '  # tune' })).find(isHere);
  // The range is written out: it is there to be changed.
  if (here.length === 0 && bare) return { from, insert: `  # tune: ${domainText(bare.domain)}` };
  return named(doc, here, position);
}
