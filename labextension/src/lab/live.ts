/** In-line controls of explored cells: each move runs the cell again, the latest wins; and what studies say of cells. */

import type { EditorView } from '@codemirror/view';
import type { Cell } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { type TuningHost, readingOf, setStudy, type StudySummary } from '../editor';
import { holdStep } from './history';
import type { Link } from './link';

interface Place {
  link: Link;
  cell: string;
}

export class Live {
  runsOnReleaseOnly = false;
  onReading: () => void = () => undefined;
  readonly #shown = new WeakMap<EditorView, StudySummary | null>();
  /** What is to be sent next, by cell, while a question is in flight. */
  readonly #wanted = new Map<string, Record<string, string>>();
  readonly #inFlight = new Set<string>();
  readonly #letGo = new WeakMap<EditorView, () => void>();

  constructor(
    private readonly tracker: INotebookTracker,
    private readonly links: ReadonlyMap<NotebookPanel, Link>,
  ) {}

  readonly host: TuningHost = {
    onChange: (view, _name, _value, isFinal) => {
      if (isFinal || !this.runsOnReleaseOnly) this.#move(view);
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
    const summary = place?.link.summaries.get(place.cell) ?? null;
    if ((this.#shown.get(view) ?? null) === summary) return;
    this.#shown.set(view, summary);
    view.dispatch({ effects: setStudy.of(summary) });
  }

  #panelOf(view: EditorView): NotebookPanel | undefined {
    return this.tracker.find(({ node }) => node.contains(view.dom));
  }

  #cellOf(view: EditorView): Cell | undefined {
    return this.#panelOf(view)?.content.widgets.find(({ node }) => node.contains(view.dom));
  }

  #placeOf(view: EditorView): Place | null {
    const panel = this.#panelOf(view);
    const link = panel && this.links.get(panel);
    const cell = this.#cellOf(view);
    return link && cell ? { link, cell: cell.model.id } : null;
  }

  #move(view: EditorView): void {
    const place = this.#placeOf(view);
    if (!place?.link.exploring.has(place.cell)) return;
    const { state } = view;
    const literals = readingOf(state)?.tunables.map(({ name, from, to }) => [name, state.sliceDoc(from, to)]);
    this.#wanted.set(place.cell, Object.fromEntries(literals ?? []) as Record<string, string>);
    void this.#send(place);
  }

  /** One question at a time: the kernel is sent where the controls stand, not each place where they were. */
  async #send({ link, cell }: Place): Promise<void> {
    if (this.#inFlight.has(cell)) return;
    this.#inFlight.add(cell);
    try {
      let literals = this.#wanted.get(cell);
      while (literals) {
        this.#wanted.delete(cell);
        await link.call('move', cell, literals);
        literals = this.#wanted.get(cell);
      }
    } finally {
      this.#inFlight.delete(cell);
    }
  }

  /** A drag is one step to undo. It may end when its editor is gone from the page already. */
  #hold(view: EditorView, isHeld: boolean): void {
    this.#letGo.get(view)?.();
    this.#letGo.delete(view);
    const model = isHeld ? this.#cellOf(view)?.model : undefined;
    if (model) this.#letGo.set(view, holdStep(model));
  }
}
