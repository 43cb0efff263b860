/**
 * The anywidget module of the panel. It has the kernel send the script that draws it, once per page, and that of the large
 * charts when it is wanted; and keeps itself out of saved notebooks.
 */

import type { AnyModel } from '@anywidget/types';

import type { BoardTraits, Script, ScriptMessage, ScriptRequest, ToBoard } from '../messages';

/** What ipywidgets saves of a model, and sends of its changes, goes through this. */
interface Saved {
  serialize(state: Record<string, unknown>): Record<string, unknown>;
}

interface Props {
  model: AnyModel<BoardTraits>;
  el: HTMLElement;
}

type Leave = () => void;

interface Board {
  initialize(props: Pick<Props, 'model'>): Leave;
  render(props: Props): Leave | undefined;
  /** Take what was sent before it was initialized: what a page misses, a busy kernel may not be able to send again. */
  take(message: unknown): void;
}

type Packed = DataView<ArrayBuffer>;
/** What script.ts exports: it is given a way to have large.ts sent. */
interface Main {
  default(library: () => Promise<unknown>): Board;
}

// The first widget asks at once; the next ones do if that one gets no answer, as its kernel may be gone.
const PATIENCE_MS = 3000;
const KEY = Symbol.for('jtune.scripts');
// The module of a widget that shows nothing.
const NOTHING = 'export default {}';

/** Without its kernel the widget shows nothing, so no notebook need keep this. Other hosts than ipywidgets save nothing. */
async function keepOut(model: AnyModel<BoardTraits>): Promise<void> {
  const manager = model.widget_manager as AnyModel['widget_manager'] | undefined;
  const saved = (await manager?.get_model(model.get('identity'))) as Partial<Saved> | undefined;
  if (!saved?.serialize) return;
  const serialize = saved.serialize.bind(saved);
  saved.serialize = (state) => serialize('_esm' in state ? { ...state, _esm: NOTHING } : state);
}

async function unpack(packed: Packed): Promise<unknown> {
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const url = URL.createObjectURL(new Blob([await new Response(stream).text()], { type: 'text/javascript' }));
  return import(url);
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

function arrivalOf(model: AnyModel<BoardTraits>, name: Script): Arrival {
  const page = globalThis as { [KEY]?: Map<string, Arrival> };
  const arrivals = (page[KEY] ??= new Map<string, Arrival>());
  const key = `${model.get('script')} ${name}`;
  const arrival = arrivals.get(key) ?? new Arrival();
  arrivals.set(key, arrival);
  return arrival;
}

/** Made once per model. */
export default () => {
  let board: Promise<Board> | undefined;

  const initialize = ({ model }: Pick<Props, 'model'>): Leave => {
    keepOut(model).catch(() => undefined); // It only makes a notebook larger.
    const timers: ReturnType<typeof setTimeout>[] = [];
    const wanted = (name: Script) => {
      const arrival = arrivalOf(model, name);
      const ask = () => {
        if (!arrival.isHere) model.send({ type: 'script', name } satisfies ScriptRequest);
      };
      timers.push(setTimeout(ask, PATIENCE_MS * arrival.asked++));
      return arrival.script;
    };
    const early: unknown[] = [];
    const take = (message: ScriptMessage | ToBoard, [packed]: DataView[]) => {
      if (message.type === 'script' && packed) arrivalOf(model, message.name).take(packed as Packed);
      else if (!leave) early.push(message);
    };
    let leave: Leave | undefined;
    model.on('msg:custom', take);
    board = wanted('script').then((script) => {
      const made = (script as Main).default(() => wanted('large'));
      leave = made.initialize({ model });
      for (const message of early.splice(0)) made.take(message);
      return made;
    });
    return () => {
      timers.forEach(clearTimeout);
      model.off('msg:custom', take);
      leave?.();
    };
  };

  const render = async (props: Props) => (await board)?.render(props);

  return { initialize, render };
};
