import { expect, test } from 'vitest';

import { readCondition } from '../../src/language/conditions';
import { parseExpression } from '../../src/language/expressions';
import { readLiteral } from '../../src/language/literals';
import type { Value } from '../../src/language/types';
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

const POINT = new Map<string, Value>(
  Object.entries({
    n: '2',
    x: '0.5',
    k: '"a"',
    b: 'True',
    t: '(1, "a")',
    'SVC.C': '1.0',
    no: 'None',
  }).flatMap(([name, text]) => {
    const value = readLiteral(text);
    return value ? [[name, value] as const] : [];
  }),
);

test.each([
  ['n >= 2', true],
  ['n > 2', false],
  ['1 < n <= 2', true],
  ['n == 2.0 and x != 0.25', true],
  ['not n == 2', false],
  ['not n == 1 and k == "b"', false],
  ['k in ("a", "b")', true],
  ['k not in ["a"]', false],
  ['"a" in t', true],
  ['k in "cab"', true],
  ['n in {1, 2}', true],
  ['b', true],
  ['b is True', true],
  ['b == 1', true],
  ['no is None', true],
  ['no is not None or n == 1', false],
  ['SVC.C + x == 1.5', true],
  ['n * 2 - 1 == 3', true],
  ['-7 // 2 == -4 and -7 % 3 == 2', true],
  ['n / 4 == x', true],
  ['k + "b" == "ab" and k * n == "aa"', true],
  ['t + (2,) > (1, "a")', true],
  ['(1, 2) < (1, 3)', true],
  ['9007199254740993 > 9007199254740992.0', true],
  ['"𝒳" > "\uffff"', true],
  ['k and no', false],
  ['...', true],
])('%s is %s', (text, expected) => {
  expect(readCondition(text).holds(POINT)).toBe(expected);
});

test.each([
  ['k > 1', "'>' not supported between instances of 'str' and 'int'"],
  ['no < 1', "'<' not supported between instances of 'NoneType' and 'int'"],
  ['t < (1, 2)', "'<' not supported between instances of 'str' and 'int'"],
  ['1 / (n - 2)', 'division by zero'],
  ['x / 0', 'float division by zero'],
  ['n // 0', 'integer division or modulo by zero'],
  ['n % 0', 'integer modulo by zero'],
  ['x % 0', 'float modulo'],
  ['k + 1', 'can only concatenate str (not "int") to str'],
  ['1 + k', "unsupported operand type(s) for +: 'int' and 'str'"],
  ['k * 1.5', "can't multiply sequence by non-int of type 'float'"],
  ['-k', "bad operand type for unary -: 'str'"],
  ['1 in n', "argument of type 'int' is not iterable"],
  ['1 in k', "'in <string>' requires string as left operand, not int"],
  ['n in {[1]}', "unhashable type: 'list'"],
  ['m', "name 'm' is not defined"],
])('%s fails as in Python', (text, message) => {
  const condition = readCondition(text);
  expect(() => condition.holds(POINT)).toThrow(message);
});

test.each([
  ['a =>', "'a =>' is not a Python expression: invalid syntax"],
  ['a ≥ 2', "'a ≥ 2' is not a Python expression: invalid character '≥' (U+2265)"],
  ['(a', "'(a' is not a Python expression: '(' was never closed"],
  ['a)', "'a)' is not a Python expression: unmatched ')'"],
  ['(a > [1)', "closing parenthesis ')' does not match opening parenthesis '['"],
  ['f(a, 1 2)', 'invalid syntax. Perhaps you forgot a comma?'],
  ['(a = 1)', "invalid syntax. Maybe you meant '==' or ':=' instead of '='?"],
  ['a if b', "expected 'else' after 'if' expression"],
  ['1abc', 'invalid decimal literal'],
  ['007', 'leading zeros in decimal integer literals are not permitted'],
  ['a is 2', '"is" with a literal. Did you mean "=="?'],
  ['a is not "x"', '"is not" with a literal. Did you mean "!="?'],
  ['a == "\\d"', "invalid escape sequence '\\d'"],
  ['a ** 2 > 4', 'a condition compares parameters; it cannot hold a ** 2'],
  ['b and len(a) > 1', 'it cannot hold len(a)'],
  ['~a', 'it cannot hold ~a'],
  ['a[0]', 'it cannot hold a[0]'],
  ['a if b else c', 'it cannot hold a if b else c'],
  ['(yield)', "'yield' outside function"],
  [`${'('.repeat(999)}a${')'.repeat(999)}`, 'is not a Python expression'],
  [`${'not '.repeat(9999)}a`, 'is not a Python expression'],
])('%s is no condition', (text, message) => {
  expect(() => readCondition(text)).toThrow(message);
});

test('the names of a condition come in the order of Python, level by level', () => {
  expect(readCondition('(a + b) > c and d').names).toEqual(['d', 'c', 'a', 'b']);
  expect(readCondition('SVC.C > svm . n').names).toEqual(['SVC.C', 'svm.n']);
});
