/** Studies made up for looking at the panel. */

import type {
  Columns,
  Goal,
  PairMessage,
  Parameter,
  Posterior,
  Row,
  State,
  StudyInfo,
  Verdict,
} from '../src/messages';

export interface Scene {
  study: StudyInfo;
  rows: Row[];
  hasPrediction: boolean;
}

/** Mulberry32: the same pictures every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function float(name: string, low: number, high: number, log = false): Parameter {
  return { name, kind: 'float', low, high, log, step: null, choices: [], condition: '', own: low };
}

function int(name: string, low: number, high: number): Parameter {
  return { ...float(name, low, high), kind: 'int', step: 1 };
}

function choice(name: string, ...choices: string[]): Parameter {
  return { ...float(name, 0, 0), kind: 'choice', choices };
}

/** From the unit interval. */
function place({ kind, low, high, log, choices }: Parameter, u: number): number {
  if (kind === 'choice') return Math.min(choices.length - 1, Math.floor(u * choices.length));
  const x = log ? low * (high / low) ** u : low + u * (high - low);
  return kind === 'int' ? Math.round(x) : x;
}

function unit({ kind, low, high, log, choices }: Parameter, x: number): number {
  if (kind === 'choice') return (x + 0.5) / choices.length;
  return log ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low);
}

/** A hill: each parameter matters less than the one before. */
function height(parameters: readonly Parameter[], params: readonly (number | null)[]): number {
  return parameters.reduce((sum, parameter, i) => {
    const x = params[i] ?? null;
    return x === null ? sum : sum - (0.3 * (unit(parameter, x) - 0.3 - 0.05 * i) ** 2) / (1 + i);
  }, 0.95);
}

interface Shape {
  parameters: Parameter[];
  objectives: Goal[];
  trials: number;
  seed: number;
  isMessy?: boolean;
  hasCurves?: boolean;
}

function curvesTo(value: number, steps: number, noise: () => number): Record<string, [number, number]> {
  const line = (end: number, rate: number) =>
    Array.from({ length: steps }, (_, step) => [
      step,
      end * (1 - Math.exp(-rate * (step + 1))) + 0.01 * noise(),
    ]) as unknown as [number, number];
  return { train: line(value + 0.04, 0.25), validation: line(value, 0.2) };
}

function stateOf(chance: number, isMessy: boolean): State {
  if (!isMessy || chance < 0.8) return 'complete';
  return chance < 0.86 ? 'failed' : chance < 0.97 ? 'pruned' : 'timed out';
}

export function rowsOf({
  parameters,
  objectives,
  trials,
  seed,
  isMessy = false,
  hasCurves = false,
}: Shape): Row[] {
  const next = random(seed);
  return Array.from({ length: trials }, (_, number): Row => {
    const pull = Math.min(0.85, number / 60);
    const params = parameters.map((parameter, i) => {
      if (parameter.condition !== '' && next() < 0.5) return null;
      const u = next() < pull ? 0.3 + 0.05 * i + 0.15 * (next() - 0.5) : next();
      return place(parameter, Math.min(1, Math.max(0, u)));
    });
    const value = height(parameters, params) + 0.01 * (next() - 0.5);
    const state = number === 0 ? 'complete' : stateOf(next(), isMessy);
    const values = objectives.map((_, i) => (i === 0 ? value : 3 + 40 * (value - 0.7) ** 2 + 4 * next()));
    const steps = state === 'pruned' ? 3 + Math.floor(8 * next()) : 30;
    return {
      number,
      state,
      origin: number === 0 ? 'baseline' : number % 13 === 12 ? 'manual' : 'sampler',
      params,
      values: state === 'complete' ? values : [],
      seconds: state === 'timed out' ? 60 : 0.2 + 3 * next(),
      ...(hasCurves ? { curves: curvesTo(value, steps, next) as unknown as Row['curves'] } : {}),
    };
  });
}

const LENGTH = 0.5;

/** A surrogate of the complete trials, with hyper-parameters that were learnt from nothing. */
export function posteriorOf({ parameters, objectives }: StudyInfo, rows: readonly Row[]): Posterior | null {
  const complete = rows.filter(({ values }) => values.length > 0).slice(-120);
  if (complete.length < 3 || objectives.length === 0) return null;
  const columns = parameters.map<Columns>(({ name, kind, log, low, high, choices }) => ({
    name,
    log,
    ends: log ? [Math.log10(low), Math.log10(high)] : [low, high],
    choices: kind === 'choice' ? choices.map((_, i) => choices.map((__, j) => (i === j ? 0.25 : 0))) : [],
    rest: kind === 'choice' ? choices.map(() => 0.1) : [0.5],
  }));
  const encoded = ({ params }: Row) =>
    columns.flatMap(({ log, ends, choices, rest }, i) => {
      const x = params[i] ?? null;
      if (x === null) return rest;
      return choices[x] ?? [((log ? Math.log10(x) : x) - ends[0]) / (ends[1] - ends[0])];
    });
  const values = complete.map((row) => row.values[0] ?? 0);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const sd = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  const lengths = columns.flatMap(({ rest }, i) => rest.map(() => LENGTH * (1 + i / 3)));
  return {
    x: complete.flatMap(encoded),
    z: values.map((value) => (value - mean) / sd),
    lengths,
    scale: 1,
    noise: 0.05,
    warp: { power: 1, center: mean, unit: sd, mean: 0, sd: 1 },
    columns,
  };
}

const WORDS: Pick<Verdict, 'kind' | 'text' | 'more'>[] = [
  { kind: 'worth', text: 'worth 0.022 ± 0.009', more: 'as good: 0.07 … 0.3' },
  { kind: 'maybe', text: 'probably matters: +0.03 ± 0.02', more: 'best at its upper end: widen the range' },
  { kind: 'open', text: 'not known yet: +0.001 ± 0.05', more: '' },
  { kind: 'kept', text: 'kept at your value', more: '' },
  { kind: 'none', text: 'makes no difference here: keep 0.5', more: '' },
];

export function verdictsOf({ parameters }: StudyInfo): Verdict[] {
  const last = WORDS.length - 1;
  return parameters.flatMap(({ name }, i) => {
    const words = WORDS[Math.min(last, Math.floor((i * WORDS.length) / Math.max(parameters.length, 4)))];
    return words ? [{ name, ...words }] : [];
  });
}

export function pairOf({ parameters }: StudyInfo, a: string, b: string): PairMessage {
  const [i, j] = [a, b].map((name) => parameters.findIndex((parameter) => parameter.name === name));
  const positions = (index = 0) => {
    const parameter = parameters[index];
    if (!parameter) return [];
    const count = parameter.kind === 'choice' ? parameter.choices.length : 20;
    return Array.from({ length: count }, (_, k) =>
      parameter.kind === 'choice' ? k : place(parameter, k / (count - 1)),
    );
  };
  const at = (u: number, v: number) => parameters.map((_, k) => (k === i ? u : k === j ? v : null));
  const [x, y] = [positions(i), positions(j)];
  const mean = x.map((u) => y.map((v) => height(parameters, at(u, v))));
  return { type: 'pair', a, b, x, y, mean, reason: '' };
}

const ACCURACY: Goal = { label: 'accuracy', direction: 'maximize' };

const THREE = [
  float('C', 1e-3, 1e3, true),
  float('gamma', 1e-5, 1, true),
  choice('kernel', '"rbf"', '"poly"', '"linear"'),
];
const FIFTEEN: Parameter[] = [
  float('learning_rate', 1e-5, 1e-1, true),
  int('num_leaves', 4, 256),
  float('subsample', 0.3, 1),
  choice('booster', '"gbtree"', '"dart"', '"gblinear"'),
  float('a_rather_long_parameter_name_of_40_chars', 0, 1),
  int('max_depth', 1, 12),
  float('reg_alpha', 1e-8, 10, true),
  float('reg_lambda', 1e-8, 10, true),
  choice('use_bias', 'True', 'False'),
  { ...float('momentum', 0, 0.99), condition: 'optimizer == "sgd"' },
  choice('optimizer', '"adam"', '"sgd"'),
  float('größe_μ', -5, 5),
  int('batch_size', 8, 512),
  float('dropout', 0, 0.7),
  float('学習率', 1e-4, 1, true),
];
const EVIL = '<img src=x onerror="window.hacked=1">';
const NASTY = [
  float(EVIL, 0, 1),
  choice(`${EVIL}2`, `'${EVIL}'`, '"</script><script>window.hacked=1</script>"', '=1+1'),
  int('a"b\'&lt;', 1, 9),
];

function scene(name: string, shape: Shape): Scene {
  const { parameters, objectives } = shape;
  const rows = rowsOf(shape);
  const own = parameters.map((parameter, i) => ({ ...parameter, own: rows[0]?.params[i] ?? parameter.own }));
  return {
    study: { name, parameters: own, objectives, conditions: [] },
    rows,
    hasPrediction: shape.trials > 9,
  };
}

export const scenes: Record<string, () => Scene> = {
  three: () => scene('svm', { parameters: THREE, objectives: [ACCURACY], trials: 40, seed: 1 }),
  few: () => scene('just begun', { parameters: THREE, objectives: [ACCURACY], trials: 4, seed: 2 }),
  fifteen: () =>
    scene('boosting', { parameters: FIFTEEN, objectives: [ACCURACY], trials: 120, seed: 3, isMessy: true }),
  front: () =>
    scene('two goals', {
      parameters: FIFTEEN.slice(0, 5),
      objectives: [ACCURACY, { label: 'milliseconds per row', direction: 'minimize' }],
      trials: 80,
      seed: 4,
    }),
  curves: () =>
    scene('network', {
      parameters: FIFTEEN.slice(0, 7),
      objectives: [ACCURACY],
      trials: 60,
      seed: 5,
      isMessy: true,
      hasCurves: true,
    }),
  everything: () =>
    scene('everything', {
      parameters: FIFTEEN.slice(0, 9),
      objectives: [ACCURACY, { label: 'size', direction: 'minimize' }],
      trials: 60,
      seed: 6,
      isMessy: true,
      hasCurves: true,
    }),
  nasty: () =>
    scene(EVIL, {
      parameters: NASTY,
      objectives: [{ label: EVIL, direction: 'minimize' }],
      trials: 30,
      seed: 7,
      isMessy: true,
    }),
  one: () => scene('one', { parameters: THREE.slice(0, 1), objectives: [ACCURACY], trials: 25, seed: 11 }),
  begin: () => scene('begin', { parameters: THREE, objectives: [ACCURACY], trials: 0, seed: 12 }),
  twelve: () =>
    scene('twelve', {
      parameters: FIFTEEN.slice(0, 12),
      objectives: [ACCURACY],
      trials: 100,
      seed: 13,
      isMessy: true,
    }),
  thirty: () =>
    scene('thirty', {
      parameters: [...FIFTEEN, ...FIFTEEN.map((each) => ({ ...each, name: `${each.name}_2` }))],
      objectives: [ACCURACY],
      trials: 150,
      seed: 14,
    }),
  explore: () => scene('explore', { parameters: THREE, objectives: [], trials: 20, seed: 8 }),
  stream: () =>
    scene('stream', { parameters: FIFTEEN.slice(0, 8), objectives: [ACCURACY], trials: 10_000, seed: 9 }),
};
