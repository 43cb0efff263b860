"""A study as the user holds it: what is known of it, shown, and written back into the cell."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from jtune.confirmation import Confirmation, confirm
from jtune.desk import desk
from jtune.errors import JournalError, StudyError, did_you_mean
from jtune.findings import Findings
from jtune.language.space import Point
from jtune.storage.journal import FOLDER, Journal, study_files
from jtune.storage.leavings import Leavings
from jtune.storage.record import Trial
from jtune.storage.store import Store
from jtune.views import feed, lab, report

Runner: TypeAlias = Callable[[Point], Trial]


class Study(Findings):
    """Trials of one cell, the newest generation of a name.

    Made by ``%%tune``, :func:`load` and :func:`latest`. Everything is read from the study's file as it is now, so a
    study that was loaded in another process sees the trials of a kernel that is still running.
    """

    def apply(self, trial: Trial | int | None = None) -> None:
        """Put a trial's literals into the cell that the study came from.

        That is what JupyterLab and Notebook do with the extension; elsewhere the cell comes as a new one below.

        Parameters
        ----------
        trial : Trial or int, optional
            The best one by default.

        Raises
        ------
        StudyError
            If there is no such trial, or this is no IPython.
        """
        from IPython import get_ipython

        source = self.source(trial)
        shell = get_ipython()
        if shell is None:
            raise StudyError("apply() puts a cell into a notebook; elsewhere take the text from source()")
        if not (self.cell_id and desk.the(lab.Line).apply(feed.source(self, self._chosen(trial)))):
            shell.set_next_input(source, replace=False)

    def confirm(self, runs: int = 5) -> Confirmation:
        """Run the best trial and your own values again, in turn, and say whether the best one is better.

        The runs are trials of the study, of origin "confirm": they count towards no ``-n``, and the sampler and the
        choice of the best trial learn from them. Where they do not tell the best trial from your own values, and
        another trial is the best by now, that one is confirmed next, up to three in all. A cell whose seeds are
        literals runs with those: what it does with others is not seen.

        Parameters
        ----------
        runs : int
            Pairs of runs, at least 2.

        Returns
        -------
        Confirmation
            Of the last trial that was confirmed.

        Raises
        ------
        StudyError
            If the cell has not run in this kernel, there are several objectives, the best trial has your own values, or
            a run does not end well.
        KeyboardInterrupt
            If the kernel is interrupted; the runs that have ended are kept.
        """
        run = desk.the(Latest).runner(self)
        if run is None:
            raise StudyError(
                f"{self.name} cannot be confirmed: its cell has not run in this kernel; run it again first"
            )
        *failed, last = confirm(self, runs, run)
        for each in failed:
            print(f"{self.name}: {each}; the next best is confirmed")
        return last

    def show(self) -> None:
        """Display the report, and in a notebook that somebody uses the panel over it."""
        from IPython.display import display

        display(self)  # type: ignore[no-untyped-call]
        if lab.is_attended():
            from jtune.views.panel import panel_of

            panel_of(self).show()

    @property
    def controls(self) -> Mapping[str, Any]:
        """A control of ipywidgets for each parameter, by name, which moves with the panel's handle, and moves it.

        ``FloatSlider``, ``FloatLogSlider``, ``IntSlider``, ``SelectionSlider``, ``Dropdown`` or ``Checkbox``, by the
        domain: for dashboards of one's own, with ``VBox``, ``interactive_output`` or Voila.
        """
        from jtune.views.panel import panel_of

        return panel_of(self).widgets

    def __repr__(self) -> str:
        return report.as_text(self)

    def _repr_html_(self) -> str:
        return report.as_html(self)


class Latest:
    """The studies of this kernel, by name, the latest last."""

    def __init__(self) -> None:
        self.studies: dict[str, Study] = {}
        self._runners: dict[str, Runner] = {}

    def add(self, study: Study) -> None:
        """Put a study last."""
        self.drop(study.name)
        self.studies[study.name] = study

    def drop(self, name: str) -> None:
        """Forget a study."""
        self.studies.pop(name, None)
        self._runners.pop(name, None)

    def keep_runner(self, study: Study, run: Runner) -> None:
        """Keep what runs a study's cell with the values of a point."""
        self._runners[study.name] = run

    def runner(self, study: Study) -> Runner | None:
        """Return what runs a study's cell, if that is the one that ran in this kernel."""
        here = self.studies.get(study.name)
        is_here = here is not None and (here.path, here.generation) == (study.path, study.generation)
        return self._runners.get(study.name) if is_here else None


def latest() -> Study:
    """Return the study that was tuned or loaded last in this process, else the last one written in this folder.

    Returns
    -------
    Study
        Its newest generation.

    Raises
    ------
    StudyError
        If there is none.
    """
    if here := desk.the(Latest).studies:
        return next(reversed(here.values()))
    folder = desk.folder / FOLDER
    files = study_files(folder)
    if not files:
        raise StudyError(f"there is no study in {folder} yet; tune a cell with %%tune NAME")
    return load(files[0].name.removesuffix(".journal"))


def load(name: str, folder: str | os.PathLike[str] | None = None) -> Study:
    """Return a study from its file.

    Parameters
    ----------
    name : str
        As on the magic line.
    folder : path, optional
        The one that has ``.jtune`` in it; the notebook's, or the current one, by default.

    Returns
    -------
    Study
        Its newest generation.

    Raises
    ------
    StudyError
        If there is no such study.
    JournalCorruptError
        If its file is broken.
    """
    place = desk.folder if folder is None else Path(folder)
    path = place / FOLDER / f"{name}.journal"
    ledger = Store(name, place).newest() if path.exists() else None
    if ledger is None and path.exists():
        raise StudyError(f"{path} holds no study of jtune's; open one of Optuna's own with optuna.load_study")
    if ledger is None:
        names = [path.name.removesuffix(".journal") for path in study_files(place / FOLDER)]
        there = f"there are {', '.join(names)}" if names else "there is none"
        raise StudyError(f"no study {name!r} in {place / FOLDER}; {there}{did_you_mean(name, names)}")
    return Study(ledger)


def delete(name: str, folder: str | os.PathLike[str] | None = None) -> None:
    """Delete a study's file, with all its generations.

    Parameters
    ----------
    name : str
        As on the magic line.
    folder : path, optional
        The one that has ``.jtune`` in it; the notebook's, or the current one, by default.

    Raises
    ------
    StudyError
        If there is no such study.
    JournalLockedError
        If another process is searching it.
    """
    path = load(name, folder).path
    with Journal(path).writing():
        path.unlink()
    desk.the(Latest).drop(name)
    desk.the(Leavings).drop(path)


def studies(folder: str | os.PathLike[str] | None = None) -> list[Study]:
    """Return the studies of a folder and of this process.

    Parameters
    ----------
    folder : path, optional
        The one that has ``.jtune`` in it; by default the notebook's, or the current one, and beside it what this
        process has tuned or loaded.

    Returns
    -------
    list of Study
        The last written first; broken files are left out.
    """
    place = desk.folder if folder is None else Path(folder)
    found: dict[str, Study] = {}
    for path in study_files(place / FOLDER):
        name = path.name.removesuffix(".journal")
        with contextlib.suppress(JournalError, StudyError):
            found[name] = load(name, place)
    if folder is None:
        here = reversed(desk.the(Latest).studies.items())
        found = {**{n: s for n, s in here if n not in found}, **found}
    return list(found.values())
