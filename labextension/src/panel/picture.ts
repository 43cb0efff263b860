/** What a row shows of a study. */

import type { Axis } from './axis';
import type { Data } from './data';
import type { Dot, Picture } from './drawing';
import { hasFailed, measureOf } from './options/measure';
import type { Scale } from './scale';
import type { Slice } from './slices';
import type { Row } from '../messages';

export interface Given {
  axis: Axis;
  /** Of the parameter. */
  index: number;
  scale: Scale | null;
  /** Those that are drawn. */
  trials: readonly Row[];
  /** How near these are to the present point in the other parameters; unknown without a surrogate. */
  near?: readonly number[] | null;
  slice?: Slice | null;
}

/** How strong a dot is while nothing is known of what is near. */
const UNKNOWN = 0.5;

export function pictureOf(data: Data, { axis, index, scale, trials, near, slice }: Given): Picture {
  const { of } = measureOf(data);
  const dotOf = (trial: Row | undefined, closeness: number): Dot | null => {
    const position = trial?.params[index] ?? null;
    const value = trial ? of(trial) : null;
    if (!trial || position === null || value === null) return null;
    return { trial: trial.number, share: axis.share(position), value, closeness };
  };
  const numbered = (number: number | null) => (number === null ? undefined : data.rows[number]);
  const signed = [data.best, data.baseline];
  const baseline = numbered(data.baseline);
  const [low, high] = data.narrowed[axis.parameter.name] ?? [axis.low, axis.high];
  return {
    labels: axis.labels,
    steps: axis.steps,
    scale,
    slice: slice ?? null,
    dots: trials.flatMap((trial, i) => {
      const closeness = data.isShown(trial) ? (near?.[i] ?? UNKNOWN) : 0;
      return signed.includes(trial.number) ? [] : (dotOf(trial, closeness) ?? []);
    }),
    failures: trials.filter(hasFailed).flatMap((trial) => {
      const position = trial.params[index] ?? null;
      return position === null ? [] : [axis.share(position)];
    }),
    best: dotOf(numbered(data.best), 1),
    baseline: dotOf(baseline, 1),
    selected: dotOf(numbered(data.selected), 1),
    level: baseline ? of(baseline) : null,
    now: axis.share(data.present[index] ?? axis.parameter.own),
    range: axis.isChoice ? [0, 1] : [axis.share(low), axis.share(high)],
    isActive: data.active[index] ?? true,
  };
}
