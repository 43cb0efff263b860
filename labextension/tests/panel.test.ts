// @vitest-environment jsdom

/** The parts of the panel that a user touches. */

import { afterEach, expect, test, vi } from 'vitest';

import type { Status, StudyInfo, Verdict } from '../src/messages';
import { Drawers } from '../src/panel/drawers';
import { Head } from '../src/panel/head';
import { Menu } from '../src/panel/menu';
import { Rows } from '../src/panel/rows';
import { Store } from '../src/panel/store';
import { STAGE, choice, range, row, sharedOf, status, study } from './fixtures';

const EVIL = '<img src=x onerror="window.hacked=1">';
const STUDY = study([range(EVIL, 0, 1), choice('kind', EVIL, 'b')], [{ label: EVIL, direction: 'minimize' }]);

function expectText(node: Element): void {
  expect(node.querySelector('img, script')).toBeNull();
  expect(node.textContent).toContain(EVIL);
}

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

/** A store, and what it has sent to the kernel. */
function made(info: StudyInfo = STUDY): { store: Store; sent: unknown[] } {
  const sent: unknown[] = [];
  return { store: new Store(info, (message) => sent.push(message)), sent };
}

function headOf(store: Store, given: Partial<Status>): { head: Head; labels: () => string[] } {
  const head = new Head(sharedOf(store), STAGE, vi.fn());
  document.body.append(head.node);
  head.update(status(given));
  const labels = () =>
    [...head.node.querySelectorAll('.jtune-buttons button')].map((each) => each.textContent);
  return { head, labels };
}

/** Rows that follow their store, as a view has them do. */
function rowsOf(store: Store): Rows {
  const rows = new Rows(sharedOf(store), STAGE);
  document.body.append(rows.node, rows.under);
  store.listen(() => {
    rows.update();
  }, new AbortController().signal);
  return rows;
}

test('the head tells what came of it, how far it is, and lets trials be skipped', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { store, sent } = made();
  const changes = [
    { label: EVIL, before: '0.5', after: '0.25', gain: '-0.25 over your cell', is_better: true },
  ];
  const lanes = [{ number: 16, elapsed_s: 2, values: EVIL }];
  const { head, labels } = headOf(store, { name: EVIL, changes, notes: [EVIL], jobs: 2, lanes });
  const root = head.node;
  expectText(root);
  expect(root.querySelector('.jtune-change')?.textContent).toBe(`${EVIL}0.5 → 0.25-0.25 over your cell`);
  const bar = root.querySelector<HTMLElement>('[role=progressbar]');
  expect(bar?.getAttribute('aria-label')).toBe('progress');
  expect(bar?.getAttribute('aria-valuenow')).toBe('17');
  expect(bar?.getAttribute('aria-valuetext')).toBe('17/40 trials');
  expect(root.querySelector('.jtune-count')?.textContent).toBe('17/40 trials');
  expect(labels()).toEqual(['Pause', 'Stop']);
  const slots = [...root.querySelectorAll<HTMLElement>('.jtune-lane')];
  expect(slots.map((lane) => lane.title)).toEqual([EVIL, '']);
  const skips = slots.map((lane) => lane.querySelector('button'));
  expect(skips.map((skip) => skip?.disabled)).toEqual([false, true]);
  expect(skips[0]?.getAttribute('aria-label')).toBe(`Skip trial 16: ${EVIL}`);
  skips[0]?.click();
  const jobs = root.querySelector('input');
  if (jobs) jobs.valueAsNumber = 4;
  jobs?.dispatchEvent(new Event('change'));
  expect(sent).toEqual([
    { type: 'skip', number: 16 },
    { type: 'jobs', jobs: 4 },
  ]);
  const tick = () => {
    vi.advanceTimersByTime(3000);
    head.tick();
    return root.querySelector('.jtune-time')?.textContent;
  };
  expect(tick()).toBe('13 s');
  expect(root.querySelector('.jtune-lane-time')?.textContent).toBe('5 s');
  // As ipywidgets marks a widget whose kernel is gone.
  root.classList.add('jupyter-widgets-disconnected');
  expect(tick()).toBe('13 s');
  root.classList.remove('jupyter-widgets-disconnected');
  head.update(status({ phase: 'ended', total: null, elapsed_s: 11 }));
  expect(tick()).toBe('11 s');
  expect(bar?.hidden).toBe(true);
  expect(root.querySelector<HTMLElement>('.jtune-lanes')?.hidden).toBe(true);
});

test('only buttons that do something now are there, and the first says what it applies', () => {
  const { store, sent } = made();
  const rows = [row(0, [0, 0], [3]), row(1, [0.5, 1], [1]), row(2, [0.25, 1], [2])];
  store.take({ type: 'trials', start: 0, rows, best: 1, baseline: 0, front: [1] });
  const { head, labels } = headOf(store, { phase: 'ended' });
  const place = (x: number) => {
    store.move(
      new Map([
        [0, x],
        [1, 1],
      ]),
    );
    head.moved();
  };
  place(0.5);
  expect(labels()).toEqual(['Apply best', '+20 trials']);
  store.pick(2);
  place(0.25);
  expect(labels()).toEqual(['Apply trial 2', '+20 trials']);
  place(0.3);
  expect(labels()).toEqual(['Apply these', 'Run these', '+20 trials']);
  head.node.querySelector<HTMLElement>('.jtune-buttons button')?.click();
  expect(sent.at(-1)).toEqual({ type: 'apply', number: null });
  head.applied({ type: 'source', name: '', cell: '', number: null, text: '', literals: [], page: '' });
  expect(labels()[0]).toBe('Applied · Undo');
  place(0.5);
  expect(labels()[0]).toBe('Apply best');
  // A study whose cell this kernel has not run, and one that is explored.
  head.update(status({ phase: 'ended', can_run: false }));
  expect(labels()).toEqual(['Apply best']);
  head.update(status({ phase: 'ended', is_exploring: true }));
  expect(labels()).toEqual(['Apply these']);
});

test('rows stand in the order of the verdicts, which is frozen while a search runs', () => {
  const { store } = made();
  const rows = rowsOf(store);
  expectText(rows.node);
  const names = () => rows.shown.map(({ parameter }) => parameter.name);
  const verdicts: Verdict[] = [
    { name: 'kind', kind: 'worth', text: EVIL, more: '' },
    { name: EVIL, kind: 'none', text: 'makes no difference here: keep 0', more: '' },
  ];
  rows.follow(true, false, '');
  store.take({ type: 'effects', posterior: null, verdicts, reason: '' });
  rows.arrange();
  expect(names()).toEqual([EVIL, 'kind']);
  rows.follow(false, false, `2 failed: ${EVIL}`);
  expect(names()).toEqual(['kind', EVIL]);
  expectText(rows.under);
});

test('parameters without effect are folded when the search has ended', () => {
  const many = study([1, 2, 3, 4, 5].map((i) => range(`p${i}`, 0, 1)));
  const { store } = made(many);
  const verdicts = many.parameters.map(({ name }, i): Verdict => ({
    name,
    kind: i < 2 ? 'worth' : 'none',
    text: '',
    more: '',
  }));
  store.take({ type: 'effects', posterior: null, verdicts, reason: '' });
  const rows = rowsOf(store);
  const shown = () => rows.shown.map(({ parameter }) => parameter.name);
  expect(shown()).toEqual(['p1', 'p2']);
  const fold = rows.under.querySelector('button');
  expect(fold?.textContent).toBe('3 parameters without effect');
  fold?.click();
  expect(shown()).toHaveLength(5);
  rows.follow(true, false, '');
  expect(fold?.hidden).toBe(true);
});

test('a handle is moved by keys, by the last digit that is shown, and the kernel is told', () => {
  const parameters = [range('C', 1e-3, 1e3, { log: true, own: 0.247 }), choice('k', 'a', 'b')];
  const { store, sent } = made(study(parameters));
  const rows = rowsOf(store);
  const press = (name: string, key: string) => {
    const handle = rows.node.querySelector(`.jtune-handle[aria-label="${name}"]`);
    handle?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    return handle?.getAttribute('aria-valuetext');
  };
  expect(press('C', 'ArrowRight')).toBe('0.248');
  expect(sent.at(-1)).toEqual({ type: 'move', values: { C: 0.248 } });
  expect(press('C', 'ArrowLeft')).toBe('0.247');
  expect(press('C', 'End')).toBe('1000');
  expect(press('C', 'PageDown')).toBe('501');
  expect(press('C', 'Home')).toBe('0.001');
  expect(press('k', 'ArrowRight')).toBe('b');
  expect(press('k', 'ArrowRight')).toBe('b');
});

test('locks and ranges are told to the kernel', () => {
  const { store, sent } = made(study([range('x', 0, 10)]));
  const rows = rowsOf(store);
  const press = (key: string) =>
    rows.node
      .querySelector('.jtune-end-high')
      ?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  press('PageDown');
  expect(sent.at(-1)).toEqual({ type: 'hold', name: 'x', locked: false, low: 0, high: 9.5 });
  const lock = rows.node.querySelector<HTMLElement>('.jtune-lock');
  lock?.click();
  expect(sent.at(-1)).toEqual({ type: 'hold', name: 'x', locked: true, low: 0, high: 9.5 });
  expect(lock?.getAttribute('aria-pressed')).toBe('true');
  press('End');
  expect(sent.at(-1)).toEqual({ type: 'hold', name: 'x', locked: true, low: null, high: null });
});

test('what lies below is closed until it is wanted', () => {
  const contents = ['a', 'b'].map((label) => ({ label, content: document.createElement('section') }));
  const onShow = vi.fn();
  const drawers = new Drawers(contents, onShow);
  const [first, second] = [...drawers.bar.querySelectorAll('button')];
  const hidden = () => contents.map(({ content }) => content.hidden);
  expect(hidden()).toEqual([true, true]);
  second?.click();
  expect(hidden()).toEqual([true, false]);
  expect(second?.getAttribute('aria-expanded')).toBe('true');
  expect(onShow).toHaveBeenCalledOnce();
  const b = contents[1]?.content;
  if (b) drawers.offer(b, false);
  expect(hidden()).toEqual([true, true]);
  expect([first?.hidden, second?.hidden]).toEqual([false, true]);
});

test('the menu opens, closes with Escape and runs its items', () => {
  const run = vi.fn();
  const menu = new Menu('Save', 'Save', new AbortController().signal);
  menu.offer([['Trials (CSV)', run]]);
  document.body.append(menu.node);
  const opener = menu.node.querySelector('button');
  opener?.click();
  expect(opener?.getAttribute('aria-expanded')).toBe('true');
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  expect(opener?.getAttribute('aria-expanded')).toBe('false');
  opener?.click();
  menu.node.querySelector<HTMLElement>('[role=menuitem]')?.click();
  expect(run).toHaveBeenCalledOnce();
});
