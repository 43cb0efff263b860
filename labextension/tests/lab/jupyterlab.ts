/** The parts of JupyterLab that the extension talks to, as far as it does: sessions, kernels, notebooks. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { ICellModel } from '@jupyterlab/cells';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import type { StudyStanding, StudySummary, ToExtension } from '../../src/messages';

export type SharedNotebook = NonNullable<ICellModel['sharedModel']['notebook']>;
type Content = Record<string, unknown>;
type Answer = (...given: unknown[]) => unknown;

interface Future {
  onReply: (reply: { content: unknown }) => void;
  done: Promise<void>;
  dispose: () => void;
}

/** A kernel that answers requests by a function; null is no answer. */
export class FakeKernel {
  readonly username = 'user';
  readonly handleComms = true;
  readonly info = Promise.resolve({ language_info: { name: 'python' } });
  readonly spec: Promise<{ language: string }>;
  readonly targets = new Map<string, (comm: Kernel.IComm) => void>();
  /** The names of the requests that it was asked, in order. */
  readonly asked: string[] = [];
  /** What each request gives; a function is called with what is given, and may throw. */
  answers: Record<string, unknown> = { greet: { studies: [], summaries: [] }, studies: [] };
  isLoaded = false;
  #comms: FakeComm[] = [];

  constructor(
    readonly id: string,
    language = 'python',
  ) {
    this.spec = Promise.resolve({ language });
  }

  get clientId(): string {
    return `page of ${this.id}`;
  }

  /** Load jtune: the kernel opens its comm. */
  load(): void {
    this.isLoaded = true;
    const comm = this.createComm();
    this.targets.get('jtune')?.(comm as unknown as Kernel.IComm);
  }

  /** Say something to all pages. */
  say(message: ToExtension): void {
    for (const comm of this.#comms) comm.onMsg?.({ content: { data: message } });
  }

  hasComm(): boolean {
    return this.#comms.length > 0;
  }

  createComm(): FakeComm {
    const comm = new FakeComm(() => {
      this.#comms = this.#comms.filter((each) => each !== comm);
    });
    this.#comms.push(comm);
    return comm;
  }

  registerCommTarget(name: string, opened: (comm: Kernel.IComm) => void): void {
    this.targets.set(name, opened);
  }

  removeCommTarget(name: string): void {
    this.targets.delete(name);
  }

  sendControlMessage({ header, content }: { header: { msg_type: string }; content: Content }) {
    let fail: (error: Error) => void = () => undefined;
    const future: Future = {
      onReply: () => undefined,
      done: new Promise<void>((resolve, reject) => {
        fail = reject;
        void this.#reply(header.msg_type, content).then((reply) => {
          if (reply === null) return;
          future.onReply({ content: reply });
          resolve();
        });
      }),
      dispose: () => {
        fail(new Error('cancelled'));
      },
    };
    return future;
  }

  async #reply(type: string, { name, given }: Content): Promise<unknown> {
    if (type === 'comm_info_request') return { comms: this.isLoaded ? { 'the comm': {} } : {} };
    this.asked.push(name as string);
    const answer = this.answers[name as string];
    try {
      const isCalled = typeof answer === 'function';
      const value: unknown = await (isCalled ? (answer as Answer)(...(given as unknown[])) : answer);
      return value === null ? null : { status: 'ok', value };
    } catch (error) {
      return { status: 'error', evalue: (error as Error).message };
    }
  }
}

class FakeComm {
  onMsg: ((message: { content: { data: unknown } }) => void) | null = null;

  constructor(readonly dispose: () => void) {}
}

export class FakeSession {
  readonly kernelChanged = new Signal<this, unknown>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly connectionStatusChanged = new Signal<this, Kernel.ConnectionStatus>(this);
  readonly disposed = new Signal<this, unknown>(this);
  session: { kernel: FakeKernel };

  constructor(kernel: FakeKernel) {
    this.session = { kernel };
  }

  asSession(): ISessionContext {
    return this as unknown as ISessionContext;
  }

  change(kernel: FakeKernel): void {
    this.session = { kernel };
    this.kernelChanged.emit(undefined);
  }

  dispose(): void {
    this.disposed.emit(undefined);
    Signal.clearData(this);
  }
}

/** A view of a notebook; views of one notebook share its session and its document. */
export function fakePanel(session: FakeSession, notebook: SharedNotebook): NotebookPanel {
  const content = { model: { sharedModel: notebook }, widgets: [] };
  return { sessionContext: session, content, isDisposed: false } as unknown as NotebookPanel;
}

export class FakeTracker {
  readonly widgetAdded = new Signal<this, NotebookPanel>(this);
  readonly currentChanged = new Signal<this, NotebookPanel | null>(this);
  currentWidget: NotebookPanel | null = null;
  readonly #panels: NotebookPanel[] = [];

  asTracker(): INotebookTracker {
    return this as unknown as INotebookTracker;
  }

  add(panel: NotebookPanel): void {
    this.#panels.push(panel);
    this.widgetAdded.emit(panel);
    this.use(panel);
  }

  use(panel: NotebookPanel): void {
    this.currentWidget = panel;
    this.currentChanged.emit(panel);
  }

  find(is: (panel: NotebookPanel) => boolean): NotebookPanel | undefined {
    return this.#panels.find(is);
  }

  forEach(visit: (panel: NotebookPanel) => void): void {
    this.#panels.forEach(visit);
  }
}

export function standing(name: string, more: Partial<StudyStanding> = {}): StudyStanding {
  return {
    name,
    done: 4,
    total: 4,
    count: '4/4 trials',
    phase: 'ended',
    text: '4 trials are done',
    best: '0.5 in trial 2',
    baseline: '1',
    gain: '0.5 (50 %) lower',
    changes: [{ label: 'loss', before: '1', after: '0.5', gain: '-0.5 over your cell', is_better: true }],
    cell: 'cell-1',
    explored: null,
    ...more,
  };
}

export function summary(name: string): StudySummary {
  return { name, goal: 'minimize loss', effects: [], parameters: [], literals: {}, best: {} };
}

/** What was begun has come to its end, but for what waits for a timer. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 30; i++) await Promise.resolve();
}
