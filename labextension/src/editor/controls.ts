/**
 * The controls beside the literals.
 *
 * A control survives what it writes: its node is kept (`eq`, `updateDOM`), and its literal is found again by where the
 * node stands. So nothing of a literal is remembered in a closure.
 */

import { type EditorView, WidgetType } from '@codemirror/view';
import type { ChoiceDomain, Domain, Tunable, Value } from '../language';
import { shareOf, stepped, valueAt } from '../language/scale';
import { element } from '../dom';
import { Hold } from './hold';

const POSITIONS = 1000;

const STEPS: Record<string, number> = {
  ArrowRight: 1,
  ArrowUp: 1,
  ArrowLeft: -1,
  ArrowDown: -1,
  PageUp: 10,
  PageDown: -10,
};

const ENDS: Record<string, number> = { Home: 0, End: 1 };

const holds = new WeakMap<HTMLElement, Hold>();
/** What a node shows: CodeMirror says so to `updateDOM` in newer versions only. */
const shown = new WeakMap<HTMLElement, Control>();
/**
 * Held nodes whose widget is gone. The CodeMirror of JupyterLab 4.4 draws each line that changes anew: the next widget
 * of the name takes the node over, where it stands, so that the pointer keeps it.
 */
const left = new Set<HTMLElement>();

/** Keep from the notebook what is meant for the control, and give the keyboard back with Escape. */
function shield(node: HTMLElement, view: EditorView): void {
  node.dataset.lmSuppressShortcuts = 'true';
  for (const type of ['focusin', 'mousedown', 'keydown']) {
    node.addEventListener(type, (event) => {
      event.stopPropagation();
    });
  }
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    view.focus();
  });
}

/** A control of one tunable. Two are equal where they look alike. */
abstract class Control extends WidgetType {
  readonly name: string;
  readonly domain: Domain;
  readonly literal: Value;
  readonly isDisabled: boolean;

  constructor({ name, domain, literal }: Tunable, isDisabled: boolean) {
    super();
    this.name = name;
    this.domain = domain;
    this.literal = literal;
    this.isDisabled = isDisabled;
  }

  override eq(other: WidgetType): boolean {
    return (
      other instanceof Control &&
      this.isDisabled === other.isDisabled &&
      this.literal.text === other.literal.text &&
      this.isOf(other) &&
      textOf(this.domain) === textOf(other.domain)
    );
  }

  override toDOM(view: EditorView): HTMLElement {
    return this.takeOver(view) ?? this.drawn(view);
  }

  private takeOver(view: EditorView): HTMLElement | undefined {
    const node = [...left].find((each) => holds.get(each)?.view === view && this.updateDOM(each));
    if (node) left.delete(node);
    return node;
  }

  private drawn(view: EditorView): HTMLElement {
    const node = this.make();
    const hold = new Hold(view, node, this.name);
    holds.set(node, hold);
    shown.set(node, this);
    node.setAttribute('aria-label', this.name);
    node.classList.add('jtune-control');
    shield(node, view);
    this.listen(node, hold);
    this.show(node, false);
    return node;
  }

  override updateDOM(node: HTMLElement): boolean {
    const before = shown.get(node);
    if (!before || !this.isOf(before)) return false;
    shown.set(node, this);
    this.show(node, holds.get(node)?.isHeld ?? false);
    return true;
  }

  override destroy(node: HTMLElement): void {
    const hold = holds.get(node);
    if (!hold?.isHeld) return;
    left.add(node);
    // By then the editor is drawn, and takes transactions.
    queueMicrotask(() => {
      if (left.delete(node)) hold.release();
    });
  }

  override ignoreEvent(): boolean {
    return true;
  }

  /** Whether the node of another control can be taken over. */
  protected isOf(other: Control): boolean {
    return this.name === other.name;
  }

  protected abstract make(): HTMLElement;
  protected abstract listen(node: HTMLElement, hold: Hold): void;
  protected abstract show(node: HTMLElement, isHeld: boolean): void;
}

function textOf(domain: Domain): string {
  if (domain.kind === 'choice') return domain.choices.map(({ text }) => text).join();
  return [domain.kind, domain.low, domain.high, domain.log, domain.step].join();
}

class Slider extends Control {
  protected override make(): HTMLElement {
    return element('input', { type: 'range', min: 0, max: POSITIONS, step: 1, class: 'jtune-slider' });
  }

  protected override listen(node: HTMLInputElement, hold: Hold): void {
    const slide = () => {
      const domain = hold.tunable?.domain;
      if (domain) hold.write(valueAt(domain, Number(node.value) / POSITIONS));
    };
    const leave = () => {
      hold.end();
      if (hold.tunable) node.value = positionOf(hold.tunable);
    };
    node.addEventListener('pointerdown', () => {
      hold.begin();
      // The button may be let go anywhere, and "change" does not come where a drag ends as it began.
      const life = new AbortController();
      const release = () => {
        life.abort();
        leave();
      };
      const { signal } = life;
      for (const type of ['pointerup', 'pointercancel']) window.addEventListener(type, release, { signal });
    });
    node.addEventListener('input', slide);
    node.addEventListener('change', () => {
      slide();
      leave();
    });
    node.addEventListener('keydown', (event) => {
      press(event, hold);
      if (hold.tunable) node.value = positionOf(hold.tunable);
    });
    node.addEventListener('keyup', leave);
    node.addEventListener('blur', leave);
  }

  protected override show(node: HTMLInputElement, isHeld: boolean): void {
    // The thumb stays under the pointer, and snaps when it is let go.
    if (!isHeld) node.value = positionOf(this);
    node.setAttribute('aria-valuetext', this.literal.text);
    node.disabled = this.isDisabled;
  }
}

function positionOf({ domain, literal }: { domain: Domain; literal: Value }): string {
  return String(Math.round(shareOf(domain, literal) * POSITIONS));
}

/** The keys of a slider, in steps of the domain: of the thousand positions there may be too many or too few. */
function press(event: KeyboardEvent, hold: Hold): void {
  const [steps, end] = [STEPS[event.key], ENDS[event.key]];
  const isOurs = (steps ?? end) !== undefined && !(event.ctrlKey || event.metaKey || event.altKey);
  const tunable = hold.tunable;
  if (!isOurs || !tunable) return;
  event.preventDefault();
  const { domain, literal } = tunable;
  hold.write(end === undefined ? stepped(domain, literal, steps ?? 0) : valueAt(domain, end));
}

class Choice extends Control {
  protected override isOf(other: Control): boolean {
    return super.isOf(other) && textOf(this.domain) === textOf(other.domain);
  }

  protected override make(): HTMLElement {
    const { choices } = this.domain as ChoiceDomain;
    const options = choices.map(({ text }, i) => element('option', { value: i }, text));
    return element('select', { class: 'jtune-choice' }, ...options);
  }

  protected override listen(node: HTMLSelectElement, hold: Hold): void {
    node.addEventListener('change', () => {
      pick(hold, (choices) => choices[node.selectedIndex]);
    });
  }

  protected override show(node: HTMLSelectElement): void {
    node.selectedIndex = indexOf(this.domain as ChoiceDomain, this.literal);
    node.disabled = this.isDisabled;
  }
}

class Checkbox extends Control {
  protected override make(): HTMLElement {
    return element('input', { type: 'checkbox', class: 'jtune-checkbox' });
  }

  protected override listen(node: HTMLInputElement, hold: Hold): void {
    node.addEventListener('change', () => {
      pick(hold, (choices) => choices.find((choice) => isTrue(choice) === node.checked));
    });
  }

  protected override show(node: HTMLInputElement): void {
    node.checked = isTrue(this.literal);
    node.disabled = this.isDisabled;
  }
}

function isTrue(value: Value): boolean {
  return value.type === 'bool' && value.value;
}

function indexOf(domain: ChoiceDomain, value: Value): number {
  const index = domain.choices.findIndex(({ text }) => text === value.text);
  // 1 is the choice 1.0, however it is written.
  return index < 0 ? Math.round(shareOf(domain, value) * (domain.choices.length - 1)) : index;
}

/** A choice is made in one go. */
function pick(hold: Hold, chosen: (choices: readonly Value[]) => Value | undefined): void {
  const domain = hold.tunable?.domain;
  const value = domain?.kind === 'choice' ? chosen(domain.choices) : undefined;
  if (!value) return;
  hold.write(value);
  hold.end();
}

function isSwitch(domain: Domain): boolean {
  return (
    domain.kind === 'choice' &&
    domain.choices.length === 2 &&
    domain.choices.every(({ type }) => type === 'bool')
  );
}

/** The control of a tunable: a slider, a menu or a check box. */
export function controlOf(tunable: Tunable, isDisabled: boolean): WidgetType {
  if (tunable.domain.kind !== 'choice') return new Slider(tunable, isDisabled);
  return isSwitch(tunable.domain) ? new Checkbox(tunable, isDisabled) : new Choice(tunable, isDisabled);
}
