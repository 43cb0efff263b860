/** Studies made up for looking at the panel. */

import type { Effect, Goal, PairMessage, Parameter, Row, State, StudyInfo } from '../src/messages';

export interface Scene {
  study: StudyInfo;
  rows: Row[];
  hasEffects: boolean;
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
  return { name, kind: 'float', low, high, log, step: null, choices: [], condition: '' };
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

export function effectsOf({ parameters }: StudyInfo, hidden: readonly string[] = []): Effect[] {
  const total = parameters.reduce((sum, _, i) => sum + 1 / (1 + i), 0);
  return parameters
    .filter(({ name }) => !hidden.includes(name))
    .map((parameter, i) => {
      const count = parameter.kind === 'choice' ? parameter.choices.length : 40;
      const x = Array.from({ length: count }, (_, k) =>
        parameter.kind === 'choice' ? k : place(parameter, k / (count - 1)),
      );
      const mean = x.map(
        (at) =>
          height(
            parameters,
            parameters.map((_, k) => (k === i ? at : null)),
          ) - 0.03,
      );
      const sd = x.map((at) => 0.008 + 0.02 * Math.abs(unit(parameter, at) - 0.35));
      const importance = 1 / (1 + i) / total;
      return { name: parameter.name, x, mean, sd, importance, share: `${Math.round(100 * importance)} %` };
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
  return { study: { name, parameters, objectives }, rows: rowsOf(shape), hasEffects: shape.trials > 9 };
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
  explore: () => scene('explore', { parameters: THREE, objectives: [], trials: 20, seed: 8 }),
  stream: () =>
    scene('stream', { parameters: FIFTEEN.slice(0, 8), objectives: [ACCURACY], trials: 10_000, seed: 9 }),
};
