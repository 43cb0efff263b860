/**
 * When charts are drawn: at most one per animation frame, only what is visible and dirty, and all of them
 * together never for more than a fifth of the time, so that the page stays smooth while trials pour in.
 */

export interface Drawable {
  readonly node: Element;
  draw(): void;
}

interface Entry {
  drawable: Drawable;
  isVisible: boolean;
  isDirty: boolean;
  drawnAt_ms: number;
  cost_ms: number;
  /** What `clock` said at the last draw. */
  version: number;
}

const PACE_MS = 250;
const SHARE = 5;

export class Stage {
  readonly #entries = new Map<Element, Entry>();
  readonly #visibility = new IntersectionObserver((changes) => {
    for (const change of changes) this.#see(change.target, change.isIntersecting);
  });
  readonly #sizes = new ResizeObserver((changes) => {
    for (const change of changes) this.mark(change.target);
  });
  #timer: ReturnType<typeof setTimeout> | null = null;
  #frame = 0;

  /**
   * @param clock - the version of the data, which each draw includes
   * @param onDrawn - told the version that all visible charts include
   */
  constructor(
    private readonly clock: () => number,
    private readonly onDrawn: (version: number) => void,
    signal: AbortSignal,
  ) {
    signal.addEventListener('abort', () => {
      this.#dispose();
    });
  }

  add(drawable: Drawable): void {
    const idle = { isVisible: false, isDirty: true, drawnAt_ms: -Infinity, cost_ms: 0, version: 0 };
    this.#entries.set(drawable.node, { drawable, ...idle });
    this.#visibility.observe(drawable.node);
    this.#sizes.observe(drawable.node);
  }

  remove(node: Element): void {
    this.#entries.delete(node);
    this.#visibility.unobserve(node);
    this.#sizes.unobserve(node);
  }

  /** Draw it again, when its time comes. */
  mark(node: Element): void {
    const entry = this.#entries.get(node);
    if (entry) entry.isDirty = true;
    this.#plan();
  }

  /** Draw it in the next frame: the user is moving something. */
  hurry(node: Element): void {
    const entry = this.#entries.get(node);
    if (!entry) return;
    entry.isDirty = true;
    entry.drawnAt_ms = -Infinity;
    this.#plan();
  }

  markAll(): void {
    for (const entry of this.#entries.values()) entry.isDirty = true;
    this.#plan();
  }

  #see(node: Element, isVisible: boolean): void {
    const entry = this.#entries.get(node);
    if (entry) entry.isVisible = isVisible;
    this.#plan();
  }

  #visible(): Entry[] {
    return [...this.#entries.values()].filter((entry) => entry.isVisible);
  }

  /** When the chart may be drawn next: a round of all visible ones takes a fifth of the time at most. */
  #due(entry: Entry, visible: Entry[]): number {
    const round_ms = visible.reduce((sum, each) => sum + each.cost_ms, 0);
    return entry.drawnAt_ms + Math.max(PACE_MS, SHARE * round_ms);
  }

  #plan(): void {
    if (this.#frame) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const visible = this.#visible();
    const dirty = visible.filter((entry) => entry.isDirty);
    if (dirty.length === 0) {
      this.#report(visible);
      return;
    }
    const wait_ms = Math.min(...dirty.map((entry) => this.#due(entry, visible))) - performance.now();
    if (wait_ms <= 0)
      this.#frame = requestAnimationFrame(() => {
        this.#tick();
      });
    else {
      this.#timer = setTimeout(() => {
        this.#plan();
      }, wait_ms);
    }
  }

  #tick(): void {
    this.#frame = 0;
    const visible = this.#visible();
    const now = performance.now();
    const due = visible.filter((entry) => entry.isDirty && this.#due(entry, visible) <= now);
    due.sort((a, b) => a.drawnAt_ms - b.drawnAt_ms);
    if (due[0]) this.#draw(due[0]);
    this.#report(visible);
    this.#plan();
  }

  #draw(entry: Entry): void {
    const start = performance.now();
    // Cleared first: what the drawing itself changes must be drawn again.
    entry.isDirty = false;
    entry.version = this.clock();
    try {
      entry.drawable.draw();
    } finally {
      entry.drawnAt_ms = performance.now();
      entry.cost_ms = entry.drawnAt_ms - start;
    }
  }

  #report(visible: Entry[]): void {
    const versions = visible.map((entry) => (entry.isDirty ? entry.version : this.clock()));
    if (versions.length > 0) this.onDrawn(Math.min(...versions));
  }

  #dispose(): void {
    this.#visibility.disconnect();
    this.#sizes.disconnect();
    if (this.#timer !== null) clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
    this.#entries.clear();
  }
}
