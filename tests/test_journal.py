import contextlib
import copy
import errno
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from pathlib import Path

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.testing.pytest_storages import StorageTestCase
from optuna.trial import TrialState

import jtune
from jtune.errors import JournalCorruptError, JournalLockedError, MistakeError
from jtune.storage.journal import FOLDER, Journal, study_files

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs fork, SIGKILL or resource limits")


def log(number, **more):
    return {"op_code": 7, "worker_id": "w", "number": number, **more}


def read(journal, start=0):
    return list(journal.read_logs(start))


@pytest.fixture
def path(tmp_path):
    return tmp_path / FOLDER / "digits.journal"


@pytest.fixture(autouse=True)
def _quiet():
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(verbosity)


class Process:
    """Another Python, told what to do line by line; each line answers with one line."""

    PRELUDE = """
import os, sys
from pathlib import Path
import optuna
from optuna.storages import JournalStorage
from jtune.errors import JournalLockedError
from jtune.storage.journal import Journal
path = Path(sys.argv[1])
optuna.logging.set_verbosity(optuna.logging.ERROR)
print(os.getpid(), flush=True)
for line in sys.stdin:
    try:
        answer = eval(line)
    except SyntaxError:
        answer = exec(line)
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print(repr(answer), flush=True)
"""

    def __init__(self, path):
        self.popen = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", self.PRELUDE, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(jtune.__file__).parents[1],
        )
        self.pid = int(self.popen.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.stdin.close()
        self.popen.wait()
        self.popen.stdout.close()

    def __call__(self, line):
        self.popen.stdin.write(line + "\n")
        self.popen.stdin.flush()
        return eval(self.popen.stdout.readline())

    def kill(self):
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()


# Optuna's contract


class TestJournalStorage(StorageTestCase):
    @pytest.fixture
    def storage(self, path):
        return JournalStorage(Journal(path))


class TestJournalStorageWhileWriting(StorageTestCase):
    @pytest.fixture
    def storage(self, path):
        journal = Journal(path)
        with journal.writing():
            yield JournalStorage(journal)


class TestJournalStorageInMemory(StorageTestCase):
    @pytest.fixture
    def storage(self, tmp_path):
        (tmp_path / "folder").touch()
        return JournalStorage(Journal(tmp_path / "folder" / "digits.journal", on_memory=lambda _: None))


# Round trips


def test_logs_come_back_equal_and_unaliased(path):
    journal = Journal(path)
    logs = [
        log(0, text="a\r\nb\x85\u2028 ü \ud800"),
        log(1, values=[1e-300, float("inf"), None]),
        log(2, deep={"a": {}}),
    ]
    journal.append_logs(logs)
    assert read(journal) == logs
    assert read(journal, 1) == logs[1:]
    assert read(journal, 3) == []
    assert read(journal, 9) == []
    read(journal)[2]["deep"]["a"] = 1
    assert read(journal) == logs


def test_file_is_what_optuna_writes(path):
    logs = [log(i, state=TrialState.RUNNING, text="ü") for i in range(3)]
    Journal(path).append_logs(logs)
    other = path.with_name("optuna.journal")
    JournalFileBackend(str(other)).append_logs(logs)
    assert path.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("bad", [{1, 2}, b"bytes", object()])
def test_nothing_is_written_when_a_log_is_not_json(path, bad):
    journal = Journal(path)
    with pytest.raises(TypeError):
        journal.append_logs([log(0), log(1, value=bad)])
    assert not path.parent.exists()
    assert read(journal) == []


def test_reading_and_appending_nothing_make_no_folder(path):
    journal = Journal(path)
    assert read(journal) == []
    assert JournalStorage(journal).get_all_studies() == []
    journal.append_logs([])
    assert not path.parent.exists()


def test_carriage_returns_outside_of_strings_are_blanks(path):
    path.parent.mkdir()
    path.write_bytes(b'{"op_code":7}\r\n{"op_code":7,\r"number":1}\n')
    assert read(Journal(path)) == [{"op_code": 7}, {"op_code": 7, "number": 1}]


def test_lines_longer_than_a_block(path):
    logs = [log(0, text="x" * 3_000_000), log(1), log(2, text="y" * 1_500_000), log(3)]
    Journal(path).append_logs(logs)
    assert read(Journal(path)) == logs
    assert list(JournalFileBackend(str(path)).read_logs(2)) == logs[2:]


def test_relative_path_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    journal = Journal(Path(FOLDER, "digits.journal"))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    journal.append_logs([log(0)])
    assert journal.path == tmp_path.resolve() / FOLDER / "digits.journal"
    assert journal.path.exists()


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda journal: pickle.loads(pickle.dumps(journal))])
def test_clone_opens_the_same_file(path, clone):
    journal = Journal(path, on_memory=lambda _: None)
    with journal.writing():
        journal.append_logs([log(0)])
        other = clone(journal)
        other.append_logs([log(1)])
    assert read(journal) == read(other) == [log(0), log(1)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ours", "ours too", "optuna", "read"]),
            st.lists(st.text(max_size=20), min_size=1, max_size=3),
        ),
        max_size=10,
    ),
    st.booleans(),
)
def test_any_writers_make_one_sequence(steps, hold):
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        path = Path(folder, "digits.journal")
        writers = {"ours": Journal(path), "ours too": Journal(path), "optuna": JournalFileBackend(str(path))}
        if hold:
            stack.enter_context(writers["ours"].writing())
        expected = []
        for who, texts in steps:
            if who == "read":
                seen = len(expected) // 2
                assert [list(w.read_logs(seen)) for w in writers.values()] == [expected[seen:]] * 3
            else:
                logs = [log(len(expected) + i, text=text) for i, text in enumerate(texts)]
                writers[who].append_logs(logs)
                expected += logs
        assert [list(w.read_logs(0)) for w in writers.values()] == [expected] * 3
        stack.close()
        assert read(Journal(path)) == expected


def test_threads_with_a_journal_each_lose_nothing(path):
    journals = [Journal(path) for _ in range(4)]

    def append(who):
        with journals[who].writing():
            for i in range(100):
                journals[who].append_logs([log(i, who=who)])

    threads = [threading.Thread(target=append, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logs = read(Journal(path))
    assert len(logs) == 400
    for who in range(4):
        assert [entry["number"] for entry in logs if entry["who"] == who] == list(range(100))
    assert [read(journal) for journal in journals] == [logs] * 4


# Together with Optuna's own backend


def objective(trial):
    x, kind = trial.suggest_float("x", -1, 1), trial.suggest_categorical("kind", ["a", None, 3])
    trial.report(x, 0)
    trial.set_user_attr("kind", kind)
    return x**2


def run_study(backend, n_trials, name="digits"):
    sampler = optuna.samplers.RandomSampler(seed=0)
    study = optuna.create_study(storage=JournalStorage(backend), study_name=name, sampler=sampler, load_if_exists=True)
    study.optimize(objective, n_trials=n_trials)
    return study


def test_optuna_and_we_see_the_same_trials_and_write_in_turn(path):
    journal = Journal(path)
    ours = run_study(journal, 3)
    optunas = run_study(JournalFileBackend(str(path)), 2)
    assert optunas.trials == ours.trials
    ours.optimize(objective, n_trials=1)
    assert [trial.number for trial in optunas.trials] == [0, 1, 2, 3, 4, 5]
    assert optunas.trials == ours.trials == run_study(Journal(path), 0).trials
    assert not list(path.parent.glob("*.lock*"))


def test_optuna_does_not_wait_while_we_write(path):
    # Its lock would be NAME.journal.lock; a file of that name makes it wait 30 s.
    journal = Journal(path)
    with journal.writing():
        journal.append_logs([log(0)])
        JournalFileBackend(str(path)).append_logs([log(1)])
        journal.append_logs([log(2)])
        assert read(journal) == [log(0), log(1), log(2)]


@pytest.mark.parametrize("text", ["", "x" * 20_000], ids=["short", "long"])
def test_optuna_appends_at_the_same_time(path, text):
    journal = Journal(path)
    with Process(path) as other, journal.writing():
        other("backend = optuna.storages.journal.JournalFileBackend(str(path))")
        other(
            "import threading; thread = threading.Thread(target=lambda: [backend.append_logs("
            f"[dict(op_code=8, number=i, text={text!r})]) for i in range(50)]); thread.start()"
        )
        count = seen = 0
        while other("thread.is_alive()"):
            for _ in range(10):
                journal.append_logs([log(count, text=text)])
                count += 1
            seen += len(read(journal, seen))
        logs = read(journal)
    assert logs == list(JournalFileBackend(str(path)).read_logs(0))
    assert [entry["number"] for entry in logs if entry["op_code"] == 7] == list(range(count))
    assert [entry["number"] for entry in logs if entry["op_code"] == 8] == list(range(50))


# Torn and broken lines


def test_cut_at_any_byte_loses_only_the_torn_line(tmp_path):
    logs = [log(0, text="ü"), log(1), log(2)]
    lines = [json.dumps(entry, separators=(",", ":")).encode() + b"\n" for entry in logs]
    whole = b"".join(lines)
    for size in range(len(whole) + 1):
        path = tmp_path / f"{size}.journal"
        path.write_bytes(whole[:size])
        kept = logs[: whole[:size].count(b"\n")]
        journal = Journal(path)
        assert read(journal) == kept
        assert path.stat().st_size == size
        journal.append_logs([log(9)])
        assert read(journal) == read(Journal(path)) == [*kept, log(9)]
        assert path.read_bytes().startswith(b"".join(lines[: len(kept)]) + b'{"op_code":7')


def test_line_torn_by_another_process_while_we_write(path):
    journal = Journal(path)
    with journal.writing():
        journal.append_logs([log(0)])
        with path.open("ab") as file:
            file.write(b'{"op_code":7,"numb')
        assert read(journal) == [log(0)]
        journal.append_logs([log(1)])
        assert read(journal) == [log(0), log(1)]
    assert path.read_bytes().count(b"\n") == 2


def test_line_that_optuna_is_still_writing_is_not_cut(path, wait_until):
    journal = Journal(path)
    journal.append_logs([log(0)])
    line = b'{"op_code":8}\n'
    optunas = JournalFileOpenLock(str(path))
    optunas.acquire()
    with path.open("ab", buffering=0) as file:
        file.write(line[:5])
        thread = threading.Thread(target=journal.append_logs, args=([log(1)],))
        thread.start()
        # From here on our append is under way; it must come out the same however far it has got.
        wait_until(lambda: not thread.is_alive() or path.with_name(f"{path.name}.writer").read_bytes())
        file.write(line[5:])
    optunas.release()
    thread.join()
    assert read(journal) == [log(0), {"op_code": 8}, log(1)]


BROKEN = [
    (b"{", "not valid JSON"),
    (b"", "not valid JSON"),
    (b'{"op_code":7}{"op_code":7}', "Extra data at column 14"),
    (b"\x00" * 8, "not valid JSON"),
    (b'{"op_code":"\xff"}', "not valid UTF-8"),
    (b"[" * 100_000, "not readable JSON"),
    (b"[]", '"op_code"'),
    (b"7", '"op_code"'),
    (b"{}", '"op_code"'),
    (b'{"op_code":"7"}', '"op_code"'),
    (b'{"op_code":7.0}', '"op_code"'),
    (b'{"op_code":true}', '"op_code"'),
]


@pytest.mark.parametrize(("line", "reason"), BROKEN, ids=range(len(BROKEN)))
@pytest.mark.parametrize("after", [b"", b'{"op_code":7}\n'], ids=["last", "middle"])
def test_broken_line_is_named(path, line, reason, after):
    path.parent.mkdir()
    whole = b'{"op_code":7}\n' * 2 + line + b"\n" + after
    path.write_bytes(whole)
    journal = Journal(path)
    logs = journal.read_logs(0)
    assert next(logs) == next(logs) == {"op_code": 7}
    with pytest.raises(JournalCorruptError, match=r"digits\.journal, line 3: ") as info:
        next(logs)
    assert (info.value.path, info.value.line) == (str(path), 3)
    assert reason in str(info.value)
    assert isinstance(info.value, MistakeError)
    journal.append_logs([log(3)])
    assert path.read_bytes().startswith(whole)


def test_journal_storage_names_the_broken_line(path):
    run_study(Journal(path), 1)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"oops\n", *lines[1:]]))
    with pytest.raises(JournalCorruptError, match="line 2"):
        JournalStorage(Journal(path))


# One writer


def test_second_process_is_told_who_writes_until_it_is_gone(path):
    with Process(path) as other:
        other("journal = Journal(path); writing = journal.writing(); writing.__enter__()")
        other("journal.append_logs([dict(op_code=7, number=0)])")
        before = path.read_bytes()
        journal = Journal(path)
        for attempt in (lambda: journal.append_logs([log(1)]), lambda: journal.writing().__enter__()):
            with pytest.raises(JournalLockedError, match=rf"process {other.pid} on ") as info:
                attempt()
            assert info.value.path == str(path)
            assert info.value.holder.startswith(f"process {other.pid} on ")
        assert path.read_bytes() == before
        other("writing.__exit__(None, None, None)")
        journal.append_logs([log(1)])
        with journal.writing():
            answer = other("journal.append_logs([dict(op_code=7, number=2)])")
            assert answer.startswith("JournalLockedError")
            assert f"process {os.getpid()} on " in answer
        other("journal.append_logs([dict(op_code=7, number=2)])")
        assert [entry["number"] for entry in read(journal)] == [0, 1, 2]


@posix_only
def test_killed_writer_leaves_its_lines_and_no_lock(path):
    with Process(path) as other:
        other("journal = Journal(path); writing = journal.writing(); writing.__enter__()")
        other("journal.append_logs([dict(op_code=7, number=i) for i in range(3)])")
        with pytest.raises(JournalLockedError):
            Journal(path).append_logs([log(3)])
        other.kill()
    journal = Journal(path)
    journal.append_logs([log(3)])
    assert [entry["number"] for entry in read(journal)] == [0, 1, 2, 3]


def test_readers_see_whether_anybody_writes(path):
    journal = Journal(path)
    assert not journal.is_written
    with journal.writing():
        assert journal.is_written
    assert not journal.is_written
    with Process(path) as other:
        other("journal = Journal(path); writing = journal.writing(); writing.__enter__()")
        assert journal.is_written
        other("writing.__exit__(None, None, None)")
        assert not journal.is_written
        with journal.writing():
            assert other("journal.is_written")


@posix_only
def test_a_killed_writer_writes_no_more(path):
    with Process(path) as other:
        other("journal = Journal(path); writing = journal.writing(); writing.__enter__()")
        other.kill()
    assert not Journal(path).is_written
    assert (path.parent / "digits.journal.writer").read_text().startswith("process ")


@posix_only
def test_writer_gets_the_lock_while_readers_ask_who_has_it(path):
    with Process(path) as killed:
        killed("journal = Journal(path); writing = journal.writing(); writing.__enter__()")
        killed.kill()
    left = path.with_name("digits.journal.writer").read_bytes()
    with Process(path) as other:
        other("import threading; stop = threading.Event(); journal = Journal(path)")
        other("ask = lambda: [journal.is_written for _ in iter(stop.is_set, True)]")
        other("thread = threading.Thread(target=ask); thread.start()")
        for i in range(50):
            path.with_name("digits.journal.writer").write_bytes(left)
            Journal(path).append_logs([log(i)])
        other("stop.set(); thread.join()")
    assert len(read(Journal(path))) == 50


def test_reader_in_another_process_follows_live(path):
    journal = Journal(path)
    with Process(path) as other, journal.writing():
        study = run_study(journal, 1)
        other("study = optuna.load_study(study_name='digits', storage=JournalStorage(Journal(path)))")
        for n in range(1, 5):
            expected = [(trial.params, trial.values, trial.user_attrs) for trial in study.trials]
            assert len(expected) == n
            assert other("[(t.params, t.values, t.user_attrs) for t in study.trials]") == expected
            study.optimize(objective, n_trials=1)


def test_lines_of_other_processes_come_in_order(path):
    journal = Journal(path)
    with Process(path) as other:
        other("journal = Journal(path)")
        for number in range(0, 20, 2):
            journal.append_logs([log(number)])
            other(f"journal.append_logs([dict(op_code=7, number={number + 1})])")
        numbers = "[log['number'] for log in journal.read_logs(0)]"
        assert other(numbers) == eval(numbers) == list(range(20))


def test_writing_is_reentrant_and_shared_by_the_journals_of_a_process(path):
    one, two = Journal(path), Journal(path.parent / ".." / FOLDER / path.name)
    with Process(path) as other:
        with one.writing():
            with two.writing(), one.writing():
                two.append_logs([log(0)])
            one.append_logs([log(1)])
            assert "JournalLockedError" in other("Journal(path).append_logs([dict(op_code=7)])")
        assert other("Journal(path).append_logs([dict(op_code=7, number=2)])") is None
    assert [entry["number"] for entry in read(two)] == [0, 1, 2]


def test_lock_is_given_back_when_the_block_raises(path):
    journal = Journal(path)
    with pytest.raises(ZeroDivisionError), journal.writing():
        raise ZeroDivisionError
    with Process(path) as other:
        assert other("Journal(path).append_logs([dict(op_code=7)])") is None


@posix_only
def test_forked_child_does_not_own_its_parents_lock(path):
    script = """
def is_refused():
    try:
        journal.append_logs([dict(op_code=7, number=1)])
    except JournalLockedError as error:
        return error.holder.startswith(f'process {os.getppid()} on ')

journal = Journal(path)
with journal.writing():
    journal.append_logs([dict(op_code=7, number=0)])
    pid = os.fork()
    if pid:
        status = os.waitpid(pid, 0)[1]
    else:
        refused_inside = is_refused()
if not pid:
    os._exit(0 if refused_inside and is_refused() and len(list(journal.read_logs(0))) == 1 else 2)
journal.append_logs([dict(op_code=7, number=2)])
"""
    with Process(path) as other:
        assert other(f"exec({script!r}, globals())") is None
        assert other("status") == 0
    assert [entry["number"] for entry in read(Journal(path))] == [0, 2]


@posix_only
def test_forked_child_does_not_keep_its_parents_lock(path):
    with Process(path) as other:
        other("journal = Journal(path); writing = journal.writing(); writing.__enter__()")
        # The child says when it is there, and lives as long as the pipe to its input does.
        other("ready, tell = os.pipe()")
        assert (
            other("(os.fork() or (os.write(tell, b'.'), sys.stdin.read(), os._exit(0))) and os.read(ready, 1)") == b"."
        )
        with pytest.raises(JournalLockedError):
            Journal(path).append_logs([log(0)])
        other.kill()
        Journal(path).append_logs([log(0)])
    assert read(Journal(path)) == [log(0)]


@posix_only
def test_file_system_without_locks_goes_on(path, monkeypatch):
    import fcntl

    def flock(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    journal = Journal(path)
    with journal.writing():
        journal.append_logs([log(0)])
    assert read(journal) == [log(0)]
    assert not journal.in_memory


# In memory


@contextlib.contextmanager
def largest_file(size):
    """Files of this process end at ``size`` bytes: a write takes what fits, then fails, as on a full disk."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_study_goes_on_in_memory_without_a_folder(tmp_path):
    (tmp_path / FOLDER).touch()
    journal = Journal(tmp_path / FOLDER / "digits.journal")
    with pytest.warns(UserWarning, match="goes on in memory") as caught, journal.writing():
        study = run_study(journal, 3)
    assert len(caught) == 1
    assert str(journal.path) in str(caught[0].message)
    assert journal.in_memory
    study.optimize(objective, n_trials=1)
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 4
    assert run_study(Journal(journal.path), 0).trials == study.trials
    assert (tmp_path / FOLDER).read_bytes() == b""


@posix_only
def test_partial_line_is_cut_off_and_the_journal_goes_on_in_memory(path):
    messages = []
    journal = Journal(path, on_memory=messages.append)
    with journal.writing():
        journal.append_logs([log(0), log(1)])
        whole = path.read_bytes()
        with largest_file(len(whole) + 10):
            journal.append_logs([log(2)])
            assert path.read_bytes() == whole
            assert journal.in_memory
            journal.append_logs([log(3)])
        assert path.read_bytes() == whole
        assert len(messages) == 1
        assert [read(journal, n) for n in range(5)] == [[log(i) for i in range(n, 4)] for n in range(5)]
        assert read(Journal(path)) == read(journal)
    with Process(path) as other:
        assert other("[log['number'] for log in Journal(path).read_logs(0)]") == [0, 1]


@posix_only
def test_whole_lines_of_a_partial_batch_stay(path):
    messages = []
    journal = Journal(path, on_memory=messages.append)
    journal.append_logs([log(0)])
    size = path.stat().st_size
    logs = [log(i) for i in range(4)]
    with largest_file(2 * size + 10):
        journal.append_logs(logs[1:])
    assert path.read_bytes().count(b"\n") == 2
    assert len(messages) == 1
    assert read(journal) == logs


@posix_only
def test_memory_is_saved_by_the_next_writing_when_the_disk_has_room(path):
    messages = []
    journal = Journal(path, on_memory=messages.append)
    journal.append_logs([log(0)])
    size = path.stat().st_size
    with largest_file(size):
        for i in range(1, 5):
            journal.append_logs([log(i)])
    with largest_file(3 * size + 1), journal.writing():
        assert journal.in_memory
        assert path.stat().st_size == 3 * size
        assert [entry["number"] for entry in read(journal)] == [0, 1, 2, 3, 4]
    with journal.writing():
        assert not journal.in_memory
        journal.append_logs([log(5)])
    assert len(messages) == 1
    with Process(path) as other:
        assert other("[log['number'] for log in Journal(path).read_logs(0)]") == [0, 1, 2, 3, 4, 5]
    assert [entry["number"] for entry in read(journal)] == [0, 1, 2, 3, 4, 5]


@posix_only
def test_memory_is_not_mixed_with_what_another_process_wrote(path):
    journal = Journal(path, on_memory=lambda _: None)
    journal.append_logs([log(0)])
    with largest_file(path.stat().st_size):
        journal.append_logs([log(1)])
    with Process(path) as other:
        other("Journal(path).append_logs([dict(op_code=7, number=100)])")
        with journal.writing():
            assert journal.in_memory
            journal.append_logs([log(2)])
        assert [entry["number"] for entry in read(journal)] == [0, 1, 2]
        assert other("[log['number'] for log in Journal(path).read_logs(0)]") == [0, 100]


@posix_only
def test_lines_written_elsewhere_come_before_those_in_memory(path):
    journal = Journal(path, on_memory=lambda _: None)
    journal.append_logs([log(0)])
    with Process(path) as other:
        other("Journal(path).append_logs([dict(op_code=7, number=1)])")
        with largest_file(path.stat().st_size):
            journal.append_logs([log(2)])
    assert [entry["number"] for entry in read(journal)] == [0, 1, 2]


def test_a_warning_made_an_error_loses_no_line(tmp_path):
    (tmp_path / "folder").touch()
    journal = Journal(tmp_path / "folder" / "digits.journal")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UserWarning, match="in memory"):
            journal.append_logs([log(0)])
        journal.append_logs([log(1)])
    assert read(journal) == [log(0), log(1)]


# A file that goes away


@posix_only
@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("harm", [Path.unlink, lambda path: os.truncate(path, 5)], ids=["removed", "cut"])
def test_journal_whose_file_is_gone_goes_on_in_memory(path, held, harm):
    messages = []
    journal = Journal(path, on_memory=messages.append)
    with contextlib.ExitStack() as stack:
        if held:
            stack.enter_context(journal.writing())
        journal.append_logs([log(0)])
        harm(path)
        assert read(journal, 1) == []
        journal.append_logs([log(1)])
        assert read(journal, 1) == [log(1)]
        journal.append_logs([log(2)])
        assert read(journal, 1) == [log(1), log(2)]
    there = path.exists()
    with journal.writing():
        assert journal.in_memory
    assert path.exists() == there
    assert len(messages) == 1
    assert "removed or cut short" in messages[0]
    with pytest.raises(JournalCorruptError, match="line 1: the file was removed or cut short"):
        read(journal)


def test_new_journal_starts_anew_when_the_file_was_removed(path):
    old = Journal(path)
    old.append_logs([log(0)])
    path.unlink()
    new = Journal(path)
    assert read(new) == []
    new.append_logs([log(10), log(11, text="longer than the line that the old journal knows")])
    assert read(new) == [log(10), log(11, text="longer than the line that the old journal knows")]
    assert read(old, 1) == []


# The folder


def test_study_files_newest_first(tmp_path):
    assert study_files(tmp_path / "nowhere") == []
    for age_s, name in enumerate(["c", "a", "b"]):
        Journal(tmp_path / f"{name}.journal").append_logs([log(0)])
        os.utime(tmp_path / f"{name}.journal", (1e9 - age_s, 1e9 - age_s))
    (tmp_path / "folder.journal").mkdir()
    (tmp_path / "notes.txt").touch()
    assert [path.name for path in study_files(tmp_path)] == ["c.journal", "a.journal", "b.journal"]
