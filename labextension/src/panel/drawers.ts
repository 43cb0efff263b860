/** What lies below the rows, behind a word each, closed by default. */

import { element } from '../dom';

export interface Drawer {
  label: string;
  content: HTMLElement;
  /** A button that stands elsewhere; else there is one with the label. */
  opener?: HTMLButtonElement;
}

let made = 0;

export class Drawers {
  readonly bar = element('div', { class: 'jtune-drawers', role: 'group', 'aria-label': 'More of the study' });
  readonly panels = element('div', { class: 'jtune-drawer-panels' });
  readonly #buttons = new Map<HTMLElement, HTMLButtonElement>();

  constructor(
    drawers: readonly Drawer[],
    private readonly onShow: () => void,
  ) {
    for (const { label, content, opener } of drawers) {
      content.id = `jtune-drawer-${++made}`;
      content.hidden = true;
      const toggle = opener ?? element('button', { type: 'button' }, label);
      toggle.addEventListener('click', () => {
        this.toggle(content);
      });
      toggle.setAttribute('aria-expanded', 'false');
      toggle.setAttribute('aria-controls', content.id);
      this.#buttons.set(content, toggle);
      if (!opener) this.bar.append(toggle);
      this.panels.append(content);
    }
  }

  toggle(content: HTMLElement, isOpen = content.hidden): void {
    content.hidden = !isOpen;
    this.#buttons.get(content)?.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) this.onShow();
  }

  /** A study whose loops report nothing, say, has no curves. */
  offer(content: HTMLElement, isOffered: boolean): void {
    const toggle = this.#buttons.get(content);
    if (!toggle || toggle.hidden === !isOffered) return;
    toggle.hidden = !isOffered;
    if (!isOffered) this.toggle(content, false);
  }
}
