/** Runs a cell under one of the magics without writing the magic line into it. */

import type { CodeCell } from '@jupyterlab/cells';
import { NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';
import { OutputArea } from '@jupyterlab/outputarea';

import { parsePython, readCell } from '../language';

type Magic = 'tune' | 'explore';

const MAGIC = /^\s*%%(tune|explore)\b([^\n]*)\n?/;

/** A cell's text under a magic; null where the cell has that magic itself. */
export function underMagic(source: string, magic: Magic): string | null {
  const own = MAGIC.exec(source);
  if (!own) return `%%${magic}\n${source}`;
  if (own[1] === magic) return null;
  // Of the other magic's options only the name makes sense here.
  return `%%${magic} ${studyNamed(source)}`.trimEnd() + `\n${source.slice(own[0].length)}`;
}

/** The NAME on the line of the magic; empty where there is none. */
export function studyNamed(source: string): string {
  return /^[ \t]+([A-Za-z_]\w*)/.exec(MAGIC.exec(source)?.[2] ?? '')?.[1] ?? '';
}

/** A cell's text with its marked literals left out, and without the line of the magic. */
export function codeOf(source: string): string {
  const text = source.replace(MAGIC, '').trimEnd();
  let at = 0;
  const parts = readCell(text, parsePython(text)).tunables.map(({ from, to }) => {
    const part = text.slice(at, from);
    at = to;
    return part;
  });
  return [...parts, text.slice(at)].join('\0');
}

/** Run a cell under a magic as JupyterLab runs cells: with prompt, outputs and trust. */
export async function runUnder(magic: Magic, panel: NotebookPanel, cell: CodeCell): Promise<void> {
  const { model, outputArea } = cell;
  const code = underMagic(model.sharedModel.getSource(), magic);
  if (code === null) {
    await NotebookActions.runCells(panel.content, [cell], panel.sessionContext);
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
