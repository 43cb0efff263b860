/** JupyterLab counts code points in completions, in what it asks and in what it is told. */

import { expect, test } from 'vitest';

import { Completions } from '../../src/lab/completions';

test.each(['', 'icon = "🎛🎚"\n'])('behind %j', async (before) => {
  const line = 'n = 8  # tune: 2..32 l';
  const text = before + line;
  const offset = Array.from(text).length;
  const found = await new Completions().fetch({ text, offset });
  expect(found.items.map(({ label }) => label)).toContain('log');
  expect([found.start, found.end]).toEqual([offset - 1, offset]);
});

test('nothing to say', async () => {
  const found = await new Completions().fetch({ text: '"🎛"', offset: 3 });
  expect(found).toEqual({ start: 3, end: 3, items: [] });
});
