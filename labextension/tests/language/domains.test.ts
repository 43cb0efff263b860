import { expect, test } from 'vitest';

import { domainText, infer, reject, triedOf } from '../../src/language/domains';
import { readLiteral } from '../../src/language/literals';
import { CHOICES, float, int } from './read';

test.each([
  ['True', '[False, True]'],
  ['64', '16..256'],
  ['1', '1..4'],
  ['0.3', '0.03..3.0 log'],
  ['1e-5', '1e-06..0.0001 log'],
  ['0', undefined],
  ['-1', undefined],
  ['-0.5', undefined],
  ['0.0', undefined],
  ['1e308', undefined],
  ['1e-320', undefined],
  ['9007199254740992', undefined],
  ['"a"', undefined],
  ['(1, 2)', undefined],
])('a bare mark gives %s the domain %s', (literal, expected) => {
  const value = readLiteral(literal);
  const domain = value && infer(value);
  expect(domain ? domainText(domain) : undefined).toBe(expected);
});

test.each([
  [float(0, 1), '2', '2 is outside 0.0..1.0'],
  [float(0, 1), '"a"', "'a' is not a number"],
  [float(0, 1), 'True', 'True is not a number'],
  [float(0, 1, { step: 0.1 }), '0.3', null],
  [float(0, 1, { step: 0.1 }), '0.35', '0.35 is not on the grid 0.0, 0.1, 0.2, ...'],
  [int(1, 9, { step: 3 }), '5', '5 is not on the grid 1, 4, 7, ...'],
  [int(1, 9), '2.5', '2.5 is not an integer'],
  [int(1, 9), '2.0', null],
  [CHOICES, '1.0', null],
  [CHOICES, 'False', "False is not one of ['a', None, (1, 2), True, 1, 0.5]"],
])('a value is rejected with a reason', (domain, literal, expected) => {
  const value = readLiteral(literal);
  expect(value && reject(domain, value)).toBe(expected);
});

test.each([
  [float(0, 1), [-1, 0.3, 1], '0.0 1.0 0.3 0.15 0.65'],
  [float(0, 1, { step: 0.25 }), [0.3], '0.0 1.0 0.25 0.25 0.75'],
  [float(1, 2, { log: true }), [], '1.0 2.0 1.5'],
  [int(1, 9, { step: 3 }), [2, 4], '1 7 1 4 1 4 7'],
  [CHOICES, [1], "'a' None (1, 2) True 1 0.5"],
])('a condition is tried at the ends, at its own numbers and between', (domain, numbers, expected) => {
  const texts = triedOf(domain, numbers).map(({ text }) => text);
  expect(texts.join(' ')).toBe(expected);
});
