/** Which link belongs to which notebook, and which view of a notebook is meant. */

import type { ICellModel } from '@jupyterlab/cells';
import { beforeEach, expect, test } from 'vitest';

import type { Link } from '../../src/lab/link';
import { Notebooks } from '../../src/lab/notebooks';
import { FakeKernel, FakeSession, FakeTracker, type SharedNotebook, fakePanel, settled } from './jupyterlab';

let tracker: FakeTracker;
let made: Link[];
let notebooks: Notebooks;

beforeEach(() => {
  tracker = new FakeTracker();
  made = [];
  notebooks = new Notebooks(tracker.asTracker(), (link) => made.push(link));
});

function opened(name: string) {
  const session = new FakeSession(new FakeKernel(name));
  const document = {} as SharedNotebook;
  const panel = fakePanel(session, document);
  tracker.add(panel);
  return { session, document, panel };
}

test('the views of a notebook share a link, which ends with their session', () => {
  const { session, document } = opened('a');
  tracker.add(fakePanel(session, document));
  opened('b');
  expect(made).toHaveLength(2);
  expect(made[0]?.isDisposed).toBe(false);
  session.dispose();
  expect(made.map(({ isDisposed }) => isDisposed)).toEqual([true, false]);
});

test('the page that a kernel means is the view of its notebook that was used last', async () => {
  const { session, document, panel } = opened('a');
  const other = fakePanel(session, document);
  tracker.add(other);
  opened('b');
  await settled();
  expect(notebooks.ofPage('page of a')?.panel).toBe(other);
  tracker.use(panel);
  expect(notebooks.ofPage('page of a')).toEqual({ panel, link: made[0] });
  expect(notebooks.ofPage('page of c')).toBeNull();
  expect(notebooks.ofPage('')).toBeNull();
});

test('a cell has the link of the notebook that it is part of', () => {
  const [a, b] = [opened('a'), opened('b')];
  const linkOf = (notebook: SharedNotebook | null) =>
    notebooks.linkOf({ sharedModel: { notebook } } as unknown as ICellModel);
  expect([linkOf(a.document), linkOf(b.document)]).toEqual(made);
  // A console's.
  expect(linkOf(null)).toBeNull();
});

test('the present notebook is the one in front', () => {
  expect(notebooks.current).toBeNull();
  const { panel } = opened('a');
  opened('b');
  expect(notebooks.current?.link).toBe(made[1]);
  tracker.use(panel);
  expect(notebooks.current).toEqual({ panel, link: made[0] });
});
