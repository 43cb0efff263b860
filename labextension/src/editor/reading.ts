/** What is known of the cell, in the coordinates of the present document. */

import { Annotation, type EditorState, StateEffect, StateField, type Transaction } from '@codemirror/state';
import type { CellReading, Problem, Span, Tunable, Value } from '../language';

/** A control's own change of one literal: the tunable lives on, with another value. */
export const rewriting = Annotation.define<{ name: string; value: Value }>();

export const setReading = StateEffect.define<CellReading>();

/** What may stand beside a span without making it something else. */
interface Edges {
  before: RegExp;
  after: RegExp;
}

const BESIDE_LITERAL: Edges = { before: /^[^\p{L}\p{N}_.'"+-]?$/su, after: /^[^\p{L}\p{N}_.'"([]?$/su };
const BESIDE_COMMENT: Edges = { before: /^/s, after: /^[\r\n]?$/s };

/** Where a span is after a transaction; null where its text, or what its text means, may be another. */
function survivor(span: Span, edges: Edges, tr: Transaction): Span | null {
  const { startState, newDoc, changes } = tr;
  const [from, to] = [changes.mapPos(span.from, 1), changes.mapPos(span.to, -1)];
  if (!changes.touchesRange(span.from, span.to)) return { from, to };
  if (from > to || newDoc.sliceString(from, to) !== startState.sliceDoc(span.from, span.to)) return null;
  const isSame =
    edges.before.test(newDoc.sliceString(Math.max(from - 1, 0), from)) &&
    edges.after.test(newDoc.sliceString(to, Math.min(to + 1, newDoc.length)));
  return isSame ? { from, to } : null;
}

function movedTunable(tunable: Tunable, tr: Transaction): Tunable[] {
  const comment = survivor(tunable.comment, BESIDE_COMMENT, tr);
  if (!comment) return [];
  const own = tr.annotation(rewriting);
  if (own?.name === tunable.name) {
    const [from, to] = [tr.changes.mapPos(tunable.from, -1), tr.changes.mapPos(tunable.to, 1)];
    return [{ ...tunable, comment, from, to, literal: own.value }];
  }
  const span = survivor(tunable, BESIDE_LITERAL, tr);
  return span ? [{ ...tunable, comment, ...span }] : [];
}

function movedProblem(problem: Problem, { changes }: Transaction): Problem[] {
  const [from, to] = [changes.mapPos(problem.from, 1), changes.mapPos(problem.to, -1)];
  return from < to ? [{ ...problem, from, to }] : [];
}

function moved(reading: CellReading, tr: Transaction): CellReading {
  if (reading.tunables.length + reading.problems.length === 0) return reading;
  return {
    ...reading,
    tunables: reading.tunables.flatMap((tunable) => movedTunable(tunable, tr)),
    problems: reading.problems.flatMap((problem) => movedProblem(problem, tr)),
  };
}

export const readingField = StateField.define<CellReading | null>({
  create: () => null,
  update(reading, tr) {
    const news = tr.effects.findLast((effect) => effect.is(setReading));
    if (news) return news.value;
    return reading && tr.docChanged ? moved(reading, tr) : reading;
  },
});

/** The last reading, its spans mapped to the present document; null while there is none. */
export function readingOf(state: EditorState): CellReading | null {
  return state.field(readingField, false) ?? null;
}

/** Whether the cell is meant for jtune: elsewhere "# tune" may be anybody's prose. */
export function isTuned(reading: CellReading): boolean {
  return reading.magic !== null || reading.tunables.length + reading.objectives.length > 0;
}
