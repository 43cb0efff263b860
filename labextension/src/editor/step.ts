/**
 * A step to undo of its own, as CodeMirror's history makes it.
 *
 * It is said by what @codemirror/state has, which the host shares; an annotation of a @codemirror/commands that is
 * bundled here would be unknown to the host's history.
 */

import { Transaction, type TransactionSpec } from '@codemirror/state';

/** The history joins what is of one moment: this one is long before all that is typed. */
const moment = Transaction.time.of(0);

/** Joined to no edit before, nor to one after. */
export const ownStep = { annotations: moment, userEvent: 'jtune' } satisfies TransactionSpec;

/** Joined to the own step before. */
export const sameStep = { annotations: moment } satisfies TransactionSpec;
