# Two commands do all the set-up, from a clean checkout with python3 (3.10 or newer) and make:
#   make demo    make test
# .venv holds everything; a stamp file in it says which dependency groups of pyproject.toml are there.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# The kernels of .venv, whatever kernels this machine or user has besides.
unexport JUPYTER_PATH PYTHONHOME PYTHONPATH VIRTUAL_ENV
export JUPYTER_PREFER_ENV_PATH := 1
# What a run leaves behind, and what a user's own IPython profile would add to it, stays out of the home directory.
bench demo test: export IPYTHONDIR := $(CURDIR)/$(VENV)/var/ipython
bench demo test: export JUPYTER_CONFIG_DIR := $(CURDIR)/$(VENV)/var/jupyter-config
bench demo test: export JUPYTER_DATA_DIR := $(CURDIR)/$(VENV)/var/jupyter-data
bench demo test: export JUPYTER_RUNTIME_DIR := $(CURDIR)/$(VENV)/var/jupyter-run

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint bench lab clean
# One recipe after the other: they share .venv.
.NOTPARALLEL:

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

demo: $(VENV)/.has-demo  ## run the quickstart notebook and print its result
	@$(BIN)/python tools/demo.py

test: lint  ## all that CI runs: lint, types, the notebooks, the tests
	@copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT && cp notebooks/*.ipynb "$$copy" \
	&& $(BIN)/python -m pytest -q --rootdir "$$copy" -p no:cacheprovider --nbval-lax --nbval-current-env "$$copy"
	@$(BIN)/python -m pytest

lint: $(VENV)/.has-test  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.has-test  ## run the benchmarks
	@set -e; for name in imports overhead memory optimizers front; do echo "== $$name"; $(BIN)/python benchmarks/$$name.py; done

lab: $(VENV)/.has-demo $(VENV)/.has-lab  ## open JupyterLab on the quickstart; LAB_FLAGS are passed on
	$(BIN)/jupyter lab $(LAB_FLAGS) notebooks/01_quickstart.ipynb

clean:  ## remove .venv and what tools leave behind; studies (.jtune) stay
	rm -rf $(VENV) build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
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
