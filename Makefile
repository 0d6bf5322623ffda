# Every verb a person needs, the same here and in CI. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test check format bench chaos clean

help:  ## list these verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.demo  ## the main job from nothing: servers, sandbox, worker, a crawl and what it stored
	@$(BIN)/tokcrawl demo

test: $(VENV)/.dev  ## all tests of a contributor's day, with real servers and real workers (minutes)
	@$(BIN)/python -m pytest -m "not chaos"

check: $(VENV)/.dev  ## format, lint, types and the order of imports (seconds)
	@$(BIN)/ruff format --check --quiet . || (echo "run: make format"; exit 1)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev  ## rewrite the code in the project's format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

chaos: $(VENV)/.dev  ## kill everything while crawls run, and compare the end with the truth (about 15 minutes)
	@$(BIN)/python -m pytest -m chaos tests/chaos

bench: $(VENV)/.bench  ## tokcrawl beside its peers on this machine; writes benchmarks/results/
	@$(BIN)/python -m benchmarks $(BENCH)

clean:  ## remove what can be made again (not the data under .tokcrawl)
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("tokcrawl needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@echo "making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing tokcrawl with a local Redis and MongoDB (once)"
	@$(PIP_INSTALL) --editable '.[local]'
	@touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing what developing needs (once)"
	@$(PIP_INSTALL) --editable '.[local,dev]'
	@touch $@

$(VENV)/.bench: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "installing the peers (once)"
	@$(PIP_INSTALL) --editable '.[local,dev,bench]'
	@touch $@
