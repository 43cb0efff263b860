/** The JupyterLab extension: marks and controls in cells, commands, a side bar. This file only wires. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { CodeCell } from '@jupyterlab/cells';
import {
  EditorExtensionRegistry,
  IEditorExtensionRegistry,
  IEditorLanguageRegistry,
} from '@jupyterlab/codemirror';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { LabIcon } from '@jupyterlab/ui-components';

import './lab.css';
import '../editor/editor.css';
import { applyTo, indexOfCell } from './apply';
import { addCommands, commandIds } from './commands';
import { Completions } from './completions';
import { Editors } from './editors';
import { usePython } from '../language';
import type { Source } from '../messages';
import { Notebooks } from './notebooks';
import { saying } from './say';
import { iconSvg } from './icon';
import { Studies } from './studies';

const ID = 'jtune:plugin';
const icon = new LabIcon({ name: 'jtune:tune', svgstr: iconSvg });

async function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  registry: IEditorExtensionRegistry,
  languages: IEditorLanguageRegistry,
  settings: ISettingRegistry | null,
  completions: ICompletionProviderManager | null,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null,
): Promise<void> {
  await usePythonOf(languages);
  const notebooks = new Notebooks(tracker, (link) => {
    link.changed.connect(() => {
      editors.showSummaries();
      app.commands.notifyCommandChanged();
    });
    link.applied.connect((_link, source) => {
      // Of several notebooks with one kernel, only the link of the first one hears the kernel.
      const asking = notebooks.ofPage(source.page);
      if (asking) void saying(() => applyTo(asking.panel, source));
    });
    if (link === notebooks.current?.link) studies.follow(link);
  });
  const editors = new Editors(notebooks, () => {
    app.commands.notifyCommandChanged(commandIds.tune);
  });
  registry.addExtension({
    name: 'jtune',
    factory: (options) => {
      const extension = editors.extensionFor(options);
      return extension && EditorExtensionRegistry.createImmutableExtension(extension);
    },
  });

  addCommands(app, notebooks, () => codeCell(tracker), icon);
  for (const command of Object.values(commandIds)) palette?.addItem({ command, category: 'jtune' });
  completions?.registerProvider(new Completions());

  const studies = new Studies(app.commands);
  studies.title.icon = icon;
  app.shell.add(studies, 'left', { rank: 600 });
  restorer?.add(studies, studies.id);
  tracker.currentChanged.connect(() => {
    studies.follow(notebooks.current?.link ?? null);
  });
  tracker.activeCellChanged.connect(() => {
    app.commands.notifyCommandChanged();
  });

  takeSources(notebooks);
  settings
    ?.load(ID)
    .then((loaded) => {
      followSettings(loaded, editors);
    })
    .catch(() => undefined); // JupyterLab says so; the defaults hold.
}

/** Read cells by JupyterLab's own parser. No notebook is restored before a plugin has been activated. */
async function usePythonOf(languages: IEditorLanguageRegistry): Promise<void> {
  const python = await languages.getLanguage('ipython');
  if (!python?.support) throw new Error('JupyterLab has no parser of Python');
  usePython(python.support.language.parser);
}

/** Write the cells that are wanted by the panels of this page, wherever in the page a panel is. */
function takeSources(notebooks: Notebooks): void {
  document.addEventListener('jtune:apply', (event) => {
    const source = (event as CustomEvent<Source>).detail;
    const asking = notebooks.ofPage(source.page);
    const isInNotebook = (event.target as Element).closest('.jp-NotebookPanel, .jtune-viewer') !== null;
    // The panel shows the cell's text, to be copied, where nobody takes the event.
    if (asking ? indexOfCell(asking.panel, source.cell) < 0 : !isInNotebook) return;
    event.preventDefault();
    // Otherwise another page writes the cell.
    if (asking) void saying(() => applyTo(asking.panel, source));
  });
}

function followSettings(settings: ISettingRegistry.ISettings, editors: Editors): void {
  const update = () => {
    const { marks, controls, runOnRelease } = settings.composite as Record<string, boolean>;
    editors.configure({
      marks: marks ?? true,
      controls: controls ?? true,
      runOnRelease: runOnRelease ?? false,
    });
  };
  settings.changed.connect(update);
  update();
}

function codeCell(tracker: INotebookTracker): CodeCell | null {
  const cell = tracker.activeCell;
  return cell?.model.type === 'code' ? (cell as CodeCell) : null;
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Sliders for the literals that may move, and commands that tune cells.',
  autoStart: true,
  requires: [INotebookTracker, IEditorExtensionRegistry, IEditorLanguageRegistry],
  optional: [ISettingRegistry, ICompletionProviderManager, ICommandPalette, ILayoutRestorer],
  activate,
};

export default plugin;
