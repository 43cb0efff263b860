/** The JupyterLab extension: marks and controls in cells, commands, a side bar. This file only wires. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { CodeCell } from '@jupyterlab/cells';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { LabIcon } from '@jupyterlab/ui-components';

import './lab.css';
import '../editor/editor.css';
import { applyTo, indexOfCell } from './apply';
import { Cells, viewOf } from './cells';
import { addCommands, commandIds } from './commands';
import { Completions } from './completions';
import { Links } from './links';
import { Live } from './live';
import type { Source } from '../messages';
import { saying } from './say';
import { iconSvg } from './icon';
import { Studies } from './studies';

const ID = 'jtune:plugin';
const icon = new LabIcon({ name: 'jtune:tune', svgstr: iconSvg });

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  editors: IEditorExtensionRegistry,
  settings: ISettingRegistry | null,
  completions: ICompletionProviderManager | null,
  palette: ICommandPalette | null,
  restorer: ILayoutRestorer | null,
): void {
  const links = new Links(tracker, (link) => {
    link.changed.connect(() => {
      for (const [view] of cells.views) live.showSummary(view);
      app.commands.notifyCommandChanged();
    });
    link.applied.connect((_link, source) => {
      // Of several notebooks with one kernel, the first one's link hears it for all.
      const asking = links.ofPage(source.page);
      if (asking) void saying(() => applyTo(asking.panel, source));
    });
    if (link === links.current) studies.follow(link);
  });
  const linkHere = () => (links.current?.kernel ? links.current : null);
  const live = new Live(tracker, links);
  const cells = new Cells(live.host, (view) => {
    live.showSummary(view);
  });
  live.onReading = () => {
    app.commands.notifyCommandChanged(commandIds.tune);
  };
  editors.addExtension({
    name: 'jtune',
    factory: (options) => {
      const extension = cells.extensionFor(options);
      return extension && EditorExtensionRegistry.createImmutableExtension(extension);
    },
  });

  const editorHere = () => {
    const view = viewOf(codeCell(tracker));
    return view && cells.isPython(view) ? view : null;
  };
  addCommands(app, { link: linkHere, cell: () => codeCell(tracker), editor: editorHere }, icon);
  for (const command of Object.values(commandIds)) palette?.addItem({ command, category: 'jtune' });
  completions?.registerProvider(new Completions());

  const studies = new Studies(app.commands);
  studies.title.icon = icon;
  app.shell.add(studies, 'left', { rank: 600 });
  restorer?.add(studies, studies.id);
  tracker.currentChanged.connect(() => {
    studies.follow(links.current);
  });
  tracker.activeCellChanged.connect(() => {
    app.commands.notifyCommandChanged();
  });

  takeSources(links);
  settings
    ?.load(ID)
    .then((loaded) => {
      followSettings(loaded, cells, live);
    })
    .catch(() => undefined); // JupyterLab says so; the defaults hold.
}

/** Write what is wanted in a panel, wherever in the page it is. */
function takeSources(links: Links): void {
  document.addEventListener('jtune:apply', (event) => {
    const source = (event as CustomEvent<Source>).detail;
    const link = links.ofPage(source.page);
    const isInNotebook = (event.target as Element).closest('.jp-NotebookPanel, .jtune-viewer') !== null;
    // The panel shows the cell's text, to be copied, where nobody takes the event.
    if (link ? indexOfCell(link.panel, source.cell) < 0 : !isInNotebook) return;
    event.preventDefault();
    // Else it is wanted in another page.
    if (link) void saying(() => applyTo(link.panel, source));
  });
}

function followSettings(settings: ISettingRegistry.ISettings, cells: Cells, live: Live): void {
  const update = () => {
    const { marks, controls, runOnRelease } = settings.composite as Record<string, boolean>;
    cells.configure({ marks: marks ?? true, controls: controls ?? true });
    live.runsOnReleaseOnly = runOnRelease ?? false;
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
  requires: [INotebookTracker, IEditorExtensionRegistry],
  optional: [ISettingRegistry, ICompletionProviderManager, ICommandPalette, ILayoutRestorer],
  activate,
};

export default plugin;
