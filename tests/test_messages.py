"""The page's types of the messages are those of the kernel."""

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_types_of_the_page_are_made_from_those_of_the_kernel():
    made = runpy.run_path(str(ROOT / "tools" / "messages.py"))["typescript"]()
    assert made == (ROOT / "labextension" / "src" / "messages.ts").read_text("utf-8"), "run python tools/messages.py"
