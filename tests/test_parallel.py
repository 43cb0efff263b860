"""Trials in other processes, as a notebook runs them: real kernels, and real loky, Dask and ipyparallel."""

import re
import signal

import psutil
import pytest

import jtune
from jtune.errors import StudyError

PLAIN = "x = 1.0  # tune: -3..3\nloss = (x - 2) ** 2  # tune: minimize"


def children(folder):
    """The processes that run trials of kernels in a folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if any("jtune.executors import child" in part for part in process.cmdline()) and process.cwd() == str(
                folder
            ):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            pass  # it has ended meanwhile
    return found


def is_running(pid):
    """Whether a process has not ended; where nobody waits for one, it stays as a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def tune(kernel, name, cell, options="--jobs 2", n=8, **how):
    """What is shown of a search, and its study."""
    said = kernel.run(f"%%tune {name} -n {n} --no-panel --sampler random --seed 1 {options}\n{cell}", **how)
    return said, jtune.load(name, kernel.folder)


def test_trials_have_the_values_that_they_have_in_the_kernel(shared_kernel):
    shared_kernel.run(
        "import numpy as np\nbase = np.arange(5.0)\nscale = 3\n"
        "def f(y):\n    return y * scale + shift\n"
        "class Model:\n    def loss(self, y):\n        return f(y) + base.sum()\n"
        "class Child(Model):\n    pass\nmodel = Child()"
    )
    cell = "shift = 1.0  # tune: -3..3\nbase[0] += 1  # what a trial changes, no other one sees\nloss = model.loss(2)  # tune: minimize"
    said, study = tune(shared_kernel, "same", cell)
    assert len(study) == 8
    # The baseline runs in the kernel, where the array is the user's own.
    assert [trial.value for trial in study.complete] == [pytest.approx(2 * 3 + t.params["shift"] + 11) for t in study]
    assert "base changes" not in said


def test_the_best_trial_s_variables_are_in_the_namespace(shared_kernel):
    said, study = tune(shared_kernel, "best", PLAIN, n=20)
    number = study.best.number
    assert f"trial {number}, the best one, is run once more, here, for its variables" in said
    assert shared_kernel.run("print(x == best.best.params['x'], loss == best.best.value)") == "True True\n"
    assert len(jtune.load("best", shared_kernel.folder)) == 20


@pytest.mark.parametrize("sampler", ["random", "grid", "qmc"])
def test_points_do_not_depend_on_the_number_of_jobs(shared_kernel, sampler):
    options = f"--sampler {sampler} --jobs"
    studies = [tune(shared_kernel, f"{sampler}{jobs}", PLAIN, f"{options} {jobs}", n=12)[1] for jobs in (1, 3)]
    first, second = ([trial.params for trial in study] for study in studies)
    assert first == second


def test_a_trial_says_which_others_its_proposal_had_not_seen(shared_kernel):
    cell = f"import time\n{PLAIN}\ntime.sleep(0.02)"
    _, study = tune(shared_kernel, "unseen", cell, "--sampler gp --jobs 3", n=14)
    ends = {trial.number: trial.datetime_complete for trial in study.optuna.trials}
    starts = {trial.number: trial.datetime_start for trial in study.optuna.trials}
    for trial in study:
        earlier = range(trial.number)
        assert trial.unseen == tuple(number for number in earlier if ends[number] > starts[trial.number])
    assert max(len(trial.unseen) for trial in study) == 2


def test_prints_figures_and_errors_are_those_of_the_trial(shared_kernel):
    cell = (
        "%matplotlib inline\nimport matplotlib.pyplot as plt, warnings\nx = 1.0  # tune: -3..3\nprint('at', round(x, 3))\nplt.plot([x])\n"
        "if x > 1:\n    raise ValueError('too large')\nloss = x  # tune: minimize"
    )
    _, study = tune(shared_kernel, "shown", cell, n=6)
    for trial in study:
        assert trial.outputs[0]["text"] == f"at {round(trial.params['x'], 3)}\n"
        assert (trial.state == "failed") == (trial.params["x"] > 1)
        if trial.state == "failed":
            assert trial.reason == "ValueError: too large"
            assert "line 8" in trial.traceback
            assert "raise ValueError('too large')" in trial.traceback
        else:
            assert "image/png" in trial.outputs[1]["data"]


def test_a_cell_may_use_processes_of_its_own_and_pickle_what_it_defines(shared_kernel):
    cell = (
        "import joblib, multiprocessing, pickle, __main__\nx = 1.0  # tune: -3..3\n"
        "class Point:\n    def __init__(self, x):\n        self.x = x\n"
        "def moved(point):\n    print('moved in a pool')\n    return Point(point.x + 1)\n"
        "if __name__ == '__main__':\n    same = pickle.loads(pickle.dumps(Point(x)))\nassert __main__.same is same\n"
        "with multiprocessing.get_context('fork').Pool(1) as pool:\n    [forked] = pool.map(moved, [same])\n"
        "[sent] = joblib.Parallel(n_jobs=2)(joblib.delayed(moved)(each) for each in [forked])\nloss = sent.x  # tune: minimize"
    )
    _, study = tune(shared_kernel, "processes", cell, "--jobs 1", n=3)
    assert [trial.value for trial in study] == [trial.params["x"] + 2 for trial in study]
    assert all("moved in a pool" in trial.outputs[-1]["text"] for trial in study.trials[1:])


def test_what_c_code_and_other_programs_print_is_the_trial_s(shared_kernel):
    cell = (
        "import ctypes, ipywidgets, os, sys, IPython.display\nx = 1.0  # tune: -3..3\ndisplay(IPython.display.HTML('<b>shown</b>'))\n"
        "display(ipywidgets.IntSlider())\n"
        "ctypes.CDLL(None).puts(b'by C')\nos.system('echo by a program')\nos.write(2, b'to an error stream')\n"
        "print('by Python')\n!echo by a line of the shell\nloss = x  # tune: minimize"
    )
    _, study = tune(shared_kernel, "prints", cell, n=4)
    for trial in study.trials[1:]:
        shown, slider, python, past = trial.outputs
        assert shown["data"]["text/html"] == "<b>shown</b>"
        # A page would look for its model in the kernel, in vain.
        assert slider["data"] == {"text/plain": "IntSlider(value=0)"}
        assert python["text"].splitlines() == ["by Python", "by a line of the shell"]
        assert sorted(past["text"].splitlines()) == ["by C", "by a program", "to an error stream"]


def test_chance_in_workers_is_told_and_chance_in_the_kernel_is_not(shared_kernel):
    shared_kernel.run(
        "import random, threading\ndef draw():\n    while not drawing.wait(0.001): random.random()\n"
        "drawing = threading.Event()\nthreading.Thread(target=draw).start()"
    )
    plain, _ = tune(shared_kernel, "plain", PLAIN, n=5)
    shared_kernel.run("drawing.set()")
    by_chance, _ = tune(
        shared_kernel, "chance", "import random\nx = 1.0  # tune: -3..3\nrandom.random() + x  # tune: minimize", n=6
    )
    assert "draws from" not in plain
    assert "the cell draws from the global generator of random" in by_chance


def test_a_question_to_the_user_fails_with_a_reason(shared_kernel):
    _, study = tune(
        shared_kernel,
        "asks",
        "x = float(input())\ny = 1.0  # tune: -3..3\nloss = x + y  # tune: minimize",
        n=3,
        typed="7",
    )
    assert study[0].value == 8
    assert study[1].reason == (
        "RuntimeError: input() has nobody to ask: this trial runs in a process of its own; run the trials in the kernel, "
        "without --jobs and --on"
    )


def test_a_file_of_the_folder_that_is_called_like_a_module_of_python_is_no_obstacle(shared_kernel):
    file = shared_kernel.folder / "queue.py"
    file.write_text("raise Exception('of the user')")
    _, study = tune(shared_kernel, "named", PLAIN, n=4)
    file.unlink()
    assert [trial.state for trial in study] == ["complete"] * 4


@pytest.mark.parametrize("ends", ["os.kill(os.getpid(), 9)", "sum(range(10**12))"])
def test_processes_that_a_trial_started_end_with_it(shared_kernel, wait_until, ends):
    cell = (
        f"import multiprocessing, os, time\n{PLAIN}\nother = multiprocessing.get_context('fork').Process(target=time.sleep, args=[600])\n"
        f"other.start()\nprint(other.pid)\nopen(f'{{other.pid}}.pid', 'w').close()\nif x != 1:\n    {ends}"
    )
    _, study = tune(shared_kernel, f"forks{ends[:2]}", cell, "--jobs 2 --trial-timeout 2s", n=3)
    assert {trial.state for trial in study.trials[1:]} == {"failed" if "kill" in ends else "timed out"}
    own = int(study[0].outputs[0]["text"])
    started = {int(file.stem) for file in shared_kernel.folder.glob("*.pid")} - {own}
    assert started
    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in started))
    shared_kernel.run("other.terminate(); other.join()")


@pytest.mark.parametrize("ends", ["os.kill(os.getpid(), 9)", "bytearray(10**15)"])
def test_a_trial_that_takes_too_much_memory_fails_with_what_it_used(shared_kernel, ends):
    # The signal is that by which Linux ends a process when memory runs out; to have Linux do so by itself takes a cgroup, that
    # is, root: no limit that a process may set for itself (RLIMIT_AS, RLIMIT_DATA) sends a signal.
    cell = f"import os\n{PLAIN}\nif x > 1:\n    taken = bytearray(300_000_000)\n    {ends}"
    _, study = tune(shared_kernel, f"takes{ends[:2]}", cell, "--jobs 2", n=10)
    failed = [trial for trial in study if trial.params["x"] > 1]
    assert failed
    assert [trial.number for trial in study if trial.state == "failed"] == [trial.number for trial in failed]
    for trial in failed:
        assert trial.reason.startswith("worker ended by signal 9" if "kill" in ends else "MemoryError")
        used, advice = re.search(r"used (\d+) MB; (.*)", trial.reason).groups()
        assert int(used) > 300
        assert advice == "try --jobs 1"


def test_where_a_trial_crashed_is_told(shared_kernel):
    cell = f"import ctypes\n{PLAIN}\nif x != 1:\n    ctypes.string_at(0)"
    _, study = tune(shared_kernel, "crashes", cell, n=3)
    assert "worker ended by signal 11" in study[1].reason
    assert "try --jobs" not in study[1].reason
    assert "line 6 in <module>" in study[1].outputs[0]["text"]


def test_what_cannot_be_pickled_is_named_before_anything_runs(shared_kernel):
    shared_kernel.run("import threading\nlock = threading.Lock()")
    said = shared_kernel.run(
        "%%tune locked -n 4 --jobs 2\nx = 1.0  # tune: -3..3\n\nwith lock:\n    loss = x  # tune: minimize"
    )
    assert "lock, which the cell reads in line 4, cannot be sent to another process" in said
    assert "Traceback" not in said
    with pytest.raises(StudyError):
        jtune.load("locked", shared_kernel.folder)


def test_what_cannot_be_pickled_is_named_where_a_function_reads_it(shared_kernel):
    shared_kernel.run(
        "import threading\nheld = threading.Lock()\ndef inner():\n    with held: return 1\n"
        "class Model:\n    def loss(self):\n        return inner()\nlocking = Model()"
    )
    said = shared_kernel.run("%%tune q -n 4 --jobs 2\nx = 1.0  # tune: -3..3\nloss = locking.loss()  # tune: minimize")
    assert "held, which inner reads, cannot be sent to another process" in said


def test_a_name_that_the_cell_binds_anew_is_no_obstacle(shared_kernel):
    shared_kernel.run(
        "import threading\nrebound = threading.Lock()\nkept = 3\n"
        "def g():\n    return rebound + kept + f()\ndef f():\n    return 0 * rebound"
    )
    _, study = tune(shared_kernel, "rebinds", "rebound = 1.0  # tune: -3..3\nloss = g()  # tune: minimize", n=4)
    assert [trial.value for trial in study.complete] == [trial.params["rebound"] + 3 for trial in study]


def test_names_that_only_an_objective_or_a_magic_reads_travel_too(shared_kernel):
    shared_kernel.run("import threading\nfactor = 3\nunused = threading.Lock()\ndef double(x):\n    return 2 * x")
    cell = "x = 1.0  # tune: -3..3\n%time y = double(x)\nfor unused in '': pass"
    _, study = tune(shared_kernel, "magics", cell, "--jobs 2 --minimize y*factor", n=4)
    assert [trial.value for trial in study.complete] == [6 * trial.params["x"] for trial in study]
    assert all("Wall time" in trial.outputs[0]["text"] for trial in study)


def test_what_a_trial_sets_on_a_class_of_an_earlier_cell_no_other_trial_sees(shared_kernel):
    shared_kernel.run("class Counter:\n    seen = 0")
    cell = (
        "x = 1.0  # tune: -3..3\nnew = not hasattr(Counter, 'old')\nCounter.old = 1\nloss = x * new  # tune: minimize"
    )
    _, study = tune(shared_kernel, "classes", cell, "--jobs 1", n=5)
    # The baseline ran in the kernel, which has its class as that left it.
    assert [trial.value for trial in study.complete] == [trial.params["x"] for trial in study]


def test_nothing_of_a_trial_stays_in_its_process(shared_kernel):
    shared_kernel.run("import resource\nblob = b'x' * 50_000_000\ndef size():\n    return len(blob)")
    cell = "x = 1.0  # tune: -3..3\nloss = x * size()  # tune: minimize\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    _, study = tune(shared_kernel, "memory", cell, "--jobs 1", n=10)
    first, *_, last = [int(trial.outputs[0]["text"]) for trial in study][1:]
    assert last - first < 150_000


def test_what_another_process_cannot_make_anew_is_said(shared_kernel):
    shared_kernel.run(
        "import sys, types\nghost = types.ModuleType('ghost')\nsys.modules['ghost'] = ghost\n"
        "exec('class Ghost: pass', ghost.__dict__)\nthing = ghost.Ghost()"
    )
    _, study = tune(shared_kernel, "ghosts", "x = 1.0  # tune: -3..3\nthing\nloss = x  # tune: minimize", n=3)
    assert [trial.reason for trial in study] == [
        "",
        *["what the cell reads cannot be made anew in another process: ModuleNotFoundError: No module named 'ghost'"]
        * 2,
    ]


def test_a_worker_that_is_killed_costs_its_trial_only(shared_kernel):
    cell = f"import os\n{PLAIN}\nif x > 1: os.kill(os.getpid(), 9)\nif x < -2: os._exit(3)"
    _, study = tune(shared_kernel, "killed", cell, n=16)
    assert len(study) == 16
    for trial in study:
        x = trial.params["x"]
        expected = "by signal 9" if x > 1 else "with exit code 3" if x < -2 else ""
        assert (trial.state == "failed") == bool(expected)
        assert expected in trial.reason
    assert {"failed", "complete"} == {trial.state for trial in study}


def test_what_trials_report_is_judged_while_they_run(shared_kernel):
    cell = (
        "import time\nx = 1.0  # tune: -3..3\nfor i in range(60):  # tune: report err\n    err = abs(x) + 1 / (i + 1)\n"
        "    time.sleep(0.001)\nloss = err  # tune: minimize"
    )
    _, study = tune(shared_kernel, "judged", cell, n=30)
    pruned = [trial for trial in study if trial.state == "pruned"]
    assert pruned
    assert all(0 < len(trial.curves["err"]) < 60 for trial in pruned)


@pytest.mark.parametrize("wait", ["time.sleep(600)", "sum(range(10**12))"])
def test_time_limit_ends_a_trial_also_inside_c(shared_kernel, wait):
    cell = f"import time\n{PLAIN}\nif x < -1: {wait}"
    name = f"late{wait[:1]}"
    _, study = tune(shared_kernel, name, cell, "--jobs 2 --trial-timeout 2s")
    for trial in study:
        assert trial.state == ("timed out" if trial.params["x"] < -1 else "complete"), trial
    assert "timed out" in {trial.state for trial in study}


@pytest.mark.parametrize("wait", ["time.sleep(600)", "sum(range(10**12))"])
def test_interrupt_of_the_kernel_ends_all_trials(kernel, tmp_path, open_study, wait_until, wait):
    kernel.folder = tmp_path
    cell = f"import time\n{PLAIN}\nif x != 1: {wait}"

    def interrupt():
        study = open_study("q", tmp_path)
        wait_until(lambda: [t.state for t in study.trials] == ["complete", "running", "running"])
        wait_until(lambda: len(children(tmp_path)) == 2)
        kernel.signal(signal.SIGINT)

    said, study = tune(kernel, "q", cell, meanwhile=interrupt)
    assert "KeyboardInterrupt: q was interrupted; run the cell again to go on" in said
    assert [trial.state for trial in study] == ["complete", "interrupted", "interrupted"]
    wait_until(lambda: not children(tmp_path))
    assert kernel.run("print(x, loss)") == "1.0 1.0\n"


def test_no_process_outlives_a_kernel_that_is_killed(kernel, tmp_path, wait_until):
    starts = "program = subprocess.Popen(['sleep', '600'])\n    open(f'{program.pid}.pid', 'w').close()"
    kernel.client.execute(
        f"%%tune q --jobs 2\nimport subprocess\n{PLAIN}\nif x != 1:\n    {starts}\n    sum(range(10**12))"
    )
    wait_until(lambda: len(list(tmp_path.glob("*.pid"))) == 2)
    programs = [int(file.stem) for file in tmp_path.glob("*.pid")]
    kernel.signal(signal.SIGKILL)
    wait_until(lambda: not children(tmp_path))
    wait_until(lambda: not any(map(is_running, programs)))


def test_many_fast_trials(shared_kernel, wait_until):
    _, study = tune(shared_kernel, "many", PLAIN, n=500)
    assert [trial.state for trial in study] == ["complete"] * 500
    assert all(trial.value == (trial.params["x"] - 2) ** 2 for trial in study)
    wait_until(lambda: not children(shared_kernel.folder))


def test_each_process_has_a_gpu_of_its_own(start_kernel, tmp_path):
    kernel = start_kernel(CUDA_VISIBLE_DEVICES="GPU-a,GPU-b")
    kernel.folder = tmp_path
    cell = f"import os, time\n{PLAIN}\nprint(os.environ['CUDA_VISIBLE_DEVICES'], os.environ['OMP_NUM_THREADS'])\ntime.sleep(0.1)"
    said = kernel.run(f"%%tune q -n 3 --gpus --jobs 3\n{cell}")
    assert "--gpus gives each of 3 jobs a GPU of its own, and of the GPUs there are 2; write --jobs 2" in said
    kernel.run("import os\nos.environ['OMP_NUM_THREADS'] = 'the kernel has'")
    _, study = tune(kernel, "q", cell, "--gpus")
    gpus = [trial.outputs[0]["text"].split()[0] for trial in study]
    assert gpus[0] == "GPU-a,GPU-b"
    assert set(gpus[1:]) == {"GPU-a", "GPU-b"}


LOKY = "import loky\nclient = loky.get_reusable_executor(2)\nview = client", "client.shutdown(kill_workers=True)"
DASK = (
    "import distributed\ncluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)\nclient = distributed.Client(cluster)\nview = client",
    "client.close(); cluster.close()",
)
IPYPARALLEL = (
    "import ipyparallel\ncluster = ipyparallel.Cluster(n=2)\nclient = cluster.start_and_connect_sync()\nview = client[:]",
    "client.close(); cluster.stop_cluster_sync()",
)
POOL = "import concurrent.futures as cf\nclient = cf.ProcessPoolExecutor(2)\nview = client", "client.shutdown()"


@pytest.fixture(params=[LOKY, DASK, IPYPARALLEL, POOL], ids=["loky", "dask", "ipyparallel", "pool"])
def kernel_with_client(request, kernel, tmp_path):
    """A kernel whose ``client`` is of one of the engines; what that has started ends with the test."""
    start, stop = request.param
    kernel.folder = tmp_path
    kernel.run(start)
    yield kernel
    kernel.run(stop)


def test_trials_on_a_client_of_the_user_s(kernel_with_client, tmp_path, open_study, wait_until):
    kernel = kernel_with_client
    kernel.run("import time\ndef f(x):\n    return (x - 2) ** 2 + shift")
    cell = "shift = 1.0  # tune: 0..2\nx = 1.0  # tune: -3..3\nif x < -1: sum(range(10**12))\nloss = f(x)  # tune: minimize"
    _, study = tune(kernel, "q", cell, "--on client --trial-timeout 3s")
    for trial in study:
        x, shift = trial.params["x"], trial.params["shift"]
        assert trial.state == ("timed out" if x < -1 else "complete"), trial.reason
        assert trial.value == (None if x < -1 else (x - 2) ** 2 + shift)
    wait_until(lambda: not children(tmp_path))

    def interrupt():
        slow = open_study("slow", tmp_path)
        wait_until(lambda: sum(trial.state == "running" for trial in slow.trials) == 2)
        wait_until(lambda: len(children(tmp_path)) == 2)
        kernel.signal(signal.SIGINT)

    _, slow = tune(
        kernel, "slow", f"import time\n{PLAIN}\nif x != 1: time.sleep(600)", "--on client", meanwhile=interrupt
    )
    assert {trial.state for trial in slow.trials[1:]} == {"interrupted"}
    wait_until(lambda: not children(tmp_path))
    # The user's client goes on.
    _, again = tune(kernel, "again", cell, "--on view", n=3)
    assert {trial.state for trial in again} <= {"complete", "timed out"}


FAR = (
    "from concurrent.futures import Executor, ProcessPoolExecutor\nfrom dataclasses import replace\n"
    "class Far(Executor):\n    pool = ProcessPoolExecutor(2)\n    def submit(self, function, link, *given):\n"
    "        return self.pool.submit(function, replace(link, address=('127.0.0.1', 9), idle_s=0.5), *given)\n"
    "client = Far()"
)


def test_workers_that_cannot_reach_the_kernel_are_told_of_once(shared_kernel, wait_until):
    shared_kernel.run(FAR)
    cell = "x = 1.0  # tune: -3..3\nfor i in range(3):  # tune: report x * i\n    pass\nloss = x  # tune: minimize"
    said, study = tune(shared_kernel, "far", cell, "--on client --jobs 2")
    assert said.count("the workers cannot reach this kernel: learning curves come when a trial has ended") == 1
    assert [trial.curves for trial in study] == [{"x * i": [0.0, x, 2 * x]} for x in (t.params["x"] for t in study)]
    wait_until(lambda: not children(shared_kernel.folder))
    shared_kernel.run("client.pool.shutdown()")


def test_threads_are_refused_with_a_reason(shared_kernel):
    shared_kernel.run("import concurrent.futures as cf\npool = cf.ThreadPoolExecutor(2)\nnothing = 3")
    assert "pool runs threads, and trials in threads would change each other's variables" in shared_kernel.run(
        f"%%tune q -n 3 --on pool\n{PLAIN}"
    )
    assert "nothing is of type int; --on takes a dask.distributed.Client" in shared_kernel.run(
        f"%%tune q -n 3 --on nothing\n{PLAIN}"
    )
    assert "--on missing: there is no variable missing" in shared_kernel.run(f"%%tune q -n 3 --on missing\n{PLAIN}")
    assert "--jobs 'many' is no number of processes" in shared_kernel.run(f"%%tune q -n 3 --jobs many\n{PLAIN}")


def test_stop_ends_all_trials(kernel, tmp_path, open_study, wait_until):
    kernel.folder = tmp_path
    kernel.run("import jtune.study, threading, time")
    cell = f"import time\n{PLAIN}\nif x != 1: sum(range(10**12))"

    def stop():
        study = open_study("q", tmp_path)
        wait_until(lambda: sum(trial.state == "running" for trial in study.trials) == 2)
        content = {"name": "stop", "given": []}
        kernel.client.control_channel.send(kernel.client.session.msg("jtune_request", content))

    kernel.run(f"%%tune q -n 8 --jobs 2\n{cell}", meanwhile=stop)
    study = jtune.load("q", tmp_path)
    assert (study.ending, [t.state for t in study.trials[1:]]) == ("stopped by hand", ["interrupted"] * 2)
    wait_until(lambda: not children(tmp_path))


def test_jobs_can_be_added_and_drained_while_a_search_runs(kernel, tmp_path, open_study, wait_until):
    kernel.folder = tmp_path
    # What a panel's callback would do, in the thread in which it does it.
    kernel.run(
        "import threading, time\nfrom jtune.desk import desk\nfrom jtune.views.panels import Panels\n"
        "def change():\n"
        "    while not (desk.the(Panels).all and len(desk.the(Panels).all[0].study.finished) > 3): time.sleep(0.01)\n"
        "    search = desk.the(Panels).all[0].search\n    search.jobs = 3\n"
        "    while len(search.running) < 3: time.sleep(0.01)\n    search.jobs = 1\n    seen.append(search.jobs)\n"
        "seen = []\nthreading.Thread(target=change).start()"
    )
    kernel.run(f"%%tune q -n 20 --jobs 1 --sampler random\nimport time\n{PLAIN}\ntime.sleep(0.2)")
    assert kernel.run("print(seen, len(q.complete))") == "[1] 20\n"
