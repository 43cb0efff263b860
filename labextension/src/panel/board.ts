/** The anywidget module of the panel: one store per model, any number of views on it. */

import type { AnyModel } from '@anywidget/types';

import type { BoardTraits, ToBoard } from '../messages';
import type { Library } from './large';
import { Store } from './store';
import { View } from './view';

const TICK_MS = 1000;

/**
 * Made once per model: anywidget gives each view a proxy of the model of its own, so nothing can be keyed by it.
 *
 * @param library has the library of the large charts sent
 */
export default (library: () => Promise<Library>) => {
  const views = new Set<View>();
  let store: Store | undefined;

  /** A cell is rewritten once, however many views there are. */
  const viewToAsk = () => [...views].find((view) => view.isVisible) ?? [...views][0];

  const take = (message: ToBoard) => {
    store?.take(message);
    if (message.type === 'source') viewToAsk()?.offerSource(message);
  };

  const initialize = ({ model }: { model: AnyModel<BoardTraits> }) => {
    const made = new Store(model.get('study'), (message) => {
      model.send(message);
    });
    store = made;
    const replace = () => {
      made.replaceStudy(model.get('study'));
    };
    const show = () => {
      for (const view of views) view.show(model.get('status'));
    };
    model.on('msg:custom', take);
    model.on('change:study', replace);
    model.on('change:status', show);
    made.start();
    return () => {
      model.off('msg:custom', take);
      model.off('change:study', replace);
      model.off('change:status', show);
      made.dispose();
    };
  };

  const render = ({ model, el }: { model: AnyModel<BoardTraits>; el: HTMLElement }) => {
    if (!store) return;
    const life = new AbortController();
    const view = new View(el, store, library, life.signal);
    view.show(model.get('status'));
    views.add(view);
    const clock = setInterval(() => {
      view.tick();
    }, TICK_MS);
    return () => {
      clearInterval(clock);
      views.delete(view);
      life.abort();
    };
  };

  return { initialize, render, take };
};
