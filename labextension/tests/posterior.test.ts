/** The surrogate in the page, against what the kernel says; `python tests/posterior_cases.py` writes that anew. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

import type { Posterior, StudyInfo } from '../src/messages';
import { Axis } from '../src/panel/axis';
import { Activities } from '../src/panel/encoding';
import { unwarped } from '../src/panel/posterior';
import { Surrogate } from '../src/panel/slices';

interface Case {
  params: (number | null)[];
  mean: number;
  sd: number;
}

const { study, posterior, cases } = JSON.parse(
  readFileSync(new URL('posterior.json', import.meta.url), 'utf-8'),
) as { study: StudyInfo; posterior: Posterior; cases: Case[] };
const surrogate = new Surrogate(study, posterior);

/** Where the handles stand; those of inactive parameters stand anywhere. */
function placed({ params }: Case): number[] {
  return params.map((position, i) => position ?? study.parameters[i]?.high ?? 0);
}

test.each(cases)('the prediction at $params is that of the kernel', (each) => {
  const { mean, sd } = surrogate.at(placed(each), []);
  expect(Math.abs(mean - each.mean)).toBeLessThan(1e-3 * each.sd + 1e-9);
  expect(Math.abs(sd / each.sd - 1)).toBeLessThan(1e-3);
});

test.each(cases)('the parameters that are active at $params are those of the kernel', (each) => {
  const active = new Activities(study).of(placed(each));
  expect(active).toEqual(each.params.map((position) => position !== null));
});

describe('a slice', () => {
  const axes = new Map(study.parameters.map((parameter, i) => [i, new Axis(parameter)]));

  test.each(cases.slice(0, 5))('goes through the prediction at $params', (each) => {
    const point = placed(each);
    const active = new Activities(study).of(point);
    const present = surrogate.at(point, []);
    for (const [i, { shares, mean, low, high }] of surrogate.slices(axes, point, [])) {
      const axis = axes.get(i);
      if (!axis || !active[i]) continue;
      const share = axis.share(point[i] ?? 0);
      // Between the two levels around it, of which one may be it.
      const after = Math.max(
        1,
        shares.findIndex((level) => level >= share - 1e-9),
      );
      const [a, b] = [mean[after - 1] ?? NaN, mean[after] ?? mean[0] ?? NaN];
      const room = 0.25 * Math.abs(a - b) + 0.02 * present.sd + 1e-6;
      if (shares.length > 1 && !axis.isChoice) {
        expect(present.mean).toBeGreaterThan(Math.min(a, b) - room);
        expect(present.mean).toBeLessThan(Math.max(a, b) + room);
      } else {
        expect(mean[point[i] ?? 0]).toBeCloseTo(present.mean, 6);
      }
      mean.forEach((middle, k) => {
        expect(low[k]).toBeLessThanOrEqual(middle);
        expect(high[k]).toBeGreaterThanOrEqual(middle);
      });
    }
  });
});

test('trials that differ in one parameter only are as near as can be along it', () => {
  const point = placed(cases[0] ?? { params: [], mean: 0, sd: 0 });
  const row = surrogate.encoded(point, []);
  const other = surrogate.encoded(point.with(0, 0.5), []);
  expect(surrogate.closeness(0, [other], row)).toEqual([1]);
  expect(surrogate.closeness(1, [other], row)[0]).toBeLessThan(1);
});

test('the warp has no value that is none', () => {
  for (const power of [0, 0.5, 1, 2]) {
    const warp = { power, center: 1, unit: 2, mean: 0, sd: 1 };
    for (const z of [-1e6, -1, 0, 1, 1e6]) expect(Number.isFinite(unwarped(warp, z))).toBe(true);
    expect(unwarped(warp, 0)).toBe(1);
  }
});
