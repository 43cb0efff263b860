/** What the tests read out of an option. */

import type { ChartOption } from '../../src/panel/options/shared';

export interface ReadItem {
  value: (number | null)[];
  trial: number;
  symbolRotate?: number;
  lineStyle?: { color: string; width: number; opacity: number };
  pieces?: [number, number][][];
}

interface Mark {
  data: unknown[];
  precision?: number;
}

export interface ReadSeries {
  id: string;
  type: string;
  name?: string;
  step?: string;
  data: (ReadItem | number[])[];
  itemStyle?: { color: string; opacity: number };
  markLine?: Mark;
  markArea?: Mark;
}

export interface ReadAxis {
  type: string;
  min: number;
  max: number;
  name: string;
  data?: string[];
  axisLabel: { customValues: number[]; formatter: (value: string | number) => string };
}

export function allSeries(option: ChartOption): ReadSeries[] {
  return option.series as unknown as ReadSeries[];
}

export function series(option: ChartOption, id: string): ReadSeries {
  const found = allSeries(option).find((each) => each.id === id);
  if (!found) throw new Error(`no series ${id}`);
  return found;
}

export function items(option: ChartOption, id: string): ReadItem[] {
  return series(option, id).data.map((item) => {
    if (!Array.isArray(item)) return item;
    const [x = NaN, y = NaN, trial = NaN] = item;
    return { value: [x, y], trial };
  });
}

export function values(option: ChartOption, id: string): (number | null)[][] {
  return items(option, id).map(({ value }) => value);
}

export function trialsOf(option: ChartOption, id: string): number[] {
  return items(option, id).map(({ trial }) => trial);
}

export function axisOf(option: ChartOption, side: 'xAxis' | 'yAxis'): ReadAxis {
  return option[side] as unknown as ReadAxis;
}

export function parallelAxes(option: ChartOption): ReadAxis[] {
  return option.parallelAxis as unknown as ReadAxis[];
}

/** Every function of an option, with the way to it. */
export function functionsOf(part: unknown, path = ''): [string, (...given: unknown[]) => unknown][] {
  if (typeof part === 'function') return [[path, part as (...given: unknown[]) => unknown]];
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, value]) => functionsOf(value, `${path}.${name}`));
}

/** Every text of an option, with the way to it. */
export function textsOf(part: unknown, path = ''): [string, string][] {
  if (typeof part === 'string') return [[path, part]];
  if (typeof part !== 'object' || part === null) return [];
  return Object.entries(part).flatMap(([name, value]) => textsOf(value, `${path}.${name}`));
}
