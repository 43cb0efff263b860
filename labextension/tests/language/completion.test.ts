import { expect, test } from 'vitest';

import { completionsAt, readCell, parsePython } from '../../src/language';

const NAMES = 'k = "a"  # tune: ["a", "b"]\nl = 2  # tune: 1..4\n';

/** What may follow at the bar, and what it replaces. */
function at(marked: string): [replaced: string, items: string[]] | null {
  const pos = marked.indexOf('|');
  const text = marked.slice(0, pos) + marked.slice(pos + 1);
  const found = completionsAt(text, pos);
  return found && [text.slice(found.from, found.to), found.items.map((item) => item.text)];
}

test.each([
  ['n = 64  # tune: |', ['', ['16..256', '16..256 log', '16..256 step 16', '[64, 128]']]],
  ['n = 64  # tune:|', ['', ['16..256', '16..256 log', '16..256 step 16', '[64, 128]']]],
  ['n = 64  # tune: 16..256 l|', ['l', ['log']]],
  ['n = 64  # noqa  # tune: [|', ['[', ['[64, 128]']]],
  ['x = 0.3  # tune: |', ['', ['0.03..3.0 log', '0.0..1.0', '0.0..1.0 step 0.1', '[0.3, 0.6]']]],
  ['f(\n  C=1.,  # tune: |\n)', ['', ['0.1..10.0 log', '0.0..2.0', '0.0..2.0 step 0.5', '[1.0, 2.0]']]],
  ['b = True  # tune: |', ['', ['[True, False]']]],
  ['k = "rbf"  # tune: |', ['', ['["rbf", ""]']]],
  ["k = 'rbf'  # tune: |", ['', ["['rbf', '']"]]],
  ['score = f(x)  # tune: |', ['', ['minimize', 'maximize', 'once']]],
  ['with f(x) as y:  # tune: o|\n    pass', ['o', ['once']]],
  ['with f(x) as y:\n    g(y)  # tune: o|', null],
  ['f(x)  # tune: ma|', ['ma', ['maximize']]],
  ['for i in y:  # tune: |\n    loss = f()', ['', ['report ', 'once']]],
  [
    'while a:  # tune: report |\n    loss, acc = f()\n    n += 1',
    ['', ['loss', 'acc', 'n', 'minimize ', 'maximize ']],
  ],
  ['while a:  # tune: report minimize l|\n    loss, acc = f()', ['l', ['loss']]],
  ['while a:  # tune: report loss, a|\n    loss, acc = f()', ['a', ['acc']]],
] as const)('behind the colon of %s stand the forms that fit', (marked, expected) => {
  expect(at(marked)).toEqual(expected);
});

test.each([
  ['n = 64  # tune: 16..256 |', ['', ['log', 'step 16', 'if ']]],
  ['n = 64  # tune: 16..256 log |', ['', ['step 16', 'if ']]],
  ['n = 64  # tune: 16..256 step |', ['', ['16', '2']]],
  ['x = 0.3  # tune: 0..1 |', ['', ['step 0.1', 'if ']]],
  ['x = 0.3  # tune: 0.1..1 log |', ['', ['if ']]],
  ['k = "a"  # tune: ["a", "b"] |', ['', ['if ']]],
  [`${NAMES}n = 64  # tune: 16..256 if |`, ['', ['k', 'l']]],
  [`${NAMES}n = 64  # tune if |`, ['', ['k', 'l']]],
  [`${NAMES}n = 64  # tune: 16..256 if l > 2 and |`, ['', ['k', 'l']]],
  [`${NAMES}n = 64  # tune: 16..256 if k |`, ['', ["== 'a'", "== 'b'"]]],
  [`${NAMES}n = 64  # tune: 16..256 if k == |`, ['', ["'a'", "'b'"]]],
  [`${NAMES}n = 64  # tune: 16..256 if l |`, ['', ['>= ', '<= ', '> ', '< ', '== ']]],
  ['a, b = 1, 2.0  # tune |', ['', ['a: ', 'b: ']]],
  ['f(a=1), g(a=2)  # tune |', ['', ['f.a: ', 'g.a: ']]],
  ['a, b = 1, True  # tune a: 1..3; |', ['', ['b: ']]],
  ['a, b = 1, True  # tune a: 1..3; b: |', ['', ['[True, False]']]],
] as const)('behind the domain of %s stands what may follow', (marked, expected) => {
  expect(at(marked)).toEqual(expected);
});

test.each([
  ['%%tune digits --s|', ['--s', ['--sampler', '--seed']]],
  ['%%tune --seed 1 --s|\nx = 1', ['--s', ['--sampler']]],
  ['%%tune --pruner |', ['', ['median', 'hyperband', 'none']]],
  ['%%tune --sampler f|', ['f', ['forest']]],
  ['%%explore -|', ['-', ['--minimize', '--maximize', '--fresh', '--no-fresh']]],
  ['%%explore --minimize a --fresh -|', ['-', ['--minimize', '--maximize', '--no-fresh']]],
] as const)('on the line of the magic, %s, stand its options', (marked, expected) => {
  expect(at(marked)).toEqual(expected);
});

test.each([
  '|',
  'x = 1  # hello |',
  'x = 1  # tune|',
  'x = "# tune: |"',
  'x = 1  # tune: 1..3  # |',
  'x = 1  # tune: ["a|',
  'x = 1  # tune: re|',
  '# tune: |',
  'def f():\n    s = g()  # tune: |',
  'x = %time  # tune: |',
  '%%tune digits|',
  '%%time -|',
  'x = 1\n%%tune -|',
])('nothing follows at %s', (marked) => {
  expect(at(marked)).toBeNull();
});

test.each([
  '0',
  '1',
  '-7',
  '64',
  '1000000',
  '0.0',
  '0.3',
  '1.0',
  '-2.5',
  '1e-8',
  '250.0',
  'True',
  '"a"',
  'None',
  '(1, 2)',
])('every form that is offered for %s is a mark', (literal) => {
  const start = `x = ${literal}  # tune: `;
  for (const { text } of completionsAt(start, start.length)?.items ?? []) {
    const cell = start + text;
    expect(readCell(cell, parsePython(cell)).problems, cell).toEqual([]);
  }
});
