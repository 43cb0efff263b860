/** The links of all open notebooks: the views of one notebook share one. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { Link } from './link';

export class Links {
  readonly #links = new Map<ISessionContext, Link>();
  readonly #views = new Map<Link, Set<NotebookPanel>>();

  constructor(
    private readonly tracker: INotebookTracker,
    private readonly onNew: (link: Link) => void,
  ) {
    tracker.widgetAdded.connect((_tracker, panel) => {
      this.#add(panel);
    });
    tracker.currentChanged.connect(() => {
      const [link, panel] = [this.current, tracker.currentWidget];
      if (link && panel) link.panel = panel;
    });
  }

  /** That of the present notebook. */
  get current(): Link | null {
    const panel = this.tracker.currentWidget;
    return panel && this.of(panel);
  }

  of(panel: NotebookPanel): Link | null {
    return this.#links.get(panel.sessionContext) ?? null;
  }

  /** That whose page a kernel means, by the session of its connection. */
  ofPage(page: string): Link | null {
    return [...this.#links.values()].find((link) => link.isPage(page)) ?? null;
  }

  #add(panel: NotebookPanel): void {
    const { sessionContext } = panel;
    const known = this.#links.get(sessionContext);
    const link = known ?? new Link(sessionContext, panel);
    const views = this.#views.get(link) ?? new Set();
    this.#links.set(sessionContext, link);
    this.#views.set(link, views.add(panel));
    panel.disposed.connect(() => {
      this.#remove(link, sessionContext, panel);
    });
    if (!known) this.onNew(link);
  }

  #remove(link: Link, sessionContext: ISessionContext, panel: NotebookPanel): void {
    const views = this.#views.get(link);
    views?.delete(panel);
    const [other] = views ?? [];
    if (other) {
      if (link.panel === panel) link.panel = other;
      return;
    }
    link.dispose();
    this.#links.delete(sessionContext);
    this.#views.delete(link);
  }
}
