/** The signs of what stands out, the same in every drawing: a shape and a colour each. */

import type { Theme } from './data';
import type { Pen, Spot } from './pen';

export type Sign = 'best' | 'baseline' | 'now';

/** Best: a diamond. Baseline, the user's own values: a square. Now, where the handle stands: a circle. */
export function drawSign(pen: Pen, sign: Sign, [x, y]: Spot, theme: Theme, size = 5): void {
  const stroke = theme.background;
  if (sign === 'now') {
    pen.circle([x, y], size, { fill: theme.background, stroke: theme.cursor, width: 2 });
    return;
  }
  const half = sign === 'best' ? size + 1 : size - 1;
  const corners: Spot[] =
    sign === 'best'
      ? [
          [x, y - half],
          [x + half, y],
          [x, y + half],
          [x - half, y],
        ]
      : [
          [x - half, y - half],
          [x + half, y - half],
          [x + half, y + half],
          [x - half, y + half],
        ];
  pen.path(corners, { fill: theme[sign], stroke });
}
