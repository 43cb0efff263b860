"""What jtune keeps out of a cell, and that it keeps nothing of the user's out."""

import logging
import subprocess
import sys
import threading
import warnings

import cloudpickle
import optuna
import pytest

from jtune.quiet import quiet
from jtune.storage.definition import Definition, Goal
from jtune.storage.store import Store


class Other:
    """Another thread, which is in the block for as long as this one is in `with Other(block)`."""

    def __init__(self, block):
        self._block = block
        self._entered, self._leave = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        with self._block:
            self._entered.set()
            self._leave.wait(20)

    def __enter__(self):
        self._thread.start()
        assert self._entered.wait(20)

    def __exit__(self, *_):
        self._leave.set()
        self._thread.join()


def test_a_block_ignores_warnings_or_makes_errors_of_them():
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with quiet():
            warnings.warn("one", stacklevel=1)
            with quiet("error"), pytest.raises(UserWarning, match="two"):
                warnings.warn("two", stacklevel=1)
            warnings.warn("three", stacklevel=1)
        warnings.warn("four", stacklevel=1)
    assert [str(warning.message) for warning in shown] == ["four"]


def test_a_warning_made_an_error_is_ignored_in_a_block():
    with quiet():
        warnings.warn("pytest makes an error of it", stacklevel=1)


@pytest.mark.parametrize("action", ["ignore", "error"])
def test_what_another_thread_warns_of_meanwhile_is_shown(action):
    with Other(quiet(action)), pytest.warns(UserWarning, match="of the user's"):
        warnings.warn("of the user's", stacklevel=1)


def test_warnings_that_are_recorded_while_a_block_ends_are_all_there():
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with Other(quiet()):
            filters = warnings.filters
        assert warnings.filters is filters
        warnings.warn("of the user's", stacklevel=1)
    assert len(shown) == 1


def test_filters_can_be_sent_to_a_process_without_jtune(tmp_path):
    with quiet():
        sent = cloudpickle.dumps(list(warnings.filters))
    code = """
import pickle, sys
sys.modules["jtune"] = None
for action, _, category, *_ in pickle.load(sys.stdin.buffer)[:2]:
    assert not issubclass(UserWarning, category), action
"""
    done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


class Records(logging.Handler):
    def __init__(self):
        super().__init__()
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


@pytest.fixture
def heard():
    """What Optuna logs."""
    logger, records, level = logging.getLogger("optuna"), Records(), optuna.logging.get_verbosity()
    # Whatever another test has set.
    optuna.logging.set_verbosity(optuna.logging.INFO)
    logger.addHandler(records)
    yield records.texts
    logger.removeHandler(records)
    optuna.logging.set_verbosity(level)


def test_jtune_s_own_studies_log_nothing_and_the_user_s_do(tmp_path, heard):
    from jtune.language.cell import Cell
    from jtune.trials.outcome import Outcome, State

    cell = Cell("x = 1.0  # tune: 0..2\nx  # tune: minimize\n")
    definition = Definition("own", cell.space, (Goal("minimize", "x"),), cell.identity, {}, "", cell.source, cell.spans)
    ledger = Store("own", tmp_path).start(definition)
    with ledger.journal.writing():
        number = ledger.start_trial("baseline", {"x": 1.0})
        ledger.end_trial(number, Outcome(State.COMPLETE, "", (1.0,)))
    assert heard == []
    with Other(quiet()):
        optuna.create_study().optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    assert len(heard) == 2
