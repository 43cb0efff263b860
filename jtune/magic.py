"""The magics: parse the line, build a search, show the study."""

from __future__ import annotations

from argparse import Action, BooleanOptionalAction
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from traitlets import Bool, Float, Int, Unicode

from jtune import loading
from jtune.desk import desk
from jtune.errors import CellError, Problem, UsageError
from jtune.language import grammar
from jtune.language.cell import Cell
from jtune.language.marks import Direction

_DIRECTIONS: tuple[Direction, ...] = ("minimize", "maximize")


class _Goal(Action):
    """Collects objectives in the order in which they are typed."""

    def __call__(self, _parser: Any, namespace: Any, expression: Any, _option: str | None = None) -> None:
        direction: Direction = "minimize" if "--minimize" in self.option_strings else "maximize"
        namespace.goals = [*(namespace.goals or ()), (direction, _unquoted(expression or ""))]


# How the text of an option is read, beside what the grammar says of it.
_GOAL = {"nargs": "?", "dest": "goals", "action": _Goal}
_READ: dict[str, dict[str, Any]] = {
    **{name: {"type": int} for name in ("-n", "--seed", "--patience", "--repeats")},
    **{name: {"action": BooleanOptionalAction} for name in ("--fresh", "--gpus", "--panel")},
    "--target": {"type": float}, "--replicate": {"type": float}, "--minimize": _GOAL, "--maximize": _GOAL,
}  # fmt: skip


def _arguments(is_of_explore: bool = False) -> Callable[[Any], Any]:
    """Return a decorator with the arguments of a magic: NAME and the options of the grammar."""

    def declare(magic: Any) -> Any:
        # The last decorator is the first argument.
        for option in reversed(grammar.table("options")):
            if not is_of_explore or option.get("is_of_explore"):
                how = {key: option[key] for key in ("metavar", "help") if key in option}
                magic = argument(option["name"], **how, **_READ.get(option["name"], {}))(magic)
        what = "The study's name on disk, and the variable it is bound to."
        return argument("name", metavar="NAME", nargs="?", help=what)(magic)

    return declare


def _unquoted(text: str) -> str:
    """Return an option's text without the quotes around the whole of it, which IPython leaves there."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


@magics_class
class JTune(Magics):
    """The tuner's magics; ``%config JTune`` sets the defaults of their options."""

    n = Int(30, min=1, help="Finished trials of a study.").tag(config=True)
    minimize = Unicode("", help="Objective of cells that name none, an expression.").tag(config=True)
    maximize = Unicode("", help="Objective of cells that name none, an expression.").tag(config=True)
    sampler = Unicode("gp", help="Sampler.").tag(config=True)
    pruner = Unicode("median", help="Pruner of cells that report.").tag(config=True)
    seed = Int(None, allow_none=True, help="Makes proposals repeatable.").tag(config=True)
    timeout = Unicode("", help="Ends a search after this time, for example 10m.").tag(config=True)
    trial_timeout = Unicode("", help="Ends a trial after this time, for example 30s.").tag(config=True)
    target = Float(None, allow_none=True, help="Ends a search when the objective is this good.").tag(config=True)
    patience = Int(None, allow_none=True, min=1, help="Ends a search after so many trials without a better one.").tag(
        config=True
    )
    repeats = Int(1, min=1, help="Runs of the cell in a trial.").tag(config=True)
    replicate = Float(0.3, min=0, max=1, help="Share of trials that may run a leader of a noisy objective again.").tag(
        config=True
    )
    fresh = Bool(False, help="Whether to start anew each time.").tag(config=True)
    jobs = Unicode("", help="Trials at a time, in processes of their own: a number, or auto.").tag(config=True)
    on = Unicode("", help="Variable of a Dask or ipyparallel client, or an executor, for trials.").tag(config=True)
    gpus = Bool(False, help="Whether each process has a GPU of its own.").tag(config=True)
    panel = Bool(None, allow_none=True, help="Whether to show sliders and charts; None: where they can be used.").tag(
        config=True
    )

    @magic_arguments("%tune")
    @_arguments()
    @cell_magic
    def tune(self, line: str, cell: str) -> None:
        """Rerun the cell with other values of its marked literals, in search of better ones.

        A comment at the end of a line says which literal may move, another one what is judged::

            %%tune digits -n 40
            C = 1.0                      # tune: 1e-3..1e3 log
            kernel = "rbf"               # tune: ["rbf", "poly"]
            score = evaluate(C, kernel)  # tune: maximize

        The first trial is the cell's own values. At the end the variables of the best trial are in the namespace, and
        the study is bound to NAME. Running the cell again goes on where it was, and repeats no trial.
        """
        with loading():
            from jtune.session import tune
        self._start(tune, "%%tune", parse_argstring(self.tune, line), line, cell)

    @magic_arguments("%explore")
    @_arguments(is_of_explore=True)
    @cell_magic
    def explore(self, line: str, cell: str) -> None:
        """Show a slider for each marked literal; the cell runs again when one is moved.

        An objective is not needed. Every run is a trial of the study NAME, which ``%%tune NAME`` learns from::

            %%explore
            window = 9  # tune: 3..51 step 2
            plot(smoothed(signal, window))
        """
        with loading():
            from jtune.session import explore
        self._start(explore, "%%explore", parse_argstring(self.explore, line), line, cell)

    def _start(self, action: Callable[..., None], name: str, given: Any, line: str, cell: str) -> None:
        if cell.lstrip().startswith("%%"):
            raise UsageError(f"a cell takes one cell magic; remove the one below {name}")
        for option in self.trait_names(config=True):
            if option not in _DIRECTIONS and getattr(given, option, None) is None:
                setattr(given, option, getattr(self, option))
        from jtune.session import Options

        try:
            # IPython adds a line end to what was typed.
            parsed = self._parsed(cell.removesuffix("\n"), given)
            action(self.shell, parsed, f"{name} {line}".rstrip() + "\n", Options.of(given))
        except SyntaxError as error:
            if hasattr(error, "_render_traceback_"):  # the running cell raised it
                raise
            # IPython would show jtune's own frames above it.
            number, lines = error.lineno or 1, ["", *cell.splitlines()]
            text = lines[number - 1] if number <= len(lines) else ""
            message = f"{type(error).__name__}: {error.msg}"
            raise CellError([Problem(number, text, max(0, (error.offset or 1) - 1), message)]) from None

    def _parsed(self, cell: str, given: Any) -> Cell:
        shell: Any = self.shell
        parsed = Cell(cell, shell.transform_cell, 2, given.goals or ())
        if not parsed.objectives:
            defaults = [(d, text) for d in _DIRECTIONS if (text := getattr(self, d))]
            parsed = Cell(cell, shell.transform_cell, 2, defaults)
        return parsed

    @line_magic("tune")  # type: ignore[arg-type]
    def tune_line(self, line: str) -> None:
        """List the studies of this folder and this kernel, or show one: ``%tune NAME``."""
        with loading():
            from jtune import study
            from jtune.views import status
        if line.strip():
            study.load(line.strip()).show()
            return
        lines = [status.summary(found) for found in study.studies()]
        print("\n".join(lines) if lines else "no studies yet; tune a cell with %%tune NAME")


def load(shell: Any) -> None:
    """Register the magics; the notebook's folder is the current one now."""
    from jtune.trials import modules
    from jtune.views import lab

    desk.notebook_folder = Path.cwd()
    shell.register_magics(JTune)
    modules.watch(shell.events)
    shell.events.register("post_run_cell", _let_go)
    lab.listen(_answer)


def _let_go(_result: object) -> None:
    """Free what the user has deleted: of what a best trial has left, and panels of studies."""
    from IPython import get_ipython

    from jtune.storage.leavings import Leavings
    from jtune.views.panels import Panels

    shell = get_ipython()
    if shell is not None:
        desk.the(Leavings).let_go(shell.user_ns)
        desk.the(Panels).let_go(shell.user_ns)


def _answer(stream: Any, idents: Any, request: Mapping[str, Any]) -> None:
    # Optuna loads with the first request, not with the extension.
    from jtune import requests

    requests.answer(stream, idents, request)
