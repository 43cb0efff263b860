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
    own: float
    """Where the user's own value stands: the literal in the cell."""


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
    conditions: list[Activity]
    """When parameters are active that are not always so, parents before children."""


class Parent(TypedDict):
    """A parameter that a condition compares."""

    name: str
    cuts: list[float]
    """The numbers at which its cases meet, of a range; a choice has a case for each value."""


class Activity(TypedDict):
    """When a parameter is active: a table over the cases of its parents."""

    name: str
    parents: list[Parent]
    holds: list[bool]
    """The last parent's cases change fastest; empty where only the kernel can tell."""


Phase: TypeAlias = Literal["running", "paused", "ended"]


class Change(TypedDict):
    """What the best trial made of an objective."""

    label: str
    before: str
    """The baseline's value; empty where there is none."""
    after: str
    """The best trial's; empty while there is none, and where that is the baseline."""
    gain: str
    """Such as "+0.042 over your cell"; empty where there is none."""
    is_better: bool
    """Whether the best trial's is better than the baseline's."""


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
    changes: list[Change]
    """One an objective."""


class Lane(TypedDict):
    """A trial that runs beside others."""

    number: int
    elapsed_s: float
    """When this was made; the page counts on."""
    values: str
    """Such as "C = 3.0, kernel = 'rbf'"."""


class Status(StudyState):
    """What the panel's head shows."""

    failed: str
    """Such as "5 failed: b ≥ 3"; empty where none failed."""
    next: str
    """What to do next, as one sentence; empty while a search runs."""
    can_run: bool
    """Whether this kernel can run the cell: it has run it before."""
    is_exploring: bool
    """Whether the cell runs again with each move of a handle."""
    is_live: bool
    """Whether it does so while a handle is dragged, and not only when it is released."""

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
    """The surrogate's prediction along one parameter, the others as in the best trial."""

    name: str
    x: list[float]
    """Positions; of a choice its indices."""
    mean: list[float]
    sd: list[float]
    importance: float
    """Share of what the parameters explain, 0 to 1."""
    share: str
    """That share as text: "61 %"."""


VerdictKind: TypeAlias = Literal["worth", "maybe", "open", "kept", "none", "inactive"]


class Verdict(TypedDict):
    """What changing a parameter is worth; `jtune/views/verdicts.py` has the definition."""

    name: str
    kind: VerdictKind
    text: str
    """Such as "worth 0.022 ± 0.009"."""
    more: str
    """Such as "as good: 0.07 … 0.3"; may be empty."""


class Warp(TypedDict):
    """Yeo and Johnson's transform, between the objective's units and the surrogate's."""

    power: float
    center: float
    unit: float
    mean: float
    sd: float


class Columns(TypedDict):
    """How a parameter's value is encoded."""

    name: str
    log: bool
    ends: tuple[float, float]
    """What is encoded as 0 and as 1, in logarithms (of base 10) where `log`; 0 and 0 of choices."""
    choices: list[list[float]]
    """The columns of each choice; empty of a range, which has one column."""
    rest: list[float]
    """The columns of an inactive parameter."""


class Posterior(TypedDict):
    """A Gaussian process: its n observations in d columns, and its hyper-parameters."""

    x: list[float]
    """Row after row, n * d."""
    z: list[float]
    """In the surrogate's units."""
    lengths: list[float]
    """One a column."""
    scale: float
    noise: float
    warp: Warp
    columns: list[Columns]
    """In the order of the columns; a parameter of one value has none."""


# How a page gets the panel's scripts.

Script: TypeAlias = Literal["script", "large"]


class BoardTraits(TypedDict):
    """The traits of a panel's widget."""

    study: StudyInfo
    status: Status
    script: str
    """The scripts' digest: a kernel whose jtune was updated has another one."""
    identity: str
    """The id of the widget's model."""


class ScriptRequest(TypedDict):
    """Send a script."""

    type: Literal["script"]
    name: Script


class ScriptMessage(TypedDict):
    """A script, which is the message's one buffer, compressed by gzip."""

    type: Literal["script"]
    name: Script


# From the kernel to the panel.


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
    """What the surrogate says."""

    type: Literal["effects"]
    posterior: Posterior | None
    """Null while there are too few trials, and where the objective is constant."""
    verdicts: list[Verdict]
    """What matters most first; empty while there is no prediction."""
    reason: str
    """Why there is no prediction; empty where there is one."""


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
    """Where the handles stand."""

    type: Literal["cursor"]
    params: list[float]
    """One per parameter, active or not."""
    active: list[bool]
    taken: int
    """How many moves the kernel has taken: a page that has sent more of them knows better."""


class NarrowedMessage(TypedDict):
    """What the search is held to."""

    type: Literal["narrowed"]
    ranges: dict[str, tuple[float, float]]
    """The parts of domains that are searched; whole ones are absent."""
    locked: list[str]


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
    number: int | None
    """The trial; null where the literals are those of the handles."""
    text: str
    literals: list[tuple[str, str, str]]
    """Name, literal as it stood when the cell ran, literal of the trial."""
    page: str
    """The page that is to write it, by the session of its connection: of several, the one that asked."""


class SourceMessage(Source):
    """The cell that is wanted by a button of the panel."""

    type: Literal["source"]


ToBoard: TypeAlias = (
    TrialsMessage
    | EffectsMessage
    | PairMessage
    | CursorMessage
    | NarrowedMessage
    | DetailMessage
    | SourceMessage
)  # fmt: skip

# From the panel to the kernel.


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


class MoveRequest(TypedDict):
    """The user has moved handles, to these positions."""

    type: Literal["move"]
    values: dict[str, float]


class HoldRequest(TypedDict):
    """Hold the search to a parameter's value, or to a part of its range; null for the range's own ends."""

    type: Literal["hold"]
    name: str
    locked: bool
    low: float | None
    high: float | None


class SkipRequest(TypedDict):
    """Give up a trial that runs; null for all that run."""

    type: Literal["skip"]
    number: int | None


class JobsRequest(TypedDict):
    """Run as many trials at a time from now on."""

    type: Literal["jobs"]
    jobs: int


class ApplyRequest(TypedDict):
    """Send the cell with a trial's literals; null for where the handles stand."""

    type: Literal["apply"]
    number: int | None


class MoreRequest(TypedDict):
    """Go on with the search that has ended."""

    type: Literal["more"]
    trials: int


class ActRequest(TypedDict):
    """Do something to the search, or run the cell where the handles stand."""

    type: Literal["pause", "resume", "stop", "run"]


FromBoard: TypeAlias = (
    ResyncRequest
    | PickRequest
    | PairRequest
    | MoveRequest
    | HoldRequest
    | SkipRequest
    | JobsRequest
    | ApplyRequest
    | MoreRequest
    | ActRequest
    | ScriptRequest
)

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
