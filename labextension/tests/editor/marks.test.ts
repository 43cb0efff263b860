// @vitest-environment jsdom

/** Mistakes, importance, and what is shown under the pointer. */

import type { EditorView, TooltipView } from '@codemirror/view';
import { afterEach, expect, test } from 'vitest';
import { setConfig, setStudy } from '../../src/editor';
import { tooltipAt } from '../../src/editor/hover';
import { EVIL, closeAll, effect, range, ready, texts, textOf } from './editor';

const WRONG = 'k = 3  # tune: 9..1\n';

afterEach(closeAll);

function hoverOver(view: EditorView, text: string): HTMLElement | null {
  const tooltip = tooltipAt(view.state, textOf(view).indexOf(text) + 1, 1);
  const shown: TooltipView | undefined = tooltip?.create(view);
  return shown?.dom ?? null;
}

test.each([
  ['under the magic', `%%tune\n${WRONG}`, true],
  ['to explore', `%%explore\n${WRONG}`, true],
  ['beside a valid mark', `C = 1.0  # tune: 0..9\n${WRONG}`, true],
  ['beside an objective', `${WRONG}loss = k * k  # tune: minimize\n`, true],
  ['alone', WRONG, false],
])('a mistake %s', async (_where, cell, isShown) => {
  const view = await ready(cell);
  expect(texts(view, '.jtune-problem').length > 0).toBe(isShown);
  expect(hoverOver(view, '9..1') !== null).toBe(isShown);
});

test('a mistake says what the kernel would', async () => {
  const view = await ready(`%%tune\n${WRONG}`);
  expect(hoverOver(view, '9..1')?.textContent).toBe('LOW must be below HIGH; write 1..9');
  view.dispatch({ effects: setConfig.of({ marks: false, controls: true }) });
  expect(hoverOver(view, '9..1')).toBeNull();
});

const CELL = `C = 1.0  # tune: 1e-3..1e3 log\nkind = "b"  # tune: ["a", "b"]\nn = 3  # tune: 1..9\n`;

const STUDY = {
  name: EVIL,
  goal: `maximize ${EVIL}`,
  effects: [effect('C', [0.001, 1, 1000], [0.2, 0.9, 0.4], 0.61), effect('kind', [0, 1], [0.5, 0.6], 0.004)],
  parameters: [
    range('C', { low: 0.001, high: 1000, log: true }),
    range('kind', { kind: 'choice', choices: ['a', 'b'] }),
    range('n', { kind: 'int' }),
  ],
  literals: { kind: ["'a'", "'b'"] },
  best: { C: { at: 62.4321, text: '62.43' }, kind: { at: 0, text: 'a' }, n: { at: 4, text: '4' } },
};

test('what matters more is marked more', async () => {
  const view = await ready(CELL);
  expect(texts(view, '[class*=importance]')).toEqual([]);
  view.dispatch({ effects: setStudy.of(STUDY) });
  expect(texts(view, '.jtune-importance-4')).toEqual(['1.0']);
  expect(texts(view, '.jtune-importance-1')).toEqual(['"b"']);
  expect(texts(view, '.jtune-literal')).toEqual(['1.0', '"b"', '3']);
  view.dispatch({ effects: setStudy.of(null) });
  expect(texts(view, '[class*=importance]')).toEqual([]);
  expect(hoverOver(view, '1.0')).toBeNull();
});

test('the effect under the pointer, on the axis of the parameter', async () => {
  const view = await ready(CELL);
  view.dispatch({ effects: setStudy.of(STUDY) });
  const box = hoverOver(view, '1.0');
  expect(box?.querySelector('.jtune-hover-head')?.textContent).toBe('C61 %');
  expect(box?.querySelector('.jtune-hover-legend')?.textContent).toBe('best 62.43now 1.0');
  expect(box?.querySelector('img')).toBeNull();
  expect(box?.textContent).toContain(`maximize ${EVIL} · ${EVIL}`);
  // The middle of a log axis of three even steps.
  const points = box?.querySelector('polyline')?.getAttribute('points')?.split(' ');
  expect(points?.map((point) => Number(point.split(',')[0]))).toEqual([7, 110, 213]);
  expect(Number(box?.querySelector('.jtune-spark-now circle')?.getAttribute('cx'))).toBe(110);
  expect(box?.querySelectorAll('.jtune-spark-best path')).toHaveLength(1);
});

test('choices are dashes', async () => {
  const view = await ready(CELL);
  view.dispatch({ effects: setStudy.of(STUDY) });
  const box = hoverOver(view, '"b"');
  expect(box?.querySelectorAll('line.jtune-spark-mean')).toHaveLength(2);
  expect(box?.querySelector('.jtune-hover-head')?.textContent).toBe('kind< 1 %');
  expect(box?.querySelector('.jtune-hover-legend')?.textContent).toBe('best anow b');
  expect(box?.querySelectorAll('.jtune-spark-now circle')).toHaveLength(1);
});

test.each([
  ['strings that look alike without quotes', `["1", 1]`, '"1"', ["'1'", '1'], ["'1'", '1']],
  ['a number that is written otherwise', '[1.0, 2.0]', '1e0', ['1.0', '2.0'], ['1.0', '2.0']],
  ['blanks', '["a  b", "c"]', '"a  b"', ['a b', 'c'], ["'a  b'", "'c'"]],
])('the present choice: %s', async (_what, domain, literal, choices, written) => {
  const view = await ready(`kind = ${literal}  # tune: ${domain}\n`);
  const parameters = [range('kind', { kind: 'choice', choices })];
  const best = { kind: { at: 0, text: choices[0] ?? '' } };
  view.dispatch({ effects: setStudy.of({ ...STUDY, parameters, literals: { kind: written }, best }) });
  const box = hoverOver(view, literal);
  expect(box?.querySelector('.jtune-hover-legend')?.textContent).toBe(
    `best ${choices[0] ?? ''}now ${choices[0] ?? ''}`,
  );
});

test('where a study knows nothing, nothing is shown', async () => {
  const view = await ready(CELL);
  view.dispatch({ effects: setStudy.of(STUDY) });
  expect(hoverOver(view, '3  #')).toBeNull();
  const none = { ...STUDY, effects: [effect('C', [], [], 0)], best: {} };
  view.dispatch({ effects: setStudy.of(none) });
  expect(hoverOver(view, '1.0')?.querySelector('.jtune-hover-legend')?.textContent).toBe('now 1.0');
});
