import { expect, test } from 'vitest';

import { columnsFor, settle, whichOf } from '../src/panel/effects';

test.each([
  [8, 1560, 4],
  [8, 860, 4],
  [8, 660, 3],
  [3, 1560, 3],
  [15, 1560, 5],
  [1, 1560, 1],
  [2, 300, 2],
])('%d charts at %d px stand in %d columns', (count, width, expected) => {
  expect(columnsFor(count, width)).toBe(expected);
});

test.each([
  [{ a: 0.1, b: 0.6, c: 0.3 }, ['b', 'c', 'a']],
  [{ a: 0.33, b: 0.34, c: 0.33 }, ['a', 'b', 'c']],
  [{}, ['a', 'b', 'c']],
])('importance %j gives the order %j', (importance, expected) => {
  expect(settle(['a', 'b', 'c'], new Map(Object.entries(importance)))).toEqual(expected);
});

test.each([
  [['loss'], ''],
  [['loss', 'seconds'], 'on loss'],
  [[], ''],
])('charts of the objectives %j are named %j', (labels, expected) => {
  expect(whichOf(labels.map((label) => ({ label, direction: 'minimize' })))).toBe(expected);
});
