/** The known word that a misspelled one was probably meant to be, by the measure of Python's `difflib`. */

import { strText } from './values';

const CUTOFF = 0.6;

/** `; did you mean 'x'?` for the known word nearest to `word`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  let best: { score: number; text: string } | null = null;
  for (const text of known) {
    const score = likeness(Array.from(text), Array.from(word));
    const isNearer = best === null || score > best.score || (score === best.score && text > best.text);
    if (score >= CUTOFF && isNearer) best = { score, text };
  }
  return best ? `; did you mean ${strText(best.text)}?` : '';
}

/** 1 for equal texts, 0 for texts that share no character. */
function likeness(a: readonly string[], b: readonly string[]): number {
  const total = a.length + b.length;
  return total === 0 ? 1 : (2 * matches(a, b)) / total;
}

/** How many characters match: those of the longest common run, and of what is left and right of it. */
function matches(a: readonly string[], b: readonly string[]): number {
  const { inA, inB, size } = longestRun(a, b);
  if (size === 0) return 0;
  const before = matches(a.slice(0, inA), b.slice(0, inB));
  return before + size + matches(a.slice(inA + size), b.slice(inB + size));
}

function longestRun(a: readonly string[], b: readonly string[]): { inA: number; inB: number; size: number } {
  let found = { inA: 0, inB: 0, size: 0 };
  // Per position of b: how long the run that ends there and at the present position of a is.
  let ending = new Map<number, number>();
  a.forEach((char, i) => {
    const next = new Map<number, number>();
    b.forEach((other, j) => {
      if (char !== other) return;
      const size = (ending.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > found.size) found = { inA: i - size + 1, inB: j - size + 1, size };
    });
    ending = next;
  });
  return found;
}
