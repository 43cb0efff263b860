"""Screenshots of the panel without Jupyter, and how fast it draws.

Usage, in ``labextension``: ``node build.mjs --dev && ../.venv/bin/python dev/shots.py [--stream] [SCENE ...]``
"""

from __future__ import annotations

import http.server
import sys
import threading
from functools import partial
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SHOTS = Path(__file__).parent / "shots"
SCENES = ["one", "begin", "three", "few", "twelve", "thirty", "front", "curves", "everything", "nasty", "explore"]
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the checkout and says nothing."""

    def log_message(self, *_: object) -> None:
        pass


def serve() -> str:
    """Serve the checkout, and return the harness page's address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(ROOT)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/labextension/dev/index.html"


def settled(page: Page) -> None:
    """Wait until all charts in sight are drawn."""
    page.wait_for_selector(".jtune-live")
    page.wait_for_function("() => { const d = document.getElementById('board').dataset; return d.drawn === d.rows }")


def shoot(page: Page, url: str, scene: str, theme: str, width: int) -> None:
    """Take the pictures of a scene: while it runs, when it is done, and with each drawer open."""
    # High enough for all of it: what is out of sight is not drawn.
    page.set_viewport_size({"width": width, "height": 2400})
    for query in ("&narrowed&notes&jobs=3", "&done"):
        page.goto(f"{url}?scene={scene}&theme={theme}{query}")
        settled(page)
        page.evaluate("() => new Promise(resolve => setTimeout(resolve, 300))")
        name = "running" if "jobs" in query else "done"
        page.locator(".jtune-panel").screenshot(path=SHOTS / f"{scene}-{theme}-{width}-{name}.png")
    for drawer in ["History", "Trials", "Pairs", "Curves"]:
        button = page.get_by_role("button", name=drawer, exact=True)
        if not button.is_visible():
            continue
        button.click()
        page.evaluate("() => new Promise(resolve => setTimeout(resolve, 600))")
        page.locator(".jtune-panel").screenshot(path=SHOTS / f"{scene}-{theme}-{width}-{drawer}.png")
        button.click()
    assert page.evaluate("() => window.hacked") is None


def main() -> None:
    """Take all pictures, or measure."""
    SHOTS.mkdir(exist_ok=True)
    chosen = [arg for arg in sys.argv[1:] if not arg.startswith("-")]
    with sync_playwright() as pw:
        browser = pw.chromium.launch(executable_path="/usr/bin/chromium", headless=True, args=ARGS)
        page = browser.new_page()
        page.on("pageerror", lambda error: print("PAGE ERROR", error))
        page.on("console", lambda line: print("CONSOLE", line.text) if line.type in ("error", "warning") else None)
        url = serve()
        if "--stream" in sys.argv:
            page.set_viewport_size({"width": 1600, "height": 1000})
            page.goto(f"{url}?scene=stream")
            print("stream", page.evaluate("() => window.harness.stream()"))
            page.set_viewport_size({"width": 1600, "height": 2400})
            print("redraw_ms", page.evaluate("() => window.harness.redraw()"))
            page.screenshot(path=SHOTS / "stream.png")
        else:
            for scene in chosen or SCENES:
                for theme, width in [("light", 1800), ("light", 1300), ("dark", 1000), ("light", 700)]:
                    shoot(page, url, scene, theme, width)
        browser.close()


if __name__ == "__main__":
    main()
