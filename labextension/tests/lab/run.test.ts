/** What runs under a magic, and when two texts are the same code. */

import { expect, test, vi } from 'vitest';

// They need a browser, and are not what is tested.
vi.mock('@jupyterlab/notebook', () => ({}));
vi.mock('@jupyterlab/outputarea', () => ({}));

const { codeOf, studyNamed, underMagic } = await import('../../src/lab/run');

test.each([
  ['x = 1', 'tune', '%%tune\nx = 1'],
  ['%%explore wave --fresh\nx = 1', 'tune', '%%tune wave\nx = 1'],
  ['%%explore\nx = 1', 'tune', '%%tune\nx = 1'],
  ['%%tune wave\nx = 1', 'tune', null],
] as const)('%j under %s', (source, magic, expected) => {
  expect(underMagic(source, magic)).toBe(expected);
});

test('the study that a cell names', () => {
  expect(studyNamed('%%tune digits -n 4\nx = 1')).toBe('digits');
  expect(studyNamed('%%tune -n 4\nx = 1')).toBe('');
  expect(studyNamed('x = 1')).toBe('');
});

const CELL = 'a = 1.0  # tune: 0..10\nprint(a)';

test.each([
  ['another value', CELL.replace('1.0', '2.5e0'), true],
  ['under the magic', `%%explore wave\n${CELL}\n`, true],
  ['other code', CELL.replace('print', 'show'), false],
  ['another range', CELL.replace('10', '20'), false],
  ['a mark less', CELL.replace('  # tune: 0..10', ''), false],
])('the code of a cell: %s', (_what, text, isSame) => {
  expect(codeOf(text) === codeOf(CELL)).toBe(isSame);
});
