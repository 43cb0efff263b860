/** The side bar: the studies of the present notebook's kernel and folder. */

import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import { Menu, Widget } from '@lumino/widgets';

import { button, element } from '../dom';
import type { Link } from './link';
import type { Change, StudyStanding } from '../messages';
import { saying } from './say';

/** What can be done to a study, by the commands that do it. */
export const ofStudy = {
  show: 'jtune:show-study',
  apply: 'jtune:apply-study',
  delete: 'jtune:delete-study',
};

/** "accuracy 0.924 → 0.966 +0.042 over your cell", as the panel's head has it. */
function changeNode({ label, before, after, gain }: Change): HTMLElement {
  const values = [before, after].filter((value) => value !== '').join(' → ');
  const told = element('span', { class: 'jtune-studies-values' }, `${label} ${values}`);
  return element('div', { class: 'jtune-studies-change' }, told, ` ${gain}`);
}

export class Studies extends Widget {
  readonly #list = element('ul', { class: 'jtune-studies-list' });
  readonly #note = element('p', { class: 'jtune-studies-note' });
  #link: Link | null = null;

  constructor(private readonly commands: CommandRegistry) {
    super();
    this.id = 'jtune-studies';
    this.addClass('jtune-studies');
    this.title.caption = 'Studies of jtune';
    const refresh = button('Refresh', () => {
      this.#ask();
    });
    const heading = element('div', { class: 'jtune-studies-heading' }, element('h2', {}, 'Studies'), refresh);
    this.node.append(heading, this.#note, this.#list);
    this.#draw();
  }

  /** Show the studies of another notebook. */
  follow(link: Link | null): void {
    this.#link?.changed.disconnect(this.#draw, this);
    this.#link = link;
    link?.changed.connect(this.#draw, this);
    this.#draw();
    if (this.isVisible) this.#ask();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.#ask();
  }

  #ask(): void {
    // A kernel that does not answer has nothing to show.
    this.#link?.refresh().catch(() => undefined);
  }

  #draw(): void {
    const studies = [...(this.#link?.studies.values() ?? [])];
    this.#note.textContent =
      studies.length > 0
        ? ''
        : 'No studies yet. Tune a cell, or open a notebook and load jtune in its kernel.';
    this.#list.replaceChildren(...studies.map((study) => this.#row(study)));
  }

  #row({ name, done, total, count, phase, text, best, changes }: StudyStanding): HTMLElement {
    const open = () => {
      void saying(() => this.commands.execute(ofStudy.show, { name }));
    };
    const show = button(name, open, { class: 'jtune-studies-name', title: `Show the panel of ${name}` });
    const menu = button('⋯', () => {
      this.#openMenu(menu, name);
    });
    menu.setAttribute('aria-label', `More of ${name}`);
    menu.setAttribute('aria-haspopup', 'menu');
    const facts = [text, count, best && `best ${best}`].filter((fact) => fact !== '');
    const parts: HTMLElement[] = [
      element('div', { class: 'jtune-studies-title' }, show, menu),
      ...changes.map(changeNode),
      element('div', { class: 'jtune-studies-facts' }, facts.join(' · ')),
    ];
    if (phase !== 'ended' && total !== null) {
      const bar = { value: String(done), max: String(total), 'aria-label': `progress of ${name}` };
      parts.push(element('progress', bar));
    }
    return element('li', { 'data-phase': phase }, ...parts);
  }

  #openMenu(at: HTMLElement, name: string): void {
    const menu = new Menu({ commands: this.commands });
    for (const command of Object.values(ofStudy)) menu.addItem({ command, args: { name } });
    const { left, bottom } = at.getBoundingClientRect();
    menu.aboutToClose.connect(() => {
      // The chosen command runs after the menu has closed.
      requestAnimationFrame(() => {
        menu.dispose();
      });
    });
    menu.open(left, bottom);
  }
}
