/** A parameter's axis: where its values stand on it, and which value a place means. */

import { lastOf } from '../language/domains';
import { numberAt, shareOfNumber, steppedByDigit } from '../language/scale';
import type { RangeDomain } from '../language';
import { axis as tick, typed } from './format';
import type { Parameter } from '../messages';

/** A key that pages goes over so large a part of the axis. */
const PAGE = 1 / 20;
const LEVELS = 41;

export class Axis {
  readonly isChoice: boolean;
  readonly #domain: RangeDomain;

  constructor(readonly parameter: Parameter) {
    const { kind, low, high, log, step } = parameter;
    this.isChoice = kind === 'choice';
    this.#domain = { kind: kind === 'int' ? 'int' : 'float', low, high, log, step };
  }

  /** How many steps there are; 0 where there is no end of them. */
  get steps(): number {
    return this.isChoice ? this.parameter.choices.length : 0;
  }

  get low(): number {
    return this.isChoice ? 0 : this.#domain.low;
  }

  get high(): number {
    return this.isChoice ? this.steps - 1 : lastOf(this.#domain);
  }

  /** From 0 to 1; choices stand in the middle of equal steps. */
  share(position: number): number {
    if (this.isChoice) return (position + 0.5) / this.steps;
    return shareOfNumber(this.#domain, position);
  }

  /** The position at a share of the axis, in as many digits as a place on it can mean. */
  at(share: number): number {
    const part = Math.min(Math.max(share, 0), 1);
    if (this.isChoice) return Math.min(Math.floor(part * this.steps), this.steps - 1);
    return numberAt(this.#domain, part);
  }

  /** So many steps of the last digit further; of a choice or a grid, so many values. */
  stepped(position: number, steps: number): number {
    if (this.isChoice) return Math.min(Math.max(position + steps, 0), this.steps - 1);
    return steppedByDigit(this.#domain, position, steps);
  }

  /** So many pages further. */
  paged(position: number, pages: number): number {
    if (this.isChoice) return this.stepped(position, pages);
    const there = this.at(this.share(position) + pages * PAGE);
    return there === position ? this.stepped(position, Math.sign(pages)) : there;
  }

  /** As the user would type it. */
  text(position: number): string {
    return typed(this.parameter, position);
  }

  /** What stands below the axis: its ends, or each choice. */
  get labels(): { share: number; text: string }[] {
    if (this.isChoice) {
      return this.parameter.choices.map((text, i) => ({ share: this.share(i), text }));
    }
    return [
      { share: 0, text: tick(this.low) },
      { share: 1, text: tick(this.high) },
    ];
  }

  /** Positions to draw a curve through: evenly spread, or all choices. */
  get levels(): number[] {
    if (this.isChoice) return this.parameter.choices.map((_, i) => i);
    const { log } = this.#domain;
    const [low, high] = [this.low, this.high];
    const at = (part: number) => (log ? low * (high / low) ** part : low + part * (high - low));
    return Array.from({ length: LEVELS }, (_, i) => at(i / (LEVELS - 1)));
  }
}
