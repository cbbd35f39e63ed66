#!/usr/bin/env bash
# Formatting and lints: the crate as the extension, its pure rules alone, and the shell scripts.
#
#   check.sh                  as the extension of the chosen PostgreSQL
#   check.sh all              and no warning of the compiler where it is built for the other supported versions
#   check.sh warnings MAJOR   only the last, of one version

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# What a log holds of the compiler's and clippy's; cargo says it again of what it had compiled before.
refuse_warnings() { if grep -q '^warning:' <<<"$2"; then die "warnings: $1"; fi; }

# $1 what it is, $2 where it is compiled, then the rest of the command of cargo. Clippy is the compiler here, so that what the
# tests depend on is compiled for both at once: "cargo clippy" would compile it in another way, a fifth of all that CI compiles.
lint() {
    local what=$1 target=$2 log status=0
    shift 2
    say "clippy, $what"
    log=$(CARGO_TARGET_DIR=$target RUSTC_WORKSPACE_WRAPPER=clippy-driver cargo "$@" --locked 2>&1) || status=$?
    printf '%s\n' "$log"
    [ "$status" -eq 0 ] || exit "$status"
    refuse_warnings "$what" "$log"
}

# As the tests need it: what differs from version to version is little, and is not to be compiled twice for it.
no_warnings() {
    local log
    say "warnings, for PostgreSQL $1"
    PG_CONFIG='' PG_MAJOR=$1 pgrx-config/setup.sh build
    log=$(PG_CONFIG='' PG_MAJOR=$1 pgrx-config/server.sh 2>&1)
    printf '%s\n' "$log"
    refuse_warnings "where it is built for PostgreSQL $1" "$log"
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
lint "for PostgreSQL $PG_MAJOR" "$TARGET_DIR" rustc --lib --crate-type lib --no-default-features --features "pg$PG_MAJOR"
if [ "${1:-}" = all ]; then
    for major in $SUPPORTED_PG_MAJORS; do
        if [ "$major" != "$PG_MAJOR" ]; then no_warnings "$major"; fi
    done
fi
lint "the pure rules alone, with their tests" "$RULES_TARGET_DIR" build --all-targets --no-default-features
lint "the model of the concurrency tests" "$RULES_TARGET_DIR" build --manifest-path tests/model/Cargo.toml --all-targets
# Of the extension as the tests have it.
CARGO_PROFILE_DEV_OPT_LEVEL=${DEV_OPT_LEVEL:-0} lint "the accessors' library of make fuzz" "$TARGET_DIR" build --manifest-path fuzz/accessors/Cargo.toml --features "pg$PG_MAJOR"
lint "the companion" "$PHASEGATE_ROOT/service/target" build --manifest-path service/Cargo.toml --all-targets
if have shellcheck; then
    say "shellcheck"
    git ls-files -z -- '*.sh' .ci/run | xargs -0 shellcheck
else
    note "shellcheck is not installed: the scripts were not checked"
fi
