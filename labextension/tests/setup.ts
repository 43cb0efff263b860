import { parser } from '@lezer/python';

import { usePython } from '../src/language';

usePython(parser);
