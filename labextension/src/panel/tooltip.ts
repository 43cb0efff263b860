/** What a chart shows of a trial under the pointer. ECharts takes strings for HTML, so it is given elements. */

import type { Data } from './data';
import { definitions, element } from '../dom';
import { number, typed } from './format';

const MOST = 12;

export function tooltipOf(data: Data, trial: number): HTMLElement {
  const row = data.rows[trial];
  const box = element('div', { class: 'jtune-tooltip' });
  if (!row) return box;
  const origin = row.origin === 'sampler' ? '' : ` · ${row.origin}`;
  box.append(element('strong', {}, `Trial ${row.number}`), ` · ${row.state}${origin}`);
  const values = data.study.objectives.flatMap(({ label }, i): [string, string][] => {
    const value = row.values[i];
    return value === undefined ? [] : [[label, number(value)]];
  });
  const active = data.study.parameters.flatMap((parameter, i): [string, string][] => {
    const value = row.params[i] ?? null;
    return value === null ? [] : [[parameter.name, typed(parameter, value)]];
  });
  if (values.length > 0) box.append(definitions(values, 'jtune-tooltip-values'));
  box.append(definitions(active.slice(0, MOST), 'jtune-tooltip-values'));
  if (active.length > MOST) box.append(element('em', {}, `and ${active.length - MOST} more`));
  return box;
}
