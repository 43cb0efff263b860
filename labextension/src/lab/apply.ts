/** Writes a trial's literals into the cell that its study came from, and into no other. */

import type { NotebookPanel } from '@jupyterlab/notebook';

import { readingOf, writeLiterals } from '../editor';
import { asOneStep } from './history';
import type { Source } from '../messages';
import { viewOf } from './notebooks';
import { say } from './say';

export function indexOfCell({ content }: NotebookPanel, id: string): number {
  return id === '' ? -1 : content.widgets.findIndex(({ model }) => model.id === id);
}

/** Bring a cell into sight; its editor may not have been made before. */
export async function reveal(panel: NotebookPanel, index: number): Promise<void> {
  await panel.content.scrollToItem(index, 'smart');
  await panel.content.widgets[index]?.ready;
}

/** Write the literals that still stand as they stood when the cell ran; tell the user the names of the others. */
export async function applyTo(
  panel: NotebookPanel,
  { name, cell, literals }: Pick<Source, 'name' | 'cell' | 'literals'>,
): Promise<void> {
  const index = indexOfCell(panel, cell);
  if (index < 0) {
    say('warning', `The cell that ${name} came from is not in this notebook. Nothing was written.`);
    return;
  }
  await reveal(panel, index);
  const found = panel.content.widgets[index];
  const view = found && viewOf(found);
  if (!view) return;
  const present = new Map(
    readingOf(view.state)?.tunables.map((each) => [each.name, view.state.sliceDoc(each.from, each.to)]),
  );
  const wanted = literals
    .filter(([parameter, , after]) => present.get(parameter) !== after)
    .map(([parameter, before, after]) => ({ name: parameter, before, after }));
  const left = asOneStep(found.model, () => writeLiterals(view, wanted));
  if (left.length > 0) {
    say('warning', `Not written, as the cell has changed there since it ran: ${left.join(', ')}.`);
  }
}
