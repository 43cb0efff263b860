/**
 * What the editor knows of a cell: the twin of `jtune/language/cell.py`'s `Cell`, in JavaScript's coordinates.
 *
 * All positions are UTF-16 code units from the start of the cell's text, as CodeMirror counts.
 */

/** A Python literal of the tune language. `text` is Python's `repr` of it. */
export type Value =
  | { type: 'int' | 'float'; value: number; text: string }
  | { type: 'str'; value: string; text: string }
  | { type: 'bool'; value: boolean; text: string }
  | { type: 'none'; text: string }
  | { type: 'tuple'; items: readonly Value[]; text: string };

export interface RangeDomain {
  kind: 'float' | 'int';
  low: number;
  high: number;
  log: boolean;
  /** Of an int range always a number. */
  step: number | null;
}

export interface ChoiceDomain {
  kind: 'choice';
  choices: readonly Value[];
}

export type Domain = RangeDomain | ChoiceDomain;

/** An `if CONDITION`: a comparison of other parameters. */
export interface Condition {
  text: string;
  /** The parameters that it names. */
  names: readonly string[];
  /** The numbers that it holds, with both signs, in order. */
  numbers: readonly number[];
  /** Throws where values have no order. */
  holds: (point: ReadonlyMap<string, Value>) => boolean;
}

export interface Span {
  from: number;
  to: number;
}

/** A literal with a valid mark. */
export interface Tunable extends Span {
  name: string;
  literal: Value;
  domain: Domain;
  condition: Condition | null;
  /** Whether the domain was not written. */
  isInferred: boolean;
  /** The mark, from its `#` to the end of the line. */
  comment: Span;
}

/** A mistake in a mark, with the message that the kernel gives. */
export interface Problem extends Span {
  message: string;
}

export type Direction = 'minimize' | 'maximize';

export interface CellReading {
  /** The cell magic of the first line, if it is one of ours. */
  magic: 'tune' | 'explore' | null;
  /** In cell order; those with a mistake are left out. */
  tunables: readonly Tunable[];
  objectives: readonly Direction[];
  /** The mistakes, all at once. */
  problems: readonly Problem[];
}

/** What may be typed. */
export interface Item {
  text: string;
  detail: string;
}

/** What may follow at a place, and what of it is typed already. */
export interface Offer {
  typed: string;
  items: readonly Item[];
}
