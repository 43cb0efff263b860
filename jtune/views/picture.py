"""A study as one static picture: how the search went, and what each parameter does to the objective.

All charts share their vertical axis, the (first) objective. Lengths are in CSS pixels. The background is transparent
and the text mid-grey, so that the picture stands on a light page and on a dark one. The user's matplotlib stays as it
is: neither pyplot nor a backend nor their settings are touched.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jtune.errors import StudyError
from jtune.language.domains import ChoiceDomain, Domain, IntDomain, Value
from jtune.quiet import quiet
from jtune.storage.ranking import losses
from jtune.text import bare, one_line, percent, shortened
from jtune.trials.outcome import State

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from jtune.findings import Findings
    from jtune.storage.record import Trial
    from jtune.surrogate.effects import Effect

WIDTH_PX = 880
_PIXEL_RATIO = 2
_PX_PER_INCH, _PT_PER_PX = 96, 0.75
_CHARTS_AT_MOST, _COLUMNS_AT_MOST, _BESIDE_AT_MOST = 16, 5, 3
_DOTS_AT_MOST = 400

# Okabe and Ito's palette, of it the colours that have contrast on white and on black.
_BLUE, _GREEN, _VERMILLION = "#0072B2", "#009E73", "#D55E00"
_GREY = "#808080"
_MARKS = {State.FAILED: "x", State.PRUNED: "|", State.TIMED_OUT: "+", State.INTERRUPTED: "_"}

_TEXT_PX, _CHAR_PX, _DIGIT_PX = 11, 6.2, 7.0
_LEGEND_PX, _TITLE_PX, _TICKS_PX, _NOTE_PX = 24, 22, 20, 18
_GAP_PX, _RIGHT_PX, _ROW_GAP_PX = 16, 8, 8
_BESIDE_PX, _OVERVIEW_PX, _CHART_PX = 190, 150, 115
_UPRIGHT_CHARS = 8


def draw(study: Findings) -> bytes | None:
    """Return a PNG, or None while fewer than two trials are complete: of one, the table says all.

    The PNG is twice as wide as :data:`WIDTH_PX`, to be sharp on dense screens.

    Parameters
    ----------
    study : Findings
    """
    view = view_of(study)
    if len(view.complete) < 2:
        return None
    import matplotlib.style

    # The style named "default" is matplotlib's own, without what is no style, as the backend.
    settings = {"text.parse_math": False, "font.size": _TEXT_PX * _PT_PER_PX}
    # A user's name may have glyphs that the font lacks, and their filters may make errors of warnings.
    with quiet(), matplotlib.style.context(["default", settings]):
        return _png(view)


def describe(study: Findings) -> str:
    """Return in words what the picture shows, for those who do not see it."""
    first, *others = (one_line(goal.label) for goal in study.objectives)
    overview = f"{first} against {others[0]}, and {first}" if others else f"{first} of each trial, and"
    return f"{study.name}: {overview} along {shortened(', '.join(study.space.names), 200, '…')}"


@dataclass(frozen=True)
class Range:
    """What an axis shows; what lies beyond is drawn at its edge."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def put(self, value: float) -> float:
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class View:
    """What is drawn of a study."""

    study: Findings
    ended: list[Trial]
    complete: list[Trial]
    best: Trial | None
    baseline: Trial | None
    front: list[Trial]
    names: list[str]
    shares: dict[str, float]
    effects: dict[str, Effect]
    ranges: list[Range]

    @property
    def range(self) -> Range:
        return self.ranges[0]

    @property
    def dots(self) -> list[Trial]:
        """The complete trials, some of them where they are too many to be told apart."""
        return self.complete[:: self.stride]

    @property
    def stride(self) -> int:
        return math.ceil(len(self.complete) / _DOTS_AT_MOST) or 1


def view_of(study: Findings) -> View:
    """Return what is drawn of a study."""
    ended = [trial for trial in study.trials if trial.state != State.RUNNING]
    # Another writer of the file may have told Optuna an infinite value.
    complete = [trial for trial in ended if trial.values and all(map(math.isfinite, trial.values))]
    known = {trial.number for trial in complete}
    front = [trial for trial in study.front if trial.number in known] if len(study.objectives) > 1 else []
    shares = _shares(study)
    names = list(shares or study.space.names)[:_CHARTS_AT_MOST]
    best, baseline = study.best, study.baseline
    return View(
        study,
        ended,
        complete,
        best if best and best.number in known else None,
        baseline if baseline and baseline.number in known else None,
        front,
        names,
        shares,
        _effects(study, names),
        [_range(study, complete, front, i) for i in range(len(study.objectives))],
    )


def _shares(study: Findings) -> dict[str, float]:
    """Return each parameter's share of importance, the largest first; empty while that is not known."""
    try:
        return study.importance()
    except StudyError:  # too few trials
        return {}


def _effects(study: Findings, names: Sequence[str]) -> dict[str, Effect]:
    try:
        return {name: study.effects.slice(name) for name in names}
    except StudyError:  # too few trials
        return {}


def _range(study: Findings, complete: Sequence[Trial], front: Sequence[Trial], i: int) -> Range:
    """Return the range of one objective, in which one huge loss does not flatten all others.

    What is more than ten times as far from the best as four fifths of the trials are lies beyond it.
    """
    if not complete:  # nothing is drawn then
        return Range(0.0, 1.0)
    sign = -1.0 if study.objectives[i].direction == "maximize" else 1.0
    losses = sorted(sign * trial.values[i] for trial in complete)
    best = losses[0]
    reach = losses[int(0.8 * (len(losses) - 1))] - best
    limit = best + 10 * reach if reach > 0 else math.inf
    kept = [sign * trial.values[i] for trial in front]
    worst = max([loss for loss in losses if loss <= limit] + kept)
    low, high = sorted([sign * best, sign * worst])
    margin = 0.07 * (high - low) or 0.05 * abs(low) or 1.0
    return Range(low - margin, high + margin)


@dataclass(frozen=True)
class _Box:
    """Where a chart stands, from the top left corner; ``is_first`` in its row has the values' labels."""

    left: float
    top: float
    width: float
    height: float
    is_first: bool


def _layout(view: View, left: float) -> tuple[float, _Box, list[_Box]]:
    """Return the picture's height, the place of the overview and those of the parameters' charts.

    Few parameters stand in one row with the overview, more of them in rows of equal length below it.
    """
    n = len(view.names)
    is_beside = n <= _BESIDE_AT_MOST
    n_rows = 1 if is_beside else math.ceil(n / _COLUMNS_AT_MOST)
    n_columns = n + 1 if is_beside else math.ceil(n / n_rows)
    whole = WIDTH_PX - left - _RIGHT_PX
    width = (whole - (n_columns - 1) * _GAP_PX) / n_columns
    top: float = _LEGEND_PX + _TITLE_PX
    overview = _Box(left, top, width if is_beside else whole, _BESIDE_PX if is_beside else _OVERVIEW_PX, True)
    if not is_beside:
        top += overview.height + _TICKS_PX + _ROW_GAP_PX + _TITLE_PX
    height = overview.height if is_beside else _CHART_PX
    boxes: list[_Box] = []
    for row in range(n_rows):
        names = view.names[row * n_columns : (row + 1) * n_columns]
        for column in range(len(names)):
            place = column + is_beside
            boxes.append(_Box(left + place * (width + _GAP_PX), top, width, height, place == 0))
        top += height + max((_ticks_px(view.study.space[name].domain, width) for name in names), default=_TICKS_PX)
        top += _ROW_GAP_PX + _TITLE_PX
    return top - _TITLE_PX + (_NOTE_PX if note_of(view) else 0), overview, boxes


def _png(view: View) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    places, labels = ticks(view.range, 5)
    left = 10 + _DIGIT_PX * max(map(len, labels), default=0)
    height, overview, boxes = _layout(view, left)
    size = WIDTH_PX / _PX_PER_INCH, height / _PX_PER_INCH
    figure = Figure(figsize=size, dpi=_PX_PER_INCH * _PIXEL_RATIO, facecolor="none")
    canvas = FigureCanvasAgg(figure)
    axes = [_axes(figure, box, height) for box in (overview, *boxes)]
    for chart, box in zip(axes, (overview, *boxes), strict=True):
        chart.set_ylim(view.range.low, view.range.high)
        chart.set_yticks(places, labels if box.is_first else [""] * len(labels))
    (_front if len(view.study.objectives) > 1 else _history)(axes[0], view, overview.width)
    for chart, name, box in zip(axes[1:], view.names, boxes, strict=True):
        _chart(chart, view, name, box.width)
    _legend(figure, axes, 1 - 2 / height)
    figure.text(left / WIDTH_PX, 2 / height, note_of(view), color=_GREY, va="bottom")
    return _encoded(figure, canvas)


def _encoded(figure: Figure, canvas: FigureCanvasAgg) -> bytes:
    """Return a PNG of 256 colours, a third of the bytes: notebooks are kept under version control.

    It has no version or time in it, so an unchanged study is an unchanged picture.
    """
    from PIL import Image

    pixels, png = io.BytesIO(), io.BytesIO()
    figure.savefig(pixels, format="rgba")
    image = Image.frombytes("RGBA", canvas.get_width_height(), pixels.getvalue())
    image.quantize(256, Image.Quantize.FASTOCTREE).save(png, "PNG")
    return png.getvalue()


def _axes(figure: Figure, box: _Box, height: float) -> Axes:
    """Return an empty chart at its place."""
    bottom = height - box.top - box.height
    axes = figure.add_axes((box.left / WIDTH_PX, bottom / height, box.width / WIDTH_PX, box.height / height))
    axes.set_facecolor("none")
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_GREY)
    axes.tick_params(color=_GREY, labelcolor=_GREY, length=3, width=0.8)
    axes.tick_params(which="minor", color=_GREY, length=2, width=0.6)
    axes.grid(axis="y", color=_GREY, alpha=0.2, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def _title(axes: Axes, text: str, width: float, end: str = "") -> None:
    """Put a title over a chart, shortened to its width but for its end."""
    room = max(int(width / _CHAR_PX) - len(end), 4)
    axes.set_title(shortened(text, room, "…") + end, loc="left", color=_GREY, fontsize=_TEXT_PX * _PT_PER_PX, pad=5)


def _history(axes: Axes, view: View, width: float) -> None:
    """Draw the objective over the trials' numbers."""
    _title(axes, one_line(view.study.objectives[0].label), width, " over trials")
    last = max(1, view.ended[-1].number)
    axes.set_xlim(-0.02 * last, 1.02 * last)
    step = max(1, 10 ** math.floor(math.log10(last)))
    step = next(part for part in (max(1, step // 5), max(1, step // 2), step, 2 * step) if last / part <= width / 45)
    axes.set_xticks(range(0, last + 1, step))
    _dots(axes, view, lambda trial: trial.number)
    _unfinished(axes, view, lambda trial: trial.number)
    x, y = _incumbents(view)
    axes.plot(x, y, drawstyle="steps-post", color=_VERMILLION, linewidth=1.5, label="best so far", zorder=3)
    if view.baseline is not None and view.range.holds(view.baseline.values[0]):
        axes.axhline(view.baseline.values[0], color=_GREEN, linewidth=1, linestyle=(0, (5, 3)), zorder=2.5)
    _special(axes, view, lambda trial: trial.number)


def _incumbents(view: View) -> tuple[list[int], list[float]]:
    """Return at which trial the best value changed, and to what; up to the last trial."""
    x: list[int] = []
    y: list[float] = []
    best = math.inf
    for trial in view.complete:
        loss = losses(view.study.objectives, trial.values)[0]
        if loss < best:
            best = loss
            x.append(trial.number)
            y.append(trial.values[0])
    return ([*x, view.ended[-1].number], [*y, y[-1]]) if y else (x, y)


def _front(axes: Axes, view: View, width: float) -> None:
    """Draw the first two objectives against each other, with the front."""
    first, second = (one_line(goal.label) for goal in view.study.objectives[:2])
    _title(axes, f"{first} over {second}", width)
    axes.set_xlim(view.ranges[1].low, view.ranges[1].high)
    axes.set_xticks(*ticks(view.ranges[1], max(2, int(width / 70))))

    def x(trial: Trial) -> float:
        return view.ranges[1].put(trial.values[1])

    _dots(axes, view, x)
    ordered = sorted(view.front, key=lambda trial: losses(view.study.objectives, trial.values)[1])
    # A staircase holds between two objectives only: of more, a projection crosses itself.
    has_line = len(view.study.objectives) == 2
    axes.plot(
        [x(trial) for trial in ordered], [view.range.put(trial.values[0]) for trial in ordered], marker="o",
        markersize=3.5, color=_VERMILLION, linewidth=1.2, label="Pareto front", zorder=3,
        drawstyle="steps-post", linestyle="-" if has_line else "",
    )  # fmt: skip
    _special(axes, view, x)


def _chart(axes: Axes, view: View, name: str, width: float) -> None:
    """Draw the objective along one parameter."""
    domain = view.study.space[name].domain
    end = f"  {percent(view.shares[name])}" if name in view.shares else ""
    _title(axes, name, width, end)
    _parameter_axis(axes, domain, width)

    def x(trial: Trial) -> float:
        # Trials of one choice would hide each other: they are spread by the golden ratio, the same way each time.
        spread = 0.5 * (trial.number * 0.618034 % 1 - 0.5) if isinstance(domain, ChoiceDomain) else 0.0
        return _place(domain, trial.params[name]) + spread

    _dots(axes, view, x, name)
    _unfinished(axes, view, x, name)
    if name in view.effects:
        _effect(axes, view, domain, view.effects[name], width)
    _special(axes, view, x, name)


def _place(domain: Domain, value: Value) -> float:
    """Return where a value stands on its axis."""
    if isinstance(domain, ChoiceDomain):
        return float(domain.index(value) or 0)
    return math.log10(value) if domain.log else float(value)


def _effect(axes: Axes, view: View, domain: Domain, effect: Effect, width: float) -> None:
    """Draw the surrogate's mean and its standard deviation, of choices as bars."""
    if sorted(effect.sd)[len(effect.sd) // 2] > view.range.high - view.range.low:
        return  # A few huge losses have made it so unsure that its band would fill the chart and say nothing.
    x = [_place(domain, value) for value in effect.x]
    label = "surrogate, mean ± sd"
    if isinstance(domain, ChoiceDomain):
        size = min(14.0, 0.6 * _PT_PER_PX * width / len(x))
        axes.errorbar(
            x, effect.mean, effect.sd, fmt="_", color=_BLUE, markersize=size, markeredgewidth=1.8,
            elinewidth=0.35 * size, ecolor=(*_rgb(_BLUE), 0.35), zorder=2.8, label=label,
        )  # fmt: skip
        return
    axes.fill_between(x, effect.mean - effect.sd, effect.mean + effect.sd, color=_BLUE, alpha=0.22, linewidth=0)
    axes.plot(x, effect.mean, color=_BLUE, linewidth=1.6, label=label, zorder=2.8)


def _dots(axes: Axes, view: View, x: Callable[[Trial], float], name: str | None = None) -> None:
    """Draw the complete trials, as arrows at the edge where they lie beyond it."""
    trials = [trial for trial in view.dots if name is None or name in trial.params]
    alpha = 0.85 if len(trials) <= 100 else 0.5 if len(trials) <= 400 else 0.3
    _points(axes, view, trials, x, color=_GREY, size=3.6, label="trial", alpha=alpha, zorder=2)


def _points(
    axes: Axes, view: View, trials: Sequence[Trial], x: Callable[[Trial], float], *, color: str, size: float,
    label: str, marker: str = "o", **style: Any,
) -> None:  # fmt: skip
    inside = [trial for trial in trials if view.range.holds(trial.values[0])]
    style = {"linestyle": "", "color": color, "markeredgewidth": 0, "clip_on": False, **style}
    axes.plot(list(map(x, inside)), [t.values[0] for t in inside], marker=marker, markersize=size, label=label, **style)
    for edge, arrow in ((view.range.high, "^"), (view.range.low, "v")):
        beyond = [t for t in trials if not view.range.holds(t.values[0]) and view.range.put(t.values[0]) == edge]
        if beyond:
            axes.plot(
                list(map(x, beyond)), [edge] * len(beyond), marker=arrow, markersize=size + 1,
                label=label if color != _GREY else "off scale", **style,
            )  # fmt: skip


def _unfinished(axes: Axes, view: View, x: Callable[[Trial], float], name: str | None = None) -> None:
    """Draw the trials without a value as small marks at the bottom edge."""
    for state, marker in _MARKS.items():
        trials = [t for t in view.ended if t.state == state and (name is None or name in t.params)]
        trials = trials[:: math.ceil(len(trials) / _DOTS_AT_MOST) or 1]
        if trials:
            axes.plot(
                list(map(x, trials)), [0.03] * len(trials), transform=axes.get_xaxis_transform(), linestyle="",
                marker=marker, markersize=4, markeredgewidth=1, color=_GREY, label=state, zorder=2, clip_on=False,
            )  # fmt: skip


def _special(axes: Axes, view: View, x: Callable[[Trial], float], name: str | None = None) -> None:
    """Mark the baseline and the best."""
    for trial, marker, size, color, label in (
        (view.baseline, "s", 7.0, _GREEN, "baseline"),
        # Smaller: where the baseline is the best, both are seen.
        (view.best, "D", 5.0, _VERMILLION, "best"),
    ):
        if trial is not None and (name is None or name in trial.params):
            _points(axes, view, [trial], x, color=color, size=size, label=label, marker=marker, zorder=5)


def _parameter_axis(axes: Axes, domain: Domain, width: float) -> None:
    """Label the axis with what bounds the domain and what lies between, as typed."""
    if isinstance(domain, ChoiceDomain):
        texts, is_upright = _choice_labels(domain, width)
        axes.set_xlim(-0.6, len(texts) - 0.4)
        axes.set_xticks(range(len(texts)), texts, rotation=90 if is_upright else 0)
        return
    n = 3 if domain.log or width < 250 else 5
    if isinstance(domain, IntDomain) and not domain.log and domain.size <= width / 24:
        n = domain.size
    values = domain.levels(n)
    places = [_place(domain, value) for value in values]
    margin = 0.04 * (places[-1] - places[0]) or 0.5
    axes.set_xlim(places[0] - margin, places[-1] + margin)
    labels = [_short_number(value) for value in values]
    axes.set_xticks(places, labels)
    # A long label of a bound must not run into that of the next chart.
    first, last = axes.get_xticklabels()[0], axes.get_xticklabels()[-1]
    first.set_horizontalalignment("left" if len(labels[0]) > 3 else "center")
    last.set_horizontalalignment("right" if len(labels[-1]) > 3 else "center")
    if domain.log:
        decades = range(math.ceil(places[0]), math.floor(places[-1]) + 1)
        axes.set_xticks(decades if len(decades) < 20 else [], minor=True)


def _choice_labels(domain: ChoiceDomain, width: float) -> tuple[list[str], bool]:
    """Return each choice in the room that it has, and whether it must stand upright."""
    texts = [bare(choice) for choice in domain.choices]
    each = int(width / len(texts) / _CHAR_PX) - 1
    if each >= min(5, max(map(len, texts))):
        return [shortened(text, each, "…") for text in texts], False
    stride = math.ceil(len(texts) * (_TEXT_PX + 2) / width)
    return ["" if i % stride else shortened(text, _UPRIGHT_CHARS, "…") for i, text in enumerate(texts)], True


def _ticks_px(domain: Domain, width: float) -> float:
    """Return how much room is needed below a chart for its labels."""
    if isinstance(domain, ChoiceDomain) and _choice_labels(domain, width)[1]:
        return 8 + _CHAR_PX * _UPRIGHT_CHARS
    return _TICKS_PX


def _short_number(value: float) -> str:
    """Return a number in few characters: ``1e-5`` for 1e-05."""
    if value == int(value) and abs(value) < 100_000:
        return str(int(value))
    return _tidy(f"{value:.3g}")


def _tidy(number: str) -> str:
    mantissa, e, exponent = number.partition("e")
    return f"{mantissa}e{int(exponent)}" if e else number


def ticks(span: Range, n: int) -> tuple[list[float], list[str]]:
    """Return at most about ``n`` round numbers within a range, and their texts, in as many digits as they need."""
    from matplotlib.ticker import MaxNLocator

    found = [float(x) for x in MaxNLocator(n, steps=[1, 2, 2.5, 5, 10]).tick_values(span.low, span.high)]
    step = found[1] - found[0]
    places = [x if abs(x) > 1e-6 * step else 0.0 for x in found if span.holds(x)]

    def is_exact(digits: int) -> bool:
        return all(abs(float(f"{x:.{digits}g}") - x) < 0.01 * step for x in places)

    largest = max(map(abs, places), default=0.0)
    least = math.floor(math.log10(largest)) + 1 if 1 <= largest < 1e6 else 1
    digits = next(filter(is_exact, range(least, 16)), 16)
    return places, [_tidy(f"{x:.{digits}g}") for x in places]


def _legend(figure: Figure, axes: Sequence[Axes], top: float) -> None:
    """Explain every mark that occurs, once."""
    entries: dict[str, Any] = {}
    for chart in axes:
        for handle, label in zip(*chart.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    figure.legend(
        entries.values(), entries.keys(), loc="upper left", bbox_to_anchor=(0, top), ncols=len(entries), frameon=False,
        labelcolor=_GREY, borderpad=0, borderaxespad=0.2, handlelength=1.4, handletextpad=0.5, columnspacing=1.2,
    )  # fmt: skip


def note_of(view: View) -> str:
    """Return which of several objectives the charts of parameters show, and what the picture leaves out."""
    left_out = len(view.study.space) - len(view.names)
    first, *others = (one_line(goal.label) for goal in view.study.objectives)
    said = [f"along the parameters: {shortened(first, 40, '…')}"] if others else []
    said += [f"the {len(view.names)} most important parameters, {left_out} more are left out"] if left_out else []
    said += [f"one dot in {view.stride} complete trials"] if view.stride > 1 else []
    return "; ".join(said)


def _rgb(color: str) -> tuple[float, float, float]:
    return int(color[1:3], 16) / 255, int(color[3:5], 16) / 255, int(color[5:7], 16) / 255
