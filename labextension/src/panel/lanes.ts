/** The trials that run beside each other: a lane for each, and how many there shall be. */

import { button, element, setText } from '../dom';
import { elapsed } from './duration';
import type { FromBoard, Lane, Status } from '../messages';

/**
 * The number of the trial in each lane: one that runs on stays where it is, a new one takes the first free lane.
 *
 * @param before numbers by lane, null where none runs
 * @param running the trials that run now
 * @param jobs how many lanes there are at least
 */
export function assigned(before: (number | null)[], running: number[], jobs: number): (number | null)[] {
  const isRunning = new Set(running);
  const lanes = before.map((number) => (number !== null && isRunning.has(number) ? number : null));
  for (const number of running.filter((each) => !lanes.includes(each))) {
    const free = lanes.indexOf(null);
    if (free < 0) lanes.push(number);
    else lanes[free] = number;
  }
  while (lanes.length < jobs) lanes.push(null);
  while (lanes.length > jobs && lanes.at(-1) === null) lanes.pop();
  return lanes;
}

class Slot {
  readonly node: HTMLElement;
  readonly #number = element('span', { class: 'jtune-lane-number' });
  readonly #time = element('span', { class: 'jtune-lane-time' });
  readonly #skip: HTMLButtonElement;
  #lane: Lane | undefined;

  constructor(send: (message: FromBoard) => void) {
    this.#skip = button('Skip', () => {
      if (this.#lane) send({ type: 'skip', number: this.#lane.number });
    });
    this.node = element('li', { class: 'jtune-lane' }, this.#number, this.#time, this.#skip);
  }

  update(lane: Lane | undefined): void {
    this.#lane = lane;
    this.node.classList.toggle('jtune-idle', !lane);
    this.node.title = lane?.values ?? '';
    setText(this.#number, lane ? String(lane.number) : '–');
    this.#skip.disabled = !lane;
    this.#skip.setAttribute('aria-label', lane ? `Skip trial ${lane.number}: ${lane.values}` : 'Skip');
  }

  tick(since_s: number): void {
    setText(this.#time, this.#lane ? elapsed(this.#lane.elapsed_s + since_s) : '');
  }
}

/** A row of lanes; it is there only while trials run in processes of their own. */
export class Lanes {
  // JupyterLab's keys of the command mode are not meant where a number is typed.
  readonly node = element('div', { class: 'jtune-lanes', 'data-lm-suppress-shortcuts': 'true' });
  readonly #jobs = element('input', { type: 'number', min: 1, title: 'trials that run at a time' });
  readonly #list = element('ul', { 'aria-label': 'running trials' });
  #slots: Slot[] = [];
  #numbers: (number | null)[] = [];

  constructor(private readonly send: (message: FromBoard) => void) {
    this.#jobs.addEventListener('change', () => {
      this.#ask();
    });
    // In a notebook, Enter does not make the browser say that the number has changed.
    this.#jobs.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') this.#ask();
    });
    this.node.append(element('label', {}, 'jobs ', this.#jobs), this.#list);
  }

  update({ jobs, lanes }: Status): void {
    this.node.hidden = jobs === null;
    if (jobs !== null && this.#jobs !== document.activeElement) this.#jobs.valueAsNumber = jobs;
    const byNumber = new Map(lanes.map((lane) => [lane.number, lane]));
    this.#numbers = assigned(this.#numbers, [...byNumber.keys()], jobs ?? 0);
    this.#setCount(this.#numbers.length);
    this.#slots.forEach((slot, i) => {
      slot.update(byNumber.get(this.#numbers[i] ?? -1));
    });
  }

  tick(since_s: number): void {
    for (const slot of this.#slots) slot.tick(since_s);
  }

  #ask(): void {
    const jobs = this.#jobs.valueAsNumber;
    if (Number.isInteger(jobs)) this.send({ type: 'jobs', jobs });
  }

  #setCount(count: number): void {
    while (this.#slots.length < count) {
      const slot = new Slot(this.send);
      this.#slots.push(slot);
      this.#list.append(slot.node);
    }
    for (const slot of this.#slots.splice(count)) slot.node.remove();
  }
}
