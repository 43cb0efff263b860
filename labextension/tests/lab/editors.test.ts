// @vitest-environment jsdom

/** The editors of code cells: what is done in one goes to its notebook's kernel, what that found out is shown in it. */

import { EditorState } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import type { ICellModel } from '@jupyterlab/cells';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { control, drag, names, release, texts } from '../editor/editor';
import {
  FakeKernel,
  FakeSession,
  FakeTracker,
  type SharedNotebook,
  fakePanel,
  settled,
  standing,
  summary,
} from './jupyterlab';

const { emitted } = vi.hoisted(() => ({ emitted: [] as string[] }));

// They need a browser, and are not what is tested.
vi.mock('@jupyterlab/apputils', () => ({
  Notification: { emit: (text: string) => emitted.push(text), dismiss: () => undefined },
}));
vi.mock('@jupyterlab/notebook', () => ({}));
vi.mock('@jupyterlab/outputarea', () => ({}));

const { Editors } = await import('../../src/lab/editors');
const { Notebooks } = await import('../../src/lab/notebooks');

const CELL = 'a = 1.0  # tune: 0..10\nb = 2  # tune: 1..9\n';
const SETTINGS = { marks: true, controls: true, runOnRelease: false };

let kernel: FakeKernel;
let notebook: SharedNotebook;
let editors: InstanceType<typeof Editors>;
let views: EditorView[];

beforeEach(async () => {
  emitted.length = 0;
  views = [];
  kernel = new FakeKernel('a');
  kernel.isLoaded = true;
  kernel.answers.greet = { studies: [standing('wave', { explored: CELL })], summaries: [] };
  kernel.answers.move = () => true;
  notebook = {} as SharedNotebook;
  const tracker = new FakeTracker();
  const notebooks = new Notebooks(tracker.asTracker(), (link) => {
    link.changed.connect(() => {
      editors.showSummaries();
    });
  });
  editors = new Editors(notebooks, () => undefined);
  tracker.add(fakePanel(new FakeSession(kernel), notebook));
  await settled();
});

afterEach(() => {
  for (const view of views) view.destroy();
  document.body.replaceChildren();
});

/** A cell of the notebook, as JupyterLab has it. */
class FakeCell {
  readonly type = 'code';
  readonly mimeTypeChanged = new Signal<this, unknown>(this);
  readonly undoManager = { captureTimeout: 500, stopCapturing: () => undefined };
  readonly sharedModel = { notebook, undoManager: this.undoManager };

  constructor(
    readonly id: string,
    public mimeType = 'text/x-ipython',
  ) {}

  async open(doc = CELL): Promise<EditorView> {
    const model = this as unknown as ICellModel;
    const extensions = editors.extensionFor({ name: 'jtune', model } as never) ?? [];
    const view = new EditorView({ state: EditorState.create({ doc, extensions }), parent: document.body });
    views.push(view);
    await settled();
    return view;
  }
}

/** What the kernel was asked to move to. */
function moves(): unknown[] {
  const found: unknown[] = [];
  kernel.answers.move = (_study: string, literals: unknown) => {
    found.push(literals);
    return true;
  };
  return found;
}

test('what a study found out is shown in the editors of its cell', async () => {
  const view = await new FakeCell('cell-1').open();
  const other = await new FakeCell('cell-2').open();
  const effects = [{ name: 'a', x: [0, 1], mean: [0, 1], sd: [0, 0], importance: 1, share: '100 %' }];
  kernel.say({ type: 'summary', cell: 'cell-1', summary: { ...summary('wave'), effects } });
  expect(texts(view, '[class*=importance]')).toEqual(['1.0']);
  expect(texts(other, '[class*=importance]')).toEqual([]);
  const later = await new FakeCell('cell-1').open();
  expect(texts(later, '[class*=importance]')).toEqual(['1.0']);
});

test('an explored cell runs where its controls stand', async () => {
  const view = await new FakeCell('cell-1').open();
  const found = moves();
  drag(control(view, 'b'), 1000);
  await settled();
  expect(found).toEqual([{ a: '1.0', b: '9' }]);
});

test('a cell that is not explored runs only when the user runs it', async () => {
  const view = await new FakeCell('cell-2').open();
  const found = moves();
  drag(control(view, 'b'), 1000);
  release(control(view, 'b'));
  await settled();
  expect(found).toEqual([]);
  expect(emitted).toEqual([]);
});

test('by a setting, an explored cell runs when a control is released', async () => {
  editors.configure({ ...SETTINGS, runOnRelease: true });
  const view = await new FakeCell('cell-1').open();
  const found = moves();
  drag(control(view, 'b'), 600, 1000);
  await settled();
  expect(found).toEqual([]);
  release(control(view, 'b'));
  await settled();
  expect(found).toEqual([{ a: '1.0', b: '9' }]);
});

test('a cell that was edited since it ran is offered to be run, once a control is released', async () => {
  const view = await new FakeCell('cell-1').open(`${CELL}print(a)\n`);
  const found = moves();
  drag(control(view, 'b'), 1000);
  await settled();
  expect(emitted).toEqual([]);
  release(control(view, 'b'));
  await settled();
  expect(emitted).toEqual(['The cell was edited since it ran. Run it, and its sliders run the new code.']);
  expect(found).toEqual([]);
});

test('what the kernel says against a move is told', async () => {
  const view = await new FakeCell('cell-1').open();
  kernel.answers.move = () => {
    throw new Error('the kernel is tired');
  };
  drag(control(view, 'b'), 1000);
  await settled();
  expect(emitted).toEqual(['the kernel is tired']);
});

test('a cell may learn late, and forget, that it is of Python', async () => {
  const cell = new FakeCell('cell-1', 'text/plain');
  const view = await cell.open();
  expect(names(view)).toEqual([]);
  cell.mimeType = 'text/x-ipython';
  cell.mimeTypeChanged.emit(undefined);
  await settled();
  expect(names(view)).toEqual(['a', 'b']);
  cell.mimeType = 'text/x-julia';
  cell.mimeTypeChanged.emit(undefined);
  await settled();
  expect(names(view)).toEqual([]);
});

test('settings hold for editors that are open and for those to come', async () => {
  const view = await new FakeCell('cell-1').open();
  editors.configure({ ...SETTINGS, controls: false });
  const later = await new FakeCell('cell-2').open();
  for (const each of [view, later]) expect(texts(each, '.jtune-control')).toEqual([]);
});

test('a drag is one step to undo, which ends when its editor goes', async () => {
  const cell = new FakeCell('cell-1');
  const view = await cell.open();
  const slider = control(view, 'b');
  slider.dispatchEvent(new Event('pointerdown', { bubbles: true }));
  drag(slider, 1000);
  expect(cell.undoManager.captureTimeout).toBeGreaterThan(500);
  view.destroy();
  expect(cell.undoManager.captureTimeout).toBe(500);
});

test('no editor but those of code cells is changed', () => {
  expect(editors.extensionFor({ name: 'jtune', model: { mimeType: 'text/x-python' } } as never)).toBeNull();
});
