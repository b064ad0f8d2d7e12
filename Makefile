# SPDX-License-Identifier: Apache-2.0
# `make demo` and `make test` do all their own set-up, in .venv and in XBORDER_CACHE (~/.cache/xborder).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
PYTHON := $(VENV)/bin/python
SOURCES := airflow_xborder tests dags
# In order of speed; a suite that has no folder yet is left out.
SUITES := $(wildcard tests/architecture tests/unit tests/property tests/conformance tests/integration tests/e2e)

.PHONY: help
help: ## Say what there is.
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

.PHONY: demo
demo: ## Three regions, a whole Airflow, real flows: allowed, blocked and why. ONCE=1 ends with an exit code.
	@.ci/env demo
	@exec $(PYTHON) -m airflow_xborder.demo $(if $(ONCE),--once)

.PHONY: test
test: env format-check lint types contracts servers ## Everything that CI runs, in order of speed.
	@$(PYTHON) -m pytest $(SUITES)

.PHONY: env
env: ## Make .venv with everything for development.
	@.ci/env dev

.PHONY: servers
servers: env ## Build the real servers that the tests use, where there is a Go; else fetch the stand-in.
	@$(PYTHON) -m tests.tools.programs

.PHONY: format format-check lint types contracts
format: env ## Format the code.
	@$(PYTHON) -m ruff format $(wildcard $(SOURCES))
	@$(PYTHON) -m ruff check --fix --quiet $(wildcard $(SOURCES))

format-check: env
	@$(PYTHON) -m ruff format --check --quiet $(wildcard $(SOURCES))

lint: env ## Look for mistakes in the code.
	@$(PYTHON) -m ruff check --quiet $(wildcard $(SOURCES))

types: env ## Check the types.
	@$(PYTHON) -m mypy

contracts: env ## Check which module imports which.
	@$(VENV)/bin/lint-imports | tail -n +10

.PHONY: bench
bench: env servers ## What engines and gates cost: ratios in one run.
	@$(PYTHON) -m tests.benchmarks

.PHONY: coverage
coverage: env servers ## The tests again, with what they reach.
	@$(PYTHON) -m pytest --cov --cov-report=term-missing:skip-covered $(SUITES)

.PHONY: constraints
constraints: env ## Resolve the versions anew for Python 3.10 to 3.13; needs uv in .venv.
	@head -1 constraints.txt > $(VENV)/constraints.txt
	@$(VENV)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.10 --extra demo --extra dev \
		--no-header --no-annotate --no-emit-index-url pyproject.toml >> $(VENV)/constraints.txt
	@cp $(VENV)/constraints.txt constraints.txt

.PHONY: clean
clean: ## Remove what the other targets made in the tree.
	@rm -rf $(VENV) .demo .cache dist .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
