/** Studies for the tests of the chart options. */

import type { Shared } from '../src/panel/chart';
import type { Data, Theme } from '../src/panel/data';
import type { Stage } from '../src/panel/stage';
import type { Store } from '../src/panel/store';
import type { Goal, Parameter, Row, Status, StudyInfo } from '../src/messages';

export const THEME: Theme = {
  isDark: false,
  font: 'sans-serif',
  fontSize: 11,
  background: '#ffffff',
  text: '#212121',
  muted: '#616161',
  grid: '#e0e0e0',
  trial: '#3d94cc',
  mean: '#0b5b8f',
  best: '#d98200',
  baseline: '#5f6368',
  failed: '#d04a02',
  pruned: '#8c8c8c',
  cursor: '#b0508c',
  series: ['#0072b2', '#d55e00', '#008f68'],
  scale: ['#440154', '#21918c', '#fde725'],
};

export function range(name: string, low: number, high: number, more: Partial<Parameter> = {}): Parameter {
  return {
    name,
    kind: 'float',
    low,
    high,
    log: false,
    step: null,
    choices: [],
    condition: '',
    own: low,
    ...more,
  };
}

export function choice(name: string, ...choices: string[]): Parameter {
  return range(name, 0, 0, { kind: 'choice', choices });
}

export const MINIMIZE: Goal = { label: 'loss', direction: 'minimize' };
export const MAXIMIZE: Goal = { label: 'accuracy', direction: 'maximize' };

export function study(parameters: Parameter[], objectives: Goal[] = [MINIMIZE]): StudyInfo {
  return { name: 'study', parameters, objectives, conditions: [] };
}

/** A complete trial; an empty list of values makes it a failed one. */
export function row(
  number: number,
  params: (number | null)[],
  values: number[],
  more: Partial<Row> = {},
): Row {
  const state = values.length > 0 ? 'complete' : 'failed';
  return { number, state, origin: 'sampler', params, values, seconds: 1, ...more };
}

export function dataOf(info: StudyInfo, rows: Row[], more: Partial<Data> = {}): Data {
  return {
    study: info,
    rows,
    best: null,
    baseline: null,
    front: [],
    surrogate: null,
    verdicts: [],
    pair: null,
    present: info.parameters.map(({ own }) => own),
    active: info.parameters.map(() => true),
    narrowed: {},
    locked: [],
    selected: null,
    isShown: () => true,
    ...more,
  };
}

/** A search that runs. */
export function status(more: Partial<Status> = {}): Status {
  return {
    name: 'study',
    objectives: [MINIMIZE],
    changes: [{ label: 'loss', before: '0.5', after: '0.25', gain: '-0.25 over your cell', is_better: true }],
    done: 17,
    total: 40,
    count: '17/40 trials',
    phase: 'running',
    text: 'running trial 17',
    elapsed_s: 10,
    left_s: null,
    best: '0.25 in trial 3',
    baseline: '0.5',
    gain: '0.25 (50 %) lower',
    failed: '',
    next: '',
    can_run: true,
    is_exploring: false,
    is_live: false,
    notes: [],
    jobs: null,
    lanes: [],
    ...more,
  };
}

/** Trials of one parameter x in 0..1, with these values in turn. */
export function trials(values: readonly (number | null)[], more: Partial<Data> = {}, goal = MINIMIZE): Data {
  const rows = values.map((value, i) => row(i, [i / values.length], value === null ? [] : [value]));
  return dataOf(study([range('x', 0, 1)], [goal]), rows, more);
}

/** Evenly spread over 0..1, always the same. */
export function spread(i: number, salt = 0.618034): number {
  return (i * salt + salt / 3) % 1;
}

/** Many trials of four parameters (log, integer, choice, conditional), as a study of a model's training has them. */
export function training(count: number, more: Partial<Data> = {}): Data {
  const parameters = [
    range('learning_rate', 1e-5, 1e-1, { log: true }),
    range('layers', 1, 8, { kind: 'int', step: 1 }),
    choice('optimizer', "'adam'", "'sgd'", "'rmsprop'"),
    range('dropout', 0, 0.5, { condition: "optimizer == 'adam'" }),
  ];
  const rows = Array.from({ length: count }, (_, i): Row => {
    const kind = Math.floor(3 * spread(i, 0.7548));
    const params = [
      10 ** (-5 + 4 * spread(i)),
      1 + Math.floor(8 * spread(i, 0.5698)),
      kind,
      kind === 0 ? spread(i, 0.4142) / 2 : null,
    ];
    const loss = 0.1 + spread(i, 0.2361) + Math.abs(Math.log10(params[0] ?? 1) + 3) / 4;
    return row(i, params, i % 11 === 7 ? [] : [loss]);
  });
  const best = rows
    .filter(({ values }) => values.length > 0)
    .sort((a, b) => (a.values[0] ?? 0) - (b.values[0] ?? 0));
  return dataOf(study(parameters), rows, { baseline: 0, best: best[0]?.number ?? null, ...more });
}

/** A stage on which nothing is ever drawn. */
export const STAGE = {
  add: () => undefined,
  mark: () => undefined,
  hurry: () => undefined,
} as unknown as Stage;

/** What the parts of a view have in common, without a page around it. */
export function sharedOf(store: Store): Shared {
  const library = () => new Promise<never>(() => undefined);
  return { store, theme: () => THEME, signal: new AbortController().signal, library };
}
