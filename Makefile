# phasegate: the everyday commands. "make" alone lists them.
#
# Variables: PG_CONFIG=/path/to/pg_config or PG_MAJOR=16 choose the PostgreSQL; PROFILE=dev|release how
# the extension is compiled; TESTS="..." and ACCEPT=1 see tests/run.sh.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup build demo test unit regress isolation pytest soak check install clean
# The steps of a target, and targets named together, share cargo's target directory.
.NOTPARALLEL:

# common.sh reads these from the environment; empty means the default.
export PG_CONFIG PG_MAJOR PROFILE TESTS ACCEPT

help: ## list these targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1@\2/p' $(MAKEFILE_LIST) | column -t -s @

setup: ## install what is missing: system packages, cargo-pgrx, a Python environment for the tests
	@pgrx-config/setup.sh

build: ## build the extension into a private copy of the server under target/
	@pgrx-config/setup.sh build
	@pgrx-config/server.sh

demo: ## build, start a private server, show the workflow at work
	@pgrx-config/setup.sh build
	@PROFILE=$${PROFILE:-release} demo/run.sh

test: ## all tests: unit, regress, isolation, pytest
	@pgrx-config/setup.sh
	@tests/run.sh

unit: ## the pure rules, without a server
	@tests/run.sh unit

regress: ## SQL regression tests; TESTS="name ..." for some, ACCEPT=1 to take their output as expected
	@pgrx-config/setup.sh build
	@tests/run.sh regress

isolation: ## interleaved sessions; TESTS and ACCEPT as above
	@pgrx-config/setup.sh build
	@tests/run.sh isolation

pytest: ## recovery, concurrency, clients, docs; TESTS="tests/recovery/test_x.py -k name"
	@pgrx-config/setup.sh
	@tests/run.sh pytest

soak: ## mixed load for SOAK_SECONDS=600, a session in SOAK_WORKSPACES=1000, PHASEGATE_CRASHES=100
	@pgrx-config/setup.sh
	@TESTS="-s tests/soak tests/recovery/test_crash.py" PHASEGATE_CRASHES=$${PHASEGATE_CRASHES:-100} tests/run.sh pytest

check: ## formatting and lints
	@pgrx-config/setup.sh build
	@pgrx-config/check.sh

install: ## install into the PostgreSQL of PG_CONFIG=...
	@pgrx-config/setup.sh build
	@pgrx-config/install.sh

clean: ## stop the private servers, delete target/
	@pgrx-config/clean.sh
