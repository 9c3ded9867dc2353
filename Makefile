# The commands of this project; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list these commands
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 22

.PHONY: run
run: install ## start the school: pages and worker, on port PORT (8000), data in INSTANCE_DIR (instance/)
	@.venv/bin/python .ci/start.py

.PHONY: demo
demo: install-dev ## a school with ninety invented students, to click through; DEMO_KEEP=1 goes on with the last one
	@.venv/bin/python -m tests.demo

.PHONY: install
install: ## make .venv with what the application needs
	@.ci/install run

.PHONY: install-dev
install-dev: ## make .venv with what the checks need as well
	@.ci/install dev
	@.ci/chromium

.PHONY: test
test: install-dev ## all tests: SQLite, PostgreSQL and Chromium
	.venv/bin/pytest -n 2

.PHONY: soak
soak: install-dev ## the same tests with their full repetition counts, then a plan of 100,000 placements
	SOAK=1 .venv/bin/pytest -n 2
	.venv/bin/python -m tests.bench --largest

.PHONY: coverage
coverage: install-dev ## all tests, with the branches that none of them takes
	.venv/bin/pytest -n 2 --cov

.PHONY: check
check: install-dev ## what CI runs: style, types, floors, migrations against models, tests
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	@echo "flask db check, on a database made by the migrations"
	@.ci/check-migrations
	.venv/bin/pytest -n 2

.PHONY: pictures
pictures: install-dev ## each page as a picture: 375 and 1280 px, light and dark
	.venv/bin/python -m tests.pictures

.PHONY: bench
bench: install-dev ## speed, measured against a bare Flask application
	.venv/bin/python -m tests.bench

.PHONY: lock
lock: install-dev ## write requirements*.txt from pyproject.toml; ARGS=--upgrade takes newer versions
	.ci/lock $(ARGS)

.PHONY: clean
clean: ## remove .venv and all caches; INSTANCE_DIR stays
	rm -rf .venv .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
