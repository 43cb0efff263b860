import { expect, test } from 'vitest';

import { maskMagics } from '../../src/language/parse';
import { problemsOf, read, tunablesOf } from './read';

// A zero stands for an expression that does nothing; the rest of a line of IPython's is space.
test.each([
  ['%%tune digits -n 40\nx = 1', '                   \nx = 1'],
  ['\n  %%explore\n  x = 1', '\n           \n  x = 1'],
  ['%%bash\nls', '      \n  '],
  ['%%tune\n%%time\nx', '      \n      \n '],
  ['%time f()\nx = 1', '0        \nx = 1'],
  ['if a:\n    !ls -l\nx?', 'if a:\n    0     \n0 '],
  ['x = %who\ny = !ls\nz = a % b', '0       \n0      \nz = a % b'],
  ['?x\n,f a\n;f a\n/f a', '0 \n0   \n0   \n0   '],
  ['!ls \\\n  -l\nx = 1', '0    \n  0 \nx = 1'],
  ['x = (a\n% b)\n%time', 'x = (a\n% b)\n0    '],
  ['x = """\n%s\n"""\n!ls', 'x = """\n%s\n"""\n0  '],
  ["s = 'what?'\n# is it?\nx != !y", "s = 'what?'\n# is it?\nx != !y"],
  ['a = b == %c', 'a = b == %c'],
  ['x = "# %d" % 3', 'x = "# %d" % 3'],
])('what is no Python is put out of sight', (cell, expected) => {
  expect(maskMagics(cell).text).toBe(expected);
  expect(maskMagics(cell).text).toHaveLength(cell.length);
});

test.each([
  ['%%tune\nx = 1  # tune: 1..3', 'tune'],
  ['%%explore name\nx = 1  # tune: 1..3', 'explore'],
  ['\n%%tune\nx = 1  # tune: 1..3', 'tune'],
  ['%%time\nx = 1  # tune: 1..3', null],
  ['x = 1  # tune: 1..3', null],
])('literals of a cell below its magic are found', (cell, magic) => {
  const reading = read(cell);
  expect(reading.magic).toBe(magic);
  expect(reading.tunables.map(({ from, to }) => cell.slice(from, to))).toEqual(['1']);
});

test('a cell of another language has no marks', () => {
  expect(read('%%bash\nx=1  # tune: 3-1')).toEqual({
    magic: null,
    tunables: [],
    objectives: [],
    problems: [],
  });
});

test('a mark on a line of a magic is a mistake', () => {
  const message = 'IPython hands this line to a magic or a shell as text; tune what stands in plain Python';
  expect(problemsOf('%%tune\nx = 1  # tune: 1..3\n%time f(k=3)  # tune: 1..9')).toEqual([
    ['%time f(k=3)  # tune: 1..9', message],
  ]);
  expect(tunablesOf('if a:\n    %time f()\n    x = 1  # tune: 1..3\n!ls # tune this\n')).toEqual(['x: 1..3']);
});
