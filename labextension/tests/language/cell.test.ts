import { TreeFragment } from '@lezer/common';
import { expect, test } from 'vitest';

import { activeNames, parsePython, readCell } from '../../src/language';
import { problemsOf, read, tunablesOf } from './read';

const CELL = `%%tune digits -n 40
X, y = load(return_X_y=True)  # 𝒳🎉
model = pipeline(
    Scaler(),
    SVC(
        C=1.,              # tune: 1e-3..1e3 log
        gamma=0.01,        # tune: 1e-5..1e1 log if kernel == "rbf"
        kernel="rbf",      # tune: ["rbf", "poly", "𝒳"]
    ),
)
for epoch in range(9):  # tune: report loss, model["a"]
    %time f()
    loss = f("""
# tune: 1..3
""", 1.)
accuracy = score(model, X, y, cv=3).mean()   # tune: maximize
`;

test('a cell is read whole', () => {
  const reading = read(CELL);
  expect(reading.tunables.map(({ name, from, to }) => [name, CELL.slice(from, to)])).toEqual([
    ['C', '1.'],
    ['gamma', '0.01'],
    ['kernel', '"rbf"'],
  ]);
  expect(reading.tunables.map(({ comment }) => CELL.slice(comment.from, comment.to))[0]).toBe(
    '# tune: 1e-3..1e3 log',
  );
  expect(reading.objectives).toEqual(['maximize']);
  expect(reading.problems).toEqual([]);
});

test('whatever part of a cell is there, it is read without a failure', () => {
  for (let to = 0; to <= CELL.length; to += 1) {
    read(CELL.slice(0, to));
    read(CELL.slice(to));
    const without = CELL.slice(0, to) + CELL.slice(to + 1);
    for (const { from, to: end } of read(without).problems) {
      expect(from <= end && end <= without.length).toBe(true);
    }
  }
});

test('a tree that grows with the text reads as one that is new', () => {
  const [at, inserted] = [CELL.indexOf('gamma'), 'tol=0.1,  # tune: 1e-4..1 log\n        '];
  const edited = CELL.slice(0, at) + inserted + CELL.slice(at);
  const fragments = TreeFragment.applyChanges(TreeFragment.addTree(parsePython(CELL)), [
    { fromA: at, toA: at, fromB: at, toB: at + inserted.length },
  ]);
  const names = readCell(edited, parsePython(edited, fragments)).tunables.map(({ name }) => name);
  expect(names).toEqual(['C', 'tol', 'gamma', 'kernel']);
});

test.each([
  ['SVC(C=1.0,  # tune: 0.1..10', ['C: 0.1..10.0']],
  ['f(\n  a=1,  # tune: 1..3\n  b=', ['a: 1..3']],
  ['x = 1  # tune: 1..3\ny = (', ['x: 1..3']],
  ['def f(\nx = 1  # tune: 1..3', []],
  ['if a:\nx = 1  # tune: 1..3', ['x: 1..3']],
  ['x = "a\ny = 1  # tune: 1..3', ['y: 1..3']],
  ['x = 1 1\ny = 1  # tune: 1..3', ['y: 1..3']],
])('of what is no Python yet, %j, the rest is read', (cell, expected) => {
  expect(tunablesOf(cell)).toEqual(expect.arrayContaining(expected));
});

test.each(['x =   # tune: 1..3', 'f(a=  # tune: 1..3', 'for   # tune: report a', 'x, = (  # tune: 1..3'])(
  'nothing is said of where a mark stands while its statement is typed: %s',
  (cell) => {
    expect(problemsOf(cell)).toEqual([]);
  },
);

test('a mistake in the mark itself is told in a statement that is typed', () => {
  expect(problemsOf('x = (  # tune: 1-3')).toEqual([
    ['1-3', 'expected two dots between the bounds; write 1..3'],
  ]);
});

test.each([
  ['a, b = 1, 2  # tune a: 3..1; b: 1..9  # note', [['3..1', 'LOW must be below HIGH; write 1..3']]],
  ['x = 5  # tune: 1..9 step 0  # note', [['step 0', 'the step must be above 0; write for example step 1']]],
  ['t = "𝒳🎉"; x = 5  # tune x: 1-9', [['1-9', 'expected two dots between the bounds; write 1..9']]],
  ['x = 1  # tune: 1..3;', [[';', 'nothing follows the semicolon; leave it out']]],
  [
    '# tune: 1..3  # note',
    [
      [
        '# tune: 1..3',
        'a mark stands at the end of the line that it speaks of; move it there, or take the colon out of prose',
      ],
    ],
  ],
])('a mistake is marked where it stands: %s', (cell, expected) => {
  expect(problemsOf(cell)).toEqual(expected);
});

test('those with a mistake are left out, the others stay', () => {
  expect(tunablesOf('a = 1  # tune: 3..1\nb = 2  # tune: 1..3\nc = 3  # tune: 1..9 if d > 1')).toEqual([
    'b: 1..3',
  ]);
  expect(tunablesOf('a = 1  # tune: 1..3\na = 2  # tune: 1..3\nb = 2  # tune: 1..3')).toEqual(['b: 1..3']);
});

test.each([
  ['n = 2  # tune: 1..4\nm = 1  # tune: 1..3 if n >= 2', ['n', 'm']],
  ['n = 1  # tune: 1..4\nm = 1  # tune: 1..3 if n >= 2', ['n']],
  ['n = 1  # tune: 1..4\nm = 1  # tune: 1..3 if n >= 2\nk = 1  # tune: 1..3 if m == 1', ['n', 'k']],
  ['n = 1  # tune: 9..4\nm = 1  # tune: 1..3 if n >= 2', ['m']],
])('active are those whose condition holds for the literals as they stand', (cell, expected) => {
  expect([...activeNames(read(cell))]).toEqual(expected);
});

test('names are compared as Python compares them', () => {
  expect(tunablesOf('ﬁt, b = 1, 2  # tune fit: 1..3')).toEqual(['fit: 1..3']);
});

test('a thousand lines are read in a moment', () => {
  const line = (i: number) =>
    i % 10 === 0 ? `p${i} = ${i}.5  # tune: 1e-3..1e4 log` : `q = f(x[${i}], k=[1, 2], z="a")`;
  const cell = Array.from({ length: 1000 }, (_, i) => line(i)).join('\n');
  const tree = parsePython(cell);
  const times = Array.from({ length: 20 }, () => {
    const started = performance.now();
    expect(readCell(cell, tree).tunables).toHaveLength(100);
    return performance.now() - started;
  });
  // A few milliseconds; far more on a machine that does something else.
  expect(Math.min(...times)).toBeLessThan(50);
});
