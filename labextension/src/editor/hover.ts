/** What is shown over a mistake, and over a literal of which a study knows something. */

import type { EditorState } from '@codemirror/state';
import { type Tooltip, hoverTooltip } from '@codemirror/view';
import { isSame, type Span, type Tunable } from '../language';
import type { Effect, Parameter, StudySummary } from '../messages';
import { element } from '../dom';
import { underlined } from './painter';
import { isTuned, readingOf } from './reading';
import { configField, studyField } from './settings';
import { sparkline } from './sparkline';

/** Whether the pointer, on one side of a position, is over a span. */
function isOver({ from, to }: Span, position: number, side: number): boolean {
  return from < to && (side < 0 ? from < position && position <= to : from <= position && position < to);
}

/** Where the present literal stands on the axis that the study knew: a choice by its index, null for an unknown one. */
function positionOf({ name, literal, domain }: Tunable, { literals }: StudySummary): number | null {
  if (domain.kind !== 'choice') return 'value' in literal ? Number(literal.value) : null;
  const choice = domain.choices.find((each) => isSame(each, literal));
  const index = choice && literals[name] ? literals[name].indexOf(choice.text) : -1;
  return index < 0 ? null : index;
}

function legend(kind: 'best' | 'now', text: string): HTMLElement {
  return element('span', { class: `jtune-hover-${kind}` }, `${kind} `, element('code', {}, text));
}

function studyBox(tunable: Tunable, parameter: Parameter, effect: Effect, study: StudySummary): HTMLElement {
  const best = study.best[tunable.name];
  const share = element('span', { title: 'share of what the parameters explain' }, effect.share);
  const now = positionOf(tunable, study);
  const label = parameter.kind === 'choice' && now !== null ? parameter.choices[now] : undefined;
  return element(
    'div',
    { class: 'jtune-hover' },
    element('div', { class: 'jtune-hover-head' }, element('strong', {}, tunable.name), share),
    sparkline(parameter, effect, { best: best?.at ?? null, now }),
    element(
      'div',
      { class: 'jtune-hover-legend' },
      ...(best ? [legend('best', best.text)] : []),
      legend('now', label ?? tunable.literal.text),
    ),
    element('div', { class: 'jtune-hover-study' }, `${study.goal} · ${study.name}`),
  );
}

function studyTooltip(state: EditorState, tunable: Tunable): Tooltip | null {
  const study = state.field(studyField);
  const effect = study?.effects.find(({ name }) => name === tunable.name);
  const parameter = study?.parameters.find(({ name }) => name === tunable.name);
  if (!study || !effect || !parameter) return null;
  const create = () => ({ dom: studyBox(tunable, parameter, effect, study) });
  return { pos: tunable.from, end: tunable.to, above: true, create };
}

/** What there is to say at a position; null where there is nothing. */
export function tooltipAt(state: EditorState, position: number, side: number): Tooltip | null {
  const reading = readingOf(state);
  if (!reading || !state.field(configField).marks) return null;
  const problem = isTuned(reading)
    ? reading.problems.find((each) => isOver(underlined(each, state), position, side))
    : undefined;
  if (problem) {
    const create = () => ({
      dom: element('div', { class: 'jtune-hover jtune-hover-problem' }, problem.message),
    });
    return { pos: problem.from, end: problem.to, above: true, create };
  }
  const tunable = reading.tunables.find((each) => isOver(each, position, side));
  return tunable ? studyTooltip(state, tunable) : null;
}

export const hovering = hoverTooltip(({ state }, position, side) => tooltipAt(state, position, side), {
  hideOnChange: true,
});
