/** The panel's script, which loader.ts has sent: its two parts, each an anywidget module, and their style. */

import { element } from '../dom';
import head from './head';
import style from './panel.css';

export { default as charts } from './charts';
export { head };

document.head.append(element('style', {}, style));
