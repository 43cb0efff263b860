/** What the charts read: one study as the page knows it now. */

import type { CursorMessage, Effect, PairMessage, Row, StudyInfo } from '../messages';

export interface Data {
  readonly study: StudyInfo;
  /** Row i is trial i. */
  readonly rows: readonly Row[];
  readonly best: number | null;
  readonly baseline: number | null;
  readonly front: readonly number[];
  /** Most important first; empty while there are too few trials. */
  readonly effects: readonly Effect[];
  readonly effectsReason: string;
  readonly pair: PairMessage | null;
  readonly cursor: CursorMessage | null;
  /** What the search is held to; a locked parameter has two equal ends. */
  readonly narrowed: Readonly<Record<string, [number, number]>>;
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
