/** The panel's script, which loader.ts has sent: an anywidget module, and its style. */

import { element } from '../dom';
import style from './panel.css';

export { default } from './board';

document.head.append(element('style', {}, style));
