/** What all charts have in common: types, the tooltip, texts. */

import type { EChartsOption } from 'echarts';
import type { CustomSeriesOption, LineSeriesOption, ScatterSeriesOption } from 'echarts/charts';
import type { TooltipComponentOption } from 'echarts/components';
import type { Data, Theme } from '../data';
import { tooltipOf } from '../tooltip';

export type Series = CustomSeriesOption | LineSeriesOption | ScatterSeriesOption;

export type ChartOption = EChartsOption;

/** Of a mark line: without it ECharts rounds to two decimals, and a learning rate to 0. */
export const EXACT = -1;

/** A dot or a line of a chart, and the trial that it stands for; a dot may also be [x, y, trial]. */
export interface Item {
  value: (number | null)[];
  trial: number;
}

/** The trial of what an event or a tooltip of ECharts is about; null where it is about none. */
export function trialOf(params: unknown): number | null {
  const data = (params as { data?: unknown } | null)?.data;
  const trial: unknown = Array.isArray(data) ? data[2] : (Object(data) as { trial?: unknown }).trial;
  return typeof trial === 'number' ? trial : null;
}

export function tooltip(data: Data, theme: Theme): TooltipComponentOption {
  return {
    trigger: 'item',
    confine: true,
    transitionDuration: 0,
    backgroundColor: theme.background,
    borderColor: theme.grid,
    borderWidth: 1,
    padding: [6, 9],
    textStyle: { color: theme.text, fontFamily: theme.font, fontSize: theme.fontSize },
    // An element, never a string: ECharts would take a string for HTML.
    formatter: (params) => {
      const trial = trialOf(params);
      return trial === null ? [] : tooltipOf(data, trial);
    },
  };
}

/** What every chart begins with. */
export function frame(data: Data, theme: Theme) {
  return {
    animation: false,
    backgroundColor: 'transparent',
    textStyle: { fontFamily: theme.font, fontSize: theme.fontSize, color: theme.text },
    tooltip: tooltip(data, theme),
  } satisfies ChartOption;
}

/** A chart that has nothing to show, and says why. */
export function quiet(data: Data, theme: Theme, text: string): ChartOption {
  const style = { fill: theme.muted, fontFamily: theme.font, fontSize: theme.fontSize };
  const note: CustomSeriesOption = {
    id: 'note',
    type: 'custom',
    coordinateSystem: 'none',
    data: [0],
    silent: true,
    renderItem: (_params, api) => ({
      type: 'text',
      x: api.getWidth() / 2,
      y: api.getHeight() / 2,
      style: {
        ...style,
        text: oneLine(text),
        align: 'center',
        verticalAlign: 'middle',
        width: api.getWidth() * 0.8,
        overflow: 'break',
        lineHeight: theme.fontSize * 1.5,
      },
    }),
  };
  return { ...frame(data, theme), series: [note] };
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** One line of at most `length` characters. */
export function truncated(text: string, length: number): string {
  const characters = Array.from(oneLine(text));
  return characters.length > length ? `${characters.slice(0, length - 1).join('')}…` : characters.join('');
}

/** "← error (minimize)", "accuracy (maximize) →": the arrow points to what is better. */
export function aimed(label: string, sign: 1 | -1): string {
  const text = truncated(label, 32);
  return sign === 1 ? `← ${text} (minimize)` : `${text} (maximize) →`;
}
