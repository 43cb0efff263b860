"""A study as messages to the panel's charts: plain JSON values, in few messages.

Jupyter's server drops messages that come faster than 1000 a second, the user's own prints included; so trials wait in
a buffer that one thread empties at most every 50 ms, and each message says where its trials start, so that a page which
missed some can ask again.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from jtune.errors import StudyError
from jtune.language.domains import ChoiceDomain, Domain, Value
from jtune.language.space import Parameter, Point, Space
from jtune.storage.ranking import Ranking
from jtune.text import bare, duration, number, one_line, percent
from jtune.trials.outcome import State
from jtune.views import lab, messages, status
from jtune.views.posterior import conditions, posterior
from jtune.views.verdicts import verdicts

if TYPE_CHECKING:
    from jtune.findings import Findings
    from jtune.search import Running
    from jtune.storage.record import Trial
    from jtune.surrogate.effects import Effects
    from jtune.views.controls import Controls

_FLUSH_S = 0.05
_ROWS_AT_ONCE = 500
_CURVE_POINTS_AT_MOST = 60


def study_info(study: Findings) -> messages.StudyInfo:
    """Return a study's parameters and objectives, which the page has to know before any trial."""
    return {
        "name": study.name,
        "parameters": [_parameter(parameter) for parameter in study.space],
        "objectives": goals(study),
        "conditions": conditions(study.space),
    }


def goals(study: Findings) -> list[messages.Goal]:
    """Return the objectives."""
    return [{"label": one_line(goal.label), "direction": goal.direction} for goal in study.objectives]


def _parameter(parameter: Parameter) -> messages.Parameter:
    domain = parameter.domain
    found: messages.Parameter = {
        "name": parameter.name,
        "kind": "choice",
        "low": 0,
        "high": 0,
        "log": False,
        "step": None,
        "choices": [],
        "condition": parameter.condition.text if parameter.condition else "",
        "own": position(domain, domain.coerce(parameter.literal)) or 0,
    }
    if isinstance(domain, ChoiceDomain):
        return {**found, "choices": labels(domain)}
    kind: Literal["float", "int"] = "float" if isinstance(domain.low, float) else "int"
    return {**found, "kind": kind, "low": domain.low, "high": domain.high, "log": domain.log, "step": domain.step}


def labels(domain: ChoiceDomain) -> list[str]:
    """Return choices as texts of which no two are equal: strings without quotes, where that is possible."""
    short = [one_line(bare(choice)) for choice in domain.choices]
    return short if len(set(short)) == len(short) else [repr(choice) for choice in domain.choices]


def position(domain: Domain, value: Value) -> float | None:
    """Return where a value stands on its domain's axis: a number itself, a choice by its index, None if it has none."""
    return domain.index(value) if isinstance(domain, ChoiceDomain) else value


def positions(space: Space, point: Mapping[str, Value]) -> list[float | None]:
    """Return a point as the page has it: one number per parameter, None for an inactive parameter."""
    return [position(p.domain, point[p.name]) if p.name in point else None for p in space]


def row(space: Space, trial: Trial) -> messages.Row:
    """Return an ended trial, without its outputs."""
    found: messages.Row = {
        "number": trial.number,
        "state": trial.state,
        "origin": trial.origin,
        "params": positions(space, trial.params),
        "values": list(trial.values),
        "seconds": trial.seconds,
    }
    if trial.curves:
        found["curves"] = {one_line(label): _thinned(curve) for label, curve in trial.curves.items()}
    return found


def _thinned(curve: Sequence[float]) -> list[tuple[int, float | None]]:
    """Return at most 60 points of a curve, its ends among them; None in the place of a value that is not finite."""
    n = len(curve)
    kept = range(n)
    if n > _CURVE_POINTS_AT_MOST:
        kept = [round(i * (n - 1) / (_CURVE_POINTS_AT_MOST - 1)) for i in range(_CURVE_POINTS_AT_MOST)]  # type: ignore[assignment]
    return [(step, curve[step] if math.isfinite(curve[step]) else None) for step in kept]


def effects_message(
    study: Findings, effects: Effects | None, reason: str, best: Trial | None
) -> messages.EffectsMessage:
    """Return what the page predicts from, and what each parameter is worth."""
    made = posterior(effects) if effects is not None else None
    return {"type": "effects", "posterior": made, "verdicts": verdicts(study, effects, best), "reason": reason}


def effects_of(space: Space, effects: Effects | None) -> list[messages.Effect]:
    """Return the prediction along each parameter through the best point, the most important parameter first."""
    if effects is None:
        return []
    found: list[messages.Effect] = []
    for name, share in effects.importance().items():
        effect = effects.slice(name)
        found.append(
            {
                "name": name,
                "x": _axis(space[name].domain, effect.x),
                "mean": effect.mean.tolist(),
                "sd": effect.sd.tolist(),
                "importance": share,
                "share": percent(share),
            }
        )
    return found


def pair_message(space: Space, effects: Effects | None, reason: str, a: str, b: str) -> messages.PairMessage:
    """Return the predicted objective over two parameters."""
    if effects is None:
        return {"type": "pair", "a": a, "b": b, "x": [], "y": [], "mean": [], "reason": reason}
    pair = effects.pair(a, b)
    return {
        "type": "pair",
        "a": a,
        "b": b,
        "x": _axis(space[a].domain, pair.x),
        "y": _axis(space[b].domain, pair.y),
        "mean": pair.mean.tolist(),
        "reason": "",
    }


def cursor_message(space: Space, controls: Controls, taken: int) -> messages.CursorMessage:
    """Return where the handles stand."""
    point = controls.point
    return {
        "type": "cursor",
        "params": [position(p.domain, controls[p.name].value) or 0 for p in space],
        "active": [p.name in point for p in space],
        "taken": taken,
    }


def narrowed_message(space: Space, controls: Controls) -> messages.NarrowedMessage:
    """Return what the search is held to."""
    parts = {p: controls.allowed[p.name] for p in space if p.name not in controls.locked}
    ranges = {p.name: ends(p.domain, part) for p, part in parts.items() if part != p.domain}
    return {"type": "narrowed", "ranges": ranges, "locked": controls.locked}


def ends(domain: Domain, part: Domain) -> tuple[float, float]:
    """Return where a part of a domain begins and ends on that domain's axis; one value begins and ends there."""
    on_axis = _axis(domain, part.choices if isinstance(part, ChoiceDomain) else (part.low, part.high))
    return on_axis[0], on_axis[-1]


def _axis(domain: Domain, values: Sequence[Value]) -> list[float]:
    return [at for value in values if (at := position(domain, value)) is not None]


def detail_message(study: Findings, trial: Trial) -> messages.DetailMessage:
    """Return all about a trial but its outputs."""
    named = zip(study.objectives, trial.values, strict=bool(trial.values))
    return {
        "type": "detail",
        "number": trial.number,
        "state": trial.state,
        "origin": trial.origin,
        "reason": trial.reason,
        "took": "" if trial.seconds is None else duration(trial.seconds),
        "params": [(name, repr(value)) for name, value in trial.params.items()],
        "values": [(one_line(goal.label), number(value)) for goal, value in named],
        "repeats": [number(run[0]) for run in trial.repeats],
        "traceback": trial.traceback,
    }


def source(study: Findings, trial: Trial) -> messages.Source:
    """Return a study's cell with a trial's literals, for the page that asked for it."""
    return source_at(study, trial.params, trial.number)


def source_at(study: Findings, point: Point, number: int | None = None) -> messages.Source:
    """Return a study's cell with the literals of a point, which may be that of a trial."""
    return {
        "name": study.name,
        "cell": study.cell_id,
        "number": number,
        "text": study.source(point),
        "literals": study.literals(point),
        "page": lab.asking_page(),
    }


def summary(study: Findings, best: Trial | None, effects: list[messages.Effect]) -> messages.StudySummary:
    """Return the effects and the best values of a study, for the editor of the study's cell."""
    return {
        "name": study.name,
        # The effects are those on the first objective.
        "goal": status.goals(study.objectives[:1]),
        "effects": effects,
        "parameters": study_info(study)["parameters"],
        "literals": {p.name: [*map(repr, p.domain.choices)] for p in study.space if isinstance(p.domain, ChoiceDomain)},
        "best": _best_values(study.space, best.params) if best is not None else {},
    }


def _best_values(space: Space, point: Point) -> dict[str, messages.BestValue]:
    found: dict[str, messages.BestValue] = {}
    for name, value in point.items():
        domain = space[name].domain
        at = position(domain, value)
        if at is not None:
            text = labels(domain)[int(at)] if isinstance(domain, ChoiceDomain) else repr(value)
            found[name] = {"at": at, "text": text}
    return found


def lane(running: Running) -> messages.Lane:
    """Return a trial that runs beside others."""
    values = ", ".join(f"{name} = {value!r}" for name, value in running.point.items())
    return {"number": running.number, "elapsed_s": running.elapsed_s, "values": values}


def standing_message(standing: Ranking) -> messages.Standing:
    """Return best, baseline and Pareto front by their numbers."""
    return {
        "best": standing.best.number if standing.best else None,
        "baseline": standing.baseline.number if standing.baseline else None,
        "front": [trial.number for trial in standing.front],
    }


class Feed:
    """Sends trials as they end, many in a message.

    Parameters
    ----------
    study : Findings
    send : callable
        Takes a message for the page; called from several threads, one at a time.
    on_flush : callable
        Called in the thread that sends, at most every 50 ms, when something has changed.
    on_error : callable
        Told what either of them raises; the feed goes on.
    """

    def __init__(
        self,
        study: Findings,
        send: Callable[[messages.ToBoard], None],
        on_flush: Callable[[], None],
        on_error: Callable[[Exception], None],
    ) -> None:
        self._study = study
        self._send = send
        self._on_flush = on_flush
        self._on_error = on_error
        ended = [trial for trial in study.trials if trial.state != State.RUNNING]
        self.standing = Ranking(study.objectives, ended)
        self._rows: list[messages.Row] = []
        self._others: dict[str, messages.ToBoard] = {}
        # Messages leave in the order of their trials, whichever thread sends them.
        self._lock = threading.RLock()
        self._changed = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, trial: Trial) -> None:
        """Send a trial soon."""
        with self._lock:
            self.standing.add(trial)
            self._rows.append(row(self._study.space, trial))
        self._changed.set()

    def put(self, message: messages.ToBoard) -> None:
        """Send a message soon; one of the same type that still waits is not sent."""
        with self._lock:
            self._others[message["type"]] = message
        self._changed.set()

    def touch(self) -> None:
        """Have ``on_flush`` called soon."""
        self._changed.set()

    def flush(self) -> None:
        """Send all trials and messages that wait, now."""
        self._changed.clear()
        try:
            with self._lock:
                rows, self._rows = self._rows, []
                others, self._others = self._others, {}
                self._send_rows(rows)
                for message in others.values():
                    self._send(message)
            self._on_flush()
        except Exception as error:
            # A page that misses trials by it asks for them.
            self._on_error(error)

    def resend(self, start: int) -> None:
        """Send all trials from a number on, for a page that has just opened or has missed some."""
        with self._lock:
            self._rows = []
            ended = [trial for trial in self._study.trials[start:] if trial.state != State.RUNNING]
            self._send_rows([row(self._study.space, trial) for trial in ended], start)

    def _send_rows(self, rows: Sequence[messages.Row], start: int | None = None) -> None:
        first = start if start is not None else rows[0]["number"] if rows else 0
        for i in range(0, len(rows), _ROWS_AT_ONCE):
            part = rows[i : i + _ROWS_AT_ONCE]
            self._send(
                {"type": "trials", "start": part[0]["number"], "rows": list(part), **standing_message(self.standing)}
            )
        if not rows and start is not None:
            self._send({"type": "trials", "start": first, "rows": [], **standing_message(self.standing)})

    def start(self) -> None:
        """Send from a thread of the feed's own until :meth:`stop`: the main thread is busy with trials."""
        self._stopped.clear()
        self._thread = threading.Thread(target=self._work, name="jtune-feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send all trials and messages that wait, and end the feed's thread."""
        self._stopped.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.flush()

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._changed.wait()
            self.flush()
            self._stopped.wait(_FLUSH_S)


def surrogate_of(study: Findings) -> tuple[Effects | None, str]:
    """Return a study's surrogate, or None and why there is no surrogate."""
    try:
        return study.effects, ""
    except StudyError as error:
        return None, str(error)
