"""A study as the user holds it."""

import re
from pathlib import Path

DESIGN = (Path(__file__).parent.parent / "docs" / "design.md").read_text("utf-8")
CELL = (
    "%%tune {name} -n {n} --sampler random --seed 1\n"
    "x = 1.0  # tune: -3..3\ny = 2  # tune: 1..9\nloss = (x - 2) ** 2 + y  # tune: minimize"
)


def test_tab_offers_what_the_design_names_and_no_more(shared_kernel):
    named = set(re.findall(r"^digits\.(\w+)|, digits\.(\w+)", DESIGN.split("## 6.")[1].split("## 7.")[0], re.M))
    named = {first or second for first, second in named}
    shared_kernel.run(CELL.format(name="completed", n=2))
    request = shared_kernel.client.complete("completed.", reply=True, timeout=60)
    offered = {match.rpartition(".")[2] for match in request["content"]["matches"]}
    assert offered == named
    public = shared_kernel.run("print(*(name for name in dir(completed) if not name.startswith('_')))")
    assert set(public.split()) == named
