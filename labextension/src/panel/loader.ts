/**
 * The anywidget module of the panel's two widgets, all that a saved notebook keeps of them. It has the kernel send the
 * script that draws them, once per page.
 */

import type { AnyModel } from '@anywidget/types';

interface Model {
  /** What of the script draws this widget. */
  part: string;
  /** The script's digest: a kernel whose jtune was updated has another one. */
  script: string;
}

interface Props {
  model: AnyModel<Model>;
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
type Script = Record<string, () => Part>;

// The first widget asks at once; the next ones do if that one gets no answer, as its kernel may be gone.
const PATIENCE_MS = 3000;
const KEY = Symbol.for('jtune.scripts');
// Nothing half-made is shown: the script has the style, too.
const STYLE = '.jtune-panel:not(:has(.jtune-head)){display:none!important}';

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
  if (!page[KEY]) {
    page[KEY] = new Map<string, Arrival>();
    const style = document.createElement('style');
    style.textContent = STYLE;
    document.head.append(style);
  }
  const arrival = page[KEY].get(digest) ?? new Arrival();
  page[KEY].set(digest, arrival);
  return arrival;
}

/** Made once per model. */
export default () => {
  let part: Promise<Part> | undefined;

  const initialize = ({ model }: Pick<Props, 'model'>): Leave => {
    const arrival = arrivalOf(model.get('script'));
    const early: unknown[] = [];
    const take = (message: { type?: string }, [packed]: DataView[]) => {
      if (message.type === 'script' && packed) arrival.take(packed as Packed);
      else if (!leave) early.push(message);
    };
    let leave: Leave | undefined;
    model.on('msg:custom', take);
    const timer = setTimeout(() => {
      if (!arrival.isHere) model.send({ type: 'script' });
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
