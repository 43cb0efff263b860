/** The other widgets of the panel that a view stands in. */

/** Call back with the part of the panel that the selector names, once the panel is put together. */
export function onArrival(
  root: Element,
  selector: string,
  callback: (part: HTMLElement) => void,
  signal: AbortSignal,
): void {
  const arrival = new IntersectionObserver(() => {
    const part = root.closest('.jtune-panel')?.querySelector<HTMLElement>(selector);
    if (!part) return;
    arrival.disconnect();
    callback(part);
  });
  arrival.observe(root);
  signal.addEventListener('abort', () => {
    arrival.disconnect();
  });
}
