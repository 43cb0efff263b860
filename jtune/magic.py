"""The magics: parse the line, build a search, show the study."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring
from IPython.display import display
from traitlets import Int, Unicode

from jtune.cell import Cell
from jtune.errors import UsageError
from jtune.marks import Direction

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(text: str | None, option: str) -> float | None:
    """Return a duration such as ``90``, ``30s``, ``10m`` or ``1h30m`` in seconds.

    Raises
    ------
    UsageError
        If it is none, or not above 0.
    """
    if text is None:
        return None
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text)
    total = sum(float(number) * _SECONDS[unit or "s"] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != text or total <= 0:
        raise UsageError(f"{option} {text!r} is not a duration; write for example 30s, 10m or 1h30m")
    return total


@magics_class
class JTune(Magics):
    """The tuner's magics; ``%config JTune`` sets the defaults of their options."""

    n = Int(30, help="Finished trials of a study.").tag(config=True)
    sampler = Unicode("", help="Sampler; empty: gp, or nsga2 for several objectives.").tag(config=True)
    pruner = Unicode("median", help="Pruner of cells that report.").tag(config=True)

    @magic_arguments()
    @argument("name", nargs="?", help="The study's name on disk, and the variable it is bound to.")
    @argument("-n", type=int, help="Bring the study to N finished trials (30).")
    @argument(
        "--minimize", metavar="EXPR", nargs="?", const="", action="append", help="Objective; the last expression."
    )
    @argument(
        "--maximize", metavar="EXPR", nargs="?", const="", action="append", help="Objective; the last expression."
    )
    @argument("--sampler", help="gp (default), skopt, forest, tpe, cmaes, random, grid, qmc, nsga2.")
    @argument("--pruner", help="median (default where a cell reports), hyperband, none.")
    @argument("--seed", type=int, help="Makes proposals repeatable.")
    @argument("--timeout", help="End the search after this time: 30s, 10m, 1h30m.")
    @argument("--trial-timeout", help="End a trial after this time.")
    @argument("--target", type=float, help="End when the objective is this good.")
    @argument("--patience", type=int, help="End after so many trials without a better one.")
    @argument("--repeats", type=int, default=1, help="Run the cell R times a trial; the objective is the mean.")
    @argument("--fresh", action="store_true", help="Start anew; the old trials stay on disk.")
    @cell_magic
    def tune(self, line: str, cell: str) -> None:
        """Rerun the cell with other values of its marked literals, in search of better ones."""
        from jtune.session import tune

        options = parse_argstring(self.tune, line)
        if options.name and not options.name.isidentifier():
            raise UsageError(f"NAME {options.name!r} is bound to a variable; write letters, digits and _ only")
        if options.repeats < 1 or (options.n or 1) < 1:
            raise UsageError("-n and --repeats count from 1")
        if cell.lstrip().startswith("%%"):
            raise UsageError("a cell takes one cell magic; remove the one below %%tune")
        wanted: list[tuple[Direction, str]] = [("minimize", e.strip("'\"")) for e in options.minimize or ()]
        wanted += [("maximize", e.strip("'\"")) for e in options.maximize or ()]
        shell: Any = self.shell
        parsed = Cell(cell, shell.transform_cell, 2, wanted)
        header = f"%%tune {line}".rstrip() + "\n"
        tune(self, parsed, header, options)

    @line_magic("tune")  # type: ignore[arg-type]
    def tune_line(self, line: str) -> None:
        """List the studies of this folder and this kernel, or show one: ``%tune NAME``."""
        from jtune import report, study

        if line.strip():
            display(study.load(line.strip()))  # type: ignore[no-untyped-call]
            return
        lines = [report.summary(found) for found in study.studies()]
        print("\n".join(lines) if lines else "no studies yet; tune a cell with %%tune NAME")


def load(shell: Any) -> None:
    """Register the magics; the notebook's folder is the current one now."""
    from jtune import home

    home.set_home(Path.cwd())
    shell.register_magics(JTune)
