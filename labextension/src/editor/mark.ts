/**
 * A mark for the literal at the cursor.
 *
 * What a mark may look like, which literal it speaks of and what can be inferred is the language's to say: here marks
 * are tried, and the first one that is read as wanted is taken.
 */

import type { Text } from '@codemirror/state';
import { type Domain, type Span, type Tunable, parsePython, readCell, valueAt } from '../language';

export interface Insertion {
  from: number;
  insert: string;
}

const IDENTIFIER = /[\p{L}_][\p{L}\p{N}_]*/gu;

/** What stands in a comment before a further one: strings may hold a `#`. */
const OWN = /^#(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^"'#])*/s;

/** The length of a mark, without a comment that follows in the same line. */
export function ownLength(comment: string): number {
  return OWN.exec(comment)?.[0].length ?? comment.length;
}

function tunablesOf(text: string): readonly Tunable[] {
  return readCell(text, parsePython(text)).tunables;
}

function domainText(domain: Domain): string {
  if (domain.kind === 'choice') return `[${domain.choices.map(({ text }) => text).join(', ')}]`;
  const bounds = `${valueAt(domain, 0).text}..${valueAt(domain, 1).text}`;
  return domain.log ? `${bounds} log` : bounds;
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
  const comment = doc.sliceString(from, to);
  return [from + comment.slice(0, ownLength(comment)).trimEnd().length, '; '];
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
