#!/usr/bin/env bash
# Formatting and lints: the crate as the extension, its pure rules alone, and the shell scripts.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_postgres
cd "$PHASEGATE_ROOT"
say "cargo fmt"
cargo fmt --all -- --check
say "cargo clippy, for PostgreSQL $PG_MAJOR"
cargo clippy --all-targets --no-default-features --features "pg$PG_MAJOR" -- -D warnings
say "cargo clippy, the pure rules alone"
cargo clippy --all-targets --no-default-features -- -D warnings
say "the model of the concurrency tests"
cargo fmt --manifest-path tests/model/Cargo.toml -- --check
CARGO_TARGET_DIR=$TARGET_DIR/model cargo clippy --locked --manifest-path tests/model/Cargo.toml --all-targets -- -D warnings
if have shellcheck; then
    say "shellcheck"
    git ls-files -z -- '*.sh' .ci/run | xargs -0 shellcheck
else
    note "shellcheck is not installed: the scripts were not checked"
fi
