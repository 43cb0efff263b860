/** The anywidget module of the panel's charts: one store per model, any number of views on it. */

import type { AnyModel } from '@anywidget/types';

import type { ChartsTraits, ToCharts } from '../messages';
import { Store } from './store';
import { View } from './view';

/** Made once per model: anywidget gives each view a proxy of the model of its own, so nothing can be keyed by it. */
export default () => {
  const views = new Set<View>();
  let store: Store | undefined;

  /** A cell is rewritten once, however many views there are. */
  const viewToAsk = () => [...views].find((view) => view.isVisible) ?? [...views][0];

  const take = (message: ToCharts) => {
    store?.take(message);
    if (message.type === 'source') viewToAsk()?.offerSource(message);
  };

  const initialize = ({ model }: { model: AnyModel<ChartsTraits> }) => {
    const made = new Store(model.get('study'), (message) => {
      model.send(message);
    });
    store = made;
    const replace = () => {
      made.replaceStudy(model.get('study'));
    };
    model.on('msg:custom', take);
    model.on('change:study', replace);
    made.start();
    return () => {
      model.off('msg:custom', take);
      model.off('change:study', replace);
      made.dispose();
    };
  };

  const render = ({ el }: { el: HTMLElement }) => {
    if (!store) return;
    const life = new AbortController();
    const view = new View(el, store, life.signal);
    views.add(view);
    return () => {
      views.delete(view);
      life.abort();
    };
  };

  return { initialize, render, take };
};
