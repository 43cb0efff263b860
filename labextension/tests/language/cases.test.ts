import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import { parsePython, readCell } from '../../src/language';
import type { Domain, Value } from '../../src/language';

/** A value as the cases have it: JSON, with tuples in an object. */
type Plain = null | boolean | number | string | { tuple: Plain[] };

type PlainDomain =
  | { kind: 'float' | 'int'; low: number; high: number; log: boolean; step: number | null }
  | { kind: 'choice'; choices: Plain[] };

interface Case {
  about: string;
  cell: string;
  parameters?: {
    name: string;
    literal: Plain;
    domain: PlainDomain;
    condition: string | null;
    span: [number, number];
  }[];
  inferred?: string[];
  objectives?: { direction: string }[];
  errors?: { line: number; start: number; message_has: string }[];
}

const CASES = JSON.parse(
  readFileSync(new URL('../../../tests/data/grammar_cases.json', import.meta.url), 'utf-8'),
) as Case[];

/** The kernel counts code points. */
function codePoints(text: string, to: number): number {
  return Array.from(text.slice(0, to)).length;
}

function plain(value: Value): Plain {
  if (value.type === 'none') return null;
  return value.type === 'tuple' ? { tuple: value.items.map(plain) } : value.value;
}

function plainDomain(domain: Domain): PlainDomain {
  return domain.kind === 'choice' ? { kind: 'choice', choices: domain.choices.map(plain) } : domain;
}

function read(cell: string) {
  return readCell(cell, parsePython(cell));
}

function asCase(cell: string) {
  const { tunables, objectives } = read(cell);
  return {
    parameters: tunables.map(({ name, literal, domain, condition, from, to }) => ({
      name,
      literal: plain(literal),
      domain: plainDomain(domain),
      condition: condition?.text ?? null,
      span: [codePoints(cell, from), codePoints(cell, to)],
    })),
    inferred: tunables.filter(({ isInferred }) => isInferred).map(({ name }) => name),
    objectives,
  };
}

function place(cell: string, at: number) {
  const before = cell.slice(0, at).split(/\r\n|\n/);
  return { line: before.length, start: Array.from(before.at(-1) ?? '').length };
}

const VALID = CASES.filter(({ errors }) => !errors);
const WRONG = CASES.filter(({ errors }) => errors);

describe('the cases that the kernel reads too', () => {
  test.each(VALID)('$about', ({ cell, parameters, inferred, objectives }) => {
    const directions = objectives?.map(({ direction }) => direction);
    expect(asCase(cell)).toEqual({ parameters, inferred, objectives: directions });
    expect(read(cell).problems).toEqual([]);
  });

  test.each(VALID.filter(({ parameters }) => parameters?.length))(
    '$about: ints and floats',
    ({ cell, parameters }) => {
      // JSON cannot tell 1 from 1.0; the text can.
      const { tunables } = read(cell);
      for (const [i, { literal }] of tunables.entries()) {
        const expected = parameters?.[i]?.literal;
        if (literal.type === 'int') expect(Number.isInteger(expected)).toBe(true);
        if (literal.type === 'int') expect(literal.text).toBe(JSON.stringify(expected));
      }
    },
  );
});

/**
 * What the kernel says, case by case; `python labextension/tests/language/kernel_messages.py` writes it anew.
 */
const MESSAGES = JSON.parse(
  readFileSync(new URL('kernel_messages.json', import.meta.url), 'utf-8'),
) as Record<string, string[]>;

describe('the mistakes that the kernel finds too', () => {
  test('in the words of the kernel', () => {
    const said = WRONG.map(({ about, cell }) => [about, read(cell).problems.map(({ message }) => message)]);
    expect(Object.fromEntries(said)).toEqual(MESSAGES);
  });

  test.each(WRONG)('$about', ({ cell, errors = [] }) => {
    const { problems } = read(cell);
    expect(problems.map(({ from }) => place(cell, from))).toEqual(
      errors.map(({ line, start }) => ({ line, start })),
    );
    for (const [i, { message, from, to }] of problems.entries()) {
      expect(message).toContain(errors[i]?.message_has);
      expect(to).toBeGreaterThanOrEqual(from);
    }
  });
});
