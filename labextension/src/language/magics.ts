/** The options of `%%tune` and `%%explore`: the grammar's, which `jtune/magic.py` declares too. */

import { options } from './grammar';
import type { Span } from './types';

export interface Item {
  text: string;
  detail: string;
}

interface Option {
  name: string;
  help: string;
  is_of_explore?: boolean;
  is_repeatable?: boolean;
  /** Whether it has a `--no-` too. */
  is_switch?: boolean;
  /** What may follow it, where that is known. */
  values?: readonly string[];
}

const OPTIONS: readonly Option[] = options;
const MAGIC_LINE = /^[ \t\r\n]*%%(tune|explore)[ \t][^\r\n]*/;

/** What may follow on the line of the magic: options behind a dash, and the values of some of them. */
export function optionsAt(text: string, pos: number): (Span & { items: readonly Item[] }) | null {
  const line = MAGIC_LINE.exec(text);
  if (!line || pos > line[0].length) return null;
  const before = text.slice(0, pos);
  const value = /[ \t](--[a-z]+)[ \t=]+([a-z0-9]*)$/.exec(before);
  const values = OPTIONS.find(({ name }) => name === value?.[1])?.values ?? [];
  if (value && values.length > 0) {
    const items = values.map((each) => ({ text: each, detail: `${value[1] ?? ''} ${each}` }));
    return { from: pos - (value[2]?.length ?? 0), to: pos, items };
  }
  const typed = /[ \t](-[a-z-]*)$/.exec(before)?.[1];
  if (typed === undefined) return null;
  const from = pos - typed.length;
  const given = new Set((line[0].slice(0, from) + line[0].slice(pos)).split(/[ \t=]+/));
  const offered = OPTIONS.filter(({ is_of_explore }) => is_of_explore ?? line[1] === 'tune');
  const items = offered.flatMap((option) =>
    itemsOf(option).filter((item) => option.is_repeatable ?? !given.has(item.text)),
  );
  return { from, to: pos, items };
}

function itemsOf({ name, help, is_switch: isSwitch }: Option): Item[] {
  const names = isSwitch ? [name, name.replace('--', '--no-')] : [name];
  return names.map((text) => ({ text, detail: help }));
}
