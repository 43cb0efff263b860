/** The picked trial in full, and the cell with a trial's values. */

import { button, definitions, element } from '../dom';
import type { DetailMessage, SourceMessage } from '../messages';

/** Fill the section with a trial; it is hidden while none is picked. */
export function showDetail(node: HTMLElement, detail: DetailMessage | null): void {
  node.hidden = detail === null;
  node.replaceChildren(...(detail ? contentOf(detail) : []));
}

function contentOf(detail: DetailMessage): HTMLElement[] {
  const first = detail.values[0]?.[1];
  const title = [`Trial ${detail.number}`, detail.state, ...(first === undefined ? [] : [first])].join(' · ');
  const parts: HTMLElement[] = [element('h3', { class: 'jtune-heading' }, title)];
  if (detail.reason) parts.push(element('p', { class: 'jtune-reason' }, detail.reason));
  parts.push(definitions(detail.params, 'jtune-values'));
  parts.push(definitions(factsOf(detail), 'jtune-values jtune-facts'));
  if (detail.traceback)
    parts.push(element('pre', { tabindex: '0', 'aria-label': 'Traceback' }, detail.traceback));
  return parts;
}

function factsOf({ values, origin, took, repeats }: DetailMessage): [string, string][] {
  const facts: [string, string][] = [...values, ['origin', origin]];
  if (took !== '') facts.push(['time', took]);
  if (repeats.length > 0) facts.push(['repeats', repeats.join(', ')]);
  return facts;
}

/** The cell with a trial's values, to be copied. */
export function sourceBlock(source: SourceMessage, onClose: () => void): HTMLElement {
  const of = source.number === null ? 'where the handles stand' : `of trial ${source.number}`;
  const label = `The cell with the values ${of}`;
  const changes = source.literals
    .filter(([, before, after]) => before !== after)
    .map(([name, before, after]) => element('li', {}, `${name}: ${before} → ${after}`));
  const copy = button('Copy', () => {
    void copyText(source.text, block).then((isCopied) => {
      copy.textContent = isCopied ? 'Copied' : 'Select the text and copy it';
    });
  });
  const buttons = element('div', { class: 'jtune-source-buttons' }, copy, button('Close', onClose));
  const heading = element('h3', { class: 'jtune-heading' }, label, buttons);
  const text = element('pre', { tabindex: '0' }, source.text);
  const list = changes.length > 0 ? element('ul', {}, ...changes) : element('p', {}, 'Nothing changes.');
  const attributes = { class: 'jtune-source', role: 'region', 'aria-label': label };
  const block = element('section', attributes, heading, list, text);
  return block;
}

/** Pages that are not served over https have no clipboard: there the text is selected, to be copied by hand. */
async function copyText(text: string, block: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const pre = block.querySelector('pre');
    if (pre) getSelection()?.selectAllChildren(pre);
    return false;
  }
}
