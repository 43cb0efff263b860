"""The README's cells, run one after the other as a new user would."""

import re
from pathlib import Path

BLOCKS = re.findall(
    r"^```python\n(.*?)^```", (Path(__file__).parent.parent / "README.md").read_text("utf-8"), re.S | re.M
)


def test_every_cell_works_as_written(kernel):
    said = []
    for block in BLOCKS:
        said.append(kernel.run(block))
        assert kernel.reply["status"] == "ok", said[-1]
    assert "40 trials are done" in said[1]
    assert kernel.run("print(model.named_steps['svc'].C == digits.best.params['C'])") == "True\n"
