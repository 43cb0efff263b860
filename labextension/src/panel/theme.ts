/** Colours and fonts of the page, made concrete for canvases. */

import { lightness } from './colors';
import type { Theme } from './data';

interface Palette extends Omit<
  Theme,
  'isDark' | 'font' | 'fontSize' | 'background' | 'text' | 'muted' | 'grid'
> {
  fallback: Pick<Theme, 'background' | 'text' | 'muted' | 'grid'>;
}

// Viridis, at nine even steps (van der Walt and Smith, 2015).
const VIRIDIS = [
  '#440154',
  '#472d7b',
  '#3b528b',
  '#2c728e',
  '#21918c',
  '#28ae80',
  '#5ec962',
  '#addc30',
  '#fde725',
] as const;

// Okabe and Ito (2008), with the lightness moved until each has a contrast of 3:1 to its background.
const LIGHT: Palette = {
  trial: '#3d94cc',
  mean: '#0b5b8f',
  best: '#d98200',
  baseline: '#5f6368',
  failed: '#d04a02',
  pruned: '#8c8c8c',
  cursor: '#b0508c',
  series: ['#0072b2', '#d55e00', '#008f68', '#b0508c', '#a87800', '#3d94cc'],
  scale: VIRIDIS,
  fallback: { background: '#ffffff', text: '#212121', muted: '#616161', grid: '#e0e0e0' },
};
const DARK: Palette = {
  trial: '#4ea6de',
  mean: '#a6d8f7',
  best: '#f2b134',
  baseline: '#bdbdbd',
  failed: '#ff8552',
  pruned: '#8f8f8f',
  cursor: '#e59acb',
  series: ['#56b4e9', '#f2924f', '#2fc79a', '#e59acb', '#eec34c', '#a6d8f7'],
  scale: VIRIDIS,
  fallback: { background: '#1e1e1e', text: '#e4e4e4', muted: '#a8a8a8', grid: '#424242' },
};

/** The variable's colour as "rgb(...)", whatever notation it is written in; null where it is not set. */
function colorOf(probe: HTMLElement, variable: string): string | null {
  probe.style.color = '';
  probe.style.color = `var(${variable}, rgba(1, 2, 3, 0))`;
  const color = getComputedStyle(probe).color;
  return color === 'rgba(1, 2, 3, 0)' || lightness(color) === null ? null : color;
}

function isDarkPage(background: string | null): boolean {
  const light = background === null ? null : lightness(background);
  if (light !== null) return light < 0.5;
  const names = document.body.classList;
  if (names.contains('vscode-dark') || names.contains('vscode-high-contrast')) return true;
  return !names.contains('vscode-light') && matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Where the user's system has its own few colours, a canvas has to be told of them. */
function contrasting(palette: Palette): Palette {
  const text = { trial: 'CanvasText', mean: 'CanvasText', baseline: 'CanvasText', pruned: 'GrayText' };
  const fallback = { background: 'Canvas', text: 'CanvasText', muted: 'CanvasText', grid: 'GrayText' };
  return { ...palette, ...text, best: 'Highlight', cursor: 'CanvasText', fallback };
}

export function themeOf(root: HTMLElement): Theme {
  const probe = document.createElement('span');
  probe.hidden = true;
  root.append(probe);
  const background = colorOf(probe, '--jp-layout-color0');
  const isDark = isDarkPage(background);
  const { fallback, ...palette } = matchMedia('(forced-colors: active)').matches
    ? contrasting(isDark ? DARK : LIGHT)
    : isDark
      ? DARK
      : LIGHT;
  const theme = {
    ...palette,
    isDark,
    // Single quotes: ECharts puts it into an attribute of its SVG as it is.
    font: getComputedStyle(root).fontFamily.replaceAll('"', "'") || 'sans-serif',
    fontSize: 11,
    background: background ?? fallback.background,
    text: colorOf(probe, '--jp-ui-font-color1') ?? fallback.text,
    muted: colorOf(probe, '--jp-ui-font-color2') ?? fallback.muted,
    grid: colorOf(probe, '--jp-border-color2') ?? fallback.grid,
  };
  probe.remove();
  return theme;
}

/** Call back whenever the page may have changed its theme. */
export function onThemeChange(callback: () => void, signal: AbortSignal): void {
  // JupyterLab loads the style sheet of a theme after it has set the attributes.
  const later = () => setTimeout(callback, 100);
  const observer = new MutationObserver(later);
  const options = {
    attributes: true,
    attributeFilter: ['class', 'style', 'data-jp-theme-light', 'data-jp-theme-name'],
  };
  observer.observe(document.body, options);
  observer.observe(document.documentElement, options);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', later, { signal });
  signal.addEventListener('abort', () => {
    observer.disconnect();
  });
}
