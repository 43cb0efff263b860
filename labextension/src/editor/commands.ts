/** What is done to a cell's text from outside: literals written, marks put in and taken out. */

import type { ChangeSpec } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { Span } from '../language';
import { type Change, flash } from './flash';
import { insertionOf, marksOf } from './mark';
import { refresh } from './reader';
import { readingOf } from './reading';
import { ownStep } from './step';

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
      ...ownStep,
    });
    refresh(view);
  }
  const written = new Set(found.map(({ name }) => name));
  return changes.map(({ name }) => name).filter((name) => !written.has(name));
}

function edit(view: EditorView, changes: ChangeSpec): void {
  view.dispatch({ changes, ...ownStep });
  refresh(view);
}

/** Put an inferred mark behind the literal at the cursor; false where there is none, or no range can be inferred. */
export function markLiteral(view: EditorView): boolean {
  refresh(view);
  const { state } = view;
  if (state.readOnly) return false;
  const { head } = state.selection.main;
  const insertion = insertionOf(state.doc, readingOf(state)?.tunables ?? [], head);
  if (insertion) edit(view, insertion);
  return insertion !== null;
}

/** Take the marks out; where something is selected, only those of the lines in the selection. */
export function removeMarks(view: EditorView): boolean {
  const { doc, readOnly, selection } = view.state;
  const { empty, from, to } = selection.main;
  const changes = marksOf(doc).filter((mark) => {
    const line = doc.lineAt(mark.from);
    return empty || (line.from <= to && line.to >= from);
  });
  if (readOnly || changes.length === 0) return false;
  edit(view, changes);
  return true;
}
