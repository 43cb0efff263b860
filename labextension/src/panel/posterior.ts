/**
 * The surrogate in the page: the twin of `Posterior` and `YeoJohnson` in `jtune/surrogate/gp.py`, whose symbols it has.
 *
 * The kernel sends observations and hyper-parameters; what follows from them is solved here, once.
 */

import type { Posterior, Warp } from '../messages';

const SQRT5 = Math.sqrt(5);

/** A prediction in the surrogate's units. */
export interface Prediction {
  mean: number;
  sd: number;
}

/** The Matern-5/2 kernel at a squared distance, for a variance of 1. */
export function matern(r2: number): number {
  const u = SQRT5 * Math.sqrt(r2);
  return (1 + u + (5 / 3) * r2) * Math.exp(-u);
}

/** The lower Cholesky factor, row after row, or null where the matrix is not positive definite. */
function cholesky(matrix: Float64Array, n: number): Float64Array | null {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (factor[i * n + k] ?? 0) * (factor[j * n + k] ?? 0);
      if (i !== j) factor[i * n + j] = sum / (factor[j * n + j] ?? 1);
      else if (sum > 0) factor[i * n + i] = Math.sqrt(sum);
      else return null;
    }
  }
  return factor;
}

/** L^-1 b. */
function solved(factor: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const found = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = right[i] ?? 0;
    for (let k = 0; k < i; k++) sum -= (factor[i * n + k] ?? 0) * (found[k] ?? 0);
    found[i] = sum / (factor[i * n + i] ?? 1);
  }
  return found;
}

/** L^-T b. */
function solvedTransposed(factor: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const found = Float64Array.from(right);
  for (let i = n - 1; i >= 0; i--) {
    const at = (found[i] ?? 0) / (factor[i * n + i] ?? 1);
    found[i] = at;
    for (let k = 0; k < i; k++) found[k] = (found[k] ?? 0) - (factor[i * n + k] ?? 0) * at;
  }
  return found;
}

/** x such that Box and Cox's transform of 1 + x is `y`. */
function inverseBoxCox(y: number, power: number): number {
  return power === 0 ? Math.expm1(y) : Math.expm1(Math.log1p(power * y) / power);
}

/** The objective's value that is transformed to `z`. */
export function unwarped({ power, center, unit, mean, sd }: Warp, z: number): number {
  const w = z * sd + mean;
  const t = Math.sign(w) * inverseBoxCox(Math.abs(w), w < 0 ? 2 - power : power);
  const y = t * unit + center;
  if (Number.isNaN(y)) return center;
  return Math.min(Math.max(y, -Number.MAX_VALUE), Number.MAX_VALUE);
}

export class Process {
  /** How many observations there are, and how many columns a point has. */
  readonly n: number;
  readonly d: number;
  readonly #lengths: readonly number[];
  readonly #scale: number;
  /** Observations in units of the lengths. */
  readonly #scaled: Float64Array;
  readonly #factor: Float64Array;
  readonly #alpha: Float64Array;
  readonly #warp: Warp;

  constructor({ x, z, lengths, scale, noise, warp }: Posterior) {
    [this.n, this.d] = [z.length, lengths.length];
    [this.#lengths, this.#scale, this.#warp] = [lengths, scale, warp];
    this.#scaled = Float64Array.from(x, (value, i) => value / (lengths[i % this.d] ?? 1));
    this.#factor = this.#factored(noise);
    this.#alpha = solvedTransposed(this.#factor, solved(this.#factor, Float64Array.from(z)));
  }

  /** The squared distances of a point, a row of `d` columns, to all observations. */
  distances(row: Float64Array): Float64Array {
    const found = new Float64Array(this.n);
    for (let k = 0; k < this.d; k++) this.#add(found, row[k] ?? 0, k, 1);
    return found;
  }

  /** Those of a point that differs from another one in the columns `from` to `to` only, where it is `after`. */
  moved(
    before: Float64Array,
    row: Float64Array,
    after: Float64Array,
    from: number,
    to: number,
  ): Float64Array {
    const found = before.slice();
    for (let k = from; k < to; k++) {
      this.#add(found, row[k] ?? 0, k, -1);
      this.#add(found, after[k] ?? 0, k, 1);
    }
    return found;
  }

  /** The mean at a point with these distances. */
  mean(distances: Float64Array): number {
    return this.#meanOf(this.#kernel(distances));
  }

  /** Mean and standard deviation, without noise, at a point with these distances. */
  predict(distances: Float64Array): Prediction {
    const kernel = this.#kernel(distances);
    const explained = solved(this.#factor, kernel);
    let variance = this.#scale;
    for (const each of explained) variance -= each * each;
    // Below this it is rounding.
    return { mean: this.#meanOf(kernel), sd: Math.sqrt(Math.max(variance, 1e-10 * this.#scale)) };
  }

  /** The objective's value of one in the surrogate's units. */
  inUnits(z: number): number {
    return unwarped(this.#warp, z);
  }

  /** A prediction in the objective's units: its median, and half the width of its central 68 %. */
  told({ mean, sd }: Prediction): Prediction {
    return {
      mean: this.inUnits(mean),
      sd: this.inUnits(mean + sd) / 2 - this.inUnits(mean - sd) / 2,
    };
  }

  /** The squared difference in a column, in units of its length. */
  apart(a: number, b: number, column: number): number {
    const difference = (a - b) / (this.#lengths[column] ?? 1);
    return difference * difference;
  }

  #meanOf(kernel: Float64Array): number {
    let sum = 0;
    for (let i = 0; i < this.n; i++) sum += (kernel[i] ?? 0) * (this.#alpha[i] ?? 0);
    return sum;
  }

  #kernel(distances: Float64Array): Float64Array {
    const kernel = new Float64Array(this.n);
    // A difference of distances may be rounded to below 0.
    for (let i = 0; i < this.n; i++) kernel[i] = matern(Math.max(distances[i] ?? 0, 0)) * this.#scale;
    return kernel;
  }

  /** Add (or take off) the squared distances in one column. */
  #add(distances: Float64Array, value: number, column: number, sign: 1 | -1): void {
    const scaled = value / (this.#lengths[column] ?? 1);
    for (let i = 0; i < this.n; i++) {
      const difference = scaled - (this.#scaled[i * this.d + column] ?? 0);
      distances[i] = (distances[i] ?? 0) + sign * difference * difference;
    }
  }

  /** The factor of the kernel matrix, with as little more on the diagonal as it needs. */
  #factored(noise: number): Float64Array {
    const { n, d } = this;
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      const row = this.#scaled.slice(i * d, (i + 1) * d).map((value, k) => value * (this.#lengths[k] ?? 1));
      matrix.set(this.#kernel(this.distances(row)), i * n);
    }
    for (let jitter = 0; jitter <= 1; jitter = Math.max(1e-10, 10 * jitter)) {
      for (let i = 0; i < n; i++) matrix[i * n + i] = this.#scale * (1 + jitter) + noise;
      const factor = cholesky(matrix, n);
      if (factor) return factor;
    }
    throw new RangeError('the kernel matrix is not positive definite');
  }
}
