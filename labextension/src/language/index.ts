/** The tune language in the browser: the twin of the kernel's `jtune.language`. */

export { activeNames, readCell } from './cell';
export { completionsAt } from './completion';
export { domainText } from './domains';
export { parsePython, usePython } from './parse';
export type * from './types';
export { isNumber, isSame, literalText } from './values';
