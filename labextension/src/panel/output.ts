/** The output area below the charts keeps its height while its content is swapped, so that the page does not jump. */

const HOLD_MS = 400;

export function holdHeight(output: HTMLElement, signal: AbortSignal): void {
  let height = 0;
  let release: ReturnType<typeof setTimeout> | undefined;
  const sizes = new ResizeObserver(() => {
    const present = contentHeight(output);
    clearTimeout(release);
    if (present >= height) {
      height = present;
      output.style.minHeight = '';
      return;
    }
    output.style.minHeight = `${height}px`;
    release = setTimeout(() => {
      height = contentHeight(output);
      output.style.minHeight = '';
    }, HOLD_MS);
  });
  const watch = () => {
    sizes.disconnect();
    for (const child of output.children) sizes.observe(child);
  };
  const children = new MutationObserver(watch);
  children.observe(output, { childList: true });
  watch();
  signal.addEventListener('abort', () => {
    clearTimeout(release);
    sizes.disconnect();
    children.disconnect();
  });
}

function contentHeight(output: HTMLElement): number {
  return [...output.children].reduce((sum, child) => sum + (child as HTMLElement).offsetHeight, 0);
}
