/** The editors of code cells: which cell each belongs to, and in which notebook that is. */

import type { Extension } from '@codemirror/state';
import { Compartment } from '@codemirror/state';
import { EditorView, ViewPlugin } from '@codemirror/view';
import type { Cell, ICellModel } from '@jupyterlab/cells';
import type { CodeMirrorEditor, IEditorExtensionFactory } from '@jupyterlab/codemirror';

import { type TuningConfig, type TuningHost, setConfig, tuning } from '../editor';

const PYTHON = 'text/x-ipython';

/** The model of a notebook's code cell, or null for all other editors. */
function codeCell(model: IEditorExtensionFactory.IOptions['model']): ICellModel | null {
  return (model as Partial<ICellModel>).type === 'code' ? (model as ICellModel) : null;
}

/** The editor of a cell, once it is made. */
export function viewOf(cell: Cell | null): EditorView | null {
  return (cell?.editor as CodeMirrorEditor | null | undefined)?.editor ?? null;
}

/** All editors of Python cells that are open, by the id of their cell: a notebook may have several views. */
export class Cells {
  readonly #views = new Map<EditorView, ICellModel>();
  #config: TuningConfig = { marks: true, controls: true };

  constructor(
    private readonly host: TuningHost,
    private readonly onOpen: (view: EditorView) => void,
  ) {}

  /** The extension of an editor; null where there is no code cell. */
  extensionFor({ model }: IEditorExtensionFactory.IOptions): Extension | null {
    const cell = codeCell(model);
    if (cell === null) return null;
    // A cell learns only from its kernel that it is of Python.
    const compartment = new Compartment();
    const present = () => (cell.mimeType === PYTHON ? tuning(this.host) : []);
    const life = ViewPlugin.define((view) => {
      const update = () => {
        // Not now: the view may be in the middle of an update.
        queueMicrotask(() => {
          if (!this.#views.has(view)) return;
          view.dispatch({ effects: compartment.reconfigure(present()) });
          this.#greet(view);
        });
      };
      this.#views.set(view, cell);
      cell.mimeTypeChanged.connect(update);
      queueMicrotask(() => {
        this.#greet(view);
      });
      return {
        destroy: () => {
          this.#views.delete(view);
          cell.mimeTypeChanged.disconnect(update);
        },
      };
    });
    return [compartment.of(present()), life];
  }

  configure(config: TuningConfig): void {
    this.#config = config;
    for (const view of this.#views.keys()) view.dispatch({ effects: setConfig.of(config) });
  }

  isPython(view: EditorView): boolean {
    return this.#views.get(view)?.mimeType === PYTHON;
  }

  get views(): ReadonlyMap<EditorView, ICellModel> {
    return this.#views;
  }

  #greet(view: EditorView): void {
    if (!this.#views.has(view)) return;
    view.dispatch({ effects: setConfig.of(this.#config) });
    this.onOpen(view);
  }
}
