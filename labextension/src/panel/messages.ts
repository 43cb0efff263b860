/**
 * What the kernel and the panel's charts say to each other: the twin of `jtune/views/feed.py`.
 *
 * Every text in these messages is the user's and is text: it never becomes markup.
 */

/** A parameter of the search space, in cell order. */
export interface Parameter {
  name: string;
  kind: 'float' | 'int' | 'choice';
  /** Bounds of a range; 0 and 0 for choices. */
  low: number;
  high: number;
  log: boolean;
  step: number | null;
  /** Choices as the user would type them; empty for ranges. */
  choices: string[];
  /** The text of its `if`; empty where it is always active. */
  condition: string;
}

export interface Goal {
  label: string;
  direction: 'minimize' | 'maximize';
}

/** The trait `study` of the charts' model. */
export interface StudyInfo {
  name: string;
  parameters: Parameter[];
  /** Empty where the cell has no objective (`%%explore`). */
  objectives: Goal[];
}

export type State = 'complete' | 'failed' | 'pruned' | 'timed out' | 'interrupted';
export type Origin = 'baseline' | 'sampler' | 'manual';

/** An ended trial. */
export interface Row {
  number: number;
  state: State;
  origin: Origin;
  /** One per parameter of the study; a choice by its index; null where the parameter is inactive. */
  params: (number | null)[];
  /** The objectives; empty unless the trial is complete. */
  values: number[];
  seconds: number | null;
  /** By label: [step, value] pairs, thinned; absent where nothing was reported. */
  curves?: Record<string, [number, number | null][]>;
}

/** Rows `start`, `start + 1`, ...: row i is trial i. A gap makes the page ask again. */
export interface TrialsMessage {
  type: 'trials';
  start: number;
  rows: Row[];
  best: number | null;
  baseline: number | null;
  /** The Pareto front, by number; with one objective the best alone. */
  front: number[];
}

/** The surrogate's prediction along one parameter, the others averaged over. */
export interface Effect {
  name: string;
  /** Positions; of a choice its indices. */
  x: number[];
  mean: number[];
  sd: number[];
  /** Share of what the parameters explain, 0 to 1. */
  importance: number;
}

export interface EffectsMessage {
  type: 'effects';
  /** Most important first; empty while there are too few trials. */
  effects: Effect[];
  /** Why there are none; empty where there are. */
  reason: string;
}

/** The prediction over two parameters: mean[i][j] at x[i], y[j]. */
export interface PairMessage {
  type: 'pair';
  a: string;
  b: string;
  x: number[];
  y: number[];
  mean: number[][];
  reason: string;
}

/** Where the sliders stand, and what the surrogate says of it; mean and sd are null where it cannot. */
export interface CursorMessage {
  type: 'cursor';
  params: (number | null)[];
  mean: number | null;
  sd: number | null;
}

/** What the search is held to: a locked parameter has low === high. Names that are free are absent. */
export interface NarrowedMessage {
  type: 'narrowed';
  ranges: Record<string, [number, number]>;
}

/** All about the trial that was picked; its prints and figures are shown by an Output widget below. */
export interface DetailMessage {
  type: 'detail';
  number: number;
  state: State;
  origin: Origin;
  reason: string;
  seconds: number | null;
  /** Name and value as the user would type it. */
  params: [string, string][];
  values: [string, string][];
  /** Of each run under `--repeats`, of the first objective. */
  repeats: string[];
  traceback: string;
}

/** The cell with a trial's literals, to be put into the notebook. */
export interface SourceMessage {
  type: 'source';
  /** The study. */
  name: string;
  /** The notebook's id of the cell that the study came from; empty where that is not known. */
  cell: string;
  number: number;
  text: string;
  /** Name, literal as it stood when the cell ran, literal of the trial. */
  literals: [string, string, string][];
  /** The page that is to write it, by the session of its connection: of several, the one that asked. */
  page: string;
}

export type FromKernel =
  | TrialsMessage
  | EffectsMessage
  | PairMessage
  | CursorMessage
  | NarrowedMessage
  | DetailMessage
  | SourceMessage;

/** Send everything from row `start` on, and all else that there is. */
export interface ResyncRequest {
  type: 'resync';
  start: number;
}

export interface PickRequest {
  type: 'pick';
  number: number | null;
}

export interface PairRequest {
  type: 'pair';
  a: string;
  b: string;
}

export type FromPage = ResyncRequest | PickRequest | PairRequest;

/** The trait `status` of the head's model. */
export interface Status {
  name: string;
  objectives: Goal[];
  /** Finished trials, and how many are wanted; null where no number is (`%%explore`). */
  done: number;
  total: number | null;
  phase: 'running' | 'paused' | 'ended';
  /** "running trial 17", "paused", "stopped: the target is reached". */
  text: string;
  /** Of the search, when this was made; the page counts on while the phase is "running". */
  elapsed_s: number;
  /** Expected time left; null where that is not known. */
  left_s: number | null;
  /** "0.9750 in trial 12"; empty while there is none. */
  best: string;
  /** "0.9240"; empty while there is none. */
  baseline: string;
  /** "0.051 (5.5 %) higher"; empty where there is nothing to compare. */
  gain: string;
  /** What the user should know, as lines: an action that was refused, a warning. */
  notes: string[];
}
