/** Highlights, dims, underlines, and puts the controls in: only of what is in sight. */

import type { EditorState, Range, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  ViewPlugin,
  type ViewUpdate,
} from '@codemirror/view';
import { type CellReading, type Span, type Tunable, activeNames } from '../language';
import { controlOf } from './controls';
import { isTuned, readingField } from './reading';
import { configField, studyField } from './settings';

/** From which share on a parameter has which level of importance; below the first it has 1. */
const LEVELS = [0.1, 0.25, 0.5];

const COMMENT = Decoration.mark({ class: 'jtune-comment' });
const PROBLEM = Decoration.mark({ class: 'jtune-problem' });

function importanceOf(state: EditorState, name: string): number | null {
  const effect = state.field(studyField)?.effects.find((each) => each.name === name);
  return effect ? 1 + LEVELS.filter((level) => effect.importance >= level).length : null;
}

function literalMark(state: EditorState, name: string, isActive: boolean): Decoration {
  const level = importanceOf(state, name);
  const classes = ['jtune-literal'];
  if (level !== null) classes.push(`jtune-importance-${level}`);
  if (!isActive) classes.push('jtune-inactive');
  return Decoration.mark({ class: classes.join(' ') });
}

function* marksOf(
  state: EditorState,
  tunables: readonly Tunable[],
  active: Set<string>,
): Generator<Range<Decoration>> {
  // Several tunables may share one comment.
  const comments = new Map<number, Span>();
  for (const { name, from, to, comment } of tunables) {
    yield literalMark(state, name, active.has(name)).range(from, to);
    comments.set(comment.from, comment);
  }
  for (const { from, to } of comments.values()) yield COMMENT.range(from, to);
}

/** Where a problem is underlined: at least one character, if there is one. */
export function underlined({ from, to }: Span, state: EditorState): Span {
  if (from < to) return { from, to };
  const line = state.doc.lineAt(from);
  return from < line.to ? { from, to: from + 1 } : { from: Math.max(from - 1, line.from), to: from };
}

function* problemsOf(state: EditorState, reading: CellReading): Generator<Range<Decoration>> {
  if (!isTuned(reading)) return;
  for (const problem of reading.problems) {
    const { from, to } = underlined(problem, state);
    if (from < to) yield PROBLEM.range(from, to);
  }
}

function controlsOf(
  state: EditorState,
  tunables: readonly Tunable[],
  active: Set<string>,
): Range<Decoration>[] {
  return tunables.map((tunable) => {
    const isDisabled = state.readOnly || !active.has(tunable.name);
    return Decoration.widget({ widget: controlOf(tunable, isDisabled), side: 1 }).range(tunable.to);
  });
}

function decorated({ state, visibleRanges }: EditorView): DecorationSet {
  const reading = state.field(readingField);
  if (!reading) return Decoration.none;
  const { marks, controls } = state.field(configField);
  const inSight = reading.tunables.filter(({ from, comment }) =>
    visibleRanges.some((range) => from <= range.to && comment.to >= range.from),
  );
  const active = activeNames(reading);
  const ranges = [
    ...(marks ? marksOf(state, inSight, active) : []),
    ...(marks ? problemsOf(state, reading) : []),
    ...(controls ? controlsOf(state, inSight, active) : []),
  ];
  return Decoration.set(ranges, true);
}

function isNews({ startState, state, docChanged, viewportChanged }: ViewUpdate): boolean {
  const isOther = <T>(field: StateField<T>) => startState.field(field) !== state.field(field);
  return (
    docChanged ||
    viewportChanged ||
    startState.readOnly !== state.readOnly ||
    isOther(readingField) ||
    isOther(configField) ||
    isOther(studyField)
  );
}

class Painter {
  decorations: DecorationSet;

  constructor(view: EditorView) {
    this.decorations = decorated(view);
  }

  update(update: ViewUpdate): void {
    if (isNews(update)) this.decorations = decorated(update.view);
  }
}

export const painter = ViewPlugin.fromClass(Painter, { decorations: (plugin) => plugin.decorations });
