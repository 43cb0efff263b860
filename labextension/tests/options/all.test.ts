// @vitest-environment jsdom

/** What holds of every chart, whatever the study is. */

import * as echarts from 'echarts';
import { describe, expect, it } from 'vitest';
import type { Data } from '../../src/panel/data';
import { Axis } from '../../src/panel/axis';
import { draw } from '../../src/panel/drawing';
import { curvesOption } from '../../src/panel/options/curves';
import { frontOption } from '../../src/panel/options/front';
import { historyOption } from '../../src/panel/options/history';
import { pairOption } from '../../src/panel/options/pair';
import { parallelOption } from '../../src/panel/options/parallel';
import type { ChartOption } from '../../src/panel/options/shared';
import { SvgPen } from '../../src/panel/pen';
import { pictureOf } from '../../src/panel/picture';
import { scaleOf } from '../../src/panel/scale';
import { drawSpark } from '../../src/panel/spark';
import { MAXIMIZE, MINIMIZE, THEME, choice, dataOf, range, row, study, training, trials } from '../fixtures';
import { functionsOf, textsOf } from './reading';

const MARKUP = '<img src=x onerror=alert(1)>';

function options(data: Data): [string, ChartOption][] {
  return [
    ['history', historyOption(data, THEME)],
    ['pair', pairOption(data, THEME)],
    ['parallel', parallelOption(data, THEME)],
    ['curves', curvesOption(data, THEME)],
    ['front', frontOption(data, THEME)],
  ];
}

/** As the page has it: an option that ECharts draws, as SVG. */
function drawn(option: ChartOption): string {
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width: 600, height: 300 });
  chart.setOption(option);
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

const huge = [1e300, -1e300, 1e299, 1.7e308, 5e-324, 0];
const conditional = dataOf(study([choice('kind', 'a', 'b'), choice('sub', 'c', 'd')]), [
  row(0, [0, null], [1]),
  row(1, [1, 1], [2]),
  row(2, [null, 0], [3]),
]);
const named = dataOf(
  study(
    [choice(MARKUP, MARKUP, 'two\nlines', '{b} {a|c}'), range('n'.repeat(40), 0, 1)],
    [
      { label: MARKUP, direction: 'minimize' },
      { label: '{c}', direction: 'maximize' },
    ],
  ),
  [0, 1, 2].map((i) =>
    row(i, [i, i / 2], [i, -i], {
      curves: {
        [MARKUP]: [
          [0, 1],
          [1, i],
        ],
      },
    }),
  ),
  {
    best: 0,
    baseline: 1,
    selected: 2,
    front: [0],
    pair: {
      type: 'pair',
      a: MARKUP,
      b: 'n'.repeat(40),
      x: [0, 1, 2],
      y: [0, 1],
      mean: [
        [1, 2],
        [2, 3],
        [3, 4],
      ],
      reason: '',
    },
  },
);

const STUDIES: [string, Data][] = [
  ['no trials', trials([])],
  ['one trial', trials([1], { best: 0, baseline: 0, selected: 0 })],
  ['only failures', trials([null, null], { selected: 1 })],
  ['equal values', trials([2, 2, 2, 2, 2], { best: 0 })],
  ['a constant parameter', dataOf(study([range('x', 3, 3)]), [row(0, [3], [1]), row(1, [3], [2])])],
  ['huge values', trials(huge, { best: 1 })],
  ['huge values, maximized', trials(huge, { best: 3 }, MAXIMIZE)],
  [
    'two objectives',
    dataOf(study([range('x', 0, 1)], [MINIMIZE, MAXIMIZE]), [row(0, [0.5], [1, 2])], { front: [0] }),
  ],
  ['no parameters', dataOf(study([]), [row(0, [], [1])])],
  ['no objectives', dataOf(study([range('x', 0, 1)], []), [row(0, [0.5], [], { state: 'complete' })])],
  ['no duration', dataOf(study([range('x', 0, 1)], []), [row(0, [0.5], [], { seconds: null })])],
  ['inactive choices', conditional],
  ['nothing shown', training(30, { isShown: () => false })],
  ['markup and braces', named],
  ['many trials', training(2000, { selected: 5 })],
];

/** As the page has it: each row, and the spark. */
function rowsOf(data: Data): string[] {
  const scale = scaleOf(data);
  const rows = data.study.parameters.map((parameter, i) => {
    const pen = new SvgPen(400, 58, THEME.font);
    draw(pen, pictureOf(data, { axis: new Axis(parameter), index: i, scale, trials: data.rows }), THEME, 400);
    return pen.node.outerHTML;
  });
  const pen = new SvgPen(150, 30, THEME.font);
  drawSpark(pen, data, THEME, 150, 30);
  return [...rows, pen.node.outerHTML];
}

describe.each(STUDIES)('with %s', (_what, data) => {
  it('every row is drawn, without a number that is none, and texts are text', () => {
    for (const svg of rowsOf(data)) {
      expect(svg).toContain('<svg');
      expect(svg).not.toMatch(/NaN|Infinity|undefined|<img/);
    }
  });

  it('every chart is drawn, without a number that is none', () => {
    for (const [name, option] of options(data)) {
      const svg = drawn(option);
      expect(svg, name).toContain('<svg');
      expect(svg, name).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('the kernel gives the same study, and the charts are the same', () => {
    const [first, second] = [options(data), options(data)].map((each) => JSON.stringify(each));
    expect(first).toBe(second);
  });
});

describe("the user's texts", () => {
  it('are drawn as text', () => {
    const all = options(named).map(([, option]) => drawn(option));
    expect(all.join('')).not.toContain('<img');
    expect(all.join('')).toContain('&lt;img');
  });

  it('keep their braces, which are no template', () => {
    const texts = options(named).flatMap(([, option]) => textsOf(option));
    expect(texts.filter(([path]) => path.endsWith('formatter'))).toEqual([]);
    expect(texts.filter(([path]) => path.includes('rich'))).toEqual([]);
  });

  it('are the unchanged choices of the axes, on one line in their labels', () => {
    const option = pairOption(named, THEME);
    const axis = option.xAxis as { data: string[]; axisLabel: { formatter: (text: string) => string } };
    expect(axis.data).toEqual(named.study.parameters[0]?.choices);
    for (const text of axis.data) {
      const label = axis.axisLabel.formatter(text);
      expect(label).not.toContain('\n');
      expect(label.length).toBeLessThanOrEqual(16);
    }
  });

  it('are never what a tooltip makes a string of', () => {
    for (const [name, option] of options(named)) {
      const [format] = functionsOf(option.tooltip).map(([, each]) => each);
      const element = format?.({ data: { trial: 0 } });
      expect(element, name).toBeInstanceOf(HTMLElement);
      expect((element as HTMLElement).querySelector('img'), name).toBeNull();
      expect((element as HTMLElement).textContent, name).toContain(MARKUP);
      for (const nothing of [{}, null, { data: null }, [], { data: [1, 2] }])
        expect(format?.(nothing)).toEqual([]);
    }
  });
});

it('10,000 trials cost little', () => {
  const data = training(10_000, { selected: 5 });
  options(data);
  const started = performance.now();
  const made = options(data);
  const each_ms = (performance.now() - started) / made.length;
  // Measured: 5 ms; this is to notice what is quadratic, on whatever machine.
  expect(each_ms).toBeLessThan(100);
});
