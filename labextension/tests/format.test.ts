import { describe, expect, it } from 'vitest';
import { axis, counted, number, typed } from '../src/panel/format';
import { choice, range } from './fixtures';

it.each([
  [0, '0 trials'],
  [1, '1 trial'],
  [2, '2 trials'],
])('counts %d trials', (n, text) => {
  expect(counted(n, 'trial')).toBe(text);
});

describe('number', () => {
  it.each([
    [0, '0'],
    [-0, '0'],
    [1, '1'],
    [0.1 + 0.2, '0.3'],
    [0.975, '0.975'],
    [-12.5, '-12.5'],
    [1 / 3, '0.333333'],
    [123456, '123456'],
    [999999.7, '1e+06'],
    [1500000, '1.5e+06'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [-0.0000123456789, '-1.23457e-05'],
    [1e300, '1e+300'],
    [Infinity, 'inf'],
    [-Infinity, '-inf'],
    [NaN, 'nan'],
  ])('%d is %s', (x, expected) => {
    expect(number(x)).toBe(expected);
  });
});

describe('axis', () => {
  it.each([
    [0, '0'],
    [0.001, '1e-3'],
    [0.00025, '2.5e-4'],
    [0.01, '0.01'],
    [1, '1'],
    [100, '100'],
    [50000, '50000'],
    [100000, '1e5'],
    [-1e300, '-1e300'],
  ])('%d is %s', (x, expected) => {
    expect(axis(x)).toBe(expected);
  });
});

describe('typed', () => {
  const integer = range('layers', 1, 8, { kind: 'int' });
  it.each([
    [integer, null, '–'],
    [integer, 4, '4'],
    [integer, 3.0000001, '3'],
    [integer, 12345678, '12345678'],
    [range('rate', 0, 1), 0.00001, '1e-05'],
    [choice('kind', "'a'", '<b>'), 1, '<b>'],
    [choice('kind', "'a'"), 7, '–'],
  ])('%o at %s is %s', (parameter, value, expected) => {
    expect(typed(parameter, value)).toBe(expected);
  });
});
