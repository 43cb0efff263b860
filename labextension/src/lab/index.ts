/** The JupyterLab extension: marks and controls in cells, commands, a side bar. This file only wires. */

import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { CodeCell } from '@jupyterlab/cells';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { ICompletionProviderManager } from '@jupyterlab/completer';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { LabIcon } from '@jupyterlab/ui-components';

import './lab.css';
import '../editor/editor.css';
import { applyTo, indexOfCell } from './apply';
import { Cells } from './cells';
import { addCommands, commandIds, viewOf } from './commands';
import { Completions } from './completions';
import { Link } from './link';
import { Live } from './live';
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
  const links = new Map<NotebookPanel, Link>();
  const linkHere = () => {
    const link = tracker.currentWidget && links.get(tracker.currentWidget);
    return link?.kernel ? link : null;
  };
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
    const panel = tracker.currentWidget;
    studies.follow((panel && links.get(panel)) ?? null);
  });
  tracker.activeCellChanged.connect(() => {
    app.commands.notifyCommandChanged();
  });

  tracker.widgetAdded.connect((_tracker, panel) => {
    const link = new Link(panel);
    links.set(panel, link);
    panel.disposed.connect(() => links.delete(panel));
    link.changed.connect(() => {
      for (const [view] of cells.views) live.showSummary(view);
      app.commands.notifyCommandChanged();
    });
    takeSources(panel, link);
    if (panel === tracker.currentWidget) studies.follow(link);
  });
  void settings?.load(ID).then((loaded) => {
    followSettings(loaded, cells, live);
  });
}

/** Write what the kernel and the panel want written. */
function takeSources(panel: NotebookPanel, link: Link): void {
  link.applied.connect((_link, source) => void applyTo(panel, source));
  panel.node.addEventListener('jtune:apply', (event) => {
    const source = (event as CustomEvent<Parameters<typeof applyTo>[1]>).detail;
    // The panel shows the cell's text, to be copied, where nobody takes the event.
    if (indexOfCell(panel, source.cell) < 0) return;
    event.preventDefault();
    void applyTo(panel, source);
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
