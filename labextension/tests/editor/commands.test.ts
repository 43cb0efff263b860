// @vitest-environment jsdom

/** Literals written from outside, marks put in and taken out. */

import { undo, undoDepth } from '@codemirror/commands';
import { EditorState } from '@codemirror/state';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { markLiteral, readingOf, removeMarks, writeLiterals } from '../../src/editor';
import { EVIL, closeAll, control, images, literals, names, ready, texts, textOf, type } from './editor';

const CELL = 'C = 1.0  # tune: 1e-3..1e3 log\n𝒜 = "é"\nn = 3  # tune: 1..9\n';

const CHANGES = [
  { name: 'n', before: '3', after: '9' },
  { name: 'C', before: '1.0', after: '62.4' },
];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  closeAll();
  vi.useRealTimers();
});

test('literals are written as one step, and shown for a moment', async () => {
  const view = await ready(CELL);
  expect(writeLiterals(view, CHANGES)).toEqual([]);
  expect(textOf(view)).toBe(CELL.replace('1.0', '62.4').replace('n = 3', 'n = 9'));
  expect(literals(view)).toEqual(['62.4', '9']);
  expect(control(view, 'n').value).toBe('1000');
  expect(texts(view, '.jtune-before')).toEqual(['1.0', '3']);
  expect(texts(view, '.jtune-flash')).toEqual(['62.4', '9']);
  vi.advanceTimersByTime(2100);
  expect(texts(view, '.jtune-before, .jtune-flash')).toEqual([]);
  expect(undoDepth(view.state)).toBe(1);
  undo(view);
  expect(textOf(view)).toBe(CELL);
});

test('a literal that is no longer as expected is left alone', async () => {
  const view = await ready(CELL);
  type(view, CELL.indexOf('1.0') + 3, '5');
  const unknown = { name: 'gone', before: '1', after: '2' };
  expect(writeLiterals(view, [...CHANGES, unknown])).toEqual(['C', 'gone']);
  expect(literals(view)).toEqual(['1.05', '9']);
});

test('what stays is not written', async () => {
  const view = await ready(CELL);
  expect(writeLiterals(view, [{ name: 'n', before: '3', after: '3' }])).toEqual([]);
  expect(undoDepth(view.state)).toBe(0);
  expect(texts(view, '.jtune-flash')).toEqual([]);
});

test('nothing is written into a text that has just been typed without being read', async () => {
  const view = await ready('');
  type(view, 0, CELL);
  expect(writeLiterals(view, CHANGES)).toEqual([]);
  expect(literals(view)).toEqual(['62.4', '9']);
});

test('a read-only cell is left alone', async () => {
  const view = await ready(CELL, {}, EditorState.readOnly.of(true));
  expect(writeLiterals(view, CHANGES)).toEqual(['n', 'C']);
  expect([markLiteral(view), removeMarks(view)]).toEqual([false, false]);
  expect(textOf(view)).toBe(CELL);
});

test('the old text is text', async () => {
  const before = JSON.stringify(EVIL);
  const view = await ready(`kind = ${before}  # tune: [${before}, "b"]\n`);
  expect(writeLiterals(view, [{ name: 'kind', before, after: '"b"' }])).toEqual([]);
  expect(images(view)).toEqual([]);
  expect(texts(view, '.jtune-before')).toEqual([before]);
});

function cursor(doc: string): [text: string, anchor: number] {
  return [doc.replace('|', ''), doc.indexOf('|')];
}

test.each([
  ['a number', 'lr = 0.|1\n', 'lr = 0.1  # tune: 0.01..1.0 log\n'],
  ['behind a comment', 'lr = 0.1|  # the rate\n', 'lr = 0.1  # the rate  # tune: 0.01..1.0 log\n'],
  [
    'a boolean, with spaces behind',
    'f(\n    wide=|True,  \n)\n',
    'f(\n    wide=True,  # tune: [False, True]  \n)\n',
  ],
  ['the only literal of the line', 'l|r = 0.1\n', 'lr = 0.1  # tune: 0.01..1.0 log\n'],
  ['one of two', 'C, gamma = 1.0, 0.|1\n', 'C, gamma = 1.0, 0.1  # tune gamma: 0.01..1.0 log\n'],
  [
    'the other of two',
    'n, k = 8, 2|  # tune n: 2..32  # why\n',
    'n, k = 8, 2  # tune n: 2..32; k: 1..8  # why\n',
  ],
  ['beyond the basic plane', 'f("𝒜", 𝒷=2, c=|3)\n', 'f("𝒜", 𝒷=2, c=3)  # tune c: 1..12\n'],
])('a mark for %s', async (_what, before, after) => {
  const [doc, anchor] = cursor(before);
  const view = await ready(doc);
  view.dispatch({ selection: { anchor } });
  expect(markLiteral(view)).toBe(true);
  expect(textOf(view)).toBe(after);
  expect(readingOf(view.state)?.problems).toEqual([]);
  undo(view);
  expect(textOf(view)).toBe(doc);
});

test.each([
  ['no literal', 'x = y|\n'],
  ['a string', 'kernel = "r|bf"\n'],
  ['a mark already', 'C = 1|.0  # tune: 0..2\n'],
  ['two literals, and none at the cursor', 'C, g|amma = 1.0, 0.1\n'],
  ['an empty cell', '|'],
])('no mark where there is %s', async (_what, before) => {
  const [doc, anchor] = cursor(before);
  const view = await ready(doc);
  view.dispatch({ selection: { anchor } });
  expect(markLiteral(view)).toBe(false);
  expect(textOf(view)).toBe(doc);
});

test('marks are taken out, and nothing else', async () => {
  const lines = [
    ['%%tune digits'],
    ['C, g = 1.0, 0.1  # tune C: 1e-3..1e3 log; g: 0..1', 'C, g = 1.0, 0.1'],
    ['n = 3  # 𝒜 note  # tune: 1..9', 'n = 3  # 𝒜 note'],
    ['s = "#"  # tune: ["#", "b"] # why', 's = "#"  # why'],
    ['k = 3  # noqa  # tune: 1..9  # why', 'k = 3  # noqa  # why'],
    ['wrong = 3  # tune: 9..1', 'wrong = 3'],
    ['slider = 3  #@param {type:"slider", min:0, max:9, step:1}', 'slider = 3'],
    ['for i in range(9):  # tune: report n', 'for i in range(9):'],
    ['    text = "# tune: 1..9"'],
    ['# tune the oven'],
    ['oven = 3  # tune it by hand'],
    ['loss = n  # tune: minimize', 'loss = n'],
  ];
  const text = lines.map(([line]) => line).join('\n');
  const view = await ready(text);
  expect(removeMarks(view)).toBe(true);
  expect(textOf(view)).toBe(lines.map((line) => line.at(-1)).join('\n'));
  expect(names(view)).toEqual([]);
  expect(removeMarks(view)).toBe(false);
  undo(view);
  expect(textOf(view)).toBe(text);
});

test('only the marks in the selection', async () => {
  const view = await ready(CELL);
  const head = CELL.indexOf('n = 3');
  view.dispatch({ selection: { anchor: head, head: head + 5 } });
  expect(removeMarks(view)).toBe(true);
  expect(textOf(view)).toBe('C = 1.0  # tune: 1e-3..1e3 log\n𝒜 = "é"\nn = 3\n');
});
