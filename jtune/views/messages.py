"""What the kernel and the page say to each other: the one definition of each message.

``labextension/src/messages.ts`` is made from this module, and from the functions of :mod:`jtune.requests`, by
``tools/messages.py``. Every text in a message is the user's and is text: the page never takes it for markup.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, TypedDict

from jtune.trials.outcome import Origin, State

# A study.


class Parameter(TypedDict):
    """A parameter of the search space, in cell order."""

    name: str
    kind: Literal["float", "int", "choice"]
    low: float
    """Bounds of a range; 0 and 0 for choices."""
    high: float
    log: bool
    step: float | None
    choices: list[str]
    """Choices as the user would type them; empty for ranges."""
    condition: str
    """The text of its `if`; empty where the parameter is always active."""


class Goal(TypedDict):
    """An objective."""

    label: str
    direction: Literal["minimize", "maximize"]


class StudyInfo(TypedDict):
    """What the page has to know of a study before any trial."""

    name: str
    parameters: list[Parameter]
    objectives: list[Goal]
    """Empty where the cell has no objective (`%%explore`)."""


Phase: TypeAlias = Literal["running", "paused", "ended"]


class StudyState(TypedDict):
    """How far a study is and what came of it, in the words of `jtune/views/status.py`."""

    name: str
    done: int
    """Finished trials."""
    total: int | None
    """Finished trials that are wanted; null where no number is (`%%explore`)."""
    count: str
    """Such as "17/40 trials", or "17 trials" where no number is wanted."""
    phase: Phase
    text: str
    """Such as "running trial 17", "paused" or "ended: the target is reached"."""
    best: str
    """Such as "0.975 in trial 12"; empty while there is none."""
    baseline: str
    """Such as "0.924"; empty while there is none."""
    gain: str
    """Such as "0.051 (5.5 %) higher"; empty where there is nothing to compare."""


class Lane(TypedDict):
    """A trial that runs beside others."""

    number: int
    elapsed_s: float
    """When this was made; the page counts on."""
    values: str
    """Such as "C = 3.0, kernel = 'rbf'"."""


class Status(StudyState):
    """What the panel's head shows."""

    jobs: int | None
    """How many trials run at a time; null where they run in the kernel, one by one, or none runs."""
    lanes: list[Lane]
    """The trials that run; empty where `jobs` is null."""
    objectives: list[Goal]
    elapsed_s: float
    """Of the search, when this was made; the page counts on while the phase is "running"."""
    left_s: float | None
    """Expected time left; null where that is not known."""
    notes: list[str]
    """What the user should know, as lines: an action that was refused, a warning."""


class Effect(TypedDict):
    """The surrogate's prediction along one parameter, the others averaged over."""

    name: str
    x: list[float]
    """Positions; of a choice its indices."""
    mean: list[float]
    sd: list[float]
    importance: float
    """Share of what the parameters explain, 0 to 1."""
    share: str
    """That share as text: "61 %"."""


# How a page gets the panel's script, and what it draws.


class PartTraits(TypedDict):
    """The traits that both widgets of a panel have, for their loader."""

    part: Literal["head", "charts"]
    """The part of the script that draws this widget."""
    script: str
    """The script's digest: a kernel whose jtune was updated has another one."""
    identity: str
    """The id of the widget's model."""


class HeadTraits(TypedDict):
    """The trait of the head."""

    status: Status


class ChartsTraits(TypedDict):
    """The trait of the charts."""

    study: StudyInfo


class ScriptRequest(TypedDict):
    """Send the script."""

    type: Literal["script"]


class ScriptMessage(TypedDict):
    """The script, which is the message's one buffer, compressed by gzip."""

    type: Literal["script"]


# From the panel's head to the kernel.


class SkipRequest(TypedDict):
    """Give up a trial that runs."""

    type: Literal["skip"]
    number: int


class JobsRequest(TypedDict):
    """Run as many trials at a time from now on."""

    type: Literal["jobs"]
    jobs: int


FromHead: TypeAlias = SkipRequest | JobsRequest

# From the kernel to the panel's charts.


class Reported(TypedDict, total=False):
    """The learning curves of a trial whose loops report."""

    curves: dict[str, list[tuple[int, float | None]]]
    """By label: [step, value] pairs, thinned; absent where nothing was reported."""


class Row(Reported):
    """An ended trial."""

    number: int
    state: State
    origin: Origin
    params: list[float | None]
    """One per parameter of the study; a choice by its index; null where the parameter is inactive."""
    values: list[float]
    """The objectives; empty unless the trial is complete."""
    seconds: float | None


class Standing(TypedDict):
    """The trials that stand out, by number."""

    best: int | None
    baseline: int | None
    front: list[int]
    """The Pareto front; with one objective the best trial alone."""


class TrialsMessage(Standing):
    """Rows `start`, `start + 1`, ...: row i is trial i. A gap makes the page ask again."""

    type: Literal["trials"]
    start: int
    rows: list[Row]


class EffectsMessage(TypedDict):
    """The effects of all parameters."""

    type: Literal["effects"]
    effects: list[Effect]
    """Most important first; empty while there are too few trials."""
    reason: str
    """Why there are none; empty where there are."""


class PairMessage(TypedDict):
    """The prediction over two parameters: mean[i][j] at x[i], y[j]."""

    type: Literal["pair"]
    a: str
    b: str
    x: list[float]
    y: list[float]
    mean: list[list[float]]
    reason: str
    """Why there is no prediction; empty where there is one."""


class CursorMessage(TypedDict):
    """Where the sliders stand, and what the surrogate says of that point."""

    type: Literal["cursor"]
    params: list[float | None]
    mean: float | None
    """Null, as is the sd, where the surrogate cannot tell."""
    sd: float | None


class NarrowedMessage(TypedDict):
    """The parts of domains that the search keeps to: a locked parameter has two equal ends, a free one is absent."""

    type: Literal["narrowed"]
    ranges: dict[str, tuple[float, float]]


class DetailMessage(TypedDict):
    """All about the trial that was picked; its prints and figures are shown by an Output widget below."""

    type: Literal["detail"]
    number: int
    state: State
    origin: Origin
    reason: str
    took: str
    """Such as "1 min 30 s"; empty where that is not known."""
    params: list[tuple[str, str]]
    """Name and value as the user would type it."""
    values: list[tuple[str, str]]
    repeats: list[str]
    """Of each run under `--repeats`, of the first objective."""
    traceback: str


class Source(TypedDict):
    """A cell with a trial's literals, to be put into the notebook."""

    name: str
    """The study."""
    cell: str
    """The notebook's id of the cell that the study came from; empty where that is not known."""
    number: int
    text: str
    literals: list[tuple[str, str, str]]
    """Name, literal as it stood when the cell ran, literal of the trial."""
    page: str
    """The page that is to write it, by the session of its connection: of several, the one that asked."""


class SourceMessage(Source):
    """The cell that is wanted by a button of the panel."""

    type: Literal["source"]


ToCharts: TypeAlias = (
    TrialsMessage
    | EffectsMessage
    | PairMessage
    | CursorMessage
    | NarrowedMessage
    | DetailMessage
    | SourceMessage
)  # fmt: skip

# From the panel's charts to the kernel.


class ResyncRequest(TypedDict):
    """Send everything from row `start` on, and all else that there is."""

    type: Literal["resync"]
    start: int


class PickRequest(TypedDict):
    """The user has picked a trial; null where none is picked any more."""

    type: Literal["pick"]
    number: int | None


class PairRequest(TypedDict):
    """Predict the objective over two parameters."""

    type: Literal["pair"]
    a: str
    b: str


FromCharts: TypeAlias = ResyncRequest | PickRequest | PairRequest

# From the kernel to the JupyterLab extension.


class StudyStanding(StudyState):
    """A study, and the cell that it came from."""

    cell: str
    """The notebook's id of its cell; empty where that is not known."""
    explored: str | None
    """The text of the cell as it runs again with each move of a slider; null where it does not."""


class BestValue(TypedDict):
    """A parameter's value in the best trial."""

    at: float
    """Its position, as in an effect."""
    text: str
    """As the user would type it, a choice as in the parameter's choices."""


class StudySummary(TypedDict):
    """What a study found out, for the editor of its cell."""

    name: str
    goal: str
    """Such as "maximize accuracy"."""
    effects: list[Effect]
    parameters: list[Parameter]
    literals: dict[str, list[str]]
    """The choices of each parameter that has some, as Python writes them, in the order of its `choices`."""
    best: dict[str, BestValue]
    """By parameter; an inactive one is absent."""


class CellSummary(TypedDict):
    """What is known of a cell."""

    cell: str
    summary: StudySummary | None
    """Null while nothing is known of the effects."""


class StateMessage(TypedDict):
    """All there is; of several studies of a cell, the one that ran last is last."""

    studies: list[StudyStanding]
    summaries: list[CellSummary]


class StudyMessage(TypedDict):
    """A study has gone on, or has ended."""

    type: Literal["study"]
    study: StudyStanding


class SummaryMessage(CellSummary):
    """A study has found something out."""

    type: Literal["summary"]


class ApplyMessage(Source):
    """The cell that `study.apply()` wants written."""

    type: Literal["apply"]


ToExtension: TypeAlias = StudyMessage | SummaryMessage | ApplyMessage
