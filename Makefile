# Two commands: `make demo` and `make test`. Only Python >= 3.11 and make are needed; uv is used if
# present, else put into .uv/ of this folder.
.DEFAULT_GOAL := help
.PHONY: help setup demo test test-long check clean

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null)
ifeq ($(UV),)
UV := .uv/bin/uv
SETUP := $(UV)
endif

RUN := $(UV) run --quiet --extra test
SELECT ?=

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

.uv/bin/uv:
	@$(PYTHON) -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check uv

setup: $(SETUP) ## make the environment with everything the tests need
	@$(UV) sync --quiet --extra test

demo: $(SETUP) ## set up, replay Mango Markets (11 Oct 2022), write the report
	@$(UV) run --quiet --no-dev backstop demo

test: $(SETUP) ## set up and pass every test but the long sets
	@$(RUN) ruff check --quiet .
	@$(RUN) ruff format --check --quiet .
	@$(RUN) mypy
	@$(RUN) pytest -n 2 -m "not long" $(SELECT)

test-long: $(SETUP) ## the full vector sets and long random runs
	@$(RUN) pytest -n 2 -m long $(SELECT)

check: $(SETUP) ## lint and types only
	@$(RUN) ruff check --quiet .
	@$(RUN) ruff format --check --quiet .
	@$(RUN) mypy

clean: ## remove what the targets made
	rm -rf .venv .uv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist reports
