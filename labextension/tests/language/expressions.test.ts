import { expect, test } from 'vitest';

import { parseExpression } from '../../src/language/expressions';
import { unparse } from '../../src/language/unparse';

// What Python's own `ast.unparse` makes of them.
test.each([
  ['loss', 'loss'],
  ['a.b["c"] [0]', "a.b['c'][0]"],
  ['f( x,*a,k = "v",**d )', "f(x, *a, k='v', **d)"],
  ['(a+b)*c - -d', '(a + b) * c - -d'],
  ['a-(b-c)', 'a - (b - c)'],
  ['-1**2 + (-1)**2', '-1 ** 2 + (-1) ** 2'],
  ['2**-1', '2 ** (-1)'],
  ['not (a==b) and c', 'not a == b and c'],
  ['a and b and c and d == e', 'a and b and c and (d == e)'],
  ['(a<b)<c', '(a < b) < c'],
  ['(a if b else c) if d else e', '(a if b else c) if d else e'],
  ['lambda a,b=1,/,*,c=2,**d:a', 'lambda a, b=1, /, *, c=2, **d: a'],
  ['[x for i,x in y if x if z]', '[x for i, x in y if x if z]'],
  ['f(x for x in y)', 'f((x for x in y))'],
  ['{**a,1:{2,3}}', '{**a, 1: {2, 3}}'],
  ['{k:v for k,v in z}', '{k: v for k, v in z}'],
  ['x[1:2,::3]', 'x[1:2, ::3]'],
  ['x[1,]', 'x[1,]'],
  ['(a,b),[c],()', '((a, b), [c], ())'],
  ['x[a:=1]', 'x[(a := 1)]'],
  ['5 .real', '5 .real'],
  ['1e400', '1e309'],
  ['f"{a}"', "f'{a}'"],
])('%s is written as %s', (text, expected) => {
  expect(unparse(parseExpression(text))).toBe(expected);
});
