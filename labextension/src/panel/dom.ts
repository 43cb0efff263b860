/** Elements from code. Texts become text nodes, so that a name is never markup. */

type Child = Node | string;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export function button(label: string, onClick: () => void, attributes: Record<string, string> = {}) {
  const node = element('button', { type: 'button', ...attributes }, label);
  node.addEventListener('click', onClick);
  return node;
}

/** A section of the panel with its heading. */
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
