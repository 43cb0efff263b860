/** Points as the surrogate has them: the twin of `jtune/surrogate/encoding.py`'s `Encoding`. */

import type { Activity, Columns, Parameter, StudyInfo } from '../messages';

/** One position per parameter; a choice by its index. */
export type Point = readonly number[];

/** Which case of a condition's table a position is in. */
function caseOf(
  parameter: Parameter,
  cuts: readonly number[],
  position: number,
): [index: number, count: number] {
  if (parameter.kind === 'choice') return [position, parameter.choices.length];
  if (cuts.length === 0) return [0, 1];
  const below = cuts.filter((cut) => cut < position).length;
  return [2 * below + (cuts.includes(position) ? 1 : 0), 2 * cuts.length + 1];
}

/** When parameters are active. */
export class Activities {
  readonly #parameters: readonly Parameter[];
  readonly #conditions: readonly Activity[];
  readonly #index: ReadonlyMap<string, number>;

  constructor({ parameters, conditions }: StudyInfo) {
    this.#parameters = parameters;
    this.#conditions = conditions;
    this.#index = new Map(parameters.map(({ name }, i) => [name, i]));
  }

  /**
   * Which parameters are active at a point; where a condition has no table, what the kernel said last.
   *
   * @param told what the kernel said of another point
   */
  of(point: Point, told: readonly boolean[] = []): boolean[] {
    const active = this.#parameters.map(() => true);
    for (const condition of this.#conditions) {
      const i = this.#index.get(condition.name) ?? -1;
      active[i] = condition.holds.length > 0 ? this.#holds(condition, point, active) : (told[i] ?? true);
    }
    return active;
  }

  #holds({ parents, holds }: Activity, point: Point, active: readonly boolean[]): boolean {
    let at = 0;
    for (const { name, cuts } of parents) {
      const i = this.#index.get(name) ?? -1;
      const parameter = this.#parameters[i];
      if (!parameter) return true;
      // An inactive parameter keeps its literal.
      const position = active[i] ? (point[i] ?? parameter.own) : parameter.own;
      const [index, count] = caseOf(parameter, cuts, position);
      at = at * count + index;
    }
    return holds[at] ?? true;
  }
}

/** Where each parameter's columns are, and what stands in them. */
export class Encoding {
  readonly width: number;
  readonly #columns: readonly { index: number; start: number; columns: Columns }[];

  constructor(study: StudyInfo, columns: readonly Columns[]) {
    const index = new Map(study.parameters.map(({ name }, i) => [name, i]));
    let start = 0;
    this.#columns = columns.map((each) => {
      const found = { index: index.get(each.name) ?? -1, start, columns: each };
      start += each.rest.length;
      return found;
    });
    this.width = start;
  }

  /** A point as a row; inactive parameters are all in one place. */
  encode(point: Point, active: readonly boolean[]): Float64Array {
    const row = new Float64Array(this.width);
    for (const { index, start, columns } of this.#columns) {
      row.set(active[index] ? encoded(columns, point[index] ?? 0) : columns.rest, start);
    }
    return row;
  }

  /** The first column of a parameter, and the one behind its last; both 0 where it has none. */
  span(index: number): [from: number, to: number] {
    const found = this.#columns.find((each) => each.index === index);
    return found ? [found.start, found.start + found.columns.rest.length] : [0, 0];
  }
}

function encoded({ log, ends, choices, rest }: Columns, position: number): readonly number[] {
  if (choices.length > 0) return choices[position] ?? rest;
  const [low, high] = ends;
  return [((log ? Math.log10(position) : position) - low) / (high - low)];
}
