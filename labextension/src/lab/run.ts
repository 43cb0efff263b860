/** Runs a cell under one of the magics without writing the magic line into it. */

import type { CodeCell } from '@jupyterlab/cells';
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { OutputArea } from '@jupyterlab/outputarea';

type Magic = 'tune' | 'explore';

/** What is run; null where the cell says so itself. */
export function underMagic(source: string, magic: Magic): string | null {
  const own = /^\s*%%(tune|explore)\b([^\n]*)\n?/.exec(source);
  if (!own) return `%%${magic}\n${source}`;
  if (own[1] === magic) return null;
  // Of the other magic's options only the name makes sense here.
  const name = /^[ \t]+([A-Za-z_]\w*)/.exec(own[2] ?? '')?.[1];
  return `%%${magic}${name ? ` ${name}` : ''}\n${source.slice(own[0].length)}`;
}

/** Run it as JupyterLab runs cells: prompt, outputs, trust. */
export async function runUnder(magic: Magic, panel: NotebookPanel, cell: CodeCell): Promise<void> {
  const { model, outputArea } = cell;
  const code = underMagic(model.sharedModel.getSource(), magic);
  if (code === null) {
    await NotebookActions.run(panel.content, panel.sessionContext);
    return;
  }
  model.sharedModel.transact(
    () => {
      model.clearExecution();
      cell.outputHidden = false;
    },
    false,
    'silent-change',
  );
  model.executionState = 'running';
  model.trusted = true;
  try {
    const reply = await OutputArea.execute(code, outputArea, panel.sessionContext, {
      cellId: model.sharedModel.getId(),
    });
    if (reply) model.executionCount = reply.content.execution_count;
  } finally {
    if (!cell.isDisposed) model.executionState = 'idle';
  }
}
