/** One editor of a code cell: moves of its controls go to the kernel, and what a study found out is shown in the editor. */

import type { EditorView } from '@codemirror/view';
import type { ICellModel } from '@jupyterlab/cells';

import { readingOf, setStudy } from '../editor';
import type { StudySummary } from '../messages';
import { holdStep } from './history';
import type { Link } from './link';
import type { Notebooks } from './notebooks';
import { codeOf, runUnder } from './run';
import { dismiss, say, saying } from './say';

const PYTHON = 'text/x-ipython';

export function isPythonCell({ mimeType }: ICellModel): boolean {
  return mimeType === PYTHON;
}

export class CellEditor {
  #summary: StudySummary | null = null;
  #letGo: (() => void) | null = null;
  #isDisposed = false;
  /** The notification that offers to run the cell. */
  #offer: string | undefined;

  constructor(
    readonly view: EditorView,
    readonly model: ICellModel,
    private readonly notebooks: Notebooks,
  ) {}

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  /** The editor goes; a control that is still held in the page writes nothing more. */
  dispose(): void {
    this.#isDisposed = true;
    this.hold(false);
  }

  /** Show what the kernel knows of the cell. */
  showSummary(): void {
    const summary = this.#link?.summaries.get(this.model.id) ?? null;
    if (this.#summary === summary) return;
    this.#summary = summary;
    this.view.dispatch({ effects: setStudy.of(summary) });
  }

  /** A control has written a literal: where the cell is explored, run it with the literals that stand there now. */
  move(isFinal: boolean): void {
    const link = this.#link;
    const study = link?.latestOf(this.model.id);
    if (!link || typeof study?.explored !== 'string') return;
    const { state } = this.view;
    if (codeOf(study.explored) !== codeOf(state.doc.toString())) {
      if (isFinal) this.#offerToRun();
      return;
    }
    const tunables = readingOf(state)?.tunables ?? [];
    const literals = Object.fromEntries(
      tunables.map(({ name, from, to }) => [name, state.sliceDoc(from, to)]),
    );
    void saying(() => link.move(study.name, literals));
  }

  /** Make all that is written while a control is held one step to undo. */
  hold(isHeld: boolean): void {
    this.#letGo?.();
    this.#letGo = isHeld ? holdStep(this.model) : null;
  }

  get #link(): Link | null {
    return this.notebooks.linkOf(this.model);
  }

  /** Offer to run the cell: the kernel has the code of the cell as it ran last. */
  #offerToRun(): void {
    dismiss(this.#offer);
    const run = {
      label: 'Run',
      callback: () => {
        const place = this.notebooks.cellOf(this.view);
        if (place) void saying(() => runUnder('explore', place.panel, place.cell));
      },
    };
    const text = 'The cell was edited since it ran. Run it, and its sliders run the new code.';
    this.#offer = say('info', text, [run]);
  }
}
