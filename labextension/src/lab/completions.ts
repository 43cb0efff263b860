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
    const found = completionsAt(text, offset);
    const items = (found?.items ?? []).map(({ text: label, detail }) => ({
      label,
      insertText: label,
      documentation: detail,
      type: 'tune',
    }));
    return Promise.resolve({ start: found?.from ?? offset, end: found?.to ?? offset, items });
  }
}
