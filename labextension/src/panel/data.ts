/** What the charts read: one study as the page knows it now. */

import type { PairMessage, Row, StudyInfo, Verdict } from '../messages';
import type { Point } from './encoding';
import type { Surrogate } from './slices';

export interface Data {
  readonly study: StudyInfo;
  /** Row i is trial i. */
  readonly rows: readonly Row[];
  readonly best: number | null;
  readonly baseline: number | null;
  readonly front: readonly number[];
  /** Null while there are too few trials, and where the objective is constant. */
  readonly surrogate: Surrogate | null;
  /** What matters most first; empty while there is no prediction. */
  readonly verdicts: readonly Verdict[];
  readonly pair: PairMessage | null;
  /** Where the handles stand, and which parameters are active there. */
  readonly present: Point;
  readonly active: readonly boolean[];
  /** The parts of ranges that the search keeps to; whole ones are absent. */
  readonly narrowed: Readonly<Record<string, readonly [number, number]>>;
  readonly locked: readonly string[];
  /** The trial that is picked. */
  readonly selected: number | null;
  /** Whether a trial passes the brushes of the parallel coordinates. */
  isShown(row: Row): boolean;
}

/** Concrete colours and fonts, resolved from the page's variables: a canvas knows no CSS variables. */
export interface Theme {
  isDark: boolean;
  font: string;
  fontSize: number;
  background: string;
  text: string;
  muted: string;
  grid: string;
  /** Colour-blind safe: complete trials, the mean curve, best, baseline, failures, the cursor of the sliders. */
  trial: string;
  mean: string;
  best: string;
  baseline: string;
  failed: string;
  pruned: string;
  cursor: string;
  /** Series of learning curves (train, validation, ...), colour-blind safe. */
  series: readonly string[];
  /** From low to high, perceptually even: the heat map and the lines of the parallel coordinates. */
  scale: readonly string[];
}
