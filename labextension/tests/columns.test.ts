import { expect, test } from 'vitest';

import { columnsOf, csvOf, sorted } from '../src/panel/columns';
import { choice, range, row, study } from './fixtures';

const STUDY = study([
  range('lr', 1e-5, 1, { log: true }),
  choice('kind, "odd"', '=1+1', 'a,b', "'adam'", '-5', '@x\ny'),
]);

function column(label: string) {
  const found = columnsOf(STUDY).find((each) => each.label === label);
  if (!found) throw new Error(label);
  return found;
}

test('the columns are number, state, objectives, parameters, seconds and origin', () => {
  expect(columnsOf(STUDY).map(({ label }) => label)).toEqual([
    'trial',
    'state',
    'loss',
    'lr',
    'kind, "odd"',
    'seconds',
    'origin',
  ]);
});

test.each([
  [false, [2, 0, 3, 1]],
  [true, [3, 0, 2, 1]],
])('sorting by the objective, descending: %s, keeps what has none last', (isDescending, expected) => {
  const rows = [row(0, [1, 0], [5]), row(1, [1, 0], []), row(2, [1, 0], [-1]), row(3, [1, 0], [10])];
  expect(sorted(rows, column('loss'), isDescending).map(({ number }) => number)).toEqual(expected);
});

test('choices are sorted by their text, numbers by their size', () => {
  const rows = [row(0, [0.5, 1], [1]), row(1, [1e-5, 0], [2]), row(2, [0.01, null], [3])];
  expect(sorted(rows, column('lr'), false).map(({ number }) => number)).toEqual([1, 2, 0]);
  expect(sorted(rows, column('kind, "odd"'), false).at(-1)?.number).toBe(2);
});

test('CSV quotes by RFC 4180, and marks texts that look like formulas', () => {
  const rows = [
    row(0, [1e-5, 0], [0.30000000000000004]),
    row(1, [0.5, 1], [-2]),
    row(2, [null, 2], []),
    row(3, [0.5, 3], [1]),
    row(4, [0.5, 4], [1]),
  ];
  expect(csvOf(STUDY, rows)).toBe(
    [
      'trial,state,loss,lr,"kind, ""odd""",seconds,origin',
      "0,complete,0.30000000000000004,0.00001,'=1+1,1,sampler",
      '1,complete,-2,0.5,"a,b",1,sampler',
      "2,failed,,,'adam',1,sampler",
      '3,complete,1,0.5,-5,1,sampler',
      '4,complete,1,0.5,"\'@x\ny",1,sampler',
      '',
    ].join('\r\n'),
  );
});
