/** One parameter's row: its name and values, the chart that is its slider, and what it is worth. */

import { Axis } from './axis';
import { AXIS_PX, INSET_PX, ROW_PX, type Picture, draw, spotOf } from './drawing';
import type { Theme } from './data';
import { element, setText } from '../dom';
import type { Parameter, Verdict } from '../messages';
import { CanvasPen, type Pen } from './pen';

/** What a row tells of what the user does to it. */
export interface Hands {
  /** The handle was moved; `isDone` where it was released. */
  move(position: number, isDone: boolean): void;
  lock(isLocked: boolean): void;
  /** The search shall keep between two positions. */
  narrow(low: number, high: number): void;
  pick(trial: number): void;
  /** The pointer is over a trial's dot, or over none. */
  point(trial: number | null, x: number, y: number): void;
}

export interface Held {
  isLocked: boolean;
  range: readonly [number, number] | null;
}

const NEAR_PX = 7;

/** Steps of the arrow keys, and pages. */
const KEYS: Record<string, readonly [kind: 'step' | 'page' | 'end', by: number]> = {
  ArrowLeft: ['step', -1],
  ArrowDown: ['step', -1],
  ArrowRight: ['step', 1],
  ArrowUp: ['step', 1],
  PageDown: ['page', -1],
  PageUp: ['page', 1],
  Home: ['end', 0],
  End: ['end', 1],
};

/** Something on the axis that can be dragged, and moved by keys. */
class Grip {
  readonly node: HTMLElement;
  position = 0;

  constructor(
    className: string,
    label: string,
    private readonly axis: Axis,
    private readonly onMove: (position: number, isDone: boolean) => void,
  ) {
    this.node = element('div', {
      class: className,
      role: 'slider',
      tabindex: 0,
      'aria-label': label,
      'aria-valuemin': axis.low,
      'aria-valuemax': axis.high,
      // Notebook 7 takes the arrow keys else.
      'data-lm-suppress-shortcuts': 'true',
    });
    this.node.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
  }

  place(position: number): void {
    this.position = position;
    const share = this.axis.share(position);
    this.node.style.left = `calc(${INSET_PX}px + ${share} * (100% - ${2 * INSET_PX}px))`;
    this.node.setAttribute('aria-valuenow', String(position));
    this.node.setAttribute('aria-valuetext', this.axis.text(position));
  }

  moveTo(position: number, isDone: boolean): void {
    if (position !== this.position || isDone) this.onMove(position, isDone);
  }

  #onKey(event: KeyboardEvent): void {
    const key = KEYS[event.key];
    if (!key || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const [kind, by] = key;
    const isPage = kind === 'page' || (kind === 'step' && event.shiftKey);
    if (kind === 'end') this.moveTo(by === 0 ? this.axis.low : this.axis.high, true);
    else
      this.moveTo(isPage ? this.axis.paged(this.position, by) : this.axis.stepped(this.position, by), true);
  }
}

export class ParameterRow {
  readonly node: HTMLElement;
  readonly axis: Axis;
  readonly #own = element('span', { class: 'jtune-own' });
  readonly #now = element('span', { class: 'jtune-now' });
  readonly #lock: HTMLButtonElement;
  readonly #canvas = element('canvas', { 'aria-hidden': 'true' });
  readonly #chart: HTMLElement;
  readonly #handle: Grip;
  readonly #ends: Grip[] = [];
  readonly #worth = element('div', { class: 'jtune-worth' });
  readonly #more = element('div', { class: 'jtune-worth-more' });
  #held: Held = { isLocked: false, range: null };
  #picture: Picture | null = null;

  constructor(
    readonly parameter: Parameter,
    private readonly hands: Hands,
  ) {
    const { name } = parameter;
    this.axis = new Axis(parameter);
    this.#lock = element('button', {
      type: 'button',
      class: 'jtune-lock',
      'aria-label': `hold ${name} where it is`,
    });
    this.#lock.title = `hold ${name} where it is`;
    this.#lock.addEventListener('click', () => {
      hands.lock(!this.#held.isLocked);
    });
    this.#handle = new Grip('jtune-handle', name, this.axis, (position, isDone) => {
      hands.move(position, isDone);
    });
    this.#chart = element('div', { class: 'jtune-row-chart' }, this.#canvas);
    if (!this.axis.isChoice) this.#addEnds(name);
    this.#chart.append(this.#handle.node);
    const title = element('div', { class: 'jtune-name', title: titleOf(parameter) }, name);
    const arrow = element('span', { class: 'jtune-arrow', 'aria-hidden': 'true' }, '→');
    const values = element('div', { class: 'jtune-row-values' }, this.#own, arrow, this.#now);
    this.node = element(
      'div',
      { class: 'jtune-row', role: 'group', 'aria-label': name, 'data-parameter': name },
      element('div', { class: 'jtune-row-label' }, title, values, this.#lock),
      this.#chart,
      element('div', { class: 'jtune-row-verdict' }, this.#worth, this.#more),
    );
    this.#followPointer();
  }

  /** As a picture has it: the name, and the value now. */
  get title(): string {
    return `${this.parameter.name} = ${this.#now.textContent}`;
  }

  /** Where the handle and the range stand. */
  place(position: number, isActive: boolean, held: Held): void {
    this.#held = held;
    this.#handle.place(position);
    const [low, high] = held.range ?? [this.axis.low, this.axis.high];
    this.#ends[0]?.place(low);
    this.#ends[1]?.place(high);
    this.node.classList.toggle('jtune-inactive', !isActive);
    this.node.classList.toggle('jtune-locked', held.isLocked);
    this.#handle.node.setAttribute('aria-disabled', String(!isActive));
    this.#lock.setAttribute('aria-pressed', String(held.isLocked));
    const { own } = this.parameter;
    setText(this.#own, this.axis.text(own));
    setText(this.#now, this.axis.text(position));
    this.#own.title = this.#own.textContent;
    this.#now.title = this.#now.textContent;
    this.node.classList.toggle('jtune-kept', own === position);
  }

  /** Whether the value is the best trial's. */
  markBest(isBest: boolean): void {
    this.node.classList.toggle('jtune-at-best', isBest);
  }

  judge(verdict: Verdict | undefined): void {
    this.node.dataset.verdict = verdict?.kind ?? '';
    setText(this.#worth, verdict?.text ?? '');
    setText(this.#more, verdict?.more ?? '');
    this.#worth.title = verdict?.text ?? '';
    this.#more.title = verdict?.more ?? '';
  }

  draw(picture: Picture, theme: Theme): void {
    this.#picture = picture;
    const { clientWidth: width } = this.#chart;
    const context = this.#canvas.getContext('2d');
    if (!context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(width * ratio), Math.round(ROW_PX * ratio)];
    if (this.#canvas.width !== across || this.#canvas.height !== down) {
      this.#canvas.width = across;
      this.#canvas.height = down;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, ROW_PX);
    draw(new CanvasPen(context, theme.font), picture, theme, width);
  }

  /** The same with another pen. */
  drawWith(pen: Pen, theme: Theme): void {
    if (this.#picture) draw(pen, this.#picture, theme, this.#chart.clientWidth);
  }

  #addEnds(name: string): void {
    const narrow = (which: 0 | 1) => (position: number) => {
      const [low, high] = this.#held.range ?? [this.axis.low, this.axis.high];
      if (which === 0) this.hands.narrow(Math.min(position, high), high);
      else this.hands.narrow(low, Math.max(position, low));
    };
    this.#ends.push(
      new Grip('jtune-end jtune-end-low', `search ${name} only from here`, this.axis, narrow(0)),
      new Grip('jtune-end jtune-end-high', `search ${name} only up to here`, this.axis, narrow(1)),
    );
    this.#chart.append(...this.#ends.map(({ node }) => node));
  }

  #followPointer(): void {
    const chart = this.#chart;
    let dragged: Grip | null = null;
    const positionAt = (event: PointerEvent) => {
      const { left, width } = chart.getBoundingClientRect();
      return this.axis.at((event.clientX - left - INSET_PX) / (width - 2 * INSET_PX));
    };
    chart.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      const end = this.#ends.find(({ node }) => node === event.target);
      const trial = end ? null : this.#trialAt(event);
      if (trial !== null && event.target !== this.#handle.node) {
        this.hands.pick(trial);
        return;
      }
      dragged = end ?? this.#handle;
      chart.setPointerCapture(event.pointerId);
      event.preventDefault();
      dragged.node.focus({ preventScroll: true });
      if (event.target === chart || event.target === this.#canvas) dragged.moveTo(positionAt(event), false);
    });
    chart.addEventListener('pointermove', (event) => {
      if (dragged) dragged.moveTo(positionAt(event), false);
      else this.hands.point(this.#trialAt(event), event.clientX, event.clientY);
    });
    const release = () => {
      dragged?.moveTo(dragged.position, true);
      dragged = null;
    };
    chart.addEventListener('pointerup', release);
    chart.addEventListener('pointercancel', release);
    chart.addEventListener('pointerleave', () => {
      this.hands.point(null, 0, 0);
    });
  }

  /** The trial whose dot is under the pointer, in the plot. */
  #trialAt(event: PointerEvent): number | null {
    const { scale, dots, steps, best, baseline } = this.#picture ?? {};
    const box = this.#chart.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (!scale || !dots || y > AXIS_PX - 5) return null;
    let [found, least]: [number | null, number] = [null, NEAR_PX];
    const signs = [best, baseline].filter((dot) => dot !== null && dot !== undefined);
    for (const dot of [...dots, ...signs]) {
      const spot = spotOf(dot, scale, signs.includes(dot) ? 0 : (steps ?? 0), box.width);
      const distance = spot ? Math.hypot(spot[0] - x, spot[1] - y) : Infinity;
      if (distance < least) [found, least] = [dot.trial, distance];
    }
    return found;
  }
}

function titleOf({ name, kind, low, high, log, step, condition }: Parameter): string {
  const range = kind === 'choice' ? '' : `: ${low}..${high}${log ? ' log' : ''}`;
  const grid = step !== null && !(kind === 'int' && step === 1) ? ` step ${step}` : '';
  return `${name}${range}${grid}${condition ? ` if ${condition}` : ''}`;
}
