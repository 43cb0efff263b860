"""What the panel costs, in a real kernel and a real JupyterLab in Chromium; goals are in brackets.

In the kernel it stands next to what people show progress with instead: a widget's progress bar, as ``tqdm.notebook``
has it, and a matplotlib figure that is drawn anew.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser.notebook import Notebook, Notebooks  # noqa: E402
from browser.server import Server  # noqa: E402

N = 10_000
COLD = 5
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
MARKS = "".join(f"{name} = 0.5  # tune: 0..1\n" for name in "abcdefgh")
OBJECTIVE = "loss = a + b + c + d + e + f + g + h  # tune: minimize\n"
CELL = "%%tune bench -n {n} --sampler random --seed 0 --fresh\n" + MARKS + "{more}\n" + OBJECTIVE
# Time spent on the panel's behalf: in the loop's own thread after each trial, and in the thread that sends.
WATCH = """
import time, jtune.views.panel, jtune.views.feed
updates, flushes, resyncs = [], [], []
def watched(function, times, clock):
    def call(self, *args):
        start = clock()
        function(self, *args)
        times.append(1e3 * (clock() - start))
    return call
jtune.views.panel.Panel.update = watched(jtune.views.panel.Panel.update, updates, time.perf_counter)
jtune.views.feed.Feed.flush = watched(jtune.views.feed.Feed.flush, flushes, time.thread_time)
jtune.views.panel.Panel._resend = watched(jtune.views.panel.Panel._resend, resyncs, time.perf_counter)
"""
SAY = """
import statistics
ours = updates[2::2][:N]  # after the search's begin, each trial tells of its start, then of its end
early, late = (statistics.median(part) for part in (ours[100:1100], ours[-1000:]))
print(early, late, statistics.median(ours), sum(flushes) / N, len(resyncs))
""".replace("N", str(N))
PEERS = """
import statistics, time
import ipywidgets, matplotlib.pyplot as plt
from IPython.display import display
def median_ms(action, n):
    times = []
    for i in range(n):
        start = time.perf_counter()
        action(i)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)
bar = ipywidgets.IntProgress(max=1000)
figure, axes = plt.subplots()
handle = display(figure, display_id=True)
plt.close(figure)
def draw(i):
    axes.plot([i], [i % 7], "o", color="C0")
    handle.update(figure)
def move(i):
    bar.value = i
print(median_ms(move, 200), median_ms(draw, 20))
"""
FRAMES = """() => {
  window.frames_ms = [];
  let last = performance.now();
  const step = now => { frames_ms.push(now - last); last = now; window.isWatching && requestAnimationFrame(step); };
  window.isWatching = true;
  requestAnimationFrame(step);
}"""
# How many trials are drawn is noted when all that is to be seen has been drawn again.
REDRAW = """async () => {
  const drawn = [];
  const seen = new MutationObserver(() => drawn.push(performance.now()));
  const board = document.querySelector('.jtune-board');
  board.dataset.drawn = '';
  seen.observe(board, {attributes: true, attributeFilter: ['data-drawn']});
  const begin = performance.now() + 100;  // themes are looked at a little after they change
  document.body.dataset.jpThemeName += ' ';
  await new Promise(resolve => setTimeout(resolve, 3000));
  seen.disconnect();
  return [Math.max(...drawn) - begin, drawn.length];
}"""
MOVE = """async () => {
  const label = document.querySelector('.jtune-prediction');
  const handle = document.querySelector('.jtune-handle');
  const times = [];
  for (let i = 0; i < 40; i++) {
    times.push(await new Promise(resolve => {
      const seen = new MutationObserver(() => { seen.disconnect(); resolve(performance.now() - begin); });
      seen.observe(label, {childList: true, characterData: true, subtree: true});
      const begin = performance.now();
      const key = i % 20 < 10 ? 'PageUp' : 'PageDown';
      handle.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
    }));
    await new Promise(resolve => setTimeout(resolve, 150));
  }
  return times;
}"""
STOP = """() => {
  const stop = [...document.querySelectorAll('.jtune-buttons button')].find(each => each.textContent === 'Stop');
  stop.click();
  return Date.now();
}"""


@contextmanager
def lab() -> Iterator[Notebooks]:
    found = subprocess.run([sys.executable, ROOT / "tools" / "chromium.py"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server("lab", Path(folder))
        server.wait()
        browser = playwright.chromium.launch(executable_path=found.stdout.strip(), args=FLAGS)
        notebooks = Notebooks(server, browser)
        try:
            yield notebooks
        finally:
            notebooks.close()
            browser.close()
            server.stop()


def opened(notebooks: Notebooks, cell: str) -> Notebook:
    notebook = notebooks.open(["%load_ext jtune", cell], height=2400)
    notebook.run(0)
    return notebook


def floats(printed: str) -> list[float]:
    return [float(word) for word in printed.split()]


def say(what: str, value: float, unit: str = "ms", goal: float | None = None, more: str = "") -> None:
    digits = 3 if value < 1 and unit == "ms" else 0
    print(f"{what:<38} {value:9.{digits}f} {unit:<2}  {'' if goal is None else f'[{goal:g}]':7} {more}", flush=True)


def shown(notebook: Notebook, rows: int) -> Any:
    live = f".jtune-board.jtune-live[data-drawn='{rows}']"
    return notebook.page.wait_for_selector(live, timeout=120_000)


def measure_stream(notebooks: Notebooks) -> None:
    """Let 10,000 trials arrive, 200 a second, and look at both ends."""
    notebook = opened(notebooks, CELL.format(n=N, more="import time; time.sleep(0.0025)"))
    notebook.kernel_run(WATCH)
    notebook.run(1, wait=False)
    notebook.page.wait_for_selector(".jtune-board.jtune-live", timeout=60_000)
    notebook.evaluate(FRAMES)
    began = time.monotonic()
    notebook.wait_idle(600)
    rate = N / (time.monotonic() - began)
    notebook.evaluate("window.isWatching = false")
    frames = sorted(notebook.evaluate("frames_ms"))
    shown(notebook, N)
    early, late, median, sending, resyncs = floats(notebook.kernel_run(SAY))
    say("kernel, per trial", median, goal=0.2, more=f"trials 100-1100 {early:.3f}, the last 1000 {late:.3f}")
    say("kernel, sending, per trial", sending)
    share = f"99 % {frames[int(0.99 * len(frames))]:.0f}, at {rate:.0f} trials/s"
    say("page, worst frame", frames[-1], goal=100, more=share)
    say("page, times it asked for trials again", resyncs - 1, "", 0)
    notebook.page.wait_for_timeout(3000)
    redraws = [notebook.evaluate(REDRAW) for _ in range(5)]
    say("page, redraw", statistics.median(ms for ms, _ in redraws), goal=500, more="all rows")
    bar, figure = floats(notebook.kernel_run(PEERS))
    both = median + sending
    say("instead: a progress bar's new value", bar, more=f"{bar / both:.1f} x")
    say("instead: a figure drawn anew", figure, more=f"{figure / both:.0f} x")


def measure_slider(notebooks: Notebooks) -> None:
    notebook = opened(notebooks, CELL.format(n=100, more=""))
    notebook.run(1)
    shown(notebook, 100)
    times = notebook.evaluate(MOVE)
    say("handle moved -> prediction shown", statistics.median(times), goal=16, more=f"worst {max(times):.0f}")


def measure_stop(notebooks: Notebooks) -> None:
    late, ends = [], []
    notebook = opened(notebooks, CELL.format(n=N, more="import time; time.sleep(0.02)"))
    for _ in range(5):
        notebook.run(1, wait=False)
        notebook.page.wait_for_function("+(document.querySelector('.jtune-live')?.dataset.rows ?? 0) >= 20")
        pressed_s = notebook.evaluate(STOP) / 1000
        notebook.wait_idle()
        ends.append(1e3 * (time.time() - pressed_s))
        last = notebook.kernel_run("print(bench.optuna.get_trials(deepcopy=False)[-1].datetime_start.timestamp())")
        late.append(max(0.0, 1e3 * (float(last) - pressed_s)))
    more = f"worst {max(late):.0f}; the cell is done after {statistics.median(ends):.0f}"
    say("Stop pressed -> last trial's start", statistics.median(late), goal=200, more=more)


def first_trial_s(folder: Path, option: str) -> float:
    """Seconds from the request to the start of trial 0, in a kernel that has just started."""
    manager = KernelManager()
    env = {**os.environ, "IPYTHONDIR": str(folder / "ipython")}
    manager.start_kernel(cwd=str(folder), env=env, extra_arguments=["--IPKernelApp.log_level=40"])
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    printed: list[str] = []
    cell = CELL.format(n=1, more="").replace("--fresh", f"--fresh {option}")
    begin = "import time; begin = time.time()"
    told = "print(bench.optuna.get_trials()[0].datetime_start.timestamp() - begin)"
    for code in ("%load_ext jtune", begin, cell, told):
        keep = printed.append if code == told else lambda _: None
        client.execute_interactive(
            code, timeout=60, output_hook=lambda m, keep=keep: keep(m["content"].get("text", ""))
        )
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return float("".join(printed))


def measure_cold() -> None:
    times: dict[str, list[float]] = {"--panel": [], "--no-panel": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(COLD):
            for option, found in times.items():
                found.append(first_trial_s(Path(folder), option))
    added = statistics.median(a - b for a, b in zip(*times.values(), strict=True))
    without = statistics.median(times["--no-panel"])
    more = f"without a panel it starts after {1e3 * without:.0f}"
    say("added to the first trial, cold", 1e3 * added, goal=1000, more=more)


def main() -> None:
    measure_cold()
    with lab() as notebooks:
        measure_slider(notebooks)
        measure_stop(notebooks)
        measure_stream(notebooks)


if __name__ == "__main__":
    main()
