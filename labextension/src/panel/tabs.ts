/** Tabs: one panel at a time, arrow keys go from tab to tab (WAI-ARIA's tabs pattern). */

import { element } from '../dom';

interface Tab {
  label: string;
  panel: HTMLElement;
}

let made = 0;

export class Tabs {
  readonly bar = element('div', { class: 'jtune-tabs', role: 'tablist', 'aria-label': 'More of the study' });
  readonly panels = element('div');
  readonly #buttons: HTMLButtonElement[] = [];

  constructor(
    private readonly tabs: readonly Tab[],
    private readonly onShow: () => void,
  ) {
    for (const tab of tabs) this.#buttons.push(this.#button(tab));
    this.bar.append(...this.#buttons);
    this.panels.append(...tabs.map(({ panel }) => panel));
    this.bar.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
    this.show(0);
  }

  get shown(): HTMLElement | undefined {
    return this.tabs.find(({ panel }) => !panel.hidden)?.panel;
  }

  /** A study without two parameters, say, has no interactions. */
  offer(panel: HTMLElement, isOffered: boolean): void {
    const index = this.tabs.findIndex((tab) => tab.panel === panel);
    const tab = this.#buttons[index];
    if (!tab) return;
    tab.hidden = !isOffered;
    if (this.shown === panel && !isOffered) this.show(this.#buttons.findIndex((each) => !each.hidden));
  }

  show(index: number): void {
    this.tabs.forEach(({ panel }, i) => {
      panel.hidden = i !== index;
      this.#buttons[i]?.setAttribute('aria-selected', String(i === index));
      this.#buttons[i]?.setAttribute('tabindex', i === index ? '0' : '-1');
    });
    this.onShow();
  }

  #button({ label, panel }: Tab): HTMLButtonElement {
    const id = `jtune-tab-${++made}`;
    panel.id = `${id}-panel`;
    panel.setAttribute('role', 'tabpanel');
    panel.setAttribute('aria-labelledby', id);
    const tab = element('button', { type: 'button', role: 'tab', id, 'aria-controls': panel.id }, label);
    tab.addEventListener('click', () => {
      this.show(this.#buttons.indexOf(tab));
    });
    return tab;
  }

  #onKey(event: KeyboardEvent): void {
    const offered = this.#buttons.filter((each) => !each.hidden);
    const at = offered.findIndex((each) => each === event.target);
    const last = offered.length - 1;
    const to = {
      ArrowLeft: at === 0 ? last : at - 1,
      ArrowRight: at === last ? 0 : at + 1,
      Home: 0,
      End: last,
    };
    const next = event.key in to ? offered[to[event.key as keyof typeof to]] : undefined;
    if (at < 0 || !next) return;
    event.preventDefault();
    this.show(this.#buttons.indexOf(next));
    next.focus();
  }
}
