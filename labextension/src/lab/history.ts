/** JupyterLab's undo history, that of the shared document, which by itself joins edits within half a second. */

import type { ICellModel } from '@jupyterlab/cells';

/** The part of Yjs's undo manager that is used here. */
interface UndoManager {
  captureTimeout: number;
  stopCapturing(): void;
}

function managerOf({ sharedModel }: ICellModel): UndoManager | null {
  return (sharedModel as { undoManager?: UndoManager | null }).undoManager ?? null;
}

/** Make all that `edit` writes one step to undo. */
export function asOneStep<T>(cell: ICellModel, edit: () => T): T {
  const manager = managerOf(cell);
  manager?.stopCapturing();
  try {
    return edit();
  } finally {
    manager?.stopCapturing();
  }
}

/** Join all edits from now on into one step to undo, until the returned function is called. */
export function holdStep(cell: ICellModel): () => void {
  const manager = managerOf(cell);
  if (manager === null) return () => undefined;
  const usual_ms = manager.captureTimeout;
  manager.stopCapturing();
  manager.captureTimeout = Number.MAX_SAFE_INTEGER;
  return () => {
    manager.stopCapturing();
    manager.captureTimeout = usual_ms;
  };
}
