/** The history as a small picture: every trial, and the best so far. */

import type { Data, Theme } from './data';
import { thinned } from './options/dots';
import { hasFailed, improvements, measureOf } from './options/measure';
import { objectiveRange } from './options/range';
import type { Pen, Spot } from './pen';
import { drawSign } from './signs';

const PAD_PX = 5;

export function drawSpark(pen: Pen, data: Data, theme: Theme, width: number, height: number): void {
  const { of } = measureOf(data);
  const [low, high] = objectiveRange(data);
  const last = Math.max(1, data.rows.length - 1);
  const x = (trial: number) => PAD_PX + (trial / last) * (width - 2 * PAD_PX);
  const y = (value: number) => {
    const share = (Math.min(Math.max(value, low), high) - low) / (high - low);
    return height - PAD_PX - share * (height - 2 * PAD_PX);
  };
  for (const row of thinned(data, data.rows)) {
    const value = of(row);
    if (value !== null) pen.circle([x(row.number), y(value)], 1.4, { fill: theme.trial, opacity: 0.6 });
    else if (hasFailed(row)) pen.circle([x(row.number), height - 2], 1.2, { fill: theme.failed });
  }
  const steps = improvements(data);
  const line: Spot[] = steps.flatMap(({ row, value }, i): Spot[] => {
    const until = steps[i + 1]?.row.number ?? data.rows.length - 1;
    return [
      [x(row.number), y(value)],
      [x(until), y(value)],
    ];
  });
  if (line.length > 0) pen.path(line, { stroke: theme.best, width: 1.6 });
  for (const sign of ['baseline', 'best'] as const) {
    const number = data[sign];
    const row = number === null ? undefined : data.rows[number];
    const value = row ? of(row) : null;
    if (row && value !== null && (sign === 'best' || data.best !== data.baseline))
      drawSign(pen, sign, [x(row.number), y(value)], theme, 3);
  }
}
