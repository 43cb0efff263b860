/** Completions of marks and of the magics' options, in JupyterLab's own completer. */

import type { CompletionHandler, ICompletionContext, ICompletionProvider } from '@jupyterlab/completer';

import { completionsAt } from '../language';

export class Completions implements ICompletionProvider {
  readonly identifier = 'jtune:completions';
  readonly rank = 1000;

  isApplicable({ editor }: ICompletionContext): Promise<boolean> {
    return Promise.resolve(editor?.model.mimeType === 'text/x-ipython');
  }

  fetch({ text, offset }: CompletionHandler.IRequest): Promise<CompletionHandler.ICompletionItemsReply> {
    // JupyterLab counts code points here.
    const found = completionsAt(text, Array.from(text).slice(0, offset).join('').length);
    const pointsTo = (at: number) => Array.from(text.slice(0, at)).length;
    const items = (found?.items ?? []).map(({ text: label, detail }) => ({
      label,
      insertText: label,
      documentation: detail,
      type: 'tune',
    }));
    const [start, end] = found ? [pointsTo(found.from), pointsTo(found.to)] : [offset, offset];
    return Promise.resolve({ start, end, items });
  }
}
