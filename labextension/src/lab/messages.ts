/** What the extension and a kernel say to each other: the twin of `jtune/views/lab.py`. Every text in it is the user's. */

import type { StudySummary } from '../editor';
import type { SourceMessage } from '../panel/messages';

/** A study, and how far it is. */
export interface StudyStanding {
  name: string;
  /** Finished trials, and how many are wanted. */
  done: number;
  total: number | null;
  phase: 'running' | 'paused' | 'ended';
  text: string;
  best: string;
  gain: string;
  /** The notebook's id of its cell; empty where that is not known. */
  cell: string;
  /** The text of the cell as it runs again with each move of a slider; null where it does not. */
  explored: string | null;
}

export interface CellSummary {
  cell: string;
  /** Null while nothing is known of the effects. */
  summary: StudySummary | null;
}

/** A cell with a trial's literals, and which page is to write them. */
export type Source = Omit<SourceMessage, 'type'>;

/** All there is; of several studies of a cell, the one that ran last is last. */
export interface StateMessage {
  studies: StudyStanding[];
  summaries: CellSummary[];
}

export type KernelMessage =
  | { type: 'study'; study: StudyStanding }
  | ({ type: 'summary' } & CellSummary)
  | ({ type: 'apply' } & Source);
