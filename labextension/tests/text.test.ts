// @vitest-environment jsdom

/** Names, values and reasons are the user's text: none of it becomes markup. */

import { afterEach, expect, test, vi } from 'vitest';

import { showDetail, sourceBlock } from '../src/panel/detail';
import { pictureOf } from '../src/panel/save';
import { Store } from '../src/panel/store';
import { TrialsTable } from '../src/panel/table';
import { tooltipOf } from '../src/panel/tooltip';
import { STAGE, THEME, choice, dataOf, range, row, sharedOf, study } from './fixtures';

const EVIL = '<img src=x onerror="window.hacked=1">';
const STUDY = study([range(EVIL, 0, 1), choice('kind', EVIL, 'b')], [{ label: EVIL, direction: 'minimize' }]);

function expectText(node: Element): void {
  expect(node.querySelector('img, script, b')).toBeNull();
  expect(node.textContent).toContain(EVIL);
}

afterEach(() => {
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

function table(): { node: HTMLElement; store: Store } {
  const store = new Store(STUDY, () => undefined);
  store.rows = Array.from({ length: 10_000 }, (_, i) => row(i, [i / 10_000, i % 2], [100 - i]));
  const made = new TrialsTable(sharedOf(store), STAGE);
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

test('the picture is one SVG with titles as text', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><path d="M0 0L1 1"/></svg>';
  const picture = pictureOf([{ title: EVIL, x: 5, y: 20, width: 10, svg }], 100, 50, THEME);
  const parsed = new DOMParser().parseFromString(picture, 'image/svg+xml');
  expect(parsed.querySelector('img, parsererror')).toBeNull();
  expect(parsed.querySelector('text')?.textContent).toBe(EVIL);
  expect(parsed.querySelector('svg > svg:has(path)')?.getAttribute('y')).toBe('20');
});
