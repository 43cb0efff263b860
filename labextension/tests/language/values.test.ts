import { expect, test } from 'vitest';

import { readLiteral } from '../../src/language/literals';
import { floatValue, intValue, isSame, literalText, strValue } from '../../src/language/values';

test.each([
  ['5', '5'],
  ['0x1F', '31'],
  ['1_000', '1000'],
  ['-0', '0'],
  ['100000000000000000000001', '100000000000000000000001'],
  ['0.5', '0.5'],
  ['1.', '1.0'],
  ['.25', '0.25'],
  ['1e-6', '1e-06'],
  ['0.0001', '0.0001'],
  ['0.00001', '1e-05'],
  ['1e15', '1000000000000000.0'],
  ['1E16', '1e+16'],
  ['-0.0', '-0.0'],
  ['1.5e300', '1.5e+300'],
  ['5e-324', '5e-324'],
  ['1e999', 'inf'],
  ['--5', '5'],
  ['+ 5', '5'],
  ['"a"', "'a'"],
  ['"it\'s"', '"it\'s"'],
  ['\'"\' "\'"', "'\"\\''"],
  ['"a" \'b\'', "'ab'"],
  ['r"\\d"', "'\\\\d'"],
  ['"\\d\\x41\\u00e9\\101\\n"', "'\\\\dAéA\\n'"],
  ['"""a\nb"""', "'a\\nb'"],
  ['"\\\nb"', "'b'"],
  ['"𝒳\\U0001F389"', "'𝒳🎉'"],
  ['"\xa0\u200b"', "'\\xa0\\u200b'"],
  ['True', 'True'],
  ['None', 'None'],
  ['()', '()'],
  ['1,', '(1,)'],
  ['(1, (2.0, "a"), None)', "(1, (2.0, 'a'), None)"],
  ['(\n  "a"  # one\n  "b"\n)', "'ab'"],
])('%s is %s', (source, expected) => {
  expect(readLiteral(source)?.text).toBe(expected);
});

test.each([
  'a',
  '1 + 2',
  '[1]',
  '{1}',
  'b"a"',
  '2j',
  'f"a"',
  '...',
  '-True',
  '-"a"',
  '007',
  '"a',
  '"\\x1"',
  '',
])('%s is no literal', (source) => {
  expect(readLiteral(source)).toBeNull();
});

function* floats(): Generator<number> {
  for (let exponent = -320; exponent <= 307; exponent += 1) {
    for (const mantissa of [1, 1.5, 3.14159265358979, 9.999999999999998])
      yield Number(`${mantissa}e${exponent}`);
  }
}

test('what is written is read as the same value', () => {
  for (const x of floats()) {
    for (const value of [floatValue(x), floatValue(-x)]) {
      expect(readLiteral(value.text)).toEqual(value);
    }
  }
  for (let code = 0; code < 0x3000; code += 1) {
    const value = strValue(`a${String.fromCodePoint(code)}"'`);
    expect(readLiteral(value.text)).toEqual(value);
  }
});

test.each([
  ['1', '1.0', true],
  ['1', 'True', false],
  ['0', 'False', false],
  ['1', '"1"', false],
  ['(1, True)', '(1.0, True)', true],
  ['(1, True)', '(1, 1)', false],
  ['(1,)', '(1, 2)', false],
  ['None', 'None', true],
  ['9007199254740993', '9007199254740992', false],
  ['9007199254740993', '9007199254740992.0', false],
])('%s and %s are the same: %s', (one, other, expected) => {
  const [a, b] = [readLiteral(one), readLiteral(other)];
  expect(a && b && isSame(a, b)).toBe(expected);
});

test.each([
  [strValue('a'), '"x"', '"a"'],
  [strValue('a'), "'x'", "'a'"],
  [strValue('a'), 'r"x"', '"a"'],
  [strValue('a"b'), '"x"', "'a\"b'"],
  [strValue("it's"), "'x'", '"it\'s"'],
  [strValue('a\n'), '"x"', '"a\\n"'],
  [floatValue(1e-6), '1e-3', '1e-06'],
  [intValue(3), '"x"', '3'],
])('a value is written in the quotes of what it replaces', (value, like, expected) => {
  expect(literalText(value, like)).toBe(expected);
});
