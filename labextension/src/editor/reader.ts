/** Keeps the reading fresh: the one place that parses. */

import { type ChangeSet, Transaction } from '@codemirror/state';
import { type EditorView, ViewPlugin, type ViewUpdate } from '@codemirror/view';
import { TreeFragment } from '@lezer/common';
import { type CellReading, parsePython, readCell } from '../language';
import { rewriting, setReading } from './reading';
import { host } from './settings';

const QUIET_MS = 80;

/** Texts without any of these hold no mark and no magic of ours: most cells of most notebooks need no parser. */
const MAY_TUNE = /tune|@param|%%explore/;

const NOTHING: CellReading = {
  magic: null,
  tunables: [],
  objectives: [],
  problems: [],
};

/** Whether a person is at it, so that more will follow at once. */
function isTyping(tr: Transaction): boolean {
  return tr.isUserEvent('input') || tr.isUserEvent('delete') || tr.annotation(rewriting) !== undefined;
}

function changedRanges(changes: ChangeSet) {
  const ranges: { fromA: number; toA: number; fromB: number; toB: number }[] = [];
  changes.iterChangedRanges((fromA, toA, fromB, toB) => ranges.push({ fromA, toA, fromB, toB }));
  return ranges;
}

class Reader {
  private readonly view: EditorView;
  private fragments: readonly TreeFragment[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStale = true;
  private isDestroyed = false;

  constructor(view: EditorView) {
    this.view = view;
    this.atOnce();
  }

  update({ docChanged, changes, transactions }: ViewUpdate): void {
    if (!docChanged) return;
    this.isStale = true;
    this.fragments = TreeFragment.applyChanges(this.fragments, changedRanges(changes));
    if (transactions.every((tr) => !tr.docChanged || isTyping(tr))) this.later();
    else this.atOnce();
  }

  destroy(): void {
    this.isDestroyed = true;
    clearTimeout(this.timer);
  }

  /** Read now, unless nothing has changed since the last time. */
  refresh(): void {
    if (!this.isStale || this.isDestroyed) return;
    clearTimeout(this.timer);
    const reading = this.read();
    this.isStale = false;
    this.view.dispatch({ effects: setReading.of(reading) });
    this.view.state.facet(host).onReading?.(this.view, reading);
  }

  private read(): CellReading {
    const text = this.view.state.doc.toString();
    if (!MAY_TUNE.test(text)) {
      this.fragments = [];
      return NOTHING;
    }
    const tree = parsePython(text, this.fragments);
    this.fragments = TreeFragment.addTree(tree, this.fragments);
    return readCell(text, tree);
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      // What an input method is composing must not be drawn anew.
      if (this.view.composing) this.later();
      else this.refresh();
    }, QUIET_MS);
  }

  /** Before the page is painted next, so that a control of an undone or applied literal does not flicker. */
  private atOnce(): void {
    queueMicrotask(() => {
      if (this.view.composing) this.later();
      else this.refresh();
    });
  }
}

export const reader = ViewPlugin.fromClass(Reader);

/** Bring the reading up to the present document. Not within an update. */
export function refresh(view: EditorView): void {
  view.plugin(reader)?.refresh();
}
