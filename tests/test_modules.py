"""The user's own modules as inputs of a cell: what runs is followed, wherever it was imported."""

import os
import textwrap
import time

import pytest

CELL = "%%tune {name} -n {n} --sampler random --seed 1\n{imports}\nx = 1.0  # tune: -3..3\n{call}  # tune: minimize"


class Notebook:
    """A kernel with a folder of modules, and one tuned cell."""

    def __init__(self, kernel):
        self.kernel, self.run = kernel, kernel.run
        self.folder = kernel.folder

    def write(self, path, text):
        """Write a module as an editor does, between two cells; Python's own cache tells by seconds."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.stat().st_mtime_ns if file.exists() else time.time_ns() - 60 * 10**9
        file.write_text(textwrap.dedent(text), "utf-8")
        os.utime(file, ns=(before + 2 * 10**9, before + 2 * 10**9))

    def tune(self, name, call, imports="", n=2):
        return self.kernel.run(CELL.format(name=name, call=call, imports=imports, n=n))


@pytest.fixture(scope="module")
def notebook(shared_kernel):
    return Notebook(shared_kernel)


LOSS = "K = {}\nTABLE = {{'k': 1}}\n\ndef loss(x):\n    return (x - K) ** 2 * TABLE['k']\n"


def module(k=1):
    return LOSS.format(k)


def reloads(name):
    return f"import importlib, {name}; importlib.reload({name})"


# How a cell comes to a module: what ran before, its own import, its call.
WAYS = {
    "module": ("import {m}", "", "{m}.loss(x)"),
    "function": ("from {m} import loss", "", "loss(x)"),
    "another name": ("import {m} as short", "", "short.loss(x)"),
    "imported in the cell": ("", "import {m}", "{m}.loss(x)"),
    "name imported in the cell": ("", "from {m} import loss as judge", "judge(x)"),
    "function that uses it": ("import {m}\ndef run(x): return {m}.loss(x)", "", "run(x)"),
    "function that imports it": ("def run(x):\n    from {m} import loss\n    return loss(x)", "", "run(x)"),
    "partial": ("import functools, {m}\nrun = functools.partial({m}.loss)", "", "run(x)"),
    "value in a list": ("import {m}\nruns = [{m}.loss]", "", "runs[0](x)"),
}


@pytest.mark.parametrize("way", WAYS)
def test_module_that_was_edited_and_loaded_again_starts_a_new_study(notebook, way):
    name = "way_" + way.replace(" ", "_")
    before, imports, call = (text.format(m=name) for text in WAYS[way])
    notebook.write(f"{name}.py", module())
    notebook.run(before)
    notebook.tune(name + "_s", call, imports)
    notebook.run(before)
    assert "new study" not in notebook.tune(name + "_s", call, imports, 3)

    notebook.write(f"{name}.py", module(2))
    notebook.run(reloads(name))
    notebook.run(before)
    assert f"{name}_s: {name}.py changed, a new study is started\n" in notebook.tune(name + "_s", call, imports)


EDITS = {
    "comment": ("def loss", "# Why.\n\ndef loss"),
    "docstring": ("(x):\n", "(x):\n    'What is lost.'\n"),
    "docstring of the module": ("K = 1", "'''Losses.'''\nK = 1"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edited_comments_and_docstrings_are_no_change(notebook, edit):
    name = "edit_" + edit.replace(" ", "_")
    notebook.write(f"{name}.py", module())
    notebook.run(f"import {name}")
    notebook.tune(name + "_s", f"{name}.loss(x)")
    notebook.write(f"{name}.py", module().replace(*EDITS[edit]))
    notebook.run(reloads(name))
    assert "new study" not in notebook.tune(name + "_s", f"{name}.loss(x)", n=3)


def test_module_that_was_edited_and_not_loaded_again_runs_as_it_was_and_is_named_once(notebook):
    notebook.write("stale.py", module())
    notebook.run("import stale")
    notebook.tune("stale_s", "stale.loss(x)")
    notebook.write("stale.py", module().replace("'k': 1", "'k': 2"))
    said = notebook.tune("stale_s", "stale.loss(x)", n=3)
    assert "new study" not in said
    note = "stale_s: stale.py was edited since it was imported; reload it, or restart the kernel, to run the new text\n"
    assert note in said
    assert "stale.py" not in notebook.tune("stale_s", "stale.loss(x)", n=4)
    notebook.run(reloads("stale"))
    assert "stale_s: stale.py changed, a new study is started\n" in notebook.tune("stale_s", "stale.loss(x)", n=4)


def test_module_that_was_edited_while_a_cell_ran_its_old_text(notebook):
    notebook.write("during.py", module())
    edit = "import during, pathlib\npathlib.Path('during.py').write_text(pathlib.Path('during.py').read_text().replace('- K', '+ K'))"
    notebook.run(edit)
    said = notebook.tune("during_s", "during.loss(x)")
    assert "during_s: whether during.py changed cannot be told" not in said
    assert "whether during.py changed cannot be told" in notebook.tune("during_s", "during.loss(x)", n=3)


def test_module_that_a_module_imports_is_followed(notebook):
    notebook.write("pack/__init__.py", "from .outer import loss\n")
    notebook.write("pack/outer.py", "from . import inner\ndef loss(x):\n    return inner.value(x)\n")
    notebook.write("pack/inner.py", "def value(x):\n    import deepest\n    return deepest.K * x\n")
    notebook.write("pack/other.py", "L = 1\n")
    notebook.write("deepest.py", "K = 1\n")
    notebook.run("import pack.other\nfrom pack import loss as packed")
    notebook.tune("pack_s", "packed(x)")
    for name, path in [("pack.inner", "pack/inner.py"), ("deepest", "deepest.py")]:
        text = (notebook.folder / path).read_text()
        notebook.write(path, text + "M = 1\n")
        notebook.run(reloads(name))
        said = notebook.tune("pack_s", "packed(x)")
        assert f"pack_s: {path} changed, a new study is started\n" in said
    notebook.write("pack/other.py", "L = 2\n")
    notebook.run(reloads("pack.other"))
    assert "new study" not in notebook.tune("pack_s", "packed(x)", n=3)


CLASS = "from base import Base\nclass Model(Base):\n    def loss(self, x): return self.scale() * {} * x\n"
BASE = "class Base:\n    def scale(self): return {}\n"


def test_classes_and_instances_bring_their_module_and_those_of_their_bases(notebook):
    notebook.write("base.py", BASE.format(1))
    notebook.write("derived.py", CLASS.format(1))
    make = "import derived; held = {'model': derived.Model()}"
    notebook.run(make)
    notebook.tune("classes", "held['model'].loss(x)")
    notebook.write("base.py", BASE.format(2))
    notebook.run("import importlib, base, derived; importlib.reload(base); importlib.reload(derived)")
    notebook.run(make)
    assert "classes: base.py changed, a new study is started\n" in notebook.tune("classes", "held['model'].loss(x)")
    notebook.run(make)
    assert "new study" not in notebook.tune("classes", "held['model'].loss(x)", n=3)
    # An instance of a class as it was before it was loaded again is another input where it does something else.
    notebook.run(reloads("derived"))
    assert "new study" not in notebook.tune("classes", "held['model'].loss(x)", n=3)
    notebook.write("derived.py", CLASS.format(2))
    notebook.run(reloads("derived"))
    assert "classes: held, derived.py changed" in notebook.tune("classes", "held['model'].loss(x)")
    notebook.run(make)
    assert "classes: held changed" in notebook.tune("classes", "held['model'].loss(x)")


@pytest.mark.parametrize("mode", ["2", "2-", "3"])
def test_autoreload_is_followed(start_kernel, tmp_path, mode):
    kernel = start_kernel()
    kernel.folder = tmp_path
    notebook = Notebook(kernel)
    notebook.write("auto.py", module())
    notebook.run(f"%load_ext autoreload\n%autoreload {mode}\nfrom auto import loss")
    notebook.tune("auto_s", "loss(x)")
    assert "new study" not in notebook.tune("auto_s", "loss(x)", n=3)
    for old, new in [("K = 1", "K = 2"), ("- K", "+ K"), ("x - K", "2 * x - K")][:2]:
        notebook.write("auto.py", (tmp_path / "auto.py").read_text().replace(old, new))
        assert "auto_s: auto.py changed, a new study is started\n" in notebook.tune("auto_s", "loss(x)")
        assert "new study" not in notebook.tune("auto_s", "loss(x)", n=3)
    notebook.write("auto.py", "def loss(x: broken")
    said = notebook.tune("auto_s", "loss(x)", n=4)
    assert "a new study" not in said
    assert "auto_s: auto.py was edited since it was imported" in said


def test_the_study_goes_on_in_another_kernel(start_kernel, tmp_path):
    for n, text in [(2, module()), (3, "# Noted.\n" + module()), (3, module(2))]:
        kernel = start_kernel()
        kernel.folder = tmp_path
        notebook = Notebook(kernel)
        notebook.write("lasting.py", text)
        notebook.run("import lasting")
        said = notebook.tune("lasts", "lasting.loss(x)", n=n)
        assert ("lasts: lasting.py changed, a new study is started\n" in said) == ("K = 2" in text)
        kernel.stop()


def test_what_cannot_be_told_of_modules_is_named(notebook):
    notebook.run(
        "import sys, types\nmade = types.ModuleType('made')\nexec('def loss(x): return x', made.__dict__)\n"
        "sys.modules['made'] = made"
    )
    notebook.tune("makes", "made.loss(x)")
    assert "continued; whether module made changed cannot be told" in notebook.tune("makes", "made.loss(x)", n=3)


def test_package_installed_in_editable_mode_is_the_users_own(start_kernel, tmp_path):
    source, installed = tmp_path / "project" / "src", tmp_path / "site-packages"
    installed.mkdir()
    (installed / "editable.pth").write_text(str(source))
    kernel = start_kernel()
    kernel.folder = tmp_path
    notebook = Notebook(kernel)
    notebook.write("project/src/mine/__init__.py", module())
    notebook.write("site-packages/theirs.py", module())
    notebook.run(f"import site; site.addsitedir({str(installed)!r})\nimport mine, theirs")
    notebook.tune("editable", "mine.loss(x) + theirs.loss(x)")
    notebook.write("site-packages/theirs.py", module(2))
    notebook.run(reloads("theirs"))
    assert "new study" not in notebook.tune("editable", "mine.loss(x) + theirs.loss(x)", n=3)
    notebook.write("project/src/mine/__init__.py", module(2))
    notebook.run(reloads("mine"))
    said = notebook.tune("editable", "mine.loss(x) + theirs.loss(x)")
    assert "editable: mine/__init__.py changed, a new study is started\n" in said
