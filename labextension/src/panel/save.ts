/** What is saved: the charts as one picture, the trials as CSV. */

import type { Theme } from './data';
import { element } from '../dom';

/** A chart's place in the picture, in pixels from its top left corner. */
export interface Placed {
  title: string;
  x: number;
  y: number;
  width: number;
  svg: string;
}

const SVG = 'http://www.w3.org/2000/svg';
const TITLE_PX = 18;

function svgNode(tag: string, attributes: Record<string, string | number>): Element {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

/** One picture of many charts, at the places where they stand. */
export function pictureOf(charts: readonly Placed[], width: number, height: number, theme: Theme): string {
  const root = svgNode('svg', { width, height, viewBox: `0 0 ${width} ${height}` });
  root.append(svgNode('rect', { width, height, fill: theme.background }));
  for (const { title, x, y, width: room, svg } of charts) {
    // An SVG of its own cuts off a title that is longer than its chart is wide.
    const label = svgNode('svg', { x, y: y - TITLE_PX, width: room, height: TITLE_PX });
    const text = svgNode('text', { y: 12, fill: theme.text, 'font-family': theme.font, 'font-size': 12 });
    text.textContent = title;
    label.append(text);
    const chart = document.importNode(
      new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement,
      true,
    );
    chart.setAttribute('x', String(x));
    chart.setAttribute('y', String(y));
    chart.setAttribute('overflow', 'visible');
    root.append(label, chart);
  }
  return new XMLSerializer().serializeToString(root);
}

export { TITLE_PX };

export function download(name: string, type: string, content: string): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  element('a', { href: url, download: name }).click();
  // The browser must have begun to read it.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 10_000);
}
