/** The hand on one control: what it writes into the document, and what of it undoes together. */

import type { EditorView } from '@codemirror/view';
import { type Tunable, type Value, literalText } from '../language';
import { readingOf, rewriting } from './reading';
import { host } from './settings';
import { ownStep, sameStep } from './step';

export class Hold {
  readonly view: EditorView;
  private readonly node: HTMLElement;
  private readonly name: string;
  private isOn = false;
  /** What the host does not yet know to be final. */
  private last: { name: string; value: Value } | null = null;

  constructor(view: EditorView, node: HTMLElement, name: string) {
    this.view = view;
    this.node = node;
    this.name = name;
  }

  get isHeld(): boolean {
    return this.isOn;
  }

  /** The tunable that the control stands behind: found anew each time, as the text moves. */
  get tunable(): Tunable | null {
    if (!this.view.contentDOM.contains(this.node)) return null;
    return readingOf(this.view.state)?.tunables.find(({ name }) => name === this.name) ?? null;
  }

  begin(): void {
    if (this.isHeld) return;
    this.isOn = true;
    this.view.state.facet(host).onHold?.(this.view, true);
  }

  /** Write a value into the literal, where it is another one. */
  write(value: Value): void {
    const { tunable } = this;
    if (!tunable || this.view.state.readOnly || value.text === tunable.literal.text) return;
    this.begin();
    const { name, from, to } = tunable;
    const insert = literalText(value, this.view.state.sliceDoc(from, to));
    const { annotations, ...event } = this.last === null ? ownStep : sameStep;
    this.last = { name, value };
    this.view.dispatch({
      changes: { from, to, insert },
      annotations: [rewriting.of({ name, value }), annotations],
      ...event,
    });
    this.view.state.facet(host).onChange?.(this.view, name, value, false);
  }

  end(): void {
    if (!this.isHeld) return;
    const { last } = this;
    this.release();
    if (!last) return;
    this.view.state.facet(host).onChange?.(this.view, last.name, last.value, true);
  }

  /** The control is gone: nothing more is written. */
  release(): void {
    if (!this.isHeld) return;
    this.isOn = false;
    this.last = null;
    this.view.state.facet(host).onHold?.(this.view, false);
  }
}
