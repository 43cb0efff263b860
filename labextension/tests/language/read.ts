import { domainText, parsePython, readCell } from '../../src/language';
import type { CellReading, ChoiceDomain, RangeDomain } from '../../src/language';
import { readLiteral } from '../../src/language/literals';

export function read(cell: string): CellReading {
  return readCell(cell, parsePython(cell));
}

/** The tunables as marks: `C: 0.1..10.0 log`. */
export function tunablesOf(cell: string): string[] {
  return read(cell).tunables.map(({ name, domain }) => `${name}: ${domainText(domain)}`);
}

/** The mistakes as texts: where they stand in the cell, and what is said. */
export function problemsOf(cell: string): [where: string, message: string][] {
  return read(cell).problems.map(({ from, to, message }) => [cell.slice(from, to), message]);
}

export function float(low: number, high: number, more: Partial<RangeDomain> = {}): RangeDomain {
  return { kind: 'float', low, high, log: false, step: null, ...more };
}

export function int(low: number, high: number, more: Partial<RangeDomain> = {}): RangeDomain {
  return { kind: 'int', low, high, log: false, step: 1, ...more };
}

export const CHOICES: ChoiceDomain = {
  kind: 'choice',
  choices: ['"a"', 'None', '(1, 2)', 'True', '1', '0.5'].flatMap((text) => readLiteral(text) ?? []),
};
