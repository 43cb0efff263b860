/**
 * The anywidget module of the panel's two widgets. It has the kernel send the script that draws them, once per page, and
 * keeps itself out of saved notebooks.
 */

import type { AnyModel } from '@anywidget/types';

import type { PartTraits, ScriptMessage, ScriptRequest, ToCharts } from '../messages';

/** What ipywidgets saves of a model, and sends of its changes, goes through this. */
interface Saved {
  serialize(state: Record<string, unknown>): Record<string, unknown>;
}

interface Props {
  model: AnyModel<PartTraits>;
  el: HTMLElement;
}

type Leave = () => void;

interface Part {
  initialize?(props: Pick<Props, 'model'>): Leave;
  render(props: Props): Leave | undefined;
  /** Take what was sent before it was initialized: what a page misses, a busy kernel may not be able to send again. */
  take?(message: unknown): void;
}

type Packed = DataView<ArrayBuffer>;
/** What script.ts exports. */
type Script = Partial<Record<PartTraits['part'], () => Part>>;

// The first widget asks at once; the next ones do if that one gets no answer, as its kernel may be gone.
const PATIENCE_MS = 3000;
const KEY = Symbol.for('jtune.scripts');
// The module of a widget that shows nothing.
const NOTHING = 'export default {}';

/** Without its kernel the widget shows nothing, so no notebook need keep this. Other hosts than ipywidgets save nothing. */
async function keepOut(model: AnyModel<PartTraits>): Promise<void> {
  const manager = model.widget_manager as AnyModel['widget_manager'] | undefined;
  const saved = (await manager?.get_model(model.get('identity'))) as Partial<Saved> | undefined;
  if (!saved?.serialize) return;
  const serialize = saved.serialize.bind(saved);
  saved.serialize = (state) => serialize('_esm' in state ? { ...state, _esm: NOTHING } : state);
}

async function unpack(packed: Packed): Promise<Script> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const url = URL.createObjectURL(new Blob([await new Response(stream).text()], { type: 'text/javascript' }));
  return (await import(url)) as Script;
}

/** A script as the page has it, or waits for it. */
class Arrival {
  asked = 0;
  isHere = false;
  take: (packed: Packed) => void = () => undefined;
  readonly script = new Promise<Packed>((resolve) => (this.take = resolve)).then(async (packed) => {
    const script = await unpack(packed);
    this.isHere = true;
    return script;
  });
}

function arrivalOf(digest: string): Arrival {
  const page = globalThis as { [KEY]?: Map<string, Arrival> };
  const arrivals = (page[KEY] ??= new Map<string, Arrival>());
  const arrival = arrivals.get(digest) ?? new Arrival();
  arrivals.set(digest, arrival);
  return arrival;
}

/** Made once per model. */
export default () => {
  let part: Promise<Part> | undefined;

  const initialize = ({ model }: Pick<Props, 'model'>): Leave => {
    keepOut(model).catch(() => undefined); // It only makes a notebook larger.
    const arrival = arrivalOf(model.get('script'));
    const early: unknown[] = [];
    const take = (message: ScriptMessage | ToCharts, [packed]: DataView[]) => {
      if (message.type === 'script' && packed) arrival.take(packed as Packed);
      else if (!leave) early.push(message);
    };
    let leave: Leave | undefined;
    model.on('msg:custom', take);
    const timer = setTimeout(() => {
      if (!arrival.isHere) model.send({ type: 'script' } satisfies ScriptRequest);
    }, PATIENCE_MS * arrival.asked++);
    part = arrival.script.then((script) => {
      const made = script[model.get('part')]?.();
      if (!made) throw new Error(`jtune has no ${model.get('part')}`);
      leave = made.initialize?.({ model }) ?? (() => undefined);
      for (const message of early.splice(0)) made.take?.(message);
      return made;
    });
    return () => {
      clearTimeout(timer);
      model.off('msg:custom', take);
      leave?.();
    };
  };

  const render = async (props: Props) => (await part)?.render(props);

  return { initialize, render };
};
