#!/usr/bin/env bash
# Runs the tests on every supported PostgreSQL version:  all.sh [regress] [isolation] [model] [pytest]
#
# Without a suite, all of them, first the unit tests, which know no version, and last those of moving from one version to
# another. What a version lacks is installed or fetched (setup.sh). TESTS="a b" goes with one suite, as in run.sh.
#
#   all.sh others   after "run.sh" has run them all on the version that the machine has: on the other versions those
#                   that a version can fail on its own (regress, isolation and model), and those of moving

. "$(dirname "${BASH_SOURCE[0]}")/../pgrx-config/common.sh"

tests=$PHASEGATE_ROOT/tests
logs=$TARGET_DIR/tests
mkdir -p "$logs"
passed=0
failed=0
lines=()

# $1 what runs, $2 the name of its log, then the command. run.sh ends with "N passed, N failed"; where that is
# missing, something else failed, which counts as one.
run() {
    local what=$1 log=$logs/$2.log status=0 counts
    shift 2
    "$@" 2>&1 | tee "$log" || status=$?
    counts=$(tail -n 1 "$log" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p')
    if [ -z "$counts" ]; then
        lines+=("$what: did not run to the end")
        counts="0 1"
    else
        lines+=("$what: $(tail -n 1 "$log")")
        if [ "$status" -ne 0 ] && [ "${counts#* }" -eq 0 ]; then counts="${counts% *} 1"; fi
    fi
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
}

run_version() { "$PHASEGATE_ROOT/pgrx-config/setup.sh" && "$tests/run.sh" "${suites[@]}"; }

suites=("$@")
majors=$SUPPORTED_PG_MAJORS
moving=
if [ "${suites[*]}" = others ]; then
    need_postgres
    # shellcheck disable=SC2086 # versions, one a word
    majors=$(printf '%s\n' $SUPPORTED_PG_MAJORS | grep -vx "$PG_MAJOR" || true)
    suites=(regress isolation model)
    moving=yes
elif [ ${#suites[@]} -eq 0 ]; then
    suites=(regress isolation model pytest)
    moving=yes
    run "unit tests" all-unit "$tests/run.sh" unit
fi
for major in $majors; do
    say "PostgreSQL $major: ${suites[*]}"
    export PG_CONFIG='' PG_MAJOR=$major
    run "PostgreSQL $major" "all-$major" run_version
done
# Those of moving choose their versions themselves.
export PG_CONFIG='' PG_MAJOR=''
if [ -n "$moving" ]; then run "from older versions to the newest" all-upgrade "$tests/run.sh" upgrade; fi

printf '\n'
printf '%s\n' "${lines[@]}"
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
