/** A menu button by WAI-ARIA's pattern. */

import { button, element } from '../dom';

type Item = [label: string, run: () => void];

export class Menu {
  readonly #list: HTMLElement;
  readonly #opener: HTMLButtonElement;
  readonly node: HTMLElement;

  constructor(label: string, sign: string, signal: AbortSignal) {
    this.#list = element('div', { class: 'jtune-menu', role: 'menu', 'aria-label': label, hidden: '' });
    const attributes = { class: 'jtune-menu-button', 'aria-haspopup': 'menu', 'aria-expanded': 'false' };
    this.#opener = button(sign, () => {
      this.#toggle(this.#list.hidden);
    });
    for (const [name, value] of Object.entries(attributes)) this.#opener.setAttribute(name, value);
    if (sign !== label) this.#opener.setAttribute('aria-label', label);
    this.node = element('div', { class: 'jtune-menu-box' }, this.#opener, this.#list);
    this.node.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
    this.node.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.node.contains(relatedTarget)) this.#toggle(false);
    });
    const closeOutside = (event: Event) => {
      if (!this.#list.hidden && !event.composedPath().includes(this.node)) this.#toggle(false);
    };
    document.addEventListener('pointerdown', closeOutside, { signal });
  }

  /** Have these items; where they are the same ones, an open menu stays as it is. */
  offer(items: readonly Item[]): void {
    const labels = items.map(([label]) => label).join('\n');
    if (this.#list.dataset.labels === labels) return;
    this.#list.dataset.labels = labels;
    this.#list.replaceChildren(...items.map((item) => this.#entry(item)));
    this.node.hidden = items.length === 0;
  }

  #entry([label, run]: Item): HTMLButtonElement {
    const choose = () => {
      this.#toggle(false);
      this.#opener.focus();
      run();
    };
    return button(label, choose, { role: 'menuitem', tabindex: '-1' });
  }

  #toggle(isOpen: boolean): void {
    this.#list.hidden = !isOpen;
    this.#opener.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) this.#list.querySelector('button')?.focus();
  }

  #onKey(event: KeyboardEvent): void {
    const isClosed = this.#list.hidden;
    if (event.key === 'Escape' && !isClosed) {
      this.#toggle(false);
      this.#opener.focus();
    } else if (event.key === 'ArrowDown' && isClosed) this.#toggle(true);
    else if (event.key === 'ArrowDown' || (event.key === 'ArrowUp' && !isClosed)) {
      this.#step(event.key === 'ArrowDown' ? 1 : -1);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #step(by: number): void {
    const entries = [...this.#list.querySelectorAll('button')];
    const at = entries.findIndex((entry) => entry === document.activeElement);
    entries[(at + by + entries.length) % entries.length]?.focus();
  }
}
