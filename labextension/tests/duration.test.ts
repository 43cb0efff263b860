import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { duration, elapsed, roughly } from '../src/panel/duration';
import { timeText } from '../src/panel/head';
import { status } from './fixtures';

/** The kernel writes durations alike. */
const CASES = JSON.parse(
  readFileSync(new URL('../../tests/data/durations.json', import.meta.url), 'utf-8'),
) as [number, string][];

test.each(CASES)('%d s is %s', (seconds, expected) => {
  expect(duration(seconds)).toBe(expected);
});

test.each([
  [0.2, 'less than 1 s'],
  [7.4, '7 s'],
  [21, '20 s'],
  [58, '1 min'],
  [200, '3 min'],
  [4000, '1 h 7 min'],
])('%d s is roughly %s', (seconds, expected) => {
  expect(roughly(seconds)).toBe(expected);
});

test('a clock shows whole seconds', () => {
  expect([elapsed(-0.1), elapsed(0.9), elapsed(3.9), elapsed(61)]).toEqual([
    '0 s',
    '0 s',
    '3 s',
    '1 min 1 s',
  ]);
});

const STATUS = status({ left_s: 22 });

test('the head counts on while the search runs', () => {
  expect(timeText(STATUS, 2)).toBe('12 s, about 20 s left');
  expect(timeText({ ...STATUS, phase: 'paused' }, 2)).toBe('10 s, about 20 s left');
  expect(timeText({ ...STATUS, phase: 'ended' }, 2)).toBe('10 s');
  expect(timeText({ ...STATUS, left_s: null }, 2)).toBe('12 s');
});
