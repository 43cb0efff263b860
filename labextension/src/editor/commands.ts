/** What is done to a cell's text from outside: literals written, marks put in and taken out. */

import { isolateHistory } from '@codemirror/commands';
import type { ChangeSpec } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { Span } from '../language';
import { type Change, flash } from './flash';
import { type Insertion, insertionOf, ownLength } from './mark';
import { refresh } from './reader';
import { readingOf } from './reading';

export interface LiteralChange {
  name: string;
  before: string;
  after: string;
}

/** Where the written literals stand afterwards; the edits are in the order of the text. */
function flashesOf(edits: readonly (LiteralChange & Span)[]): Change[] {
  let shift = 0;
  return edits.map(({ from, to, before, after }) => {
    const start = from + shift;
    shift += after.length - (to - from);
    return { from: start, to: start + after.length, before };
  });
}

/** Write literals as one undoable edit; names that are no longer there as expected are returned and left alone. */
export function writeLiterals(view: EditorView, changes: readonly LiteralChange[]): string[] {
  refresh(view);
  const { state } = view;
  const tunables = new Map(readingOf(state)?.tunables.map((tunable) => [tunable.name, tunable]));
  const found = changes.flatMap((change) => {
    const tunable = tunables.get(change.name);
    const isThere = tunable && !state.readOnly && state.sliceDoc(tunable.from, tunable.to) === change.before;
    return isThere ? [{ ...change, from: tunable.from, to: tunable.to }] : [];
  });
  const edits = found.filter(({ before, after }) => before !== after).sort((a, b) => a.from - b.from);
  if (edits.length > 0) {
    view.dispatch({
      changes: edits.map(({ from, to, after }) => ({ from, to, insert: after })),
      effects: flash.of(flashesOf(edits)),
      annotations: isolateHistory.of('full'),
    });
    refresh(view);
  }
  const written = new Set(found.map(({ name }) => name));
  return changes.map(({ name }) => name).filter((name) => !written.has(name));
}

function edit(view: EditorView, changes: ChangeSpec): void {
  view.dispatch({ changes, annotations: isolateHistory.of('full') });
  refresh(view);
}

/** Put an inferred mark behind the literal at the cursor; false where there is none, or no range can be inferred. */
export function markLiteral(view: EditorView): boolean {
  refresh(view);
  const { state } = view;
  if (state.readOnly) return false;
  const { head } = state.selection.main;
  const insertion: Insertion | null = insertionOf(state.doc, readingOf(state)?.tunables ?? [], head);
  if (insertion) edit(view, insertion);
  return insertion !== null;
}

/** Take the marks out; where something is selected, only those of the lines in the selection. */
export function removeMarks(view: EditorView): boolean {
  refresh(view);
  const { state } = view;
  const { main } = state.selection;
  const comments = new Map(
    readingOf(state)
      ?.tunables.filter(({ from, comment }) => main.empty || (from <= main.to && comment.to >= main.from))
      .map(({ comment }) => [comment.from, comment]),
  );
  if (state.readOnly || comments.size === 0) return false;
  const changes = [...comments.values()].map(({ from, to }) => {
    const length = ownLength(state.sliceDoc(from, to));
    // Where a comment of the user's follows, it takes the place of the mark.
    if (from + length < to) return { from, to: from + length };
    const line = state.doc.lineAt(from);
    return { from: line.from + line.text.slice(0, from - line.from).trimEnd().length, to };
  });
  edit(view, changes);
  return true;
}
