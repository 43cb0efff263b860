# Two commands do all the set-up, from a clean checkout with python3 (3.10 or newer) and make:
#   make demo    make test
# .venv holds everything; a stamp file in it says which dependency groups of pyproject.toml are there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The lowest versions of all that pyproject.toml names.
OLDEST := .venv-oldest
# The panel's script: one of the files that esbuild writes, all at once, to jtune/static. Directories are listed too:
# theirs is the time at which a file was removed.
PANEL := jtune/static/script.js
PANEL_SOURCES := $(shell find labextension/src labextension/schema) labextension/build.mjs jtune/language/grammar.json
# Where JupyterLab looks for the extension. pip puts it there too, but where jtune is editable, only once.
EXTENSION := $(VENV)/share/jupyter/labextensions/jtune
MODULES := labextension/node_modules/.package-lock.json
# .venv has a node where the machine has none.
NPM := cd labextension && PATH="$(CURDIR)/$(BIN):$$PATH" npm --silent

# The kernels of .venv, whatever kernels this machine or user has besides.
unexport JUPYTER_PATH PYTHONHOME PYTHONPATH VIRTUAL_ENV
export JUPYTER_PREFER_ENV_PATH := 1
# The rules below build the panel; without this, pip does so again at each install of a dependency group.
export HATCH_JUPYTER_BUILDER_SKIP_NPM := 1
# uv trusts the certificates of the machine, where a proxy may have one of its own.
export UV_SYSTEM_CERTS := 1
# What a run leaves behind, and what a user's own IPython profile would add to it, stays out of the home directory.
bench demo test test-oldest: export IPYTHONDIR := $(CURDIR)/$(VENV)/var/ipython
bench demo test test-oldest: export JUPYTER_CONFIG_DIR := $(CURDIR)/$(VENV)/var/jupyter-config
bench demo test test-oldest: export JUPYTER_DATA_DIR := $(CURDIR)/$(VENV)/var/jupyter-data
bench demo test test-oldest: export JUPYTER_RUNTIME_DIR := $(CURDIR)/$(VENV)/var/jupyter-run

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-oldest lint bench lab docs screenshots extension clean
# One recipe after the other: they share .venv.
.NOTPARALLEL:

help:  ## this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18

demo: $(VENV)/.has-demo $(PANEL)  ## run the quickstart notebook and print its result
	@$(BIN)/python tools/demo.py

test: lint docs extension  ## all that CI runs: lint, types, the site, the notebooks, the tests, in a real browser too
	@$(BIN)/python tools/chromium.py --install
	@$(NPM) test
	@copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && cp notebooks/*.ipynb "$$copy" \
	&& $(BIN)/python -m pytest -q --rootdir "$$copy" -p no:cacheprovider --nbval-lax --nbval-current-env "$$copy"
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

test-oldest: $(OLDEST)/.has-test $(PANEL)  ## tests in a kernel and a few in the browser, with the lowest versions of all dependencies
	@rm -rf $(OLDEST)/share/jupyter/labextensions/jtune && cp -R jtune/labextension $(OLDEST)/share/jupyter/labextensions/jtune
	@$(OLDEST)/bin/python tools/chromium.py --install
	@$(OLDEST)/bin/python -m pytest -q -p no:cacheprovider --numprocesses 2 --dist loadfile -m oldest

lint: $(VENV)/.has-test $(MODULES)  ## ruff, mypy, layers, eslint, prettier and tsc
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run lint

bench: $(VENV)/.has-test extension  ## run the benchmarks
	@set -e; for name in imports overhead once fingerprints studies panel editor memory optimizers front replay parallel; do echo "== $$name"; $(BIN)/python benchmarks/$$name.py; done

lab: $(VENV)/.has-demo $(VENV)/.has-lab extension  ## open JupyterLab on the quickstart; LAB_FLAGS are passed on
	$(BIN)/jupyter lab $(LAB_FLAGS) notebooks/01_quickstart.ipynb

screenshots: $(VENV)/.has-test extension  ## take the README's pictures
	$(BIN)/python tools/screenshots.py

docs: $(VENV)/.has-docs $(MODULES)  ## the site, in docs/_build/html; warnings are errors
	@rm -rf docs/notebooks && mkdir docs/notebooks && cp notebooks/*.ipynb docs/notebooks
	@sed -i 's|(\.\./docs/|(../|g' docs/notebooks/*.ipynb
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs docs/_build/html

clean:  ## remove the virtual environments and what tools leave behind; studies (.jtune) stay
	rm -rf $(VENV) $(OLDEST) build dist docs/_build docs/notebooks jtune/static jtune/labextension labextension/lib labextension/node_modules .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Dependency groups need pip 25.1; the pip that comes with Python may be older.
$(VENV)/.has-pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "jtune needs Python 3.10 or newer; say which: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	@mkdir -p $(VENV)/var
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@touch $@

$(VENV)/.has-%: pyproject.toml $(VENV)/.has-pip
	$(BIN)/python -m pip install --quiet --editable . --group $*
	@touch $@

$(OLDEST)/.has-test: pyproject.toml | $(VENV)/.has-oldest
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(OLDEST)
	$(BIN)/uv pip install --quiet --python $(OLDEST) --resolution lowest-direct --editable . --group test
	@touch $@

# The machine's node, or PyPI's where it is missing, or older than eslint and vitest can do with.
$(VENV)/.has-node: $(VENV)/.has-pip
	@{ npm --version && node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b > 18) ? 0 : 1)'; } \
	>/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --group node
	@touch $@

$(MODULES): labextension/package.json labextension/package-lock.json | $(VENV)/.has-node
	$(NPM) ci
	@touch $@

$(PANEL): $(PANEL_SOURCES) $(MODULES) | $(VENV)/.has-build
	$(NPM) run build:prod

extension: $(PANEL)
	@rm -rf $(EXTENSION) && mkdir -p $(EXTENSION) && cp -R jtune/labextension/. $(EXTENSION)
