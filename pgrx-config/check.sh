#!/usr/bin/env bash
# Formatting and lints: the crate as the extension, its pure rules alone, and the shell scripts.
#
#   check.sh        as the extension of the chosen PostgreSQL
#   check.sh all    of every supported version

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in
    '')  need_postgres; majors=$PG_MAJOR ;;
    all) majors=$SUPPORTED_PG_MAJORS ;;
    *)   die "usage: check.sh [all]" ;;
esac
cd "$PHASEGATE_ROOT"
say "cargo fmt"
cargo fmt --all -- --check
cargo fmt --all --manifest-path tests/clients/rust/Cargo.toml -- --check
for major in $majors; do
    if [ "${1:-}" = all ]; then
        PG_CONFIG='' PG_MAJOR=$major
        pgrx-config/setup.sh build
        need_postgres
    fi
    say "cargo clippy, for PostgreSQL $PG_MAJOR"
    cargo clippy --all-targets --no-default-features --features "pg$PG_MAJOR" -- -D warnings
done
say "cargo clippy, the pure rules alone"
CARGO_TARGET_DIR=$RULES_TARGET_DIR cargo clippy --all-targets --no-default-features -- -D warnings
say "the names that src/ may not use"
pgrx-config/forbidden.sh
say "the model of the concurrency tests"
cargo fmt --manifest-path tests/model/Cargo.toml -- --check
CARGO_TARGET_DIR=$RULES_TARGET_DIR cargo clippy --locked --manifest-path tests/model/Cargo.toml --all-targets -- -D warnings
if have shellcheck; then
    say "shellcheck"
    git ls-files -z -- '*.sh' .ci/run | xargs -0 shellcheck
else
    note "shellcheck is not installed: the scripts were not checked"
fi
