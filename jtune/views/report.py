"""A study as text and HTML, for terminals and saved notebooks.

Both say the same: a head of a few lines, a table of the parameters and, with several objectives, one of the front.
Values stand as a user would type them. HTML needs no kernel, no script and nothing from outside.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

from jtune.errors import StudyError
from jtune.language.domains import ChoiceDomain, Value, is_same
from jtune.storage.ranking import losses
from jtune.text import bare, counted, number, one_line, percent, shortened
from jtune.trials.outcome import State
from jtune.views import next as next_step
from jtune.views import status
from jtune.views.verdicts import verdicts

if TYPE_CHECKING:
    from jtune.findings import Findings
    from jtune.language.space import Parameter
    from jtune.surrogate.effects import Effects

_WIDTH = 100
_VALUE_AT_MOST, _NAME_AT_MOST, _DOMAIN_AT_MOST = 18, 26, 120
_FRONT_AT_MOST = 10
# A panel follows the report, and a saved notebook that is opened without its kernel would show in its place only that
# its model was not found: a widget's output with no element in it.
_WITHOUT_KERNEL = (
    ".jp-OutputArea-child:has(> * > .jtune-report) + .jp-OutputArea-child:has(> .jupyter-widgets)"
    ":not(:has(> .jupyter-widgets > *)) { display: none }"
)
_WITHOUT_VALUES = (State.FAILED, State.PRUNED, State.TIMED_OUT)


@dataclass(frozen=True)
class _Signs:
    """The signs of a table: in characters that every terminal shows, or typeset for a page."""

    times: str
    arrow: str
    dots: str


_PLAIN = _Signs("x ", " -> ", "...")
_TYPESET = _Signs("× ", " → ", "…")


@dataclass(frozen=True)
class _Column:
    """A column of a table; ``is_long`` ones may be cut or wrapped where there is no room."""

    head: str
    cells: list[str]
    is_right: bool = False
    is_long: bool = False

    @property
    def width(self) -> int:
        return max(map(len, [self.head, *self.cells]))


def as_text(study: Findings) -> str:
    """Return the report for a terminal, at most 100 columns wide where names and labels allow.

    Parameters
    ----------
    study : Findings
        In any state: without trials, while it runs, with failures only.
    """
    effects, note = _effects(study)
    lines = [*_head(study, effects), "", *_text_table(_parameters(study, effects, _PLAIN)), *([note] if note else [])]
    if len(study.objectives) > 1 and study.front:
        title, columns = _front(study, effects, _PLAIN)
        fitting = _fitting(columns)
        left_out = len(columns) - len(fitting)
        lines += ["", title, *_text_table(fitting)]
        lines += [f"{counted(left_out, 'parameter')} left out here"] if left_out else []
    return "\n".join(lines)


def as_html(study: Findings) -> str:
    """Return the report as HTML with one picture in it; names and values are text, never markup.

    Parameters
    ----------
    study : Findings
        In any state, as for :func:`as_text`.
    """
    effects, note = _effects(study)
    name, *rest = _head(study, effects)
    title, _, goals = name.partition(": ")
    head = "<br>".join([f"<strong>{escape(title)}</strong>: {escape(goals)}", *map(escape, rest)])
    parts = [f"<p>{head}</p>", _html_table(_parameters(study, effects, _TYPESET))]
    parts += [f"<p>{escape(note)}</p>"] if note else []
    if len(study.objectives) > 1 and study.front:
        caption, columns = _front(study, effects, _TYPESET)
        parts += [f"<p>{escape(caption)}</p>", _html_table(columns)]
    return f'<div class="jtune-report">{"".join([*parts, _picture(study)])}<style>{_WITHOUT_KERNEL}</style></div>'


def _effects(study: Findings) -> tuple[Effects | None, str]:
    """Return what the surrogate says, or why it says nothing."""
    if not study.objectives:
        return None, ""
    try:
        effects = study.effects
    except StudyError as error:
        n_distinct = len({study.space.key(trial.params) for trial in study.complete})
        if n_distinct >= 3:
            return None, f"no importance: {error}"
        return None, "too few trials for importance: it takes 3 complete ones with different values"
    return effects, (
        "cost: what the best loses with your value put back; importance: share of the variance of the whole space "
        f"({percent(effects.explained)} explained)"
    )


def _head(study: Findings, effects: Effects | None) -> list[str]:
    goals = status.goals(study.objectives) or "no objective"
    said = [*status.comparison(study), *status.noise(study)]
    return [f"{study.name}: {goals}", status.trials(study), *said, *_advice(study, effects)]


def _advice(study: Findings, effects: Effects | None) -> list[str]:
    """Return where trials fail, and what to do next, as the panel says them; nothing of a search that runs."""
    if any(trial.state == State.RUNNING for trial in study.trials):
        return []
    where = next_step.failures(study.space, study.trials)
    sentence = next_step.sentence(study, study, verdicts(study, effects, study.best))
    return [*([where] if ":" in where else []), *([f"next: {sentence}"] if sentence else [])]


def _parameters(study: Findings, effects: Effects | None, signs: _Signs) -> list[_Column]:
    """Return the table of the parameters, in cell order; columns that would be empty are left out."""
    best, baseline = study.best, study.baseline
    before = baseline.params if baseline else study.space.baseline
    parameters = list(study.space)

    def values(point: dict[str, Value]) -> list[str]:
        return [_typed(point[p.name], signs) if p.name in point else "-" for p in parameters]

    columns = [_Column("parameter", [shortened(p.name, _NAME_AT_MOST, signs.dots) for p in parameters])]
    columns += [_Column("baseline" if baseline else "literal", values(before), is_right=True)]
    if best is not None:
        columns += [_Column("best", values(best.params), is_right=True)]
        columns += [_Column("change", [_change(p, before, best.params, signs) for p in parameters])]
    if effects is not None:
        # With several objectives they are of one of them.
        of = f" for {status.label(study.objectives[0])}" if len(study.objectives) > 1 else ""
        costs = [status.cost(effects.cost(p.name)) for p in parameters]
        columns += [_Column(f"cost{of}", costs, is_right=True)]
        shares = [status.share(effects.share(p.name), is_short=signs is _PLAIN) for p in parameters]
        columns += [_Column(f"importance{of}", shares, is_right=True)]
    return [*columns, _Column("domain", [_domain(p, signs) for p in parameters], is_long=True)]


def _typed(value: Value, signs: _Signs) -> str:
    return shortened(repr(value), _VALUE_AT_MOST, signs.dots)


def _domain(parameter: Parameter, signs: _Signs) -> str:
    """Return a parameter's domain and condition in the tune language."""
    condition = f" if {parameter.condition.text}" if parameter.condition else ""
    return shortened(str(parameter.domain), _DOMAIN_AT_MOST - len(condition), signs.dots) + condition


def _change(parameter: Parameter, before: dict[str, Value], after: dict[str, Value], signs: _Signs) -> str:
    name, domain = parameter.name, parameter.domain
    if name not in after:
        return "inactive"
    if name not in before:
        return "active"
    old, new = before[name], after[name]
    if is_same(old, new):
        return "="
    if isinstance(domain, ChoiceDomain):
        return signs.arrow.join(shortened(bare(value), 10, signs.dots) for value in (old, new))
    if domain.log:
        return f"{signs.times}{_plain(new / old)}"
    difference = new - old
    return f"{difference:+d}" if isinstance(difference, int) else f"{difference:+.3g}"


def _plain(ratio: float) -> str:
    """Return a ratio without an exponent, unless it is far from 1."""
    if 0.001 <= ratio < 100_000:
        return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.2g}"
    return f"{ratio:.1e}"


def _front(study: Findings, effects: Effects | None, signs: _Signs) -> tuple[str, list[_Column]]:
    """Return a title and a table of the Pareto front, from the best in the first objective on."""
    front = sorted(study.front, key=lambda trial: (losses(study.objectives, trial.values), trial.number))
    shown = front
    if len(front) > _FRONT_AT_MOST:
        # Both ends and what lies evenly between them: the first ten would be of one end.
        shown = [front[round(i * (len(front) - 1) / (_FRONT_AT_MOST - 1))] for i in range(_FRONT_AT_MOST)]
    title = f"the Pareto front has {counted(len(front), 'trial')}"
    title += f"; {len(shown)} of them, {len(front) - len(shown)} more lie between" if len(shown) < len(front) else ""
    columns = [_Column("trial", [str(trial.number) for trial in shown], is_right=True)]
    for i, goal in enumerate(study.objectives):
        label = shortened(one_line(goal.label), _VALUE_AT_MOST, signs.dots)
        columns += [_Column(label, [number(trial.values[i]) for trial in shown], is_right=True)]
    for name in effects.importance() if effects else study.space.names:
        cells = [_typed(trial.params[name], signs) if name in trial.params else "-" for trial in shown]
        columns += [_Column(shortened(name, _VALUE_AT_MOST, signs.dots), cells, is_right=True)]
    return title, columns


def _fitting(columns: Sequence[_Column]) -> list[_Column]:
    """Return the first columns that fit into the width of a terminal."""
    width, fitting = -2, []
    for column in columns:
        width += 2 + column.width
        if width <= _WIDTH:
            fitting.append(column)
    return fitting


def _text_table(columns: Sequence[_Column]) -> list[str]:
    taken = sum(2 + column.width for column in columns if not column.is_long)
    room = max(_WIDTH - taken, 35)
    columns = [replace(c, cells=[shortened(x, room) for x in c.cells]) if c.is_long else c for c in columns]
    rows = zip(*([column.head, *column.cells] for column in columns), strict=True)
    return ["  ".join(map(_padded, row, columns)).rstrip() for row in rows]


def _padded(cell: str, column: _Column) -> str:
    return cell.rjust(column.width) if column.is_right else cell.ljust(column.width)


def _html_table(columns: Sequence[_Column]) -> str:
    # JupyterLab centres tables and lets every cell wrap; a style of its own is the only thing that outdoes its sheet.
    head = "".join(_html_cell("th", column.head, column) for column in columns)
    rows = zip(*(column.cells for column in columns), strict=True)
    body = "".join(f"<tr>{''.join(map(_html_cell, ['td'] * len(row), row, columns))}</tr>" for row in rows)
    table = f'<table style="margin:0 0 1em"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div style="overflow-x:auto">{table}</div>'


def _html_cell(tag: str, text: str, column: _Column) -> str:
    side = "right" if column.is_right else "left"
    style = f"text-align:{side}" + ("" if column.is_long else ";white-space:nowrap")
    return f'<{tag} style="{style}">{escape(text)}</{tag}>'


def _picture(study: Findings) -> str:
    """Return the study's picture as an HTML element with the pixels in it."""
    from jtune.views.picture import WIDTH_PX, describe, draw

    try:
        png = draw(study)
    except Exception as error:
        # Whatever a drawing library stumbles over, the table must not go with it; the failure is said in its place.
        return f"<p>no picture: {escape(one_line(f'{type(error).__name__}: {error}'))}</p>"
    if png is None:
        return ""
    data = base64.b64encode(png).decode("ascii")
    alt = escape(describe(study), quote=True)
    style = "max-width:100%;height:auto"
    return f'<img alt="{alt}" width="{WIDTH_PX}" style="{style}" src="data:image/png;base64,{data}">'
