// @vitest-environment jsdom

/** The reading, as the text moves under it. */

import { EditorState } from '@codemirror/state';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { readingOf, setConfig } from '../../src/editor';
import { type CellReading, parsePython, readCell } from '../../src/language';
import { closeAll, control, editor, literals, names, ready, settled, texts, textOf, type } from './editor';

const CELL = 'C = 1.0  # tune: 1e-3..1e3 log\nn = 3  # tune: 1..9\n';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});

afterEach(() => {
  closeAll();
  vi.useRealTimers();
});

test('the first reading is there before the page is painted', async () => {
  const readings: CellReading[] = [];
  const view = editor(CELL, { onReading: (_view, reading) => readings.push(reading) });
  expect(readingOf(view.state)).toBeNull();
  await settled();
  expect(names(view)).toEqual(['C', 'n']);
  expect(readings).toHaveLength(1);
});

test('an editor without the extension has no reading', () => {
  expect(readingOf(EditorState.create({ doc: CELL }))).toBeNull();
});

test('a text that cannot hold a mark has an empty reading', async () => {
  const view = await ready('x = 1\n');
  expect(readingOf(view.state)?.tunables).toEqual([]);
});

test('spans move with what is typed above, beside and below', async () => {
  const view = await ready(CELL);
  type(view, 0, '# 𝒜 comment\n');
  expect(literals(view)).toEqual(['1.0', '3']);
  type(view, textOf(view).indexOf('  # tune: 1e'), ' ');
  type(view, view.state.doc.length, 'y = 2\n');
  expect(literals(view)).toEqual(['1.0', '3']);
  expect(texts(view, '.jtune-literal')).toEqual(['1.0', '3']);
  expect(texts(view, '.jtune-comment')).toEqual(['# tune: 1e-3..1e3 log', '# tune: 1..9']);
});

test('a line end behind a mark leaves it', async () => {
  const view = await ready(CELL.trimEnd());
  type(view, view.state.doc.length, '\n');
  expect(names(view)).toEqual(['C', 'n']);
});

test.each([
  ['a changed literal', CELL.indexOf('1.0') + 3, '5'],
  ['a sign before a literal', CELL.indexOf('1.0'), '-'],
  ['a touched comment', CELL.indexOf('1e3') + 3, '0'],
  ['a longer comment', CELL.indexOf(' log') + 4, ' step'],
])('%s is dropped until the next reading', async (_what, at, insert) => {
  const view = await ready(CELL);
  type(view, at, insert);
  expect(names(view)).toEqual(['n']);
});

test('while a person types the reading waits', async () => {
  const readings: CellReading[] = [];
  const view = await ready(CELL, { onReading: (_view, reading) => readings.push(reading) });
  for (const digit of '2345') {
    type(view, CELL.indexOf('1.0') + 3, digit);
    vi.advanceTimersByTime(60);
  }
  expect(readings).toHaveLength(1);
  vi.advanceTimersByTime(30);
  expect(readings).toHaveLength(2);
  expect(names(view)).toEqual(['C', 'n']);
  expect(literals(view)).toEqual(['1.05432', '3']);
});

test('what comes from elsewhere is read at once', async () => {
  const view = await ready(CELL);
  view.dispatch({ changes: { from: CELL.indexOf('1.0'), to: CELL.indexOf('1.0') + 3, insert: '2.5' } });
  expect(names(view)).toEqual(['n']);
  await settled();
  expect(literals(view)).toEqual(['2.5', '3']);
});

test('a text that is replaced as a whole keeps no spans', async () => {
  const view = await ready(CELL);
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: CELL } });
  expect(names(view)).toEqual([]);
  await settled();
  expect(names(view)).toEqual(['C', 'n']);
});

test('an incremental reading is that of a new editor', async () => {
  const view = await ready(CELL);
  const edits: [number, string][] = [
    [0, '%%tune digits\n'],
    [14, 'def f(k=2):  # tune: 1..5\n    return k\n'],
    [14, 'text = """\n# tune: no\n"""\n'],
  ];
  for (const [at, insert] of edits) {
    type(view, at, insert);
    vi.advanceTimersByTime(100);
  }
  const fresh = await ready(textOf(view));
  const plain = ({ state }: typeof view) => JSON.stringify(readingOf(state));
  expect(plain(view)).toBe(plain(fresh));
  expect(names(view)).toEqual(['k', 'C', 'n']);
});

/** A generator of numbers below n, the same at each run (Park and Miller's). */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state * 48271) % 2147483647;
    return state % n;
  };
}

const SNIPPETS = [
  '%%tune digits\n',
  '%%html\n',
  'C = 1.0  # tune: 1e-3..1e3 log\n',
  'f(\n    a=1,  # tune: 0..9\n    b="𝒜",  # tune: ["𝒜", "b"]\n)\n',
  '"""',
  '%time x = 1\n',
  '!ls (\n',
  '(',
  ')',
  '\n',
  '#',
  'n = 3  # tune: 1..9 if C > 1\n',
  'loss = n  # tune: minimize\n',
];

test.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'whatever is edited, the reading is that of a new editor (%i)',
  async (seed) => {
    const roll = dice(seed);
    const view = await ready(SNIPPETS.slice(0, 4).join(''));
    for (let i = 0; i < 40; i++) {
      const { length } = view.state.doc;
      const [from, snippet] = [roll(length + 1), SNIPPETS[roll(SNIPPETS.length)] ?? ''];
      const isDeletion = roll(3) === 0;
      const to = isDeletion ? Math.min(length, from + roll(12)) : from;
      const at = isDeletion || roll(2) === 0 ? from : view.state.doc.lineAt(from).from;
      const changes = isDeletion ? { from, to } : { from: at, insert: snippet };
      view.dispatch({ changes, userEvent: isDeletion ? 'delete' : 'input.type' });
      vi.advanceTimersByTime(100);
      const reading = JSON.stringify(readingOf(view.state));
      const whole = readCell(textOf(view), parsePython(textOf(view)));
      if (/tune|@param/.test(textOf(view))) expect(reading, textOf(view)).toBe(JSON.stringify(whole));
    }
  },
);

test('a destroyed editor reads no more', async () => {
  const onReading = vi.fn();
  const view = await ready(CELL, { onReading });
  type(view, 0, '\n');
  view.destroy();
  vi.advanceTimersByTime(1000);
  const other = editor(CELL, { onReading });
  other.destroy();
  await settled();
  expect(onReading).toHaveBeenCalledTimes(1);
});

test('settings take marks and controls away', async () => {
  const view = await ready(`${CELL}k = 3  # tune: 9..1\n`);
  const shown = () => [texts(view, '.jtune-literal, .jtune-comment, .jtune-problem').length > 0];
  expect(control(view, 'C').type).toBe('range');
  view.dispatch({ effects: setConfig.of({ marks: false, controls: true }) });
  expect(shown()).toEqual([false]);
  expect(control(view, 'C').type).toBe('range');
  view.dispatch({ effects: setConfig.of({ marks: true, controls: false }) });
  expect(shown()).toEqual([true]);
  expect(texts(view, '.jtune-control')).toEqual([]);
});
