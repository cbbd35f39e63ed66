#!/usr/bin/env bash
# Formatting and lints: the crate as the extension, its pure rules alone, and the shell scripts.
#
#   check.sh                  as the extension of the chosen PostgreSQL
#   check.sh all              and no warning of the compiler where it is built for the other supported versions
#   check.sh warnings MAJOR   only the last, of one version

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# As the tests need it: what differs from version to version is little, and is not to be compiled twice for it.
no_warnings() {
    local log
    say "warnings, for PostgreSQL $1"
    PG_CONFIG='' PG_MAJOR=$1 pgrx-config/setup.sh build
    log=$(PG_CONFIG='' PG_MAJOR=$1 pgrx-config/server.sh 2>&1)
    printf '%s\n' "$log"
    case $log in *warning:*) die "the compiler warns where it builds for PostgreSQL $1" ;; esac
}

case ${1:-} in
    ''|all) ;;
    warnings) cd "$PHASEGATE_ROOT"; no_warnings "$2"; exit ;;
    *) die "usage: check.sh [all | warnings MAJOR]" ;;
esac
need_postgres
cd "$PHASEGATE_ROOT"
say "the names that src/ may not use"
pgrx-config/forbidden.sh
say "cargo fmt"
cargo fmt --all -- --check
cargo fmt --all --manifest-path tests/clients/rust/Cargo.toml -- --check
cargo fmt --manifest-path tests/model/Cargo.toml -- --check
cargo fmt --manifest-path fuzz/accessors/Cargo.toml -- --check
cargo fmt --manifest-path service/Cargo.toml -- --check
say "cargo clippy, for PostgreSQL $PG_MAJOR"
cargo clippy --all-targets --no-default-features --features "pg$PG_MAJOR" -- -D warnings
if [ "${1:-}" = all ]; then
    for major in $SUPPORTED_PG_MAJORS; do
        if [ "$major" != "$PG_MAJOR" ]; then no_warnings "$major"; fi
    done
fi
say "cargo clippy, the pure rules alone"
cargo clippy --all-targets --no-default-features -- -D warnings
say "cargo clippy, the model of the concurrency tests"
CARGO_TARGET_DIR=$TARGET_DIR cargo clippy --locked --manifest-path tests/model/Cargo.toml --all-targets -- -D warnings
say "cargo clippy, the accessors' library of make fuzz"
CARGO_TARGET_DIR=$TARGET_DIR cargo clippy --locked --manifest-path fuzz/accessors/Cargo.toml --features "pg$PG_MAJOR" -- -D warnings
say "cargo clippy, the companion"
CARGO_TARGET_DIR=$PHASEGATE_ROOT/service/target cargo clippy --locked --manifest-path service/Cargo.toml --all-targets -- -D warnings
if have shellcheck; then
    say "shellcheck"
    git ls-files -z -- '*.sh' .ci/run | xargs -0 shellcheck
else
    note "shellcheck is not installed: the scripts were not checked"
fi
