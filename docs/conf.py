"""How Sphinx makes the site: `make docs`."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

project = "jtune"
author = "The jtune developers"
copyright = author
release = re.search(r'__version__ = "(.+)"', (ROOT / "jtune" / "__init__.py").read_text("utf-8"))[1]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
# The tutorials are notebooks in a folder of their own; Makefile's `docs` copies them here.
exclude_patterns = ["_build"]
nb_execution_mode = "off"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]
autodoc_typehints = "none"
napoleon_google_docstring = False

# Nothing comes from elsewhere when a page is read.
html_static_path = ["../labextension/node_modules/mathjax/es5/tex-svg.js", "site.css"]
html_css_files = ["site.css"]
mathjax_path = "tex-svg.js"

html_theme = "furo"
html_title = "jtune"
