/** What drawings are made with: on a canvas in the page, as SVG in a file. */

export type Spot = readonly [x: number, y: number];

export interface Style {
  fill?: string;
  stroke?: string;
  width?: number;
  dash?: readonly number[];
  opacity?: number;
}

export interface Lettering {
  color: string;
  anchor: 'start' | 'middle' | 'end';
  size: number;
}

export interface Pen {
  /** A line through spots, closed where it is filled. */
  path(spots: readonly Spot[], style: Style): void;
  circle(center: Spot, radius: number, style: Style): void;
  text(at: Spot, text: string, lettering: Lettering): void;
}

export class CanvasPen implements Pen {
  readonly #context: CanvasRenderingContext2D;

  constructor(
    context: CanvasRenderingContext2D,
    private readonly font: string,
  ) {
    this.#context = context;
  }

  path(spots: readonly Spot[], style: Style): void {
    const context = this.#context;
    context.beginPath();
    for (const [x, y] of spots) context.lineTo(x, y);
    if (style.fill !== undefined) context.closePath();
    this.#finish(style);
  }

  circle([x, y]: Spot, radius: number, style: Style): void {
    this.#context.beginPath();
    this.#context.arc(x, y, radius, 0, 2 * Math.PI);
    this.#finish(style);
  }

  text([x, y]: Spot, text: string, { color, anchor, size }: Lettering): void {
    const context = this.#context;
    context.globalAlpha = 1;
    context.font = `${size}px ${this.font}`;
    context.fillStyle = color;
    context.textAlign = anchor === 'middle' ? 'center' : anchor;
    context.fillText(text, x, y);
  }

  #finish({ fill, stroke, width = 1, dash = [], opacity = 1 }: Style): void {
    const context = this.#context;
    context.globalAlpha = opacity;
    if (fill !== undefined) {
      context.fillStyle = fill;
      context.fill();
    }
    if (stroke === undefined) return;
    context.strokeStyle = stroke;
    context.lineWidth = width;
    context.setLineDash([...dash]);
    context.stroke();
  }
}

const SVG = 'http://www.w3.org/2000/svg';

/** Makes nodes, so that a text is never markup. */
export class SvgPen implements Pen {
  readonly node: SVGElement;

  constructor(
    width: number,
    height: number,
    private readonly font: string,
  ) {
    this.node = document.createElementNS(SVG, 'svg');
    for (const [name, value] of Object.entries({ width, height }))
      this.node.setAttribute(name, String(value));
  }

  path(spots: readonly Spot[], style: Style): void {
    const d = spots.map(([x, y], i) => `${i ? 'L' : 'M'}${rounded(x)} ${rounded(y)}`).join('');
    this.#add('path', { d: style.fill === undefined ? d : `${d}Z`, ...paint(style) });
  }

  circle([cx, cy]: Spot, r: number, style: Style): void {
    this.#add('circle', { cx: rounded(cx), cy: rounded(cy), r, ...paint(style) });
  }

  text([x, y]: Spot, text: string, { color, anchor, size }: Lettering): void {
    const look = { 'text-anchor': anchor, 'font-size': size, 'font-family': this.font, fill: color };
    this.#add('text', { x: rounded(x), y: rounded(y), ...look }).textContent = text;
  }

  #add(tag: string, attributes: Record<string, string | number>): Element {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
    this.node.append(node);
    return node;
  }
}

function rounded(x: number): number {
  return Number(x.toFixed(2));
}

function paint({ fill, stroke, width = 1, dash = [], opacity = 1 }: Style): Record<string, string | number> {
  const found: Record<string, string | number> = { fill: fill ?? 'none' };
  if (stroke !== undefined) Object.assign(found, { stroke, 'stroke-width': width });
  if (dash.length > 0) found['stroke-dasharray'] = dash.join(' ');
  if (opacity < 1) found.opacity = opacity;
  return found;
}
