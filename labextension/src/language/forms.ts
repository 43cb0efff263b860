/** The domains that a literal may be given, to choose from. */

import { domainText, infer } from './domains';
import { MarkError, isMatch, match } from './grammar';
import { toNumber } from './slips';
import type { Item, Value } from './types';
import { floatText, intValue } from './values';
import { readDomain } from './written';

/** What may be written behind the colon for a literal; `source` is its text. */
export function formsOf(value: Value, source: string): Item[] {
  switch (value.type) {
    case 'bool':
      return [{ text: '[True, False]', detail: 'both' }];
    case 'int':
      return intForms(value, value.value).filter(({ text }) => isDomainOf(value, text));
    case 'float':
      return floatForms(value, value.value).filter(({ text }) => isDomainOf(value, text));
    case 'str': {
      const text = /[\r\n]/.test(source) ? value.text : source;
      return [{ text: `[${text}, ${text.endsWith("'") ? "''" : '""'}]`, detail: 'choices' }];
    }
    default:
      return [{ text: `[${value.text}, ""]`, detail: 'choices' }];
  }
}

/** What may follow a range; nothing that is said already, or does not fit. */
export function optionsOf(value: Value, range: string): Item[] {
  const steps = isMatch('step', ` ${range}`) ? [] : stepsOf(value, range).slice(0, 1);
  const options = [
    { text: 'log', detail: 'on a log scale' },
    ...steps.map(({ text, detail }) => ({ text: `step ${text}`, detail })),
  ];
  return options.filter(({ text }) => isDomainOf(value, `${range} ${text}`));
}

/** Steps that the literal is on the grid of: LOW itself where it goes into the range often, and round ones. */
export function stepsOf(value: Value, range: string): Item[] {
  const [, lowText = '', highText = ''] = match('range', range) ?? [];
  const [low, width] = [toNumber(lowText), toNumber(highText) - toNumber(lowText)];
  const unit = 10 ** Math.floor(Math.log10(width / 10));
  const round = [5, 2, 1, 0.5, 0.2, 0.1].map((factor) => Number((factor * unit).toPrecision(1)));
  const isInt = value.type === 'int' && isMatch('integer', lowText) && isMatch('integer', highText);
  const steps = isInt && low > 1 && width >= 3 * low ? [low, ...round] : round;
  const texts = steps.filter((step) => !isInt || (step > 1 && Number.isInteger(step))).map(String);
  const fitting = [...new Set(texts)].filter((step) => isDomainOf(value, `${range} step ${step}`));
  return fitting.slice(0, 3).map((text) => ({ text, detail: `a grid from LOW by ${text}` }));
}

function isDomainOf(value: Value, domain: string): boolean {
  try {
    readDomain(domain, value);
    return true;
  } catch (error) {
    if (error instanceof MarkError) return false;
    throw error;
  }
}

function inferred(value: Value): string | null {
  const domain = infer(value);
  return domain && domainText(domain);
}

function withStep(value: Value, range: string): Item[] {
  return stepsOf(value, range)
    .slice(0, 1)
    .map(({ text, detail }) => ({ text: `${range} step ${text}`, detail }));
}

function intForms(value: Value, n: number): Item[] {
  const range = inferred(value) ?? `${Math.min(4 * n, n - 10)}..${Math.max(0, n + 10)}`;
  const choices = [n, 2 * n || 1].map((each) => intValue(each).text);
  return [
    { text: range, detail: 'integers between' },
    { text: `${range} log`, detail: 'integers on a log scale' },
    ...withStep(value, range),
    { text: `[${choices.join(', ')}]`, detail: 'choices' },
  ];
}

function floatForms(value: Value, x: number): Item[] {
  const above = x < 1 ? '0.0..1.0' : `0.0..${floatText(2 * x)}`;
  const linear = x < 0 ? `${floatText(2 * x)}..0.0` : above;
  return [
    { text: inferred(value) ?? '', detail: 'floats on a log scale' },
    { text: linear, detail: 'floats between' },
    ...withStep(value, linear),
    { text: `[${floatText(x)}, ${floatText(2 * x || 1)}]`, detail: 'choices' },
  ];
}
