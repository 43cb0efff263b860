/** Parameters that are active only where a condition on others holds: what is wrong with the conditions of a cell. */

import { triedOf } from './domains';
import { didYouMean } from './near';
import type { Condition, Tunable, Value } from './types';
import { NONE, strText } from './values';

// Of the values of the parameters that a condition names: more would be felt while typing.
const COMBINATIONS_TRIED = 1000;

/** What is wrong with a parameter's condition, or null. */
export function rejectCondition(
  name: string,
  condition: Condition,
  known: ReadonlyMap<string, Tunable>,
): string | null {
  const unknown = condition.names.find((each) => !known.has(each));
  if (unknown !== undefined) {
    const qualified = [...known.keys()].filter((full) => full.endsWith(`.${unknown}`)).join(' or ');
    const guess = qualified ? `; write ${qualified}` : didYouMean(unknown, known.keys());
    const hint = guess || '; mark it too, or drop the condition';
    return `${strText(unknown)} is not a tunable of this cell${hint}`;
  }
  if (condition.names.includes(name)) return `${name} cannot depend on itself; drop the condition`;
  if (condition.names.length === 0) {
    return 'the condition names no tunable of this cell; write for example: if layers >= 2';
  }
  return failureOf(condition, known);
}

/** Try a condition at values that it can tell apart. */
function failureOf({ names, numbers, holds }: Condition, known: ReadonlyMap<string, Tunable>): string | null {
  const axes = names.map((name) => {
    const tunable = known.get(name);
    return tunable ? [tunable.literal, ...triedOf(tunable.domain, numbers)] : [];
  });
  let count = 0;
  for (const values of combinations(axes)) {
    count += 1;
    if (count > COMBINATIONS_TRIED) break;
    try {
      holds(new Map(names.map((name, axis) => [name, values[axis] ?? NONE])));
    } catch (error) {
      const where = names.map((name, axis) => `${name} = ${values[axis]?.text ?? ''}`).join(', ');
      const reason = error instanceof Error ? error.message : '';
      return `the condition fails where ${where}: ${reason}; compare by == or !=`;
    }
  }
  return null;
}

/** The combinations of values, where the last axis changes first. */
function* combinations([first, ...others]: readonly (readonly Value[])[]): Generator<Value[]> {
  if (!first) yield [];
  for (const value of first ?? []) for (const rest of combinations(others)) yield [value, ...rest];
}

/** Parameters whose conditions depend on each other, in cell order; empty where none do. */
export function circleIn(tunables: readonly Tunable[]): string[] {
  const needs = new Map(tunables.map(({ name, condition }) => [name, condition?.names ?? []]));
  const reached = (name: string) => {
    const found = [...(needs.get(name) ?? [])];
    for (const each of found) found.push(...(needs.get(each) ?? []).filter((next) => !found.includes(next)));
    return found;
  };
  const names = [...needs.keys()];
  const first = names.find((name) => reached(name).includes(name));
  if (first === undefined) return [];
  return names.filter((name) => reached(first).includes(name) && reached(name).includes(first));
}
