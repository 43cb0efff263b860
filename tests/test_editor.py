"""What the JupyterLab extension is told and may ask, in a real kernel; tests/browser has the extension itself."""

import os
import uuid
from contextlib import closing

import pytest
from jupyter_client.blocking import BlockingKernelClient

CELL = """%%tune {} -n 4 --sampler random --seed 1
x = 1.0  # tune: -3..3
k = "a"  # tune: ["a", "b"]
loss = (x - 1.5) ** 2 + (k == "b")  # tune: minimize"""
EXPLORE = """%%explore {}
a = 1.0  # tune: 0..10
seen = a"""


class Page:
    """A page with the extension, on connections of its own: it asks as the extension does, and is told by a comm."""

    def __init__(self, kernel, session=None):
        self.kernel = kernel
        # Its own session, by which the kernel tells pages apart. No client's methods to receive: in another thread
        # they open an event loop that nobody closes.
        self.client = BlockingKernelClient(connection_file=kernel.manager.connection_file)
        self.client.load_connection_file()
        if session is not None:
            self.client.session.session = session
        connect = {"shell": self.client.connect_shell, "control": self.client.connect_control}
        self.sockets = {name: connected(identity=uuid.uuid4().bytes) for name, connected in connect.items()}
        for socket in self.sockets.values():
            socket.rcvtimeo = 30_000

    def close(self):
        self.client.context.destroy()

    def send(self, channel, kind, content, subshell=None):
        """Send a message, and return it."""
        # The version is of ipywidgets' protocol, whose messages are heeded with one only.
        message = self.client.session.msg(kind, content, metadata={"version": "1.0.0"})
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self.client.session.send(self.sockets[channel], message)
        return message

    def answer(self, *sent):
        """The answer to a message."""
        message = self.send(*sent)
        while True:
            _, reply = self.client.session.recv(self.sockets[sent[0]], mode=0)
            if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
                return reply["content"]

    def ask(self, name, *given):
        """What a request of the extension gives; the control channel is heard while a cell runs."""
        reply = self.answer("control", "jtune_request", {"name": name, "given": given})
        if reply["status"] == "error":
            raise RuntimeError(reply["evalue"])
        return reply["value"]

    def tell(self, comm, data, target=""):
        """Send a widget's message as JupyterLab does while a cell runs, and wait until the kernel has taken it in.

        With a target, the comm is opened first.
        """
        subshell = self.answer("control", "create_subshell_request", {})["subshell_id"]
        if target:
            self.send("shell", "comm_open", {"comm_id": comm, "target_name": target, "data": {}}, subshell)
        self.send("shell", "comm_msg", {"comm_id": comm, "data": data}, subshell)
        self.answer("shell", "comm_info_request", {}, subshell)

    def told(self, kind):
        mine = {content["comm_id"] for content in self.kernel.opened if content["target_name"] == "jtune"}
        data = [content["data"] for content in self.kernel.comms if content["comm_id"] in mine]
        return [message for message in data if message.get("type") == kind]


class Pause:
    """A place where the code of a cell waits for the test: nothing is polled, and no time is assumed."""

    def __init__(self, folder):
        self._here, self._on = folder / "here", folder / "on"
        for path in (self._here, self._on):
            if not path.exists():
                os.mkfifo(path)
        self.code = f"open({str(self._here)!r}, 'w').close(); open({str(self._on)!r}).close()"

    def during(self, action):
        """Do something while the cell is there."""
        self._here.open().close()
        try:
            action()
        finally:
            self._on.open("w").close()


@pytest.fixture(scope="module")
def page(shared_kernel):
    with closing(Page(shared_kernel)) as page:
        yield page


@pytest.fixture
def pause(shared_kernel):
    return Pause(shared_kernel.folder)


def test_a_page_that_comes_is_told_what_there_is(page):
    page.kernel.run(CELL.format("told"))
    state = page.ask("greet")
    study = state["studies"][-1]
    assert [study[key] for key in ("name", "done", "phase", "explored")] == ["told", 4, "ended", None]
    assert {effect["name"] for effect in state["summaries"][-1]["summary"]["effects"]} == {"x", "k"}


def test_progress_and_what_was_found_are_told(page):
    page.kernel.run(CELL.format("progress"))
    assert page.told("study")[-1]["study"]["done"] == 4
    assert page.told("summary")[-1]["summary"]["best"].keys() == {"x", "k"}


def test_studies_of_the_folder_are_listed_too(page):
    page.kernel.run(CELL.format("other --no-panel"))
    page.kernel.run(CELL.format("shown"))
    assert {study["name"] for study in page.ask("studies")} >= {"shown", "other"}


def test_the_study_that_ran_last_is_listed_last(page):
    for name in ("first", "second", "first"):
        page.kernel.run(CELL.format(name))
    page.kernel.run("%tune second")
    assert page.ask("greet")["studies"][-1]["name"] == "first"


def test_apply_asks_the_page_that_runs_the_cell_if_it_has_the_extension(page):
    page.kernel.run(CELL.format("applied"), cell_id="c1")
    page.kernel.run("applied.apply()")
    # The page of this kernel's other connection has it, but did not run the cell.
    page.ask("greet")
    page.kernel.run("applied.apply()")
    assert page.told("apply") == []
    assert [payload["source"] for payload in page.kernel.reply["payload"]] == ["set_next_input"]
    with closing(Page(page.kernel, page.kernel.client.session.session)) as running:
        running.ask("greet")
    page.kernel.run("applied.apply()")
    [message] = page.told("apply")
    assert message["cell"] == "c1"
    assert message["page"] == page.kernel.client.session.session
    assert [name for name, _, _ in message["literals"]] == ["x", "k"]
    assert page.kernel.reply["payload"] == []


def test_moves_run_an_explored_cell(page):
    page.kernel.run(EXPLORE.format("wave"))
    assert page.told("study")[-1]["study"]["explored"] == EXPLORE.partition("\n")[2]
    assert page.ask("move", "wave", {"a": "4.5"}) is True
    assert page.kernel.run("print(seen)") == "4.5\n"
    # Neither what is no value of the domain, nor another study.
    assert page.ask("move", "wave", {"a": "99"}) is True
    assert page.ask("move", "nowhere", {"a": "2.0"}) is False
    assert page.kernel.run("print(seen)") == "4.5\n"


def test_a_cell_that_is_searched_is_no_longer_explored(page):
    page.kernel.run(EXPLORE.format("both"))
    page.kernel.run(EXPLORE.format("both -n 2 --minimize a").replace("explore", "tune"))
    assert page.told("study")[-1]["study"]["explored"] is None
    assert page.ask("move", "both", {"a": "4.5"}) is False


def test_a_literal_from_the_page_runs_nothing(page):
    page.kernel.run(EXPLORE.format("safe"))
    with pytest.raises(RuntimeError, match="malformed"):
        page.ask("move", "safe", {"a": "__import__('os').getpid()"})


def test_a_request_that_there_is_not_is_refused(page):
    with pytest.raises(RuntimeError):
        page.ask("exec", "1")


def test_a_study_can_be_deleted(page):
    page.kernel.run(CELL.format("gone"))
    page.ask("delete", "gone")
    assert "gone" not in {study["name"] for study in page.ask("studies")}
    with pytest.raises(RuntimeError, match="no study 'gone'"):
        page.ask("delete", "gone")


def test_stop_says_whether_anything_ran(page):
    assert page.ask("stop") is False


def test_that_jtune_is_loaded_shows_in_its_comm_whoever_closes_it(page):
    def comms():
        return [*page.answer("control", "comm_info_request", {"target_name": "jtune"})["comms"]]

    [comm] = comms()
    page.send("shell", "comm_close", {"comm_id": comm, "data": {}})
    page.kernel.run("%reload_ext jtune")
    assert comms() == [comm]


def test_figures_are_whole_when_the_page_asks_while_a_cell_draws(page, pause):
    page.kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    page.kernel.run(
        f"plt.plot([1, 2]); {pause.code}; plt.plot([2, 1]); print(len(plt.gca().lines))",
        lambda: pause.during(lambda: page.ask("greet")),
    )
    assert page.kernel.text.startswith("2\n")
    assert [kind for kind, _ in page.kernel.outputs].count("display_data") == 1


def test_input_works_when_the_page_asks_meanwhile(page, pause):
    asked = f"{pause.code}\nprint(input('say: '))"
    assert page.kernel.run(asked, lambda: pause.during(lambda: page.ask("greet")), typed="a word") == "a word\n"


@pytest.fixture
def subshells(page):
    reply = page.kernel.client.kernel_info(reply=True, timeout=30)
    if "kernel subshells" not in reply["content"].get("supported_features", []):
        pytest.skip("this ipykernel hears widgets only between cells")


@pytest.mark.usefixtures("subshells")
def test_figures_are_whole_when_the_panels_slider_is_moved_while_a_cell_draws(page, pause):
    page.kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    page.kernel.run(CELL.format("slid"))
    board = page.kernel.model("AnyModel")
    moved = {"method": "custom", "content": {"type": "move", "values": {"x": 0.5}}}
    page.kernel.run(
        f"plt.plot([1, 2]); {pause.code}; plt.plot([2, 1]); print(len(plt.gca().lines))",
        lambda: pause.during(lambda: page.tell(board, moved)),
    )
    assert page.kernel.text.startswith("2\n")
    assert [kind for kind, _ in page.kernel.outputs].count("display_data") == 1
    # The board has heard it.
    assert page.kernel.run("print(slid.controls['x'].value)") == "0.5\n"


@pytest.mark.usefixtures("subshells")
def test_a_trials_figures_are_whole_when_a_page_asks_for_its_widgets_meanwhile(page, pause):
    page.kernel.run("%matplotlib inline\nimport matplotlib.pyplot as plt")
    page.kernel.run(
        f"""%%tune drawn -n 1
x = 1.0  # tune: 0..2
plt.plot([1, x])
{pause.code}
plt.plot([x, 1])
loss = len(plt.gca().lines)  # tune: minimize""",
        lambda: pause.during(lambda: page.tell("all", {"method": "request_states"}, "jupyter.widget.control")),
    )
    shown = "[output for output in drawn[0].outputs if output['output_type'] == 'display_data']"
    assert page.kernel.run(f"print(drawn[0].value, len({shown}))") == "2.0 1\n"


def test_a_turn_that_cannot_be_shown_does_not_end_exploring(page):
    page.kernel.run(
        """%%explore odd
a = 1.0  # tune: 0..10
if a > 2:
    get_ipython().display_pub.publish({"application/x-odd": {1: object()}})
seen = a"""
    )
    page.ask("move", "odd", {"a": "3.0"})
    assert page.kernel.run("print(seen)") == "3.0\n"
    page.ask("move", "odd", {"a": "1.5"})
    assert page.kernel.run("print(seen)") == "1.5\n"
