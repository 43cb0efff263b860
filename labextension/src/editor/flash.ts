/** Shows for a moment what was written into the cell, and what stood there before. */

import { type Range, StateEffect, StateField } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from '@codemirror/view';
import type { Span } from '../language';
import { element } from '../dom';

const SHOWN_MS = 2000;

export interface Change extends Span {
  before: string;
}

/** The literals that were written, where they stand afterwards. An empty list ends the flash. */
export const flash = StateEffect.define<readonly Change[]>();

const WRITTEN = Decoration.mark({ class: 'jtune-flash' });

class Before extends WidgetType {
  private readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }

  override eq(other: Before): boolean {
    return this.text === other.text;
  }

  override toDOM(): HTMLElement {
    return element('del', { class: 'jtune-before' }, this.text);
  }
}

function shown(changes: readonly Change[]): DecorationSet {
  const ranges = changes.flatMap(({ from, to, before }): Range<Decoration>[] => [
    Decoration.widget({ widget: new Before(before), side: -1 }).range(from),
    WRITTEN.range(from, to),
  ]);
  return Decoration.set(ranges, true);
}

const flashField = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (flashes, { effects, changes }) =>
    effects.reduce((last, effect) => (effect.is(flash) ? shown(effect.value) : last), flashes.map(changes)),
  provide: (field) => EditorView.decorations.from(field),
});

class Fading {
  private readonly view: EditorView;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(view: EditorView) {
    this.view = view;
  }

  update({ transactions }: ViewUpdate): void {
    const effects = transactions.flatMap((tr) => tr.effects);
    if (!effects.some((effect) => effect.is(flash) && effect.value.length > 0)) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.view.dispatch({ effects: flash.of([]) });
    }, SHOWN_MS);
  }

  destroy(): void {
    clearTimeout(this.timer);
  }
}

export const flashing = [flashField, ViewPlugin.fromClass(Fading)];
