"""A study as text and HTML, for terminals and saved notebooks."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from jtune.errors import StudyError

if TYPE_CHECKING:
    from jtune.study import Study

_HEAD = ("parameter", "baseline", "best", "importance")


def as_text(study: Study) -> str:
    """Return the report for a terminal."""
    rows = [_HEAD, *_rows(study)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([summary(study), "", *lines])


def as_html(study: Study) -> str:
    """Return the report as an HTML table; names and values are text, never markup."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in _HEAD)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in _rows(study))
    return f"<p>{escape(summary(study))}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def summary(study: Study) -> str:
    """Return one line: trials, best against baseline, why the search ended."""
    best, baseline = study.best, study.baseline
    goals = ", ".join(f"{goal.direction} {goal.label}" for goal in study.objectives)
    parts = [f"{study.name}: {len(study.finished)} trials, {goals}"]
    if best is not None:
        parts.append("best " + ", ".join(f"{value:.6g}" for value in best.values))
    if baseline is not None and baseline.values:
        parts.append("baseline " + ", ".join(f"{value:.6g}" for value in baseline.values))
    return "; ".join([*parts, *([study.ending] if study.ending else [])])


def _rows(study: Study) -> list[tuple[str, ...]]:
    best, baseline = study.best, study.baseline
    try:
        shares = {name: f"{share:.0%}" for name, share in study.importance().items()}
    except StudyError:  # too few trials
        shares = {}
    return [
        (
            name,
            repr(baseline.params[name]) if baseline and name in baseline.params else "",
            repr(best.params[name]) if best and name in best.params else "",
            shares.get(name, ""),
        )
        for name in study.space.names
    ]
