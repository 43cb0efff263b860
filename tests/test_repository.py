"""The files around the package: they parse, agree with each other, and name no machine."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from importlib import metadata, resources
from pathlib import Path

import nbformat
import pytest

import jtune
from jtune.language import grammar
from jtune.samplers import make

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
BINARY = {".png", ".ico", ".woff2", ".gz", ".zip"}
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.S | re.M)
# Brackets, so that this file does not match itself.
OF_A_MACHINE = re.compile(
    r"(?<![\w.~*-])[/](?:home|root|Users|work|opt|mnt)/\w|[A-Z][:]\\Users|(?:extra-)?index-ur[l]|find-link[s]"
    r"|\bpypi[.]org/simple|\blocalhos[t]:\d|\b(?:10|192[.]168|127)[.]\d+[.]\d+[.]?\d*:\d"
)


def published_files() -> list[Path]:
    """Tracked files and new ones that no ignore rule covers."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and path.suffix not in BINARY]


def without_magics(code: str) -> str:
    return re.sub(r"^[ \t]*[%!].*$", "", code, flags=re.M)


def test_version_is_one_place():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert 'dynamic = ["version"]' in text
    assert not re.search(r"^version\s*=", text, re.M)
    assert re.fullmatch(r"\d+\.\d+\.\d+(\w+)?", jtune.__version__)


def test_changelog_begins_with_the_version():
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert jtune.__version__ == next(heading for heading in headings if heading != "Unreleased")


def test_installed_version_is_the_source_version():
    try:
        installed = metadata.version("jupyter-jtune")
    except metadata.PackageNotFoundError:
        pytest.skip("run from a checkout that is not installed")
    assert jtune.__version__ == installed


def test_grammar_is_in_the_package():
    text = (resources.files("jtune.language") / "grammar.json").read_text("utf-8")
    assert {"mark", "range", "choices", "colab"} <= json.loads(text)["patterns"].keys()


def test_the_options_of_the_magics_offer_the_samplers_and_pruners_that_there_are():
    options = {option["name"]: option for option in grammar.table("options")}
    assert options["--sampler"]["values"] == list(make.NAMES)
    assert options["--pruner"]["values"] == list(make.PRUNERS)
    for option in options.values():
        assert all(value in option["help"] for value in option.get("values", ()))


def test_package_says_it_is_typed():
    assert (resources.files("jtune") / "py.typed").is_file()


@pytest.mark.parametrize("block", BLOCKS, ids=[block.split("\n", 1)[0] for block in BLOCKS])
def test_readme_block_parses(block):
    ast.parse(without_magics(block))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_valid(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            ast.parse(without_magics(cell.source))


def test_quickstart_is_the_readmes():
    notebook = nbformat.read(ROOT / "notebooks" / "01_quickstart.ipynb", as_version=4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert [block.rstrip() for block in BLOCKS[:2]] == code[:2]


def test_files_name_no_machine():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in published_files()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if OF_A_MACHINE.search(line)
    ]
    assert found == []


def test_lock_file_names_no_registry():
    lock = (ROOT / "labextension" / "package-lock.json").read_text("utf-8")
    assert re.findall(r'"resolved".*', lock) == []


def test_every_make_target_in_the_readme_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", (ROOT / "README.md").read_text("utf-8"), re.M))
    assert {name for pair in named for name in pair if name} <= targets


def test_no_module_hides_a_public_name():
    import jtune.magic

    names = set(jtune.__all__) - {"__version__", "samplers"}
    assert all(callable(getattr(jtune, name)) for name in names)


def test_reference_names_all_that_is_public():
    reference = (ROOT / "docs" / "reference.rst").read_text("utf-8")
    shown = set(re.findall(r"\w+", reference))
    assert {name for name in jtune.__all__ if callable(getattr(jtune, name))} - shown == {"load_ipython_extension"}
    for public in (jtune.Study, jtune.Effects):
        assert {name for name in dir(public) if not name.startswith("_")} <= shown


@pytest.mark.skipif(sys.platform == "win32", reason="no execute permission there")
def test_ci_script_is_executable():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111
