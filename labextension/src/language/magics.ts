/** The options of `%%tune` and `%%explore`, as `jtune/magic.py` declares them. */

import type { Span } from './types';

export interface Item {
  text: string;
  detail: string;
}

interface Option extends Item {
  isOfExplore: boolean;
  isRepeatable: boolean;
  /** What may follow it, where that is known. */
  values: readonly string[];
}

const SAMPLERS = ['gp', 'skopt', 'forest', 'tpe', 'cmaes', 'random', 'grid', 'qmc', 'nsga2'];
const PRUNERS = ['median', 'hyperband', 'none'];
const EXPR = "EXPR, or the cell's last expression; instead of a mark in the cell.";
const FRESH = 'Start anew; the old trials stay on disk.';
const PANEL = 'Show sliders and charts (default), or only the report.';

/** Each with the first line of its help. */
export const OPTIONS: readonly Option[] = [
  option('-n', 'Bring the study to N finished trials, earlier ones counted in (30).'),
  option('--minimize', `Minimize ${EXPR}`, { isOfExplore: true, isRepeatable: true }),
  option('--maximize', `Maximize ${EXPR}`, { isOfExplore: true, isRepeatable: true }),
  option('--sampler', `${SAMPLERS.join(', ').replace('gp', 'gp (default)')}.`, { values: SAMPLERS }),
  option('--pruner', 'median (default where a cell reports), hyperband, none.', { values: PRUNERS }),
  option('--seed', 'Makes proposals repeatable.'),
  option('--timeout', 'End the search after this time: 30s, 10m, 1h30m.'),
  option('--trial-timeout', 'End a trial after this time.'),
  option('--target', 'End when the objective is this good.'),
  option('--patience', 'End after N trials without a better one.'),
  option('--repeats', 'Run the cell R times a trial; the objective is the mean.'),
  option('--fresh', FRESH, { isOfExplore: true }),
  option('--no-fresh', FRESH, { isOfExplore: true }),
  option('--panel', PANEL),
  option('--no-panel', PANEL),
];

const MAGIC_LINE = /^[ \t\r\n]*%%(tune|explore)[ \t][^\r\n]*/;

function option(text: string, detail: string, more: Partial<Option> = {}): Option {
  return { text, detail, isOfExplore: false, isRepeatable: false, values: [], ...more };
}

/** What may follow on the line of the magic: options behind a dash, and the values of some of them. */
export function optionsAt(text: string, pos: number): (Span & { items: readonly Item[] }) | null {
  const line = MAGIC_LINE.exec(text);
  if (!line || pos > line[0].length) return null;
  const before = text.slice(0, pos);
  const value = /[ \t](--[a-z]+)[ \t=]+([a-z0-9]*)$/.exec(before);
  const values = OPTIONS.find((each) => each.text === value?.[1])?.values ?? [];
  if (value && values.length > 0) {
    const items = values.map((each) => ({ text: each, detail: `${value[1] ?? ''} ${each}` }));
    return { from: pos - (value[2]?.length ?? 0), to: pos, items };
  }
  const typed = /[ \t](-[a-z-]*)$/.exec(before)?.[1];
  if (typed === undefined) return null;
  const from = pos - typed.length;
  const given = new Set((line[0].slice(0, from) + line[0].slice(pos)).split(/[ \t=]+/));
  const items = OPTIONS.filter(
    (each) => (each.isOfExplore || line[1] === 'tune') && (each.isRepeatable || !given.has(each.text)),
  );
  return { from, to: pos, items: items.map(({ text: name, detail }) => ({ text: name, detail })) };
}
