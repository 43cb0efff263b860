/** A word to the user, in a corner of the page, that goes by itself; JupyterLab keeps it where a bell shows. */

import { Notification } from '@jupyterlab/apputils';

const SHOWN_MS = { info: 4000, warning: 10_000, error: 15_000 };

export function say(kind: keyof typeof SHOWN_MS, text: string): void {
  Notification.emit(text, kind, { autoClose: SHOWN_MS[kind] });
}
