# The commands of this project; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help
help: ## list these commands
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1	\2/p' $(MAKEFILE_LIST) | expand -t 22

.PHONY: install
install: ## make .venv with what the application needs
	@.ci/install run

.PHONY: install-dev
install-dev: ## make .venv with what its checks need as well
	@.ci/install dev
