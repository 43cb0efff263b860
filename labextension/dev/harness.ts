/**
 * The panel without Jupyter: `?scene=three&theme=dark`, with a made-up kernel behind it.
 *
 * `window.harness` is for dev/shots.py.
 */

import board from '../src/panel/board';
import * as large from '../src/panel/large';
import { duration } from '../src/panel/duration';
import type { BoardTraits, FromBoard, Row, Status, StudyInfo, TrialsMessage } from '../src/messages';
import { FakeModel } from './model';
import { pairOf, posteriorOf, scenes, type Scene, verdictsOf } from './scenes';

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

const sent: FromBoard[] = [];
let known = name === 'stream' ? 0 : scene.rows.length;

function answer(message: FromBoard): void {
  sent.push(message);
  setTimeout(() => {
    if (message.type === 'resync') resync(message.start);
    if (message.type === 'pair') model.receive(pairOf(scene.study, message.a, message.b));
    if (message.type === 'pick' && message.number !== null) detail(message.number);
  }, 5);
}

function resync(start: number): void {
  model.receive(trials(scene, start, known));
  predict();
  const best = scene.rows[bestOf(scene.rows, scene.study) ?? 0]?.params ?? [];
  const { parameters } = scene.study;
  const params = parameters.map(({ own }, i) => best[i] ?? own);
  const active = parameters.map((_, i) => best.length === 0 || best[i] !== null);
  model.receive({ type: 'cursor', params, active, taken: 0 });
  const first = scene.study.parameters[0];
  if (query.has('narrowed') && first) {
    const ranges = { [first.name]: [first.low * 100, first.high / 10] };
    model.receive({ type: 'narrowed', ranges, locked: [scene.study.parameters.at(-1)?.name] });
  }
}

function predict(): void {
  const reason = 'a prediction needs 3 distinct points';
  const posterior = scene.hasPrediction ? posteriorOf(scene.study, scene.rows.slice(0, known)) : null;
  const verdicts = posterior ? verdictsOf(scene.study) : [];
  model.receive({ type: 'effects', posterior, verdicts, reason: posterior ? '' : reason });
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
  phase: query.has('done') ? 'ended' : 'running',
  text: `running trial ${scene.rows.length}`,
  changes: scene.study.objectives.map(({ label }, i) => ({
    label,
    before: scene.rows.length > 0 ? '0.924' : '',
    after: scene.rows.length > 1 ? '0.966' : '',
    gain: scene.rows.length > 1 ? `+0.04${i} over your cell` : '',
    is_better: i === 0,
  })),
  failed: scene.rows.some(({ state }) => state === 'failed') ? '5 failed: booster = dart' : '',
  next: query.has('done') ? '18 trials without gain; apply the best one, or stop here' : '',
  can_run: true,
  is_exploring: scene.study.objectives.length === 0,
  is_live: true,
  elapsed_s: 12,
  left_s: 21,
  best: '0.9750 in trial 12',
  baseline: '0.9240',
  gain: '0.051 (5.5 %) higher',
  notes: query.has('notes') ? ['C was not applied: line 3 has changed since.'] : [],
};

const at = (id: string) => document.getElementById(id) ?? document.body;
const traits: BoardTraits = { study: scene.study, status, script: '', identity: '' };
const model = new FakeModel<BoardTraits>(traits, (message) => {
  answer(message as FromBoard);
});
const widget = board(() => Promise.resolve(large));
widget.initialize({ model: model.asModel() });
const leave = widget.render({ model: model.asModel(), el: at('board') });

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
    if (start % 1000 > known % 1000) predict();
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
  const { dataset } = at('board');
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

/** How long the rows take to be drawn again, in one frame, when a handle is moved: the median and the worst of 60. */
async function drag(): Promise<{ median_ms: number; worst_ms: number }> {
  const chart = document.querySelector('.jtune-row-chart');
  if (!chart) throw new Error('there is no row');
  const { left, width, top } = chart.getBoundingClientRect();
  const times: number[] = [];
  const at = (share: number) => ({ clientX: left + share * width, clientY: top + 50, bubbles: true });
  chart.setPointerCapture = () => undefined;
  chart.dispatchEvent(new PointerEvent('pointerdown', { ...at(0.1), button: 0 }));
  for (let i = 0; i < 60; i++) {
    const began = performance.now();
    chart.dispatchEvent(new PointerEvent('pointermove', at(0.1 + i / 80)));
    const moved = performance.now();
    // The rows are drawn in the next frame.
    await new Promise((resolve) => requestAnimationFrame(resolve));
    times.push(moved - began);
  }
  chart.dispatchEvent(new PointerEvent('pointerup', at(0.9)));
  times.sort((a, b) => a - b);
  return { median_ms: times[30] ?? 0, worst_ms: times.at(-1) ?? 0 };
}

Object.assign(window, { harness: { model, sent, stream, redraw, drag, leave, status } });
