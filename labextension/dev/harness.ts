/**
 * The panel without Jupyter: `?scene=three&theme=dark`, with a made-up kernel behind it.
 *
 * `window.harness` is for dev/shots.py.
 */

import charts from '../src/panel/charts';
import head from '../src/panel/head';
import { duration } from '../src/panel/duration';
import type { FromCharts, Row, Status, StudyInfo, TrialsMessage } from '../src/messages';
import { FakeModel } from './model';
import { effectsOf, pairOf, scenes, type Scene } from './scenes';

const query = new URLSearchParams(location.search);
const name = query.get('scene') ?? 'three';
const make = scenes[name];
if (!make) throw new Error(`no scene ${name}`);
const scene = make();
document.body.dataset.jpThemeLight = String(query.get('theme') !== 'dark');

function bestOf(rows: readonly Row[], { objectives }: StudyInfo): number | null {
  const sign = objectives[0]?.direction === 'minimize' ? 1 : -1;
  let [best, least]: [number | null, number] = [null, Infinity];
  for (const { number, values } of rows) {
    const loss = sign * (values[0] ?? NaN);
    if (loss < least) [best, least] = [number, loss];
  }
  return best;
}

function frontOf(rows: readonly Row[]): number[] {
  const done = rows.filter(({ values }) => values.length > 1);
  const beats = ([a = 0, b = 0]: number[], [c = 0, d = 0]: number[]) => a >= c && b <= d && (a > c || b < d);
  return done
    .filter((row) => !done.some((other) => beats(other.values, row.values)))
    .map(({ number }) => number);
}

/** Rows `start` on, of the first `count` of the scene. */
function trials({ rows, study }: Scene, start: number, count: number): TrialsMessage {
  const known = rows.slice(0, count);
  const best = bestOf(known, study);
  const front = study.objectives.length > 1 ? frontOf(known) : best === null ? [] : [best];
  return { type: 'trials', start, rows: known.slice(start), best, baseline: 0, front };
}

const sent: FromCharts[] = [];
let known = name === 'stream' ? 0 : scene.rows.length;

function answer(message: FromCharts): void {
  sent.push(message);
  setTimeout(() => {
    if (message.type === 'resync') resync(message.start);
    if (message.type === 'pair') model.receive(pairOf(scene.study, message.a, message.b));
    if (message.type === 'pick' && message.number !== null) detail(message.number);
  }, 5);
}

function resync(start: number): void {
  model.receive(trials(scene, start, known));
  const reason = 'The effects come with the tenth trial.';
  const effects = scene.hasEffects && scene.study.objectives.length > 0 ? effectsOf(scene.study) : [];
  model.receive({ type: 'effects', effects, reason: effects.length > 0 ? '' : reason });
  const params = scene.rows[bestOf(scene.rows, scene.study) ?? 0]?.params ?? [];
  if (query.has('cursor')) model.receive({ type: 'cursor', params, mean: 0.93, sd: 0.01 });
  const first = scene.study.parameters[0];
  if (query.has('narrowed') && first) {
    model.receive({ type: 'narrowed', ranges: { [first.name]: [first.low * 100, first.high / 10] } });
  }
}

function detail(number: number): void {
  const row = scene.rows[number];
  if (!row) return;
  const { parameters, objectives } = scene.study;
  const text = (i: number) => {
    const value = row.params[i] ?? null;
    return value === null ? '–' : (parameters[i]?.choices[value] ?? value.toPrecision(6));
  };
  model.receive({
    type: 'detail',
    number,
    state: row.state,
    origin: row.origin,
    reason: row.state === 'complete' ? '' : 'ValueError: <b>no</b> convergence',
    took: row.seconds === null ? '' : duration(row.seconds),
    params: parameters.map((parameter, i) => [parameter.name, text(i)]),
    values: objectives.flatMap(({ label }, i) =>
      row.values[i] === undefined ? [] : [[label, row.values[i].toFixed(4)]],
    ),
    repeats: ['0.97', '0.98'],
    traceback: row.state === 'failed' ? 'Traceback (most recent call last):\n  line 3\nValueError: no' : '',
  });
}

const wanted = Math.max(scene.rows.length, Math.round(scene.rows.length * 1.5));
const total = scene.study.objectives.length > 0 ? wanted : null;

const flying = Number(query.get('jobs') ?? 0);
const status: Status = {
  jobs: flying || null,
  lanes: Array.from({ length: flying }, (_, i) => ({
    number: scene.rows.length + i,
    elapsed_s: 3 * i,
    values: 'C = 3.0',
  })),
  name: scene.study.name,
  objectives: scene.study.objectives,
  done: scene.rows.length,
  total,
  count: total === null ? `${scene.rows.length} trials` : `${scene.rows.length}/${total} trials`,
  phase: 'running',
  text: `running trial ${scene.rows.length}`,
  elapsed_s: 12,
  left_s: 21,
  best: '0.9750 in trial 12',
  baseline: '0.9240',
  gain: '0.051 (5.5 %) higher',
  notes: query.has('notes') ? ['C was not applied: line 3 has changed since.'] : [],
};

const model = new FakeModel<{ study: StudyInfo }>({ study: scene.study }, (message) => {
  answer(message as FromCharts);
});
const widget = charts();
widget.initialize({ model: model.asModel() });
const headModel = new FakeModel<{ status: Status }>({ status });
const at = (id: string) => document.getElementById(id) ?? document.body;
head().render({ model: headModel.asModel(), el: at('head') });
const leave = widget.render({ el: at('charts') });

/** Let 200 trials a second arrive, 10 every 50 ms, and say how the page stood it. */
async function stream(): Promise<Record<string, number>> {
  const frames: number[] = [];
  let last = performance.now();
  let isOn = true;
  const frame = (now: number) => {
    frames.push(now - last);
    last = now;
    if (isOn) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  const began = performance.now();
  while (known < scene.rows.length) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const wanted = Math.min(scene.rows.length, Math.floor(((performance.now() - began) / 1000) * 200));
    const start = known;
    known = wanted;
    if (known > start) model.receive(trials(scene, start, known));
    if (start % 1000 > known % 1000)
      model.receive({ type: 'effects', effects: effectsOf(scene.study), reason: '' });
  }
  await drawn();
  isOn = false;
  frames.sort((a, b) => a - b);
  return {
    frames: frames.length,
    worst_ms: frames.at(-1) ?? 0,
    p99_ms: frames[Math.floor(frames.length * 0.99)] ?? 0,
  };
}

async function drawn(): Promise<void> {
  const { dataset } = at('charts');
  while (dataset.drawn !== dataset.rows) await new Promise((resolve) => requestAnimationFrame(resolve));
}

/** How long all visible charts take to be drawn again, by a change that all of them show. */
async function redraw(): Promise<number> {
  const all = trials(scene, 0, scene.rows.length - 1);
  model.receive(all);
  await drawn();
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const began = performance.now();
  model.receive(trials(scene, scene.rows.length - 1, scene.rows.length));
  await drawn();
  return performance.now() - began;
}

Object.assign(window, { harness: { model, headModel, sent, stream, redraw, leave, status } });
