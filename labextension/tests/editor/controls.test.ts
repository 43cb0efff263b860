// @vitest-environment jsdom

/** Controls rewrite their literal, and nothing else. */

import { redo, undo, undoDepth } from '@codemirror/commands';
import { EditorState } from '@codemirror/state';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Value } from '../../src/language';
import {
  EVIL,
  closeAll,
  control,
  drag,
  images,
  literals,
  menu,
  names,
  press,
  ready,
  release,
  settled,
  texts,
  textOf,
  type,
} from './editor';

const CELL = [
  '%%tune digits',
  "title = '𝒜𝒷'; C = 1.0  # tune C: 1e-3..1e3 log",
  'layers = 2  # tune: 1..9',
  'wide = True  # tune: [True, False]',
  'kernel = "rbf"  # tune: ["rbf", "poly", None]',
  'units = 64  # tune: 16..256 step 16 if layers >= 2',
  '',
].join('\n');

type Told = [name: string, text: string, isFinal: boolean];

function listener() {
  const told: Told[] = [];
  const held: boolean[] = [];
  const onChange = (_view: unknown, name: string, value: Value, isFinal: boolean) => {
    told.push([name, value.text, isFinal]);
  };
  const onHold = (_view: unknown, isHeld: boolean) => {
    held.push(isHeld);
  };
  return { told, held, host: { onChange, onHold } };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});

afterEach(() => {
  closeAll();
  vi.useRealTimers();
});

test('every kind of domain has its control, with the name for a screen reader', async () => {
  const view = await ready(CELL);
  expect(names(view)).toEqual(['C', 'layers', 'wide', 'kernel', 'units']);
  expect(control(view, 'C').type).toBe('range');
  expect(control(view, 'C').value).toBe('500');
  expect(control(view, 'C').getAttribute('aria-valuetext')).toBe('1.0');
  expect(control(view, 'wide').type).toBe('checkbox');
  expect(control(view, 'wide').checked).toBe(true);
  const choice = menu(view, 'kernel');
  expect([...choice.options].map(({ text }) => text)).toEqual(["'rbf'", "'poly'", 'None']);
  expect(choice.selectedIndex).toBe(0);
});

test('a drag changes the literal and only it, in the node that is dragged', async () => {
  const { told, host } = listener();
  const view = await ready(CELL, host);
  const node = control(view, 'C');
  drag(node, 600, 700, 1000);
  expect(textOf(view)).toBe(CELL.replace('1.0', '1000.0'));
  expect(control(view, 'C')).toBe(node);
  expect(node.isConnected).toBe(true);
  expect(names(view)).toEqual(['C', 'layers', 'wide', 'kernel', 'units']);
  expect(told.map(([, , isFinal]) => isFinal)).toEqual([false, false, false]);
  release(node);
  expect(told.at(-1)).toEqual(['C', '1000.0', true]);
  vi.advanceTimersByTime(100);
  expect(control(view, 'C')).toBe(node);
});

test('a drag undoes as one step, however slow it is', async () => {
  const view = await ready(CELL);
  type(view, view.state.doc.length, 'x');
  const before = textOf(view);
  const depth = undoDepth(view.state);
  const node = control(view, 'C');
  for (const position of [600, 700, 800]) {
    drag(node, position);
    vi.advanceTimersByTime(2000);
  }
  release(node);
  const after = textOf(view);
  expect(undoDepth(view.state)).toBe(depth + 1);
  undo(view);
  expect(textOf(view)).toBe(before);
  await settled();
  expect(control(view, 'C').value).toBe('500');
  redo(view);
  expect(textOf(view)).toBe(after);
});

test('two drags are two steps', async () => {
  const view = await ready(CELL);
  for (const position of [600, 700]) {
    drag(control(view, 'C'), position);
    release(control(view, 'C'));
  }
  expect(undoDepth(view.state)).toBe(2);
});

test('what is typed after a drag is a step of its own', async () => {
  const view = await ready(CELL);
  drag(control(view, 'C'), 600);
  release(control(view, 'C'));
  type(view, CELL.indexOf('  # tune C'), ' ');
  expect(undoDepth(view.state)).toBe(2);
});

test('a drag that ends as it began is let go too', async () => {
  const { told, held, host } = listener();
  const view = await ready(CELL, host);
  const node = control(view, 'C');
  node.dispatchEvent(new Event('pointerdown', { bubbles: true }));
  drag(node, 600, 500);
  window.dispatchEvent(new Event('pointerup'));
  expect(textOf(view)).toBe(CELL);
  expect(told.map(([, text, isFinal]) => [text, isFinal]).at(-1)).toEqual(['1.0', true]);
  expect(held).toEqual([true, false]);
});

test('a used slider leaves nothing behind that listens', async () => {
  const node = control(await ready(CELL), 'C');
  const added = vi.spyOn(window, 'addEventListener');
  for (let i = 0; i < 3; i++) {
    node.dispatchEvent(new Event('pointerdown', { bubbles: true }));
    window.dispatchEvent(new Event('pointerup'));
  }
  const signals = added.mock.calls.map(([, , options]) => (options as AddEventListenerOptions).signal);
  added.mockRestore();
  expect(signals.map((signal) => signal?.aborted)).toEqual(Array(6).fill(true));
});

test('nothing is dispatched where the value stays', async () => {
  const { told, host } = listener();
  const view = await ready(CELL.replace('C = 1.0', 'C = 1.'), host);
  const before = view.state;
  drag(control(view, 'C'), 500);
  drag(control(view, 'layers'), 130);
  release(control(view, 'layers'));
  expect(view.state).toBe(before);
  expect(told).toEqual([]);
});

test('integers and grids snap, and the thumb with them when it is let go', async () => {
  const view = await ready(CELL);
  const node = control(view, 'units');
  drag(node, 411);
  expect(literals(view).at(-1)).toBe('112');
  expect(node.value).toBe('411');
  release(node);
  expect(node.value).toBe('400');
});

test('arrow keys step by the domain', async () => {
  const { told, held, host } = listener();
  const view = await ready(CELL, host);
  const node = control(view, 'layers');
  const seen = vi.fn();
  document.body.addEventListener('keydown', seen);
  expect(press(node, 'ArrowRight').defaultPrevented).toBe(true);
  press(node, 'ArrowUp');
  press(node, 'ArrowLeft');
  expect(told.map(([, text, isFinal]) => `${text} ${String(isFinal)}`)).toEqual(
    ['3', '4', '3'].flatMap((text) => [`${text} false`, `${text} true`]),
  );
  expect(node.value).toBe('250');
  expect(undoDepth(view.state)).toBe(3);
  press(node, 'End');
  press(node, 'ArrowRight');
  expect(literals(view)[1]).toBe('9');
  press(node, 'Home');
  expect(literals(view)[1]).toBe('1');
  expect(held.length % 2).toBe(0);
  expect(press(node, 'Tab').defaultPrevented).toBe(false);
  expect(seen).not.toHaveBeenCalled();
});

test('Escape goes back to the editor, and the notebook hears nothing', async () => {
  const view = await ready(CELL);
  const node = control(view, 'C');
  const seen = vi.fn();
  for (const type of ['focusin', 'mousedown', 'keydown']) document.body.addEventListener(type, seen);
  node.focus();
  expect(document.activeElement).toBe(node);
  node.dispatchEvent(new MouseEvent('mousedown', { bubbles: true }));
  expect(seen).not.toHaveBeenCalled();
  expect(node.dataset.lmSuppressShortcuts).toBe('true');
  press(node, 'Escape');
  expect(document.activeElement).toBe(view.contentDOM);
});

test('a menu writes its choice in the quotes of the literal', async () => {
  const { told, host } = listener();
  const view = await ready(CELL, host);
  const node = menu(view, 'kernel');
  node.selectedIndex = 1;
  release(node);
  expect(textOf(view)).toBe(CELL.replace('kernel = "rbf"', 'kernel = "poly"'));
  expect(told.at(-1)).toEqual(['kernel', "'poly'", true]);
  expect(menu(view, 'kernel')).toBe(node);
  node.selectedIndex = 2;
  release(node);
  expect(textOf(view)).toBe(CELL.replace('kernel = "rbf"', 'kernel = None'));
});

test('a check box writes True and False', async () => {
  const view = await ready(CELL);
  const node = control(view, 'wide');
  node.click();
  expect(textOf(view)).toBe(CELL.replace('wide = True', 'wide = False'));
  node.click();
  expect(textOf(view)).toBe(CELL);
});

test('inactive parameters are greyed as the condition turns', async () => {
  const view = await ready(CELL);
  expect(control(view, 'units').disabled).toBe(false);
  press(control(view, 'layers'), 'ArrowLeft');
  expect(control(view, 'units').disabled).toBe(true);
  expect(texts(view, '.jtune-inactive')).toEqual(['64']);
  press(control(view, 'layers'), 'ArrowRight');
  expect(control(view, 'units').disabled).toBe(false);
  expect(texts(view, '.jtune-inactive')).toEqual([]);
});

test('controls of one line keep to their own literals', async () => {
  const view = await ready('C, gamma = 1.0, 0.1  # tune C: 1e-3..1e3 log; gamma: 1e-4..1 log\n');
  const [first, second] = [control(view, 'C'), control(view, 'gamma')];
  drag(second, 1000);
  drag(first, 0);
  drag(second, 0);
  expect(textOf(view)).toContain('C, gamma = 0.001, 0.0001  # tune');
  expect([control(view, 'C'), control(view, 'gamma')]).toEqual([first, second]);
  expect(control(view, 'C')).toBe(first);
  expect(texts(view, '.jtune-comment')).toEqual(['# tune C: 1e-3..1e3 log; gamma: 1e-4..1 log']);
});

test('a literal over several lines is written as one', async () => {
  const view = await ready('shape = (\n    1,\n    2,\n)  # tune: [(1, 2), (3, 4)]\n');
  const node = menu(view, 'shape');
  node.selectedIndex = 1;
  release(node);
  expect(textOf(view)).toBe('shape = (3, 4)  # tune: [(1, 2), (3, 4)]\n');
});

test('a control moves with its line while it is held', async () => {
  const view = await ready(CELL);
  const node = control(view, 'layers');
  drag(node, 500);
  type(view, 0, '# 𝒜\n');
  drag(node, 1000);
  expect(textOf(view)).toBe(`# 𝒜\n${CELL.replace('layers = 2', 'layers = 9')}`);
});

test('a control whose line goes away while it is held lets go', async () => {
  const { held, host } = listener();
  const view = await ready(CELL, host);
  const node = control(view, 'C');
  drag(node, 600);
  view.dispatch({ changes: { from: 0, to: view.state.doc.length } });
  drag(node, 700);
  release(node);
  expect(textOf(view)).toBe('');
  expect(held).toEqual([true, false]);
});

test('nothing is written in an editor that is read-only', async () => {
  const view = await ready(CELL, {}, EditorState.readOnly.of(true));
  expect(control(view, 'C').disabled).toBe(true);
  drag(control(view, 'C'), 900);
  expect(textOf(view)).toBe(CELL);
});

test('choices and names are text', async () => {
  const choice = JSON.stringify(EVIL);
  const view = await ready(`kind = ${choice}  # tune: [${choice}, "b"]\n`);
  expect(images(view)).toEqual([]);
  expect(menu(view, 'kind').options[0]?.text).toContain('<img src=x');
});
