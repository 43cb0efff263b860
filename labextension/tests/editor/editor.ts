/** An editor in jsdom, and what the tests ask of it. */

import { history } from '@codemirror/commands';
import { EditorState, type Extension } from '@codemirror/state';
import { EditorView } from '@codemirror/view';
import { type TuningHost, readingOf, tuning } from '../../src/editor';
import type { Effect, Parameter } from '../../src/messages';

export const EVIL = '<img src=x onerror="window.hacked=1">';

const open: EditorView[] = [];

export function editor(doc: string, host: TuningHost = {}, extensions: Extension = []): EditorView {
  const state = EditorState.create({ doc, extensions: [history(), tuning(host), extensions] });
  const view = new EditorView({ state, parent: document.body });
  open.push(view);
  return view;
}

export function closeAll(): void {
  for (const view of open.splice(0)) view.destroy();
  document.body.replaceChildren();
}

/** An editor whose first reading is there. */
export async function ready(doc: string, host: TuningHost = {}, extensions: Extension = []) {
  const view = editor(doc, host, extensions);
  await settled();
  return view;
}

/** All microtasks have run. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await Promise.resolve();
}

export function textOf(view: EditorView): string {
  return view.state.doc.toString();
}

export function names(view: EditorView): string[] {
  return readingOf(view.state)?.tunables.map(({ name }) => name) ?? [];
}

/** The literals as the reading has them in the present text. */
export function literals(view: EditorView): string[] {
  return readingOf(view.state)?.tunables.map(({ from, to }) => view.state.sliceDoc(from, to)) ?? [];
}

export function control(view: EditorView, name: string): HTMLInputElement {
  const node = controls(view).find((each) => each.getAttribute('aria-label') === name);
  if (!(node instanceof HTMLInputElement)) throw new Error(`no slider or check box ${name}`);
  return node;
}

export function menu(view: EditorView, name: string): HTMLSelectElement {
  const node = controls(view).find((each) => each.getAttribute('aria-label') === name);
  if (!(node instanceof HTMLSelectElement)) throw new Error(`no menu ${name}`);
  return node;
}

function controls(view: EditorView): Element[] {
  return [...view.contentDOM.querySelectorAll('.jtune-control')];
}

/** Pictures that are not CodeMirror's own. */
export function images(view: EditorView): Element[] {
  return [...view.dom.querySelectorAll('img:not(.cm-widgetBuffer), script')];
}

export function texts(view: EditorView, selector: string): string[] {
  return [...view.contentDOM.querySelectorAll(selector)].map(({ textContent }) => textContent);
}

export function drag(node: HTMLInputElement, ...positions: number[]): void {
  for (const position of positions) {
    node.value = String(position);
    node.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

export function release(node: HTMLElement): void {
  node.dispatchEvent(new Event('change', { bubbles: true }));
}

export function press(node: HTMLElement, key: string): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
  node.dispatchEvent(event);
  node.dispatchEvent(new KeyboardEvent('keyup', { key, bubbles: true }));
  return event;
}

/** Insert as a person types, so that the reading waits. */
export function type(view: EditorView, at: number, insert: string): void {
  view.dispatch({ changes: { from: at, insert }, userEvent: 'input.type' });
}

export function range(name: string, facts: Partial<Parameter> = {}): Parameter {
  return {
    name,
    kind: 'float',
    low: 0,
    high: 1,
    log: false,
    step: null,
    choices: [],
    condition: '',
    own: 0,
    ...facts,
  };
}

export function effect(name: string, x: number[], mean: number[], importance: number): Effect {
  const share = importance < 0.005 ? '< 1 %' : `${Math.round(100 * importance)} %`;
  return { name, x, mean, sd: mean.map(() => 0.1), importance, share };
}
