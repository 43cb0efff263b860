/** The trials as a table: what is in its columns, in which order its rows stand, and as CSV. */

import { duration } from './duration';
import { number, typed } from './format';
import type { Parameter, Row, StudyInfo } from '../messages';

export interface Column {
  label: string;
  isNumeric: boolean;
  /** What is sorted by, and what is written to CSV where it is a number; null where there is nothing. */
  value(row: Row): number | string | null;
  text(row: Row): string;
}

export interface Order {
  column: number;
  isDescending: boolean;
}

function plain(label: string, of: (row: Row) => string): Column {
  return { label, isNumeric: false, value: of, text: of };
}

function parameterColumn(parameter: Parameter, i: number): Column {
  const isChoice = parameter.kind === 'choice';
  const text = (row: Row) => typed(parameter, row.params[i] ?? null);
  const value = (row: Row) => {
    const position = row.params[i] ?? null;
    return position === null || !isChoice ? position : text(row);
  };
  return { label: parameter.name, isNumeric: !isChoice, value, text };
}

export function columnsOf({ objectives, parameters }: StudyInfo): Column[] {
  return [
    { label: 'trial', isNumeric: true, value: (row) => row.number, text: (row) => String(row.number) },
    plain('state', (row) => row.state),
    ...objectives.map(({ label }, i): Column => {
      const value = (row: Row) => row.values[i] ?? null;
      return { label, isNumeric: true, value, text: (row) => shown(value(row), number) };
    }),
    ...parameters.map(parameterColumn),
    {
      label: 'seconds',
      isNumeric: true,
      value: (row) => row.seconds,
      text: (row) => shown(row.seconds, duration),
    },
    plain('origin', (row) => row.origin),
  ];
}

function shown(value: number | null, format: (value: number) => string): string {
  return value === null ? '–' : format(value);
}

function compare(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b));
}

/** The rows in order; those that have nothing in the column are last, whichever the direction. */
export function sorted(rows: readonly Row[], column: Column, isDescending: boolean): Row[] {
  const keyed = rows.map((row) => ({ row, key: column.value(row) }));
  const isMissing = (key: number | string | null) => key === null || Number.isNaN(key);
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null || isMissing(a.key) || isMissing(b.key)) {
      return Number(isMissing(a.key)) - Number(isMissing(b.key));
    }
    return isDescending ? compare(b.key, a.key) : compare(a.key, b.key);
  });
  return keyed.map(({ row }) => row);
}

/** A cell by RFC 4180; a text that a spreadsheet would take for a formula is marked as text. */
function cell(value: number | string | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const isFormula = /^[=+\-@\t\r]/.test(value) && !(value.trim() !== '' && Number.isFinite(Number(value)));
  const text = isFormula ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One line per trial, in full precision. */
export function csvOf(study: StudyInfo, rows: readonly Row[]): string {
  const columns = columnsOf(study);
  const header = columns.map(({ label }) => cell(label));
  const lines = rows.map((row) => columns.map((column) => cell(column.value(row))));
  return [header, ...lines].map((line) => `${line.join(',')}\r\n`).join('');
}
