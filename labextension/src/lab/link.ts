/** A notebook and its kernel, as far as jtune is concerned: what the kernel told, and how it is asked. */

import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { type ISignal, Signal } from '@lumino/signaling';

import type { StudySummary } from '../editor';
import { call, isLoaded, isPython } from './kernel';
import type { KernelMessage, StateMessage, StudyStanding } from './messages';

const TARGET = 'jtune';

export type Source = Extract<KernelMessage, { type: 'apply' }>;

export class Link {
  readonly studies = new Map<string, StudyStanding>();
  readonly summaries = new Map<string, StudySummary>();
  readonly exploring = new Set<string>();
  /** Whether the user was offered to load jtune into this kernel, and declined. */
  wasDeclined = false;
  readonly #changed = new Signal<this, void>(this);
  readonly #applied = new Signal<this, Source>(this);
  #kernel: Kernel.IKernelConnection | null = null;

  constructor(readonly panel: NotebookPanel) {
    const { sessionContext } = panel;
    sessionContext.kernelChanged.connect(this.#connect, this);
    sessionContext.statusChanged.connect(this.#onStatus, this);
    panel.disposed.connect(() => {
      sessionContext.kernelChanged.disconnect(this.#connect, this);
      sessionContext.statusChanged.disconnect(this.#onStatus, this);
      Signal.clearData(this);
    });
    this.#connect();
  }

  /** What the kernel told has changed. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** `study.apply()` was called. */
  get applied(): ISignal<this, Source> {
    return this.#applied;
  }

  /** The kernel, where it is one of Python's. */
  get kernel(): Kernel.IKernelConnection | null {
    return this.#kernel;
  }

  /** Call a function of `jtune.editor`; null where jtune is not loaded. */
  async call(name: string, ...given: (string | Record<string, string>)[]): Promise<unknown> {
    const kernel = this.#kernel;
    return kernel && (await isLoaded(kernel)) ? call(kernel, name, ...given) : null;
  }

  /** Ask for the studies of the kernel and of its folder. */
  async refresh(): Promise<void> {
    const found = (await this.call('studies')) as StudyStanding[] | null;
    if (found === null) return;
    this.studies.clear();
    for (const study of found) this.studies.set(study.name, study);
    this.#changed.emit();
  }

  #onStatus(_sender: unknown, status: Kernel.Status): void {
    // What a restarted kernel knew is gone with it.
    if (status === 'restarting' || status === 'autorestarting') this.#forget();
  }

  #forget(): void {
    this.studies.clear();
    this.exploring.clear();
    this.#changed.emit();
  }

  #connect(): void {
    const kernel = this.panel.sessionContext.session?.kernel ?? null;
    this.#kernel = null;
    this.wasDeclined = false;
    this.#forget();
    if (kernel !== null) void this.#meet(kernel);
  }

  async #meet(kernel: Kernel.IKernelConnection): Promise<void> {
    if (!(await isPython(kernel)) || this.#isGone(kernel)) return;
    this.#kernel = kernel;
    kernel.registerCommTarget(TARGET, (comm, open) => {
      comm.onMsg = ({ content }) => {
        this.#take(content.data as unknown as KernelMessage);
      };
      comm.send({ type: 'hello' } as ReadonlyJSONObject as never);
      this.#take(open.content.data as unknown as KernelMessage);
    });
    if ((await isLoaded(kernel)) && !this.#isGone(kernel)) await call(kernel, 'greet');
  }

  #isGone(kernel: Kernel.IKernelConnection): boolean {
    return this.panel.isDisposed || kernel !== this.panel.sessionContext.session?.kernel;
  }

  #take(message: KernelMessage): void {
    switch (message.type) {
      case 'state':
        this.#takeState(message);
        break;
      case 'study':
        this.studies.set(message.study.name, message.study);
        // A cell that is searched is no longer explored.
        this.exploring.delete(message.study.cell);
        break;
      case 'summary':
        this.#takeSummary(message.cell, message.summary);
        break;
      case 'exploring':
        this.exploring.add(message.cell);
        break;
      case 'apply':
        this.#applied.emit(message);
        return;
    }
    this.#changed.emit();
  }

  #takeState({ studies, exploring, summaries }: StateMessage): void {
    for (const study of studies) this.studies.set(study.name, study);
    for (const cell of exploring) this.exploring.add(cell);
    for (const { cell, summary } of summaries) this.#takeSummary(cell, summary);
  }

  #takeSummary(cell: string, summary: StudySummary | null): void {
    if (summary === null) this.summaries.delete(cell);
    else this.summaries.set(cell, summary);
  }
}
