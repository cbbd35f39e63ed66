#!/usr/bin/env bash
# Which lines of the pure rules, and of the companion, their tests run:  run.sh [rules] [companion]
#
# The compiler's own counters (-C instrument-coverage), read by the tools of LLVM that come with it. The rules are run by
# their unit tests; the companion by its unit tests and, as the program that they start, by tests/service. Its packaging is
# not tested here, since that builds another program. What was not run is listed by file and line in target/coverage.

. "$(dirname "${BASH_SOURCE[0]}")/../../pgrx-config/common.sh"

here=$PHASEGATE_ROOT/tests/coverage
output=$TARGET_DIR/coverage
tools=$(rustc --print sysroot)/lib/rustlib/$(rustc --print host-tuple)/bin
if ! [ -x "$tools/llvm-cov" ]; then
    have rustup || die "there is no $tools/llvm-cov and no rustup to install it with"
    say "adding the Rust component llvm-tools"
    rustup component add llvm-tools
fi
parts=("$@")
if [ ${#parts[@]} -eq 0 ]; then parts=(rules companion); fi
failed=()

# $1 what is measured, $2 the folder of the crate, $3 cargo's target directory, in which what the crate depends on is compiled
# already, then how cargo is called. Leaves the programs' paths in $programs.
instrumented() {
    local name=$1 folder=$2 target=$3
    shift 3
    (cd "$folder" && CARGO_TARGET_DIR=$target RUSTC_WORKSPACE_WRAPPER=$here/rustc.sh cargo "$@" --message-format=json-render-diagnostics) > "$output/$name.json"
    mapfile -t programs < <(sed -nE 's/.*"executable":"([^"]+)".*/\1/p' "$output/$name.json")
    [ ${#programs[@]} -gt 0 ] || die "cargo $* made no program"
}

# $1 what is measured, $2 the folder of its source, then the programs
report() {
    local name=$1 sources=$2 objects=() program
    shift 2
    "$tools/llvm-profdata" merge --sparse --failure-mode=all -o "$output/$name.profdata" "$output/$name"/*.profraw
    for program in "$@"; do objects+=(--object "$program"); done
    "$tools/llvm-cov" export --format=lcov --instr-profile="$output/$name.profdata" "${objects[@]}" |
        python3 "$here/lines.py" "$name" "$sources" > "$output/$name.txt" || failed+=("$name")
    say "$(tail -n 1 "$output/$name.txt"); what was not is in $output/$name.txt"
}

rules() {
    instrumented rules "$PHASEGATE_ROOT" "$RULES_TARGET_DIR" test --lib --no-default-features --no-run
    LLVM_PROFILE_FILE=$output/rules/%m%c.profraw "${programs[0]}" --quiet
    report rules "$PHASEGATE_ROOT/src" "${programs[@]}"
}

companion() {
    local program=$output/phasegate units
    instrumented companion "$PHASEGATE_ROOT/service" target test --locked --bins --no-run
    units=${programs[0]}
    instrumented companion "$PHASEGATE_ROOT/service" target build --locked
    # The next cargo puts its own in that place.
    cp "${programs[0]}" "$program"
    export LLVM_PROFILE_FILE=$output/companion/%m%c.profraw
    (cd "$PHASEGATE_ROOT/service" && "$units" --quiet)
    PHASEGATE_SERVICE=$program TESTS="${TESTS:-tests/service --ignore=tests/service/test_service_package.py}" "$PHASEGATE_ROOT/tests/run.sh" service
    unset LLVM_PROFILE_FILE
    report companion "$PHASEGATE_ROOT/service/src" "$units" "$program"
}

for part in "${parts[@]}"; do
    case $part in rules|companion) ;; *) die "usage: run.sh [rules] [companion]" ;; esac
    rm -rf "${output:?}/$part"
    mkdir -p "$output/$part"
    "$part"
done
[ ${#failed[@]} -eq 0 ] || die "fewer lines were run than there should be: ${failed[*]}"
