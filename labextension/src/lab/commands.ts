/** What a user can do, as commands: in the palette, by keyboard, in the cell's toolbar and in the side bar. */

import type { JupyterFrontEnd } from '@jupyterlab/application';
import { Dialog, MainAreaWidget, showDialog } from '@jupyterlab/apputils';
import type { CodeCell } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { OutputArea, OutputAreaModel, SimplifiedOutputArea } from '@jupyterlab/outputarea';
import type { Kernel } from '@jupyterlab/services';
import type { LabIcon } from '@jupyterlab/ui-components';
import { SplitPanel, type Widget } from '@lumino/widgets';
import type { EditorView } from '@codemirror/view';

import { markLiteral, readingOf, removeMarks } from '../editor';
import { applyTo, indexOfCell, reveal } from './apply';
import { asOneStep } from './history';
import { isPythonCell } from './cell-editor';
import type { Link } from './link';
import { type Notebooks, type Place, viewOf } from './notebooks';
import { runUnder, studyNamed } from './run';
import { say, saying } from './say';
import { ofStudy } from './studies';

export const commandIds = {
  tune: 'jtune:tune-cell',
  explore: 'jtune:explore-cell',
  apply: 'jtune:apply-best',
  mark: 'jtune:mark-literal',
  unmark: 'jtune:remove-marks',
  stop: 'jtune:stop',
};

export function addCommands(
  { commands, shell }: JupyterFrontEnd,
  notebooks: Notebooks,
  /** The cell where the user is. */
  cellHere: () => CodeCell | null,
  icon: LabIcon,
): void {
  /** The notebook where the user is, if the notebook's kernel runs Python. */
  const placeHere = () => (notebooks.current?.link.kernel ? notebooks.current : null);
  /** The editor of that cell, if the cell is of Python. */
  const editorHere = () => {
    const cell = cellHere();
    return cell && isPythonCell(cell.model) ? viewOf(cell) : null;
  };
  const hasMarks = () => {
    const editor = editorHere();
    return editor !== null && (readingOf(editor.state)?.tunables.length ?? 0) > 0;
  };
  const inCell = (run: (place: Place, cell: CodeCell) => Promise<void>) => async () => {
    const [place, cell] = [placeHere(), cellHere()];
    if (place && cell) await saying(() => run(place, cell));
  };
  const inEditor = (run: (view: EditorView) => boolean, otherwise: string) => () => {
    const [editor, cell] = [editorHere(), cellHere()];
    if (editor && cell && !asOneStep(cell.model, () => run(editor))) say('info', otherwise);
  };
  const named =
    (run: (place: Place, name: string) => Promise<void>) =>
    async ({ name }: { name?: unknown }) => {
      const place = placeHere();
      if (place && typeof name === 'string') await saying(() => run(place, name));
    };
  const isRunnable = () => placeHere() !== null && cellHere() !== null;
  const isEditable = () => editorHere() !== null;

  commands.addCommand(commandIds.tune, {
    label: 'Tune cell',
    caption: 'Tune cell: search for better values of the marked literals',
    icon,
    isEnabled: isRunnable,
    isVisible: hasMarks,
    execute: inCell((place, cell) => runLoaded(place, cell, 'tune')),
  });
  commands.addCommand(commandIds.explore, {
    label: 'Explore cell',
    caption: 'Run the cell again with each move of a slider',
    isEnabled: isRunnable,
    execute: inCell((place, cell) => runLoaded(place, cell, 'explore')),
  });
  commands.addCommand(commandIds.apply, {
    label: 'Apply best',
    caption: "Write the best trial's literals into the cell",
    isEnabled: isRunnable,
    execute: inCell(applyBest),
  });
  commands.addCommand(commandIds.mark, {
    label: 'Mark this literal',
    caption: 'Write a # tune comment with an inferred range behind the literal at the cursor',
    isEnabled: isEditable,
    execute: inEditor(markLiteral, 'There is no literal at the cursor for which a range can be inferred.'),
  });
  commands.addCommand(commandIds.unmark, {
    label: 'Remove marks',
    caption: 'Remove the # tune comments of the selection, or of the cell',
    isEnabled: isEditable,
    execute: inEditor(removeMarks, 'There are no marks here.'),
  });
  commands.addCommand(commandIds.stop, {
    label: 'Stop tuning',
    caption: 'End the search after what it has found',
    isEnabled: () => placeHere() !== null,
    execute: () => saying(() => stop(placeHere())),
  });
  commands.addCommand(ofStudy.show, {
    label: 'Show panel',
    execute: named((place, name) => show(shell, place, name)),
  });
  commands.addCommand(ofStudy.apply, {
    label: 'Apply best',
    execute: named(applyStudy),
  });
  commands.addCommand(ofStudy.delete, { label: 'Delete…', execute: named(remove) });
}

async function runLoaded({ link, panel }: Place, cell: CodeCell, magic: 'tune' | 'explore'): Promise<void> {
  if (await isReady(link)) await runUnder(magic, panel, cell);
}

/** Whether jtune is loaded, or the user lets it be loaded; a user who declines is not asked again for this kernel. */
async function isReady(link: Link): Promise<boolean> {
  const { kernel } = link;
  if (kernel === null) return false;
  if (await link.isLoaded()) return true;
  if (link.wasDeclined) {
    say('info', 'jtune is not loaded in this kernel: %load_ext jtune');
    return false;
  }
  const asked = await showDialog({
    title: 'Load jtune?',
    body: 'This kernel has not loaded jtune yet. Loading it runs %load_ext jtune.',
    buttons: [Dialog.cancelButton(), Dialog.okButton({ label: 'Load' })],
  });
  link.wasDeclined = !asked.button.accept;
  return asked.button.accept && (await load(kernel));
}

async function load(kernel: Kernel.IKernelConnection): Promise<boolean> {
  const { content } = await kernel.requestExecute({ code: '%load_ext jtune', silent: true }).done;
  if (content.status === 'error') {
    const isMissing = content.ename === 'ModuleNotFoundError';
    const where = 'jtune is not installed where this kernel runs: pip install jupyter-jtune';
    say('error', isMissing ? where : `jtune cannot be loaded: ${content.evalue}`);
  }
  return content.status === 'ok';
}

/** Write the best literals of the study which the cell names, if it ran here; else of the one that ran last. */
async function applyBest(place: Place, cell: CodeCell): Promise<void> {
  const { link } = place;
  const { id, sharedModel } = cell.model;
  const named = link.studies.get(studyNamed(sharedModel.getSource()));
  const study = named?.cell === id ? named : link.latestOf(id);
  if (study === null) {
    say('info', 'This cell has not been tuned by the present kernel.');
    return;
  }
  await applyStudy(place, study.name);
}

async function applyStudy({ link, panel }: Place, name: string): Promise<void> {
  const source = await link.call('source', name);
  if (source) await applyTo(panel, source);
}

async function stop(place: Place | null): Promise<void> {
  if (place && (await place.link.call('stop')) !== true) say('info', 'No search is running.');
}

/** Go to the cell of a study that is being searched; show the panel of another study beside the notebook. */
async function show(shell: JupyterFrontEnd.IShell, { panel, link }: Place, name: string): Promise<void> {
  const study = link.studies.get(name);
  const index = indexOfCell(panel, study?.cell ?? '');
  if (study && study.phase !== 'ended' && index >= 0) {
    await reveal(panel, index);
    return;
  }
  const area = viewer(panel, name);
  shell.add(area, 'main', { mode: 'split-right', ref: panel.id });
  // Notebook 7 has room for one widget there.
  const isBelow = area.parent === null;
  if (isBelow) shell.add(area, 'down');
  shell.activateById(area.id);
  if (isBelow) halve(area);
  await OutputArea.execute(`%tune ${name}`, area.content, panel.sessionContext);
}

/** Give a widget below the notebook half of the height: at first the widget has none. */
function halve(area: Widget): void {
  let around = area.parent;
  while (around && !(around instanceof SplitPanel)) around = around.parent;
  around?.setRelativeSizes([1, 1]);
}

function viewer(panel: NotebookPanel, name: string): MainAreaWidget<OutputArea> {
  const content = new SimplifiedOutputArea({
    model: new OutputAreaModel({ trusted: true }),
    rendermime: panel.content.rendermime,
  });
  const area = new MainAreaWidget({ content });
  area.title.label = name;
  area.title.closable = true;
  area.addClass('jtune-viewer');
  // The widgets of the panel live in the notebook.
  panel.disposed.connect(() => {
    area.dispose();
  });
  return area;
}

async function remove({ link }: Place, name: string): Promise<void> {
  const asked = await showDialog({
    title: `Delete ${name}?`,
    body: `The trials of ${name}, in all its generations, are deleted from the disk.`,
    buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Delete' })],
  });
  if (!asked.button.accept) return;
  await link.call('delete', name);
  await link.refresh();
}
