/** The tune language in the browser: the twin of the kernel's `marks.py`, `domains.py` and `cell.py`. */

export { activeNames, readCell } from './cell';
export { completionsAt } from './completion';
export type { Completions } from './completion';
export { domainText, infer, reject, shareOf, snap, stepped, valueAt } from './domains';
export { parsePython } from './parse';
export type * from './types';
export { boolValue, floatValue, intValue, isSame, literalText, NONE, strValue, tupleValue } from './values';
export { readLiteral } from './literals';
