import { domainText, parsePython, readCell } from '../../src/language';
import type { CellReading } from '../../src/language';

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
