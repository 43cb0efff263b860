/** What the surrogate says along each parameter through the present point. */

import type { Axis } from './axis';
import { Activities, Encoding, type Point } from './encoding';
import { matern, type Prediction, Process } from './posterior';
import type { Posterior, Row, StudyInfo } from '../messages';

/** The prediction along one axis, in the objective's units. */
export interface Slice {
  shares: number[];
  mean: number[];
  /** Between these lies the objective, without noise, with a probability of 90 %. */
  low: number[];
  high: number[];
}

/** The point where the handles stand. */
interface Present {
  point: Point;
  told: readonly boolean[];
  row: Float64Array;
  distances: Float64Array;
}

/** Standard deviations to both sides of the mean of a normal that hold 90 % of it. */
const BAND = 1.645;
/** Multiplications that all bands together may take, so that a frame is in time. */
const BAND_COST = 2e6;
const FEWEST_KNOTS = 9;

export class Surrogate {
  readonly #process: Process;
  readonly #encoding: Encoding;
  readonly #activities: Activities;
  /** The parameters that others' conditions compare. */
  readonly #parents: ReadonlySet<string>;

  constructor(study: StudyInfo, posterior: Posterior) {
    this.#process = new Process(posterior);
    this.#encoding = new Encoding(study, posterior.columns);
    this.#activities = new Activities(study);
    this.#parents = new Set(study.conditions.flatMap(({ parents }) => parents.map(({ name }) => name)));
  }

  /** The prediction at a point, in the objective's units. */
  at(point: Point, told: readonly boolean[]): Prediction {
    return this.#process.told(this.#process.predict(this.#process.distances(this.#row(point, told))));
  }

  /**
   * The slices along some axes.
   *
   * @param axes by the index of their parameter
   */
  slices(axes: ReadonlyMap<number, Axis>, point: Point, told: readonly boolean[]): Map<number, Slice> {
    const { n } = this.#process;
    const knots = Math.max(FEWEST_KNOTS, Math.floor(BAND_COST / (axes.size * n * (n / 2 + 8) + 1)));
    const row = this.#row(point, told);
    const present = { point, told, row, distances: this.#process.distances(row) };
    return new Map([...axes].map(([index, axis]) => [index, this.#slice(index, axis, present, knots)]));
  }

  /**
   * How near trials are to the present point in all parameters but one: their correlation, 0 to 1.
   *
   * @param rows of trials, as `encoded` gives them
   */
  closeness(index: number, rows: readonly Float64Array[], present: Float64Array): number[] {
    const [from, to] = this.#encoding.span(index);
    return rows.map((row) => {
      let r2 = 0;
      for (let k = 0; k < this.#encoding.width; k++) {
        if (k < from || k >= to) r2 += this.#process.apart(row[k] ?? 0, present[k] ?? 0, k);
      }
      return matern(r2);
    });
  }

  encoded(point: Point, told: readonly boolean[]): Float64Array {
    return this.#row(point, told);
  }

  /** A trial's row; what was inactive in it has no place of its own. */
  encodedTrial(row: Row): Float64Array {
    return this.#encoding.encode(
      row.params.map((position) => position ?? 0),
      row.params.map((position) => position !== null),
    );
  }

  #row(point: Point, told: readonly boolean[]): Float64Array {
    return this.#encoding.encode(point, this.#activities.of(point, told));
  }

  #slice(index: number, axis: Axis, present: Present, knots: number): Slice {
    const levels = axis.levels;
    const places = levels.map((level) => this.#distancesAt(index, axis, present, level));
    const sds = this.#sds(places, axis.isChoice ? levels.length : knots);
    const means = places.map((distances) => this.#process.mean(distances));
    const shifted = (by: number) => means.map((mean, i) => this.#process.inUnits(mean + by * (sds[i] ?? 0)));
    return {
      shares: levels.map((level) => axis.share(level)),
      mean: shifted(0),
      low: shifted(-BAND),
      high: shifted(BAND),
    };
  }

  /** The distances of the present point with another position of one parameter. */
  #distancesAt(
    index: number,
    axis: Axis,
    { point, told, row, distances }: Present,
    level: number,
  ): Float64Array {
    const after = this.#row(point.with(index, level), told);
    const [from, to] = this.#encoding.span(index);
    // Another value of a parent makes other parameters active.
    if (this.#parents.has(axis.parameter.name)) return this.#process.distances(after);
    return this.#process.moved(distances, row, after, from, to);
  }

  /** Standard deviations, computed at some of the places and interpolated in between. */
  #sds(places: readonly Float64Array[], knots: number): number[] {
    const last = places.length - 1;
    const every = Math.max(1, Math.ceil(last / Math.max(1, knots - 1)));
    const known = new Map<number, number>();
    const sdAt = (i: number) => {
      const found = known.get(i) ?? this.#process.predict(places[i] ?? new Float64Array(0)).sd;
      known.set(i, found);
      return found;
    };
    return places.map((_, i) => {
      const before = i - (i % every);
      const after = Math.min(before + every, last);
      if (i === before) return sdAt(i);
      const part = (i - before) / (after - before);
      return sdAt(before) * (1 - part) + sdAt(after) * part;
    });
  }
}
