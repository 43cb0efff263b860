/** What a page knows of a session's kernel, and how the kernel is asked. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Link } from '../../src/lab/link';
import type { Source } from '../../src/messages';
import { FakeKernel, FakeSession, settled, standing, summary } from './jupyterlab';

const SOURCE: Source = {
  name: 'q',
  cell: 'cell-1',
  number: 2,
  text: 'x = 2',
  literals: [],
  page: 'page of a',
};

let kernel: FakeKernel;
let session: FakeSession;

beforeEach(() => {
  kernel = new FakeKernel('a');
  session = new FakeSession(kernel);
});

afterEach(() => {
  vi.useRealTimers();
});

async function linked(): Promise<Link> {
  const link = new Link(session.asSession());
  await settled();
  return link;
}

/** A link to a kernel that has loaded jtune. */
async function loaded(): Promise<Link> {
  kernel.isLoaded = true;
  return linked();
}

test('a kernel that has loaded jtune is greeted', async () => {
  kernel.answers.greet = {
    studies: [standing('first'), standing('second')],
    summaries: [{ cell: 'cell-1', summary: summary('second') }],
  };
  const link = await loaded();
  expect([...link.studies.keys()]).toEqual(['first', 'second']);
  expect(link.latestOf('cell-1')?.name).toBe('second');
  expect(link.latestOf('cell-2')).toBeNull();
  expect(link.summaries.get('cell-1')?.name).toBe('second');
});

test('a kernel without jtune is asked nothing', async () => {
  const link = await linked();
  expect(await link.call('stop')).toBeNull();
  expect(kernel.asked).toEqual([]);
});

test('a kernel of another language is left alone', async () => {
  session.change(new FakeKernel('julia', 'Julia'));
  const link = await loaded();
  expect(link.kernel).toBeNull();
  expect(session.session.kernel.targets.size).toBe(0);
});

test('a kernel that loads jtune later is greeted then', async () => {
  const link = await linked();
  kernel.answers.greet = { studies: [standing('q')], summaries: [] };
  kernel.load();
  await settled();
  expect([...link.studies.keys()]).toEqual(['q']);
});

test('what the kernel says is known at once', async () => {
  const link = await loaded();
  let changes = 0;
  link.changed.connect(() => changes++);
  const applied: Source[] = [];
  link.applied.connect((_link, source) => applied.push(source));
  kernel.say({ type: 'study', study: standing('q', { phase: 'running' }) });
  expect(link.studies.get('q')?.phase).toBe('running');
  kernel.say({ type: 'summary', cell: 'cell-1', summary: summary('q') });
  expect(link.summaries.has('cell-1')).toBe(true);
  kernel.say({ type: 'summary', cell: 'cell-1', summary: null });
  expect(link.summaries.has('cell-1')).toBe(false);
  expect(changes).toBe(3);
  kernel.say({ type: 'apply', ...SOURCE });
  expect(applied.map(({ number }) => number)).toEqual([2]);
});

test('the studies of a kernel that restarts are gone with it', async () => {
  kernel.answers.greet = { studies: [standing('q')], summaries: [] };
  const link = await loaded();
  session.statusChanged.emit('restarting');
  expect(link.studies.size).toBe(0);
  kernel.answers.greet = { studies: [standing('anew')], summaries: [] };
  session.connectionStatusChanged.emit('connected');
  await settled();
  expect([...link.studies.keys()]).toEqual(['anew']);
});

test('of two kernels the present one is heard', async () => {
  const link = await loaded();
  const other = new FakeKernel('b');
  other.isLoaded = true;
  session.change(other);
  await settled();
  kernel.say({ type: 'study', study: standing('old') });
  other.say({ type: 'study', study: standing('new') });
  expect([...link.studies.keys()]).toEqual(['new']);
  expect(kernel.targets.size).toBe(0);
  expect([link.isPage('page of a'), link.isPage('page of b'), link.isPage('')]).toEqual([false, true, false]);
});

test('a kernel that is exchanged while it is asked is forgotten', async () => {
  const link = await linked();
  let answer: (state: unknown) => void = () => undefined;
  kernel.answers.greet = () => new Promise((resolve) => (answer = resolve));
  kernel.load();
  await settled();
  session.change(new FakeKernel('b'));
  answer({ studies: [standing('q')], summaries: [] });
  await settled();
  expect(link.studies.size).toBe(0);
});

test('a refusal is told in the words of the kernel', async () => {
  const link = await loaded();
  kernel.answers.delete = () => {
    throw new Error('q is running; stop it first');
  };
  await expect(link.call('delete', 'q')).rejects.toThrow('q is running; stop it first');
});

test('of a kernel that does not answer that is said', async () => {
  const link = await loaded();
  kernel.answers.stop = null;
  vi.useFakeTimers();
  const asked = expect(link.call('stop')).rejects.toThrow('The kernel does not answer.');
  await vi.advanceTimersByTimeAsync(20_000);
  await asked;
});

test('while a move is under way, only the last of those that come waits', async () => {
  const link = await loaded();
  const moves: [string, unknown][] = [];
  const ends: (() => void)[] = [];
  kernel.answers.move = (study: string, literals: unknown) => {
    moves.push([study, literals]);
    return new Promise((resolve) =>
      ends.push(() => {
        resolve(true);
      }),
    );
  };
  for (const a of ['1', '2', '3']) void link.move('wave', { a });
  void link.move('other', { b: '1' });
  await settled();
  expect(moves).toEqual([
    ['wave', { a: '1' }],
    ['other', { b: '1' }],
  ]);
  ends[0]?.();
  await settled();
  expect(moves.slice(2)).toEqual([['wave', { a: '3' }]]);
  ends[2]?.();
  await settled();
  expect(moves).toHaveLength(3);
});

test('a move that fails is told, and the next one is made', async () => {
  const link = await loaded();
  kernel.answers.move = (_study: string, { a }: Record<string, string>) => {
    if (a === 'no') throw new Error('malformed');
    return true;
  };
  await expect(link.move('wave', { a: 'no' })).rejects.toThrow('malformed');
  await expect(link.move('wave', { a: '1' })).resolves.toBeUndefined();
  expect(kernel.asked.filter((name) => name === 'move')).toHaveLength(2);
});

test('a move that gets no answer holds the next one back for a moment only, and is told', async () => {
  const link = await loaded();
  kernel.answers.move = null;
  vi.useFakeTimers();
  const unanswered = expect(link.move('wave', { a: '1' })).rejects.toThrow('The kernel does not answer.');
  await link.move('wave', { a: '2' });
  const moves = () => kernel.asked.filter((name) => name === 'move').length;
  expect(moves()).toBe(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(moves()).toBe(2);
  await vi.advanceTimersByTimeAsync(20_000);
  await unanswered;
  expect(moves()).toBe(2);
});

test('the move that waits is made also where the one before it fails', async () => {
  const link = await loaded();
  let fail: (error: Error) => void = () => undefined;
  const moves: string[] = [];
  kernel.answers.move = (_study: string, { a }: { a: string }) => {
    moves.push(a);
    return a === '1' ? new Promise((_resolve, reject) => (fail = reject)) : true;
  };
  const first = expect(link.move('wave', { a: '1' })).rejects.toThrow('malformed');
  await link.move('wave', { a: '2' });
  await settled();
  fail(new Error('malformed'));
  await first;
  expect(moves).toEqual(['1', '2']);
});

test('a link that is disposed hears nothing', async () => {
  const link = await loaded();
  let changes = 0;
  link.changed.connect(() => changes++);
  link.dispose();
  kernel.say({ type: 'study', study: standing('q') });
  session.statusChanged.emit('restarting');
  session.connectionStatusChanged.emit('connected');
  await settled();
  expect(changes).toBe(0);
  expect(link.kernel).toBeNull();
});
