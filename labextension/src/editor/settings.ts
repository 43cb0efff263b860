/** What the embedder says: settings, callbacks, and what a finished study knows of the cell. */

import { Facet, StateEffect, type StateEffectType, StateField } from '@codemirror/state';
import type { EditorView } from '@codemirror/view';
import type { CellReading, Value } from '../language';
import type { StudySummary } from '../messages';

export interface TuningConfig {
  /** Highlighted literals, dimmed comments, underlined mistakes. */
  marks: boolean;
  /** Sliders and the like beside the literals. */
  controls: boolean;
}

export interface TuningHost {
  /** After a control has rewritten a literal; `isFinal` when it was released. */
  onChange?(view: EditorView, name: string, value: Value, isFinal: boolean): void;
  /** After each new reading. */
  onReading?(view: EditorView, reading: CellReading): void;
  /**
   * A control is held, and is let go again: what is written in between belongs into one step of an undo history.
   *
   * CodeMirror's own history is told already; this is for others, such as that of a shared document.
   */
  onHold?(view: EditorView, isHeld: boolean): void;
}

export const host = Facet.define<TuningHost, TuningHost>({ combine: (hosts) => hosts[0] ?? {} });

export const setConfig: StateEffectType<TuningConfig> = StateEffect.define<TuningConfig>();

/** null takes the study away. */
export const setStudy: StateEffectType<StudySummary | null> = StateEffect.define<StudySummary | null>();

export const configField = lastOf(setConfig, { marks: true, controls: true });

export const studyField = lastOf(setStudy, null);

function lastOf<T>(effectType: StateEffectType<T>, initial: T): StateField<T> {
  return StateField.define<T>({
    create: () => initial,
    update: (value, { effects }) =>
      effects.reduce((last, effect) => (effect.is(effectType) ? effect.value : last), value),
  });
}
