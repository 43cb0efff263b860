import { expect, test } from 'vitest';

import { assigned } from '../src/panel/lanes';

test.each([
  ['the first trials', [], [1, 2], 2, [1, 2]],
  ['a trial that runs on stays in its lane', [1, 2], [2, 3], 2, [3, 2]],
  ['a lane is kept free for the next trial', [1, 2], [2], 2, [null, 2]],
  ['a lane that was added', [1, 2], [1, 2], 3, [1, 2, null]],
  ['a lane is taken away when its trial has ended', [1, 2, 3], [1, 3], 1, [1, null, 3]],
  ['and those before it', [1, null, 3], [1], 1, [1]],
  ['a search that has ended', [1, 2], [], 0, []],
])('%s', (_what, before, running, jobs, expected) => {
  expect(assigned(before, running, jobs)).toEqual(expected);
});
