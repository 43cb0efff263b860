/** A model as anywidget gives it to a view, without a kernel behind it. */

import type { AnyModel } from '@anywidget/types';

type Listener = (message?: unknown) => void;

export class FakeModel<T extends object> {
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(
    private readonly state: T,
    private readonly onSend: (message: unknown) => void = () => undefined,
  ) {}

  get<K extends keyof T>(name: K): T[K] {
    return this.state[name];
  }

  set<K extends keyof T>(name: K, value: T[K]): void {
    this.state[name] = value;
    this.#emit(`change:${String(name)}`);
  }

  on(name: string, listener: Listener): void {
    this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(listener));
  }

  off(name: string, listener: Listener): void {
    this.#listeners.get(name)?.delete(listener);
  }

  send(message: unknown): void {
    this.onSend(structuredClone(message));
  }

  save_changes(): void {
    // There is no kernel to save them to.
  }

  /** A message from the kernel. */
  receive(message: unknown): void {
    this.#emit('msg:custom', structuredClone(message));
  }

  /** As the modules take it: they use no more of a model than there is here. */
  asModel(): AnyModel<T> {
    return this as unknown as AnyModel<T>;
  }

  #emit(name: string, message?: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(message);
  }
}
