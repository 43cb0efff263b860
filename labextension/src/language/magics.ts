/** The options of `%%tune` and `%%explore`: the grammar's, which `jtune/magic.py` declares too. */

import { options } from './grammar';
import type { Item, Offer } from './types';

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
export function optionsAt(text: string, pos: number): Offer | null {
  const line = MAGIC_LINE.exec(text);
  if (!line || pos > line[0].length) return null;
  const before = text.slice(0, pos);
  const [, option, value = ''] = /[ \t](--[a-z]+)[ \t=]+([a-z0-9]*)$/.exec(before) ?? [];
  const values = OPTIONS.find(({ name }) => name === option)?.values;
  if (values) {
    return { typed: value, items: values.map((each) => ({ text: each, detail: `${option ?? ''} ${each}` })) };
  }
  const typed = /[ \t](-[a-z-]*)$/.exec(before)?.[1];
  if (typed === undefined) return null;
  const given = new Set((before.slice(0, -typed.length) + line[0].slice(pos)).split(/[ \t=]+/));
  const offered = OPTIONS.filter(({ is_of_explore }) => is_of_explore ?? line[1] === 'tune');
  const items = offered.flatMap((each) =>
    itemsOf(each).filter((item) => each.is_repeatable ?? !given.has(item.text)),
  );
  return { typed, items };
}

function itemsOf({ name, help, is_switch: isSwitch }: Option): Item[] {
  const names = isSwitch ? [name, name.replace('--', '--no-')] : [name];
  return names.map((text) => ({ text, detail: help }));
}
