// Made from jtune/views/messages.py and jtune/requests.py by tools/messages.py: change it there.

export type Origin = 'baseline' | 'sampler' | 'manual' | 'confirm';

export type State = 'running' | 'complete' | 'failed' | 'pruned' | 'timed out' | 'interrupted';

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
  /** The text of its `if`; empty where the parameter is always active. */
  condition: string;
  /** Where the user's own value stands: the literal in the cell. */
  own: number;
}

/** An objective. */
export interface Goal {
  label: string;
  direction: 'minimize' | 'maximize';
}

/** What the page has to know of a study before any trial. */
export interface StudyInfo {
  name: string;
  parameters: Parameter[];
  /** Empty where the cell has no objective (`%%explore`). */
  objectives: Goal[];
  /** When parameters are active that are not always so, parents before children. */
  conditions: Activity[];
}

/** A parameter that a condition compares. */
export interface Parent {
  name: string;
  /** The numbers at which its cases meet, of a range; a choice has a case for each value. */
  cuts: number[];
}

/** When a parameter is active: a table over the cases of its parents. */
export interface Activity {
  name: string;
  parents: Parent[];
  /** The last parent's cases change fastest; empty where only the kernel can tell. */
  holds: boolean[];
}

export type Phase = 'running' | 'paused' | 'ended';

/** What the best trial made of an objective. */
export interface Change {
  label: string;
  /** The baseline's value; empty where there is none. */
  before: string;
  /** The best trial's; empty while there is none, and where that is the baseline. */
  after: string;
  /** Such as "+0.042 over your cell"; empty where there is none. */
  gain: string;
  /** Whether the best trial's is better than the baseline's. */
  is_better: boolean;
}

/** How far a study is and what came of it, in the words of `jtune/views/status.py`. */
export interface StudyState {
  name: string;
  /** Finished trials. */
  done: number;
  /** Finished trials that are wanted; null where no number is (`%%explore`). */
  total: number | null;
  /** Such as "17/40 trials", or "17 trials" where no number is wanted. */
  count: string;
  phase: Phase;
  /** Such as "running trial 17", "paused" or "ended: the target is reached". */
  text: string;
  /** Such as "0.975 in trial 12"; empty while there is none. */
  best: string;
  /** Such as "0.924"; empty while there is none. */
  baseline: string;
  /** Such as "0.051 (5.5 %) higher"; empty where there is nothing to compare. */
  gain: string;
  /** One an objective. */
  changes: Change[];
}

/** A trial that runs beside others. */
export interface Lane {
  number: number;
  /** When this was made; the page counts on. */
  elapsed_s: number;
  /** Such as "C = 3.0, kernel = 'rbf'". */
  values: string;
}

/** What the panel's head shows. */
export interface Status extends StudyState {
  /** Such as "5 failed: b ≥ 3"; empty where none failed. */
  failed: string;
  /** What to do next, as one sentence; empty while a search runs. */
  next: string;
  /** Whether this kernel can run the cell: it has run it before. */
  can_run: boolean;
  /** Whether the cell runs again with each move of a handle. */
  is_exploring: boolean;
  /** Whether it does so while a handle is dragged, and not only when it is released. */
  is_live: boolean;
  /** How many trials run at a time; null where they run in the kernel, one by one, or none runs. */
  jobs: number | null;
  /** The trials that run; empty where `jobs` is null. */
  lanes: Lane[];
  objectives: Goal[];
  /** Of the search, when this was made; the page counts on while the phase is "running". */
  elapsed_s: number;
  /** Expected time left; null where that is not known. */
  left_s: number | null;
  /** What the user should know, as lines: an action that was refused, a warning. */
  notes: string[];
}

/** The surrogate's prediction along one parameter, the others as in the best trial. */
export interface Effect {
  name: string;
  /** Positions; of a choice its indices. */
  x: number[];
  mean: number[];
  sd: number[];
  /** Share of what the parameters explain, 0 to 1. */
  importance: number;
  /** That share as text: "61 %". */
  share: string;
}

export type VerdictKind = 'worth' | 'maybe' | 'open' | 'kept' | 'none' | 'inactive';

/** What changing a parameter is worth; `jtune/views/verdicts.py` has the definition. */
export interface Verdict {
  name: string;
  kind: VerdictKind;
  /** Such as "worth 0.022 ± 0.009". */
  text: string;
  /** Such as "as good: 0.07 … 0.3"; may be empty. */
  more: string;
}

/** Yeo and Johnson's transform, between the objective's units and the surrogate's. */
export interface Warp {
  power: number;
  center: number;
  unit: number;
  mean: number;
  sd: number;
}

/** How a parameter's value is encoded. */
export interface Columns {
  name: string;
  log: boolean;
  /** What is encoded as 0 and as 1, in logarithms (of base 10) where `log`; 0 and 0 of choices. */
  ends: [number, number];
  /** The columns of each choice; empty of a range, which has one column. */
  choices: number[][];
  /** The columns of an inactive parameter. */
  rest: number[];
}

/** A Gaussian process: its n observations in d columns, and its hyper-parameters. */
export interface Posterior {
  /** Row after row, n * d. */
  x: number[];
  /** In the surrogate's units. */
  z: number[];
  /** One a column. */
  lengths: number[];
  scale: number;
  noise: number;
  warp: Warp;
  /** In the order of the columns; a parameter of one value has none. */
  columns: Columns[];
}

export type Script = 'script' | 'large';

/** The traits of a panel's widget. */
export interface BoardTraits {
  study: StudyInfo;
  status: Status;
  /** The scripts' digest: a kernel whose jtune was updated has another one. */
  script: string;
  /** The id of the widget's model. */
  identity: string;
}

/** Send a script. */
export interface ScriptRequest {
  type: 'script';
  name: Script;
}

/** A script, which is the message's one buffer, compressed by gzip. */
export interface ScriptMessage {
  type: 'script';
  name: Script;
}

/** The learning curves of a trial whose loops report. */
export interface Reported {
  /** By label: [step, value] pairs, thinned; absent where nothing was reported. */
  curves?: Record<string, [number, number | null][]>;
}

/** An ended trial. */
export interface Row extends Reported {
  number: number;
  state: State;
  origin: Origin;
  /** One per parameter of the study; a choice by its index; null where the parameter is inactive. */
  params: (number | null)[];
  /** The objectives; empty unless the trial is complete. */
  values: number[];
  seconds: number | null;
}

/** The trials that stand out, by number. */
export interface Standing {
  best: number | null;
  baseline: number | null;
  /** The Pareto front; with one objective the best trial alone. */
  front: number[];
}

/** Rows `start`, `start + 1`, ...: row i is trial i. A gap makes the page ask again. */
export interface TrialsMessage extends Standing {
  type: 'trials';
  start: number;
  rows: Row[];
}

/** What the surrogate says. */
export interface EffectsMessage {
  type: 'effects';
  /** Null while there are too few trials, and where the objective is constant. */
  posterior: Posterior | null;
  /** What matters most first; empty while there is no prediction. */
  verdicts: Verdict[];
  /** Why there is no prediction; empty where there is one. */
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
  /** Why there is no prediction; empty where there is one. */
  reason: string;
}

/** Where the handles stand. */
export interface CursorMessage {
  type: 'cursor';
  /** One per parameter, active or not. */
  params: number[];
  active: boolean[];
  /** How many moves the kernel has taken: a page that has sent more of them knows better. */
  taken: number;
}

/** What the search is held to. */
export interface NarrowedMessage {
  type: 'narrowed';
  /** The parts of domains that are searched; whole ones are absent. */
  ranges: Record<string, [number, number]>;
  locked: string[];
}

/** All about the trial that was picked; its prints and figures are shown by an Output widget below. */
export interface DetailMessage {
  type: 'detail';
  number: number;
  state: State;
  origin: Origin;
  reason: string;
  /** Such as "1 min 30 s"; empty where that is not known. */
  took: string;
  /** Name and value as the user would type it. */
  params: [string, string][];
  values: [string, string][];
  /** Of each run under `--repeats`, of the first objective. */
  repeats: string[];
  traceback: string;
}

/** A cell with a trial's literals, to be put into the notebook. */
export interface Source {
  /** The study. */
  name: string;
  /** The notebook's id of the cell that the study came from; empty where that is not known. */
  cell: string;
  /** The trial; null where the literals are those of the handles. */
  number: number | null;
  text: string;
  /** Name, literal as it stood when the cell ran, literal of the trial. */
  literals: [string, string, string][];
  /** The page that is to write it, by the session of its connection: of several, the one that asked. */
  page: string;
}

/** The cell that is wanted by a button of the panel. */
export interface SourceMessage extends Source {
  type: 'source';
}

export type ToBoard =
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

/** The user has picked a trial; null where none is picked any more. */
export interface PickRequest {
  type: 'pick';
  number: number | null;
}

/** Predict the objective over two parameters. */
export interface PairRequest {
  type: 'pair';
  a: string;
  b: string;
}

/** The user has moved handles, to these positions. */
export interface MoveRequest {
  type: 'move';
  values: Record<string, number>;
}

/** Hold the search to a parameter's value, or to a part of its range; null for the range's own ends. */
export interface HoldRequest {
  type: 'hold';
  name: string;
  locked: boolean;
  low: number | null;
  high: number | null;
}

/** Give up a trial that runs; null for all that run. */
export interface SkipRequest {
  type: 'skip';
  number: number | null;
}

/** Run as many trials at a time from now on. */
export interface JobsRequest {
  type: 'jobs';
  jobs: number;
}

/** Send the cell with a trial's literals; null for where the handles stand. */
export interface ApplyRequest {
  type: 'apply';
  number: number | null;
}

/** Go on with the search that has ended. */
export interface MoreRequest {
  type: 'more';
  trials: number;
}

/** Do something to the search, or run the cell where the handles stand. */
export interface ActRequest {
  type: 'pause' | 'resume' | 'stop' | 'run';
}

export type FromBoard =
  | ResyncRequest
  | PickRequest
  | PairRequest
  | MoveRequest
  | HoldRequest
  | SkipRequest
  | JobsRequest
  | ApplyRequest
  | MoreRequest
  | ActRequest
  | ScriptRequest;

/** A study, and the cell that it came from. */
export interface StudyStanding extends StudyState {
  /** The notebook's id of its cell; empty where that is not known. */
  cell: string;
  /** The text of the cell as it runs again with each move of a slider; null where it does not. */
  explored: string | null;
}

/** A parameter's value in the best trial. */
export interface BestValue {
  /** Its position, as in an effect. */
  at: number;
  /** As the user would type it, a choice as in the parameter's choices. */
  text: string;
}

/** What a study found out, for the editor of its cell. */
export interface StudySummary {
  name: string;
  /** Such as "maximize accuracy". */
  goal: string;
  effects: Effect[];
  parameters: Parameter[];
  /** The choices of each parameter that has some, as Python writes them, in the order of its `choices`. */
  literals: Record<string, string[]>;
  /** By parameter; an inactive one is absent. */
  best: Record<string, BestValue>;
}

/** What is known of a cell. */
export interface CellSummary {
  cell: string;
  /** Null while nothing is known of the effects. */
  summary: StudySummary | null;
}

/** All there is; of several studies of a cell, the one that ran last is last. */
export interface StateMessage {
  studies: StudyStanding[];
  summaries: CellSummary[];
}

/** A study has gone on, or has ended. */
export interface StudyMessage {
  type: 'study';
  study: StudyStanding;
}

/** A study has found something out. */
export interface SummaryMessage extends CellSummary {
  type: 'summary';
}

/** The cell that `study.apply()` wants written. */
export interface ApplyMessage extends Source {
  type: 'apply';
}

export type ToExtension = StudyMessage | SummaryMessage | ApplyMessage;

/** What the extension may ask of the kernel. */
export interface Requests {
  /** Return all studies and summaries, for a page that has just come; of a cell's studies the latest is last. */
  greet(): StateMessage;
  /** Return the studies of this kernel, the one that ran last first, and then the others of its folder. */
  studies(): StudyStanding[];
  /** Return the cell of a study with its best literals. */
  source(name: string): Source;
  /** Move the sliders of a study, given literals as they are typed; return whether its cell is explored. */
  move(name: string, literals: Record<string, string>): boolean;
  /** Stop all searches of this kernel; return whether any search was running. */
  stop(): boolean;
  /** Delete a study and its file. */
  delete(name: string): null;
}
