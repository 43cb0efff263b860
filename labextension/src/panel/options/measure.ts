/** What is measured of a trial, and how it went on: the running best. */

import type { Data } from '../data';
import type { Goal, Row } from '../../messages';

export interface Measure {
  label: string;
  /** 1 where small is good, -1 where large is. */
  sign: 1 | -1;
  /** Null where the trial has none. */
  of: (row: Row) => number | null;
}

function finite(x: number | null | undefined): number | null {
  return typeof x === 'number' && Number.isFinite(x) ? x : null;
}

export function measureOfGoal(goal: Goal, index: number): Measure {
  return {
    label: goal.label,
    sign: goal.direction === 'minimize' ? 1 : -1,
    of: (row) => finite(row.values[index]),
  };
}

/** The first objective; the seconds where the cell has no objective. */
export function measureOf(data: Data): Measure {
  const goal = data.study.objectives[0];
  if (goal) return measureOfGoal(goal, 0);
  return { label: 'seconds', sign: 1, of: (row) => (row.state === 'complete' ? finite(row.seconds) : null) };
}

/** A trial that was pruned, or interrupted, is no failure. */
export function hasFailed({ state }: Row): boolean {
  return state === 'failed' || state === 'timed out';
}

export function numbersOf(rows: readonly Row[], of: (row: Row) => number | null): number[] {
  const found: number[] = [];
  for (const row of rows) {
    const value = of(row);
    if (value !== null) found.push(value);
  }
  return found;
}

/** The trials that were better than all before them, with what they reached. */
export function improvements(data: Data): { row: Row; value: number }[] {
  const measure = measureOf(data);
  const found: { row: Row; value: number }[] = [];
  let best = Infinity;
  for (const row of data.rows) {
    const value = measure.of(row);
    if (value === null || measure.sign * value >= best) continue;
    best = measure.sign * value;
    found.push({ row, value });
  }
  return found;
}

/** Some rows, sorted from the best on. */
export function bestFirst(rows: readonly Row[], measure: Measure): Row[] {
  const ranked = rows.flatMap((row) => {
    const value = measure.of(row);
    return value === null ? [] : [{ row, loss: measure.sign * value }];
  });
  ranked.sort((a, b) => a.loss - b.loss || a.row.number - b.row.number);
  return ranked.map(({ row }) => row);
}
