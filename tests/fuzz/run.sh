#!/usr/bin/env bash
# Builds the library of fuzz/accessors and runs what reads rows of random types, layouts and storage by it.
#
# FUZZ_SECONDS=60 is how long; FUZZ_SEED repeats a failure. See test_accessors.py.

. "$(dirname "${BASH_SOURCE[0]}")/../../pgrx-config/common.sh"

need_postgres
say "building the accessors' library for PostgreSQL $PG_MAJOR"
(cd "$PHASEGATE_ROOT/fuzz/accessors" && CARGO_TARGET_DIR=$TARGET_DIR cargo build --locked --features "pg$PG_MAJOR") >&2
TESTS="-s tests/fuzz" exec "$PHASEGATE_ROOT/tests/run.sh" pytest
