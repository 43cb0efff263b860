/** The notebooks of the page: all views of one share a session, and each session has one link to its kernel. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Cell, CodeCell, ICellModel } from '@jupyterlab/cells';
import type { CodeMirrorEditor } from '@jupyterlab/codemirror';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { EditorView } from '@codemirror/view';

import { Link } from './link';

/** The editor of a cell, once it is made. */
export function viewOf(cell: Cell | null): EditorView | null {
  return (cell?.editor as CodeMirrorEditor | null | undefined)?.editor ?? null;
}

/** A view of a notebook, and its link. */
export interface Place {
  panel: NotebookPanel;
  link: Link;
}

export class Notebooks {
  readonly #links = new Map<ISessionContext, Link>();
  /** By session, the view that was used last. */
  readonly #used = new WeakMap<ISessionContext, NotebookPanel>();

  constructor(
    private readonly tracker: INotebookTracker,
    private readonly onNew: (link: Link) => void,
  ) {
    tracker.widgetAdded.connect((_tracker, panel) => {
      this.#meet(panel.sessionContext);
    });
    tracker.currentChanged.connect((_tracker, panel) => {
      if (panel) this.#used.set(panel.sessionContext, panel);
    });
  }

  /** The present notebook. */
  get current(): Place | null {
    const panel = this.tracker.currentWidget;
    const link = panel && this.#links.get(panel.sessionContext);
    return link ? { panel, link } : null;
  }

  /** The notebook whose page a kernel means, by the session of that page's connection. */
  ofPage(page: string): Place | null {
    for (const [session, link] of this.#links) {
      const panel = link.isPage(page) ? this.#viewOf(session) : null;
      if (panel) return { panel, link };
    }
    return null;
  }

  /** The link of the notebook that a cell is part of. */
  linkOf({ sharedModel }: ICellModel): Link | null {
    const { notebook } = sharedModel;
    const panel = notebook && this.tracker.find(({ content }) => content.model?.sharedModel === notebook);
    return (panel && this.#links.get(panel.sessionContext)) ?? null;
  }

  /** The cell that an editor belongs to, in the view of the notebook that shows this editor. */
  cellOf(view: EditorView): { panel: NotebookPanel; cell: CodeCell } | null {
    for (const panel of this.#panels()) {
      const cell = panel.content.widgets.find((each) => viewOf(each) === view);
      if (cell?.model.type === 'code') return { panel, cell: cell as CodeCell };
    }
    return null;
  }

  #panels(): NotebookPanel[] {
    const panels: NotebookPanel[] = [];
    this.tracker.forEach((panel) => panels.push(panel));
    return panels;
  }

  #viewOf(session: ISessionContext): NotebookPanel | null {
    const used = this.#used.get(session);
    if (used && !used.isDisposed) return used;
    return this.tracker.find(({ sessionContext }) => sessionContext === session) ?? null;
  }

  #meet(session: ISessionContext): void {
    if (this.#links.has(session)) return;
    const link = new Link(session);
    this.#links.set(session, link);
    session.disposed.connect(() => {
      this.#links.delete(session);
      link.dispose();
    });
    this.onNew(link);
  }
}
