import { expect, test } from 'vitest';

import { readCondition } from '../../src/language/conditions';
import { readLiteral } from '../../src/language/literals';
import type { Value } from '../../src/language';

const LITERALS = {
  n: '2',
  x: '0.5',
  k: '"a"',
  b: 'True',
  t: '(1, "a")',
  'SVC.C': '1.0',
  no: 'None',
  f: 'False',
};
const POINT = new Map<string, Value>(
  Object.entries(LITERALS).flatMap(([name, text]) => {
    const value = readLiteral(text);
    return value ? [[name, value] as const] : [];
  }),
);

test.each([
  ['n >= 2', true],
  ['n > 2', false],
  ['1 < n <= 2', true],
  ['1 < n < 2', false],
  ['n == 2.0 and x != 0.25', true],
  ['not n == 2', false],
  ['not n == 1 and k == "b"', false],
  ['not not n == 2', true],
  ['k in ("a", "b")', true],
  ['k not in ["a"]', false],
  ['k not  in [n, "b",]', true],
  ['t in [(1.0, "a")]', true],
  ['n in []', false],
  ['b', true],
  ['b is True', true],
  ['n is not True', true],
  ['b == 1', true],
  ['f < b', true],
  ['no is None', true],
  ['no is not None or n == 1', false],
  ['SVC.C == 1', true],
  ['(n > 2 or x < 1) and (no or k)', true],
  ['(n > 2) == f', true],
  ['(1, 2) < (1, 3)', true],
  ['(1, 2) < (1, 2, 0)', true],
  ['(n, "b") > t', true],
  ['9007199254740993 > 9007199254740992.0', true],
  ['"𝒳" > "\uffff"', true],
  ['k < "ab"', true],
  ['k == "\\x61"', true],
  ['k and no', false],
  ['t != ()', true],
])('%s is %s', (text, expected) => {
  expect(readCondition(text).holds(POINT)).toBe(expected);
});

test.each(['k > 1', 'no < 1', 't < (1, 2)', 'n < t'])('%s cannot be told', (text) => {
  const condition = readCondition(text);
  expect(() => condition.holds(POINT)).toThrow('values of different kinds have no order');
});

test('what does not count is not asked', () => {
  expect(readCondition('n == 2 or k > 1').holds(POINT)).toBe(true);
  expect(readCondition('n > 2 and k > 1').holds(POINT)).toBe(false);
  expect(readCondition('2 < n < k').holds(POINT)).toBe(false);
});

test('the names and numbers of a condition come in order', () => {
  expect(readCondition('not (c > a) and b.d and a').names).toEqual(['c', 'a', 'b.d']);
  expect(readCondition('a > 3 or b in [-1.5, 3]').numbers).toEqual([-3, -1.5, 1.5, 3]);
});
