/** What jtune adds to an editor of Python: marks, controls, mistakes, and what a study says. Knows nothing of Jupyter. */

import type { Extension } from '@codemirror/state';
import { flashing } from './flash';
import { hovering } from './hover';
import { painter } from './painter';
import { reader } from './reader';
import { readingField } from './reading';
import { type TuningHost, configField, host, studyField } from './settings';

export { type LiteralChange, markLiteral, removeMarks, writeLiterals } from './commands';
export { readingOf } from './reading';
export { type TuningConfig, type TuningHost, setConfig, setStudy } from './settings';

export function tuning(callbacks: TuningHost = {}): Extension {
  return [host.of(callbacks), configField, studyField, readingField, reader, painter, flashing, hovering];
}
