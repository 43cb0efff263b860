/** What the extension and a kernel say to each other: the twin of `jtune/editor.py`. Every text in it is the user's. */

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
}

export interface CellSummary {
  cell: string;
  /** Null while nothing is known of the effects. */
  summary: StudySummary | null;
}

/** All there is, when the line is opened. */
export interface StateMessage {
  type: 'state';
  studies: StudyStanding[];
  /** Cells that run again with each move of a slider. */
  exploring: string[];
  summaries: CellSummary[];
}

export type KernelMessage =
  | StateMessage
  | { type: 'study'; study: StudyStanding }
  | ({ type: 'summary' } & CellSummary)
  | { type: 'exploring'; cell: string }
  | (Omit<SourceMessage, 'type'> & { type: 'apply' });
