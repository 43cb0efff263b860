/** Axes in one quiet style. */

import type { Theme } from '../data';
import { axis as tickText } from '../format';
import type { Parameter } from '../../messages';
import { type Range, isLog, logTicks, parameterRange, ticks } from './range';
import { truncated } from './shared';

interface ScaleShape {
  range: Range;
  isLog?: boolean;
  isInteger?: boolean;
  /** About how many ticks. */
  count: number;
}

/** Type, extent, ticks and their labels: ours, as those of ECharts add the ends of a fixed extent. */
function scale({ range, isLog: isLogarithmic, isInteger, count }: ScaleShape) {
  const customValues = isLogarithmic ? logTicks(range, count) : ticks(range, count, isInteger);
  return {
    type: isLogarithmic ? ('log' as const) : ('value' as const),
    min: range[0],
    max: range[1],
    axisTick: { customValues },
    axisLabel: { customValues, formatter: tickText },
  };
}

function label(theme: Theme) {
  return { color: theme.muted, fontFamily: theme.font, fontSize: theme.fontSize - 1, hideOverlap: true };
}

/** Keeps a text legible on lines and dots. */
export function halo(theme: Theme) {
  return { textBorderColor: theme.background, textBorderWidth: 3 };
}

function title(name: string, theme: Theme) {
  return {
    name,
    nameLocation: 'middle' as const,
    nameGap: 6,
    nameTextStyle: { color: theme.muted, fontFamily: theme.font, fontSize: theme.fontSize },
  };
}

function rule(theme: Theme) {
  return { show: true, onZero: false, lineStyle: { color: theme.grid, width: 1 } };
}

export function numberAxis(shape: ScaleShape, theme: Theme, side: 'x' | 'y', name = '') {
  const base = scale(shape);
  const isX = side === 'x';
  return {
    ...base,
    ...title(name, theme),
    axisLine: isX ? rule(theme) : { show: false, onZero: false },
    axisTick: { ...base.axisTick, show: isX, length: 3, lineStyle: { color: theme.grid } },
    axisLabel: { ...base.axisLabel, ...label(theme), margin: 6 },
    splitLine: { show: !isX, lineStyle: { color: theme.grid, width: 1, opacity: 0.6 } },
    minorTick: { show: false },
  };
}

/** About how many characters of a choice fit beside each other. */
function choiceLength(count: number, width: number): number {
  return Math.max(Math.floor(width / Math.max(count, 1)), 4);
}

export function choiceAxis(parameter: Parameter, theme: Theme, side: 'x' | 'y', width: number, name = '') {
  const length = side === 'x' ? choiceLength(parameter.choices.length, width) : 14;
  return {
    type: 'category' as const,
    data: parameter.choices,
    ...title(name, theme),
    axisLine: rule(theme),
    axisTick: { show: false },
    axisLabel: {
      ...label(theme),
      margin: 6,
      interval: 0,
      formatter: (text: string) => truncated(text, length),
    },
    splitLine: { show: false },
  };
}

interface ParameterShape {
  parameter: Parameter;
  range: Range;
  /** About how many ticks. */
  count: number;
  /** About how many characters the labels of an x axis have together. */
  width: number;
  name?: string;
}

export function parameterAxis(shape: ParameterShape, theme: Theme, side: 'x' | 'y') {
  const { parameter, range, count, width, name } = shape;
  if (parameter.kind === 'choice') return choiceAxis(parameter, theme, side, width, name);
  const isInteger = parameter.kind === 'int';
  return numberAxis({ range, isLog: isLog(parameter), isInteger, count }, theme, side, name);
}

/** The part of a parameter that is shown; of choices their indices. */
export function shownRange(
  parameter: Parameter,
  seen: readonly number[],
  margin: 'margin' | 'tight' = 'margin',
): Range {
  if (parameter.kind === 'choice') return [0, Math.max(parameter.choices.length - 1, 0)];
  return parameterRange(parameter, seen, margin);
}

/** An axis of the parallel coordinates. */
export function parallelScale(parameter: Parameter, range: Range, theme: Theme) {
  if (parameter.kind === 'choice') {
    const formatter = (text: string) => truncated(text, 9);
    return {
      type: 'category' as const,
      data: parameter.choices,
      axisLabel: { ...label(theme), ...halo(theme), interval: 0, formatter },
      axisTick: { show: false },
    };
  }
  return parallelNumbers(
    { range, isLog: isLog(parameter), isInteger: parameter.kind === 'int', count: 4 },
    theme,
  );
}

export function parallelNumbers(shape: ScaleShape, theme: Theme) {
  const base = scale(shape);
  return {
    ...base,
    axisLabel: { ...base.axisLabel, ...label(theme), ...halo(theme) },
    axisTick: { ...base.axisTick, show: true, length: 3, lineStyle: { color: theme.muted } },
  };
}
