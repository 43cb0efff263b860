"""What the JupyterLab extension is told and may ask, in a real kernel; tests/browser has the extension itself."""

import json

import pytest

CELL = """%%tune q -n 4 --sampler random --seed 1
x = 1.0  # tune: -3..3
k = "a"  # tune: ["a", "b"]
loss = (x - 1.5) ** 2 + (k == "b")  # tune: minimize"""
EXPLORE = """%%explore wave
a = 1.0  # tune: 0..10
seen = a"""


class Page:
    """A page with the extension: it is told by a comm, and asks as the extension does."""

    def __init__(self, kernel):
        self.kernel = kernel
        kernel.run("import jtune.editor")

    def ask(self, expression):
        printed = self.kernel.run(f"import json; print(json.dumps(jtune.editor.{expression}.data['value']))")
        return json.loads(printed.splitlines()[-1])

    def told(self, kind):
        mine = {content["comm_id"] for content in self.kernel.comms if content.get("target_name") == "jtune"}
        data = [content["data"] for content in self.kernel.comms if content["comm_id"] in mine]
        return [message for message in data if message.get("type") == kind]


@pytest.fixture
def page(kernel):
    return Page(kernel)


def test_a_page_that_comes_is_told_what_there_is(page):
    page.kernel.run(CELL)
    assert page.ask("greet()") is True
    state = page.told("state")[-1]
    assert [(study["name"], study["done"], study["phase"]) for study in state["studies"]] == [("q", 4, "ended")]
    [summary] = state["summaries"]
    assert {effect["name"] for effect in summary["summary"]["effects"]} == {"x", "k"}


def test_progress_and_what_was_found_are_told(page):
    page.ask("greet()")
    page.kernel.run(CELL)
    assert page.told("study")[-1]["study"]["done"] == 4
    assert page.told("summary")[-1]["summary"]["best"].keys() == {"x", "k"}


def test_studies_of_the_folder_are_listed_too(page):
    page.kernel.run(CELL.replace("%%tune q", "%%tune other --no-panel"))
    page.kernel.run(CELL)
    assert {study["name"] for study in page.ask("studies()")} == {"q", "other"}


def test_apply_asks_the_page_only_where_one_answers(page):
    page.kernel.run(CELL)
    page.kernel.run("q._ledger.definition = __import__('dataclasses').replace(q._ledger.definition, cell='c1')")
    page.kernel.run("q.apply()")
    assert page.told("apply") == []
    page.ask("greet()")
    page.kernel.run("q.apply()")
    [message] = page.told("apply")
    assert message["cell"] == "c1"
    assert [name for name, _, _ in message["literals"]] == ["x", "k"]


def test_moves_run_an_explored_cell(page):
    page.ask("greet()")
    page.kernel.run(EXPLORE)
    assert page.told("exploring") == [{"type": "exploring", "cell": ""}]
    assert page.ask("move('', {'a': '4.5'})") is True
    assert page.kernel.run("print(seen)") == "4.5\n"
    # Neither what is no value of the domain, nor another cell.
    assert page.ask("move('', {'a': '99'})") is True
    assert page.ask("move('nowhere', {'a': '2.0'})") is False
    assert page.kernel.run("print(seen)") == "4.5\n"


def test_a_literal_from_the_page_runs_nothing(page):
    page.kernel.run(EXPLORE)
    page.kernel.run("jtune.editor.move('', {'a': '__import__(\"os\").getpid()'})")
    assert page.kernel.reply["ename"] == "ValueError"


def test_a_study_can_be_deleted(page):
    page.kernel.run(CELL)
    assert page.ask("delete('q')") is True
    assert page.ask("studies()") == []
    page.kernel.run("jtune.editor.delete('q')")
    assert "no study 'q'" in page.kernel.reply["evalue"]


def test_stop_says_whether_anything_ran(page):
    assert page.ask("stop()") is False
