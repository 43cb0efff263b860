"""Write what the kernel says of each case of ``grammar_cases.json`` into ``kernel_messages.json``."""

import json
from pathlib import Path

from jtune.errors import CellError
from jtune.language.cell import Cell

here = Path(__file__).parent
cases = json.loads((here.parents[2] / "tests/data/grammar_cases.json").read_text(encoding="utf-8"))


def messages(cell: str) -> list[str]:
    """Return the messages for the mistakes of a cell."""
    try:
        Cell(cell)
    except CellError as error:
        return [problem.message for problem in error.problems]
    return []


said = {case["about"]: messages(case["cell"]) for case in cases if "errors" in case}
text = json.dumps(said, ensure_ascii=False, indent=2)
(here / "kernel_messages.json").write_text(text + "\n", encoding="utf-8")
