# phasegate: the everyday commands. "make" alone lists them.
#
# Variables: PG_CONFIG=/path/to/pg_config or PG_MAJOR=16 choose the PostgreSQL; PROFILE=dev|release how
# the extension is compiled; TESTS="..." and ACCEPT=1 see tests/run.sh, those of BENCH_ tests/bench/run.sh.
# A plain cargo command, an editor's too, wants PGRX_PG_CONFIG_PATH=/path/to/pg_config, from whose headers pgrx makes its
# bindings.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup build demo serve shell service test test-all unit regress isolation model pytest upgrade test-citus soak bench numbers check check-all install installcheck package package-service clean fuzz coverage
# The steps of a target, and targets named together, share cargo's target directory.
.NOTPARALLEL:

# common.sh reads these from the environment; empty means the default.
export PG_CONFIG PG_MAJOR PROFILE TESTS ACCEPT CASES SEED FUZZ_SECONDS FUZZ_SEED BENCH_SCALE BENCH_ROUNDS BENCH_NO_BUILD

help: ## list these targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1@\2/p' $(MAKEFILE_LIST) | column -t -s @

setup: ## install what is missing: system packages, a Python environment for the tests
	@pgrx-config/setup.sh

build: ## build the extension into a private copy of the server under target/
	@pgrx-config/setup.sh build
	@pgrx-config/server.sh

demo: ## build, start a private server, show the workflow at work
	@pgrx-config/setup.sh build
	@demo/run.sh

serve: ## build, start a private server, serve it over HTTP with the board: something to look at
	@pgrx-config/setup.sh build
	@demo/serve.sh

shell: ## psql in the demo's workspace, on a private server that stays until make clean
	@pgrx-config/setup.sh build
	@demo/shell.sh

test: ## all tests: unit, regress, isolation, model, pytest, service, board
	@pgrx-config/setup.sh
	@tests/run.sh

test-all: ## all tests, on all supported PostgreSQL versions
	@tests/all.sh

unit: ## the pure rules, without a server
	@tests/run.sh unit

regress: ## SQL regression tests; TESTS="name ..." for some, ACCEPT=1 to take their output as expected
	@pgrx-config/setup.sh build
	@tests/run.sh regress

isolation: ## interleaved sessions; TESTS and ACCEPT as above
	@pgrx-config/setup.sh build
	@tests/run.sh isolation

model: ## random concurrent histories compared with a model; CASES=n how many, SEED=n the ones of a failure
	@pgrx-config/setup.sh build
	@tests/run.sh model

pytest: ## recovery, concurrency, hostile, clients, scripts, docs; TESTS="tests/recovery/test_x.py -k name"
	@pgrx-config/setup.sh
	@tests/run.sh pytest

service: ## the companion program: its unit tests, then against a server; TESTS="tests/service/test_rest.py -k name"
	@pgrx-config/setup.sh
	@tests/run.sh service $(if $(TESTS),,board)

upgrade: ## pg_upgrade and dumps from older PostgreSQL versions to the newest; what the machine lacks is fetched
	@pgrx-config/setup.sh
	@tests/run.sh upgrade

test-citus: ## workspaces over several servers, with a PostgreSQL that has Citus: PG_CONFIG=...; skipped with another
	@pgrx-config/setup.sh
	@tests/run.sh citus

bench: ## measure against hand-written SQL; TESTS="P1 P5" for some; see tests/bench/run.sh
	@pgrx-config/setup.sh bench
	@tests/bench/run.sh

numbers: ## bytes a ticket, a move, a task; locks of each operation; what reads take at a million tickets
	@pgrx-config/setup.sh bench
	@tests/bench/run.sh bench.numbers

fuzz: ## rows of random types and storage read by every accessor; FUZZ_SECONDS=60, FUZZ_SEED=n of a failure
	@pgrx-config/setup.sh
	@tests/fuzz/run.sh

coverage: ## which lines of the pure rules and of the companion their tests run, and whether these are nine of ten
	@pgrx-config/setup.sh
	@tests/coverage/run.sh

soak: ## mixed load for SOAK_SECONDS=600, a session in SOAK_WORKSPACES=1000, PHASEGATE_CRASHES=100, PHASEGATE_FINISHED=100000 archived
	@pgrx-config/setup.sh
	@TESTS="-s tests/soak tests/recovery/test_crash.py tests/recovery/test_archive.py" PHASEGATE_CRASHES=$${PHASEGATE_CRASHES:-100} \
		PHASEGATE_FINISHED=$${PHASEGATE_FINISHED:-100000} tests/run.sh pytest

check: ## formatting, lints, and what src/ may not use
	@pgrx-config/setup.sh check
	@pgrx-config/check.sh

check-all: ## the same, and what the compiler warns of for the other supported PostgreSQL versions
	@pgrx-config/setup.sh check
	@pgrx-config/check.sh all

install: ## install into the PostgreSQL of PG_CONFIG=...
	@pgrx-config/setup.sh build
	@pgrx-config/install.sh

installcheck: ## SQL and isolation tests on the running server that PGHOST, PGPORT, PGUSER name, after make install
	@INSTALLCHECK=1 tests/run.sh $(if $(TESTS),regress,regress isolation)

package: ## a tarball and a Debian package in target/dist
	@pgrx-config/setup.sh build
	@pgrx-config/package.sh

package-service: ## a Debian package of the companion program in target/dist
	@pgrx-config/package-service.sh

clean: ## stop the private servers, delete target/
	@pgrx-config/clean.sh
