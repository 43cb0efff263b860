/** JupyterLab's undo history, that of the shared document: by itself it joins what follows within half a second. */

import type { ICellModel } from '@jupyterlab/cells';

/** Of Yjs. */
interface UndoManager {
  captureTimeout: number;
  stopCapturing(): void;
}

function managerOf({ sharedModel }: ICellModel): UndoManager | null {
  return (sharedModel as { undoManager?: UndoManager | null }).undoManager ?? null;
}

/** Make what `edit` writes a step of its own. */
export function asOneStep<T>(cell: ICellModel, edit: () => T): T {
  const manager = managerOf(cell);
  manager?.stopCapturing();
  try {
    return edit();
  } finally {
    manager?.stopCapturing();
  }
}

/** Join all that is written until the function that is returned is called. */
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
