"""How Sphinx makes the site: `make docs`."""

from pathlib import Path
from typing import Any

from numpydoc.xref import DEFAULT_LINKS

import jtune
import jtune.errors

ROOT = Path(__file__).resolve().parent.parent

project = "jtune"
author = "The jtune developers"
copyright = author
release = jtune.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "numpydoc"]
# The tutorials are notebooks in a folder of their own; Makefile's `docs` copies them here.
exclude_patterns = ["_build"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]

python_use_unqualified_type_names = True
maximum_signature_line_length = 88
numpydoc_show_class_members = False
numpydoc_xref_param_type = True
# Of the types in docstrings, jtune's own are links; numpydoc's others lead to Python's site, which is elsewhere.
numpydoc_xref_aliases = {name: name for name in DEFAULT_LINKS}
numpydoc_xref_aliases |= {name: f"jtune.{name}" for name in jtune.__all__}
numpydoc_xref_aliases |= {name: f"jtune.errors.{name}" for name in vars(jtune.errors) if name.endswith("Error")}
numpydoc_xref_ignore = {*DEFAULT_LINKS, "optional", "shape", "mapping", "path", "ndarray", "ValueError", "KeyError"}
# A docstring in the reference that lacks a parameter, describes one that is not there, or lacks what is returned is a
# warning.
numpydoc_validation_checks = {"GL07", "GL08", "PR01", "PR02", "PR03", "RT01", "RT03", "SS01", "YD01"}
# Only jtune makes these: how they are made is not shown.
MADE_BY_JTUNE = (
    *("Study", "Goal", "Trial", "Effects", "Effect", "Pair"),
    *("errors.CellError", "errors.Problem", "errors.ConditionError"),
    *("errors.JournalLockedError", "errors.JournalCorruptError"),
)
numpydoc_validation_exclude = {rf"jtune\.{name}$" for name in MADE_BY_JTUNE}


def without_signature(_app: Any, what: str, name: str, *_: Any) -> tuple[str, str] | None:
    """Leave out the signature of a class that users do not call."""
    return ("", "") if what in {"class", "exception"} and name.removeprefix("jtune.") in MADE_BY_JTUNE else None


def to_public_name(app: Any, env: Any, node: Any, contnode: Any) -> Any:
    """Link a type by the name that users type, `jtune.Trial`, wherever the module is that defines it."""
    public = f"jtune.{node['reftarget'].rpartition('.')[2]}"
    if node.get("refdomain") != "py" or public == node["reftarget"]:
        return None
    return env.get_domain("py").resolve_xref(env, node["refdoc"], app.builder, "obj", public, node, contnode)


def setup(app: Any) -> None:
    """Connect the above to Sphinx."""
    app.connect("autodoc-process-signature", without_signature)
    app.connect("missing-reference", to_public_name)


# Nothing comes from elsewhere when a page is read.
html_static_path = ["../labextension/node_modules/mathjax/es5/tex-svg.js", "site.css"]
html_css_files = ["site.css"]
mathjax_path = "tex-svg.js"

html_theme = "furo"
html_title = "jtune"
