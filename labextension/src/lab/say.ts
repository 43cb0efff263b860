/** Notifications in a corner of the page, which go by themselves; JupyterLab keeps them where a bell shows. */

import { Notification } from '@jupyterlab/apputils';

const SHOWN_MS = { info: 4000, warning: 10_000, error: 15_000 };

/** Show a notification, the actions as buttons below the text; returns the notification's id. */
export function say(kind: keyof typeof SHOWN_MS, text: string, actions: Notification.IAction[] = []): string {
  return Notification.emit(text, kind, { autoClose: SHOWN_MS[kind], actions });
}

/** Take a notification away, if it is still there. */
export function dismiss(id: string | undefined): void {
  if (id !== undefined) Notification.dismiss(id);
}

/** Run something, and tell the user what goes wrong with it: nobody looks into the console. */
export function saying(run: () => Promise<unknown>): Promise<void> {
  return run().then(
    () => undefined,
    (error: unknown) => {
      say('error', error instanceof Error ? error.message : String(error));
    },
  );
}
