# `make search` and `make test` serve a newcomer: each does all of its own set-up.
PYTHON ?= python3
VENV ?= .venv
STUDY ?= digits
WORKERS ?= 2
TRIALS ?=
CLAIM ?=
KILLS ?= 500
BIN := $(VENV)/bin
CORES := -n auto --dist loadfile
QUICK := -m 'not slow'
ENGINE := $(patsubst %,tests/test_%.py,diagnostics elementary golden losses network parameters products training)

.DEFAULT_GOAL := help
.PHONY: help search survey report lesson show dashboard export test test-all engine faults truth readme bench lint types clean

help:  ## say what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "hpsearch needs Python 3.11 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1): give another with PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "'$(PYTHON) -m venv' failed: install your system's venv package (Debian: python3-venv)"; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

search: $(VENV)/.installed  ## find the best setting: STUDY=digits TRIALS=500 WORKERS=2
	@$(BIN)/hpsearch search '$(STUDY)' --workers $(WORKERS) $(if $(TRIALS),--trials $(TRIALS))

survey: $(VENV)/.installed  ## measure how sensitive training is to each setting: STUDY=digits WORKERS=2
	@$(BIN)/hpsearch survey '$(STUDY)' --workers $(WORKERS)

report: $(VENV)/.installed  ## write a study's page, searched and surveyed first where need be: STUDY=digits WORKERS=2
	@$(BIN)/hpsearch report '$(STUDY)' --complete --workers $(WORKERS)

lesson: $(VENV)/.installed  ## judge by trainings what a lesson on networks claims: CLAIM=L4 WORKERS=2; all by default
	@$(BIN)/hpsearch lesson $(CLAIM) --workers $(WORKERS)

show: $(VENV)/.installed  ## print a study with all its defaults: STUDY=digits
	@$(BIN)/hpsearch show '$(STUDY)'

dashboard: $(VENV)/.installed  ## serve the Optuna dashboard of all results on this machine
	@$(BIN)/hpsearch dashboard

export: $(VENV)/.installed  ## write a study's tables as CSV: STUDY=digits
	@$(BIN)/hpsearch export '$(STUDY)'

# The tests of the engine have it compiled while types are checked; the others, on all cores, then find it compiled.
test: $(VENV)/.installed-test  ## lint, types, tests, doctests
	@$(MAKE) --no-print-directory --jobs 2 lint types engine
	$(BIN)/python -m pytest -q $(CORES) $(QUICK) $(ENGINE:%=--ignore=%)

test-all:  ## the same, and the slow truths
	@$(MAKE) --no-print-directory test QUICK=

engine: $(VENV)/.installed-test
	$(BIN)/python -m pytest -q $(QUICK) $(ENGINE)

faults: $(VENV)/.installed-test  ## kill, tear, fill and mistype at length: KILLS=500, and at every touch of a file
	KILLS=$(KILLS) $(BIN)/python -m pytest -q tests/test_faults*.py

truth: $(VENV)/.installed-test  ## check the sensitivity measures against closed forms and noise, at length
	$(BIN)/python tests/truth

readme: $(VENV)/.installed-test  ## write what README prints anew, its picture too, from real runs (minutes; chromium)
	$(BIN)/python tests/readme.py

$(VENV)/.installed-bench: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	@touch $@

bench: $(VENV)/.installed-bench  ## measure speed and memory against scikit-learn, JAX and PyTorch (ten minutes)
	$(BIN)/python tests/benchmarks

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-test
	$(BIN)/mypy

clean:  ## remove the environment and caches; results stay
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build *.egg-info
