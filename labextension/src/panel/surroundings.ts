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

/** Name the controls for screen readers, which ipywidgets does not do. */
export function nameControls(sliders: Element, signal: AbortSignal): void {
  const name = () => {
    for (const row of sliders.querySelectorAll('.jtune-slider')) nameRow(row);
  };
  const changes = new MutationObserver(name);
  // A lock's state is a class.
  changes.observe(sliders, { childList: true, subtree: true, attributeFilter: ['class'] });
  name();
  signal.addEventListener('abort', () => {
    changes.disconnect();
  });
}

function nameRow(row: Element): void {
  const title = row.querySelector('.jtune-name');
  const name = title?.textContent ?? '';
  // "C: 0.001..1000 log", which ipywidgets says where there is no label to be seen.
  title?.setAttribute(
    'title',
    row.querySelector<HTMLElement>('.jtune-control > .widget-label')?.title ?? name,
  );
  label(row, '.jtune-control :is([role=slider], select, input)', name);
  for (const group of row.querySelectorAll('.jtune-control:is(.widget-toggle-buttons)')) {
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', name);
  }
  label(row, '.jtune-lock', `hold ${name} where it is`);
  label(row, '.jtune-range .noUi-handle-lower', `search ${name} only from here`);
  label(row, '.jtune-range .noUi-handle-upper', `search ${name} only up to here`);
  for (const toggle of row.querySelectorAll('.widget-toggle-button')) {
    toggle.setAttribute('aria-pressed', String(toggle.classList.contains('mod-active')));
  }
}

function label(row: Element, selector: string, text: string): void {
  for (const control of row.querySelectorAll(selector)) control.setAttribute('aria-label', text);
}
