/** The open editors of code cells, and the settings that hold for all of them. */

import type { Extension } from '@codemirror/state';
import { Compartment } from '@codemirror/state';
import { type EditorView, ViewPlugin } from '@codemirror/view';
import type { ICellModel } from '@jupyterlab/cells';
import type { IEditorExtensionFactory } from '@jupyterlab/codemirror';

import { type TuningConfig, type TuningHost, setConfig, tuning } from '../editor';
import { CellEditor, isPythonCell } from './cell-editor';
import type { Notebooks } from './notebooks';

export interface Settings extends TuningConfig {
  /** Whether an explored cell runs when a control is released, and not while it is dragged. */
  runOnRelease: boolean;
}

/** The model of a notebook's code cell, or null for all other editors. */
function codeCell(model: IEditorExtensionFactory.IOptions['model']): ICellModel | null {
  return (model as Partial<ICellModel>).type === 'code' ? (model as ICellModel) : null;
}

export class Editors {
  readonly #open = new Map<EditorView, CellEditor>();
  readonly #host: TuningHost;
  #settings: Settings = { marks: true, controls: true, runOnRelease: false };

  constructor(
    private readonly notebooks: Notebooks,
    onReading: () => void,
  ) {
    this.#host = {
      onReading,
      onChange: (view, _name, _value, isFinal) => {
        if (isFinal || !this.#settings.runOnRelease) this.of(view)?.move(isFinal);
      },
      onHold: (view, isHeld) => this.of(view)?.hold(isHeld),
    };
  }

  /** The code cell's side of an editor; null for an editor of anything else. */
  of(view: EditorView): CellEditor | null {
    return this.#open.get(view) ?? null;
  }

  /** The CodeMirror extension of an editor; null for an editor of anything but a code cell. */
  extensionFor({ model }: IEditorExtensionFactory.IOptions): Extension | null {
    const cell = codeCell(model);
    if (cell === null) return null;
    // A cell learns only from its kernel that it is of Python.
    const language = new Compartment();
    const present = () => (isPythonCell(cell) ? tuning(this.#host) : []);
    const life = ViewPlugin.define((view) => {
      const editor = new CellEditor(view, cell, this.notebooks);
      const update = () => {
        // Not now: the view may be in the middle of an update.
        queueMicrotask(() => {
          if (editor.isDisposed) return;
          view.dispatch({ effects: language.reconfigure(present()) });
          view.dispatch({ effects: setConfig.of(this.#settings) });
          editor.showSummary();
        });
      };
      this.#open.set(view, editor);
      cell.mimeTypeChanged.connect(update);
      update();
      const destroy = () => {
        cell.mimeTypeChanged.disconnect(update);
        this.#open.delete(view);
        editor.dispose();
      };
      return { destroy };
    });
    return [language.of(present()), life];
  }

  configure(settings: Settings): void {
    this.#settings = settings;
    for (const view of this.#open.keys()) view.dispatch({ effects: setConfig.of(settings) });
  }

  /** Show in all editors what the kernels know of their cells. */
  showSummaries(): void {
    for (const editor of this.#open.values()) editor.showSummary();
  }
}
