/** Elements from code. Texts become text nodes, so that a user's text is never markup. */

type Attributes = Record<string, string | number>;
type Child = Node | string;

const SVG = 'http://www.w3.org/2000/svg';

function fill<T extends Element>(node: T, attributes: Attributes, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

export function svgElement(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

export function button(label: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const node = element('button', { type: 'button', ...attributes }, label);
  node.addEventListener('click', onClick);
  return node;
}

/** A section with its heading. */
export function section(label: string, className: string, ...children: Child[]): HTMLElement {
  const heading = element('h3', { class: 'jtune-heading' }, label);
  return element('section', { class: className, 'aria-label': label }, heading, ...children);
}

/** Pairs of name and value, as a grid. */
export function definitions(pairs: [string, string][], className: string): HTMLElement {
  const groups = pairs.map(([name, value]) =>
    element('div', {}, element('dt', { title: name }, name), element('dd', {}, value)),
  );
  return element('dl', { class: className }, ...groups);
}

/** Set a text only where it differs: screen readers announce every change of a live region. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
