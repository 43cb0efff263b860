/** Colours as numbers: of "#rrggbb" and "rgb(r, g, b)". */

type Parts = [red: number, green: number, blue: number];

function parts(color: string): Parts | null {
  const hex = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(color);
  if (hex) return [hex[1], hex[2], hex[3]].map((each) => parseInt(each ?? '', 16)) as Parts;
  const found = /^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)/.exec(color);
  return found ? ([found[1], found[2], found[3]].map(Number) as Parts) : null;
}

/** The page's own ratio of light, 0 to 1; null for other notations. */
export function lightness(color: string): number | null {
  const found = parts(color);
  return found && (0.299 * found[0] + 0.587 * found[1] + 0.114 * found[2]) / 255;
}

/** The colour at a share of a scale of colours, 0 to 1. */
export function between(share: number, scale: readonly string[]): string {
  const at = Math.min(Math.max(share, 0), 1) * (scale.length - 1);
  const [a, b] = [scale[Math.floor(at)], scale[Math.ceil(at)]].map((color) => parts(color ?? ''));
  if (!a || !b) return scale[Math.round(at)] ?? '';
  const mixed = a.map((part, i) => Math.round(part + (at % 1) * ((b[i] ?? 0) - part)));
  return `rgb(${mixed.join(', ')})`;
}
