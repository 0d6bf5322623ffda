# Every verb a person needs, the same here and in CI. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test check check-style check-types check-imports check-schemas format cover chaos bench picture reference clean

help:  ## list these verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.demo  ## the main job from nothing: servers, sandbox, worker, a crawl and what it stored
	@$(BIN)/tokcrawl demo

test: $(VENV)/.dev  ## all tests of a contributor's day, with real servers and real workers (minutes)
	@$(BIN)/python -m pytest -m "not chaos"

check: check-style check-types check-imports check-schemas  ## format, lint, types, order of imports, workflow files (seconds)

check-style: $(VENV)/.dev
	@$(BIN)/ruff format --check --quiet . || (echo "run: make format"; exit 1)
	@$(BIN)/ruff check --quiet .

check-types: $(VENV)/.dev
	@$(BIN)/mypy

check-imports: $(VENV)/.dev
	@$(BIN)/lint-imports

SCHEMA := $(BIN)/check-jsonschema --quiet --builtin-schema
check-schemas: $(VENV)/.dev  # by schemas that check-jsonschema brings along: no network
	@$(SCHEMA) vendor.github-workflows .github/workflows/*.yml
	@$(SCHEMA) custom.github-workflows-require-timeout .github/workflows/*.yml
	@$(SCHEMA) vendor.github-issue-forms .github/ISSUE_TEMPLATE/*.yml
	@$(SCHEMA) vendor.citation-file-format CITATION.cff
	@$(SCHEMA) vendor.compose-spec docker-compose.yml

format: $(VENV)/.dev  ## rewrite the code in the project's format
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

cover: $(VENV)/.dev  ## what the quick tests reach, by line and branch (a minute)
	@$(BIN)/python -m pytest -m "not acceptance and not chaos" --cov --cov-report=term

chaos: $(VENV)/.dev  ## kill everything while crawls run, and compare the end with the truth (about 15 minutes)
	@$(BIN)/python -m pytest -m chaos tests/chaos

bench: $(VENV)/.bench  ## tokcrawl beside its peers on this machine; writes benchmarks/results/
	@$(BIN)/python -m benchmarks $(BENCH)

picture: $(VENV)/.demo  ## README's picture, from a real crawl of the sandbox (half a minute)
	@$(BIN)/python docs/pictures/make.py

reference: $(VENV)/.dev  ## write docs/reference/ from the models, the settings and the command line (seconds)
	@$(BIN)/python -m docs.reference.generate

clean:  ## remove what can be made again (not the data under .tokcrawl)
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage

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
