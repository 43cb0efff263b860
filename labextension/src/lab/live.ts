/** In-line controls of explored cells: each move runs the cell again, the latest wins; and what studies say of cells. */

import type { EditorView } from '@codemirror/view';
import type { Cell, CodeCell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { type TuningHost, readingOf, setStudy } from '../editor';
import type { StudySummary } from '../messages';
import { holdStep } from './history';
import type { Link } from './link';
import type { Links } from './links';
import { viewOf } from './cells';
import { codeOf, runUnder } from './run';
import { dismiss, say, saying } from './say';

interface Place {
  link: Link;
  panel: NotebookPanel;
  cell: CodeCell;
}

export class Live {
  runsOnReleaseOnly = false;
  onReading: () => void = () => undefined;
  readonly #shown = new WeakMap<EditorView, StudySummary | null>();
  /** What is to be sent next, by study, while a question is in flight. */
  readonly #wanted = new Map<string, Record<string, string>>();
  readonly #inFlight = new Set<string>();
  readonly #letGo = new WeakMap<EditorView, () => void>();
  readonly #places = new WeakMap<EditorView, Place>();
  /** What was last said of a cell. */
  readonly #said = new WeakMap<Cell, string>();

  constructor(
    private readonly tracker: INotebookTracker,
    private readonly links: Links,
  ) {}

  readonly host: TuningHost = {
    onChange: (view, _name, _value, isFinal) => {
      this.#move(view, isFinal);
    },
    onReading: () => {
      this.onReading();
    },
    onHold: (view, isHeld) => {
      this.#hold(view, isHeld);
    },
  };

  /** Tell an editor what the kernel knows of its cell. */
  showSummary(view: EditorView): void {
    const place = this.#placeOf(view);
    const summary = place?.link.summaries.get(place.cell.model.id) ?? null;
    if ((this.#shown.get(view) ?? null) === summary) return;
    this.#shown.set(view, summary);
    view.dispatch({ effects: setStudy.of(summary) });
  }

  /** Found by its editor: older JupyterLabs take cells that are scrolled out of sight out of the page. */
  #placeOf(view: EditorView): Place | null {
    const known = this.#places.get(view);
    if (known && !known.cell.isDisposed) return known;
    const panel = this.tracker.find(({ content }) => content.widgets.some((cell) => viewOf(cell) === view));
    const cell = panel?.content.widgets.find((each) => viewOf(each) === view);
    const link = panel && this.links.of(panel);
    if (!link || cell?.model.type !== 'code') return null;
    const place = { link, panel, cell: cell as CodeCell };
    this.#places.set(view, place);
    return place;
  }

  #move(view: EditorView, isFinal: boolean): void {
    const place = this.#placeOf(view);
    const study = place?.link.latestOf(place.cell.model.id);
    if (!place || typeof study?.explored !== 'string') return;
    const { state } = view;
    if (codeOf(study.explored) !== codeOf(state.doc.toString())) {
      if (isFinal) this.#offerToRun(place);
      return;
    }
    if (!isFinal && this.runsOnReleaseOnly) return;
    const literals = readingOf(state)?.tunables.map(({ name, from, to }) => [name, state.sliceDoc(from, to)]);
    this.#wanted.set(study.name, Object.fromEntries(literals ?? []) as Record<string, string>);
    void saying(() => this.#send(place.link, study.name));
  }

  /** The kernel has the code as it was explored. */
  #offerToRun({ panel, cell }: Place): void {
    dismiss(this.#said.get(cell));
    const run = {
      label: 'Run',
      callback: () => {
        void saying(() => runUnder('explore', panel, cell));
      },
    };
    const text = 'The cell was edited since it ran. Run it, and its sliders run the new code.';
    this.#said.set(cell, say('info', text, [run]));
  }

  /** One question at a time: the kernel is sent where the controls stand, not each place where they were. */
  async #send(link: Link, study: string): Promise<void> {
    if (this.#inFlight.has(study)) return;
    this.#inFlight.add(study);
    try {
      let literals = this.#wanted.get(study);
      while (literals) {
        this.#wanted.delete(study);
        await link.call('move', study, literals);
        literals = this.#wanted.get(study);
      }
    } finally {
      this.#inFlight.delete(study);
    }
  }

  /** A drag is one step to undo. It may end when its editor is gone from the page already. */
  #hold(view: EditorView, isHeld: boolean): void {
    this.#letGo.get(view)?.();
    this.#letGo.delete(view);
    const model = isHeld ? this.#placeOf(view)?.cell.model : undefined;
    if (model) this.#letGo.set(view, holdStep(model));
  }
}
