/** The link between the page and the kernel of a session: what the kernel told, and requests to the kernel. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { type ISignal, Signal } from '@lumino/signaling';

import { TARGET, call, findComm, isPython } from './kernel';
import type { Requests, Source, StateMessage, StudyStanding, StudySummary, ToExtension } from '../messages';

/** Names of parameters, and their literals as they stand in the cell. */
type Literals = Record<string, string>;

/** For how long at most a move without an answer holds the next one back. */
const HELD_BACK_MS = 1000;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export class Link {
  readonly studies = new Map<string, StudyStanding>();
  /** By cell; they say something of the cell's code, so they outlive a kernel. */
  readonly summaries = new Map<string, StudySummary>();
  /** Whether the user was offered to load jtune into this kernel, and declined. */
  wasDeclined = false;
  readonly #changed = new Signal<this, void>(this);
  readonly #applied = new Signal<this, Source>(this);
  /** By cell, the study that ran there last. */
  readonly #latest = new Map<string, string>();
  #kernel: Kernel.IKernelConnection | null = null;
  #comm: Kernel.IComm | null = null;
  #isLoaded = false;
  #isDisposed = false;
  /** By study that has a move under way, the last move that waits for it. */
  readonly #waiting = new Map<string, Literals | null>();

  constructor(private readonly session: ISessionContext) {
    session.kernelChanged.connect(this.#connect, this);
    session.statusChanged.connect(this.#onStatus, this);
    session.connectionStatusChanged.connect(this.#onConnection, this);
    this.#connect();
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#disconnect();
    Signal.clearData(this);
  }

  /** Emitted when studies, summaries or the kernel have changed. */
  get changed(): ISignal<this, void> {
    return this.#changed;
  }

  /** Emitted when `study.apply()` wants a cell written. */
  get applied(): ISignal<this, Source> {
    return this.#applied;
  }

  /** The kernel, where it runs Python. */
  get kernel(): Kernel.IKernelConnection | null {
    return this.#kernel;
  }

  /** Whether `page`, the session of a connection, is the one of this link. */
  isPage(page: string): boolean {
    return page !== '' && page === this.#kernel?.clientId;
  }

  /** The study that ran last in a cell. */
  latestOf(cell: string): StudyStanding | null {
    return this.studies.get(this.#latest.get(cell) ?? '') ?? null;
  }

  /** Whether jtune is loaded in the kernel. */
  async isLoaded(): Promise<boolean> {
    if (!this.#isLoaded && this.#kernel) await this.#find(this.#kernel);
    return this.#isLoaded;
  }

  /** The kernel's answer to a request; null where jtune is not loaded. */
  async call<Name extends keyof Requests>(
    name: Name,
    ...given: Parameters<Requests[Name]>
  ): Promise<ReturnType<Requests[Name]> | null> {
    return (await this.isLoaded()) && this.#kernel ? call(this.#kernel, name, ...given) : null;
  }

  /**
   * Move the sliders of an explored study. While a move is not answered, of those that come only the last waits, and
   * not for long: an answer may be late, or lost, and the last move must be made whatever came of those before it.
   */
  async move(study: string, literals: Literals): Promise<void> {
    const isUnderWay = this.#waiting.has(study);
    this.#waiting.set(study, isUnderWay ? literals : null);
    if (isUnderWay) return;
    const made = this.call('move', study, literals);
    await Promise.race([made.catch(() => undefined), pause(HELD_BACK_MS)]);
    const next = this.#waiting.get(study);
    this.#waiting.delete(study);
    await Promise.all([made, next && this.move(study, next)]);
  }

  /** Ask for the studies of the kernel and of its folder. */
  async refresh(): Promise<void> {
    const found = await this.call('studies');
    if (found === null) return;
    this.studies.clear();
    for (const study of found) this.studies.set(study.name, study);
    this.#changed.emit();
  }

  #connect(): void {
    this.#disconnect();
    this.#forget();
    const kernel = this.session.session?.kernel;
    if (kernel) this.#meet(kernel).catch(() => undefined); // A kernel that has gone meanwhile is not missed.
  }

  #disconnect(): void {
    this.#kernel?.removeCommTarget(TARGET, this.#onOpen);
    this.#comm?.dispose();
    this.#kernel = null;
    this.#comm = null;
    this.wasDeclined = false;
  }

  async #meet(kernel: Kernel.IKernelConnection): Promise<void> {
    if (!(await isPython(kernel)) || this.#isGone(kernel)) return;
    this.#kernel = kernel;
    kernel.registerCommTarget(TARGET, this.#onOpen);
    this.#changed.emit();
    await this.#find(kernel);
  }

  #isGone(kernel: Kernel.IKernelConnection): boolean {
    return this.#isDisposed || kernel !== this.session.session?.kernel;
  }

  /** Look whether jtune is loaded; if so, listen and ask for what there is. */
  async #find(kernel: Kernel.IKernelConnection): Promise<void> {
    const id = await findComm(kernel);
    if (id === null || this.#isGone(kernel)) return;
    // Of several notebooks with one kernel, only the first one's connection hears comms.
    if (kernel.handleComms && !kernel.hasComm(id)) this.#listen(kernel.createComm(TARGET, id));
    await this.#greet(kernel);
  }

  readonly #onOpen = (comm: Kernel.IComm): void => {
    this.#listen(comm);
    // Not waited for: no other message is taken in until this returns.
    if (this.#kernel) this.#greet(this.#kernel).catch(() => undefined);
  };

  #listen(comm: Kernel.IComm): void {
    this.#comm = comm;
    comm.onMsg = ({ content }) => {
      this.#take(content.data as unknown as ToExtension);
    };
  }

  async #greet(kernel: Kernel.IKernelConnection): Promise<void> {
    this.#isLoaded = true;
    const state = await call(kernel, 'greet');
    if (!this.#isGone(kernel)) this.#takeState(state);
  }

  #onStatus(_sender: unknown, status: Kernel.Status): void {
    // A kernel that ends takes its studies along.
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') this.#forget();
  }

  #onConnection(_sender: unknown, status: Kernel.ConnectionStatus): void {
    // After a restart, or a time without a network, in which the kernel may have said anything.
    if (status === 'connected' && this.#kernel) this.#find(this.#kernel).catch(() => undefined);
  }

  #forget(): void {
    this.#isLoaded = false;
    this.studies.clear();
    this.#latest.clear();
    this.#changed.emit();
  }

  #take(message: ToExtension): void {
    switch (message.type) {
      case 'study':
        this.#takeStudy(message.study);
        break;
      case 'summary':
        this.#takeSummary(message.cell, message.summary);
        break;
      case 'apply':
        this.#applied.emit(message);
        return;
    }
    this.#changed.emit();
  }

  #takeState({ studies, summaries }: StateMessage): void {
    for (const study of studies) this.#takeStudy(study);
    for (const { cell, summary } of summaries) this.#takeSummary(cell, summary);
    this.#changed.emit();
  }

  #takeStudy(study: StudyStanding): void {
    this.studies.set(study.name, study);
    this.#latest.set(study.cell, study.name);
  }

  #takeSummary(cell: string, summary: StudySummary | null): void {
    if (summary === null) this.summaries.delete(cell);
    else this.summaries.set(cell, summary);
  }
}
