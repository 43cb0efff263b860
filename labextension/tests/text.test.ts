// @vitest-environment jsdom

/** Names, values and reasons are the user's text: none of it becomes markup. */

import { afterEach, expect, test, vi } from 'vitest';

import { FakeModel } from '../dev/model';
import { showDetail, sourceBlock } from '../src/panel/detail';
import head from '../src/panel/head';
import type { Status } from '../src/messages';
import { menu, pictureOf } from '../src/panel/save';
import type { Stage } from '../src/panel/stage';
import { Store } from '../src/panel/store';
import { TrialsTable } from '../src/panel/table';
import { Tabs } from '../src/panel/tabs';
import { tooltipOf } from '../src/panel/tooltip';
import { THEME, choice, dataOf, range, row, study } from './fixtures';

const EVIL = '<img src=x onerror="window.hacked=1">';
const STUDY = study([range(EVIL, 0, 1), choice('kind', EVIL, 'b')], [{ label: EVIL, direction: 'minimize' }]);

function expectText(node: Element): void {
  expect(node.querySelector('img, script, b')).toBeNull();
  expect(node.textContent).toContain(EVIL);
}

afterEach(() => {
  vi.useRealTimers();
  document.body.replaceChildren();
});

test('tooltip', () => {
  const node = tooltipOf(dataOf(STUDY, [row(0, [0.5, 0], [1.25])]), 0);
  expectText(node);
  expect(node.textContent).toContain('Trial 0 · complete');
  expect(node.textContent).toContain('1.25');
});

test('detail', () => {
  const node = document.createElement('section');
  const facts = { took: '2 s', repeats: ['1', '2'], values: [[EVIL, '0.9750']] as [string, string][] };
  const params: [string, string][] = [[EVIL, EVIL]];
  showDetail(node, {
    type: 'detail',
    number: 12,
    state: 'failed',
    origin: 'manual',
    reason: EVIL,
    params,
    traceback: EVIL,
    ...facts,
  });
  expectText(node);
  expect(node.querySelector('h3')?.textContent).toBe('Trial 12 · failed · 0.9750');
  expect(node.querySelector('pre')?.textContent).toBe(EVIL);
  showDetail(node, null);
  expect(node.hidden).toBe(true);
});

test('the cell with its values', () => {
  const close = vi.fn();
  const node = sourceBlock(
    {
      type: 'source',
      name: EVIL,
      cell: '',
      number: 3,
      text: `x = '${EVIL}'`,
      literals: [['C', '1.0', EVIL]],
      page: '',
    },
    close,
  );
  expectText(node);
  expect(node.getAttribute('aria-label')).toBe('The cell with the values of trial 3');
  expect(node.querySelector('li')?.textContent).toBe(`C: 1.0 → ${EVIL}`);
  [...node.querySelectorAll('button')].at(-1)?.click();
  expect(close).toHaveBeenCalledOnce();
});

test('head', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  const status: Status = {
    name: EVIL,
    objectives: STUDY.objectives,
    done: 17,
    total: 40,
    count: '17/40 trials',
    phase: 'running',
    text: EVIL,
    elapsed_s: 10,
    left_s: null,
    best: EVIL,
    baseline: '',
    gain: '',
    notes: [EVIL],
    jobs: 2,
    lanes: [{ number: 16, elapsed_s: 2, values: EVIL }],
  };
  const sent: unknown[] = [];
  const model = new FakeModel({ status }, (message) => sent.push(message));
  const root = document.createElement('div');
  const leave = head().render({ model: model.asModel(), el: root });
  expectText(root);
  const bar = root.querySelector('[role=progressbar]');
  expect(bar?.getAttribute('aria-label')).toBe('progress');
  expect(bar?.getAttribute('aria-valuenow')).toBe('17');
  expect(bar?.getAttribute('aria-valuetext')).toBe('17/40 trials');
  expect(root.querySelector('.jtune-count')?.textContent).toBe('17/40 trials');
  const lanes = [...root.querySelectorAll<HTMLElement>('.jtune-lane')];
  expect(lanes.map((lane) => lane.title)).toEqual([EVIL, '']);
  const skips = lanes.map((lane) => lane.querySelector('button'));
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
  vi.advanceTimersByTime(3000);
  expect(root.querySelector('.jtune-lane-time')?.textContent).toBe('5 s');
  expect(root.querySelector('.jtune-time')?.textContent).toBe('13 s');
  // As ipywidgets marks a widget whose kernel is gone.
  root.classList.add('jupyter-widgets-disconnected');
  vi.advanceTimersByTime(3000);
  expect(root.querySelector('.jtune-time')?.textContent).toBe('13 s');
  root.classList.remove('jupyter-widgets-disconnected');
  model.set('status', { ...status, phase: 'ended', total: null, elapsed_s: 11, jobs: null, lanes: [] });
  vi.advanceTimersByTime(3000);
  expect(root.querySelector('.jtune-time')?.textContent).toBe('11 s');
  expect(root.querySelector<HTMLElement>('[role=progressbar]')?.hidden).toBe(true);
  expect(root.querySelector<HTMLElement>('.jtune-lanes')?.hidden).toBe(true);
  leave();
});

function table(): { node: HTMLElement; store: Store } {
  const store = new Store(STUDY, () => undefined);
  store.rows = Array.from({ length: 10_000 }, (_, i) => row(i, [i / 10_000, i % 2], [100 - i]));
  const stage = { add: () => undefined, mark: () => undefined } as unknown as Stage;
  const shared = { store, theme: () => THEME, signal: new AbortController().signal };
  const made = new TrialsTable(shared, stage);
  document.body.append(made.node);
  made.draw();
  return { node: made.node, store };
}

function numbers(node: Element): number[] {
  return [...node.querySelectorAll<HTMLElement>('tr[data-trial]')].map(({ dataset }) =>
    Number(dataset.trial),
  );
}

test('the table shows text, and only the rows in sight', () => {
  const { node } = table();
  expectText(node);
  expect(numbers(node).length).toBeLessThan(60);
  expect(node.querySelector('table')?.getAttribute('aria-rowcount')).toBe('10001');
});

test('the table sorts by its headers', () => {
  const { node } = table();
  const header = node.querySelectorAll('th')[2];
  header?.querySelector('button')?.click();
  expect(header?.getAttribute('aria-sort')).toBe('ascending');
  expect(numbers(node)[0]).toBe(9999);
  header?.querySelector('button')?.click();
  expect(header?.getAttribute('aria-sort')).toBe('descending');
  expect(numbers(node)[0]).toBe(0);
});

test('arrow keys move through the table, Enter picks', () => {
  const { node, store } = table();
  const press = (key: string) => {
    document.activeElement?.dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }),
    );
  };
  node.querySelector<HTMLElement>('tr[tabindex="0"]')?.focus();
  press('ArrowDown');
  press('ArrowDown');
  press('Enter');
  expect(store.selected).toBe(2);
  press('Home');
  press(' ');
  expect(store.selected).toBe(0);
});

test('arrow keys go from tab to tab', () => {
  const panels = ['a', 'b', 'c'].map((label) => ({ label, panel: document.createElement('section') }));
  const tabs = new Tabs(panels, () => undefined);
  document.body.append(tabs.bar, tabs.panels);
  const second = panels[1]?.panel;
  if (second) tabs.offer(second, false);
  tabs.bar.querySelector('button')?.focus();
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
  expect(document.activeElement?.textContent).toBe('c');
  expect(tabs.shown).toBe(panels[2]?.panel);
});

test('the menu opens, closes with Escape and runs its items', () => {
  const run = vi.fn();
  const node = menu('Save', [['Trials (CSV)', run]], new AbortController().signal);
  document.body.append(node);
  const opener = node.querySelector('button');
  opener?.click();
  expect(opener?.getAttribute('aria-expanded')).toBe('true');
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
  expect(opener?.getAttribute('aria-expanded')).toBe('false');
  opener?.click();
  node.querySelector<HTMLElement>('[role=menuitem]')?.click();
  expect(run).toHaveBeenCalledOnce();
});

test('the picture is one SVG with titles as text', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><path d="M0 0L1 1"/></svg>';
  const picture = pictureOf([{ title: EVIL, x: 5, y: 20, width: 10, svg }], 100, 50, THEME);
  const parsed = new DOMParser().parseFromString(picture, 'image/svg+xml');
  expect(parsed.querySelector('img, parsererror')).toBeNull();
  expect(parsed.querySelector('text')?.textContent).toBe(EVIL);
  expect(parsed.querySelector('svg > svg:has(path)')?.getAttribute('y')).toBe('20');
});
