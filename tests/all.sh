#!/usr/bin/env bash
# Runs the tests on every supported PostgreSQL version:  all.sh [regress] [isolation] [model] [pytest]
#
# Without a suite, all of them, and the unit tests, which know no version, and those of moving from one version to another.
# What a version lacks is installed or fetched (setup.sh). TESTS="a b" goes with one suite, as in run.sh.
#
#   all.sh ci   what continuous integration runs: the lints and all tests on the version that the machine has, on the
#               newest those that a version can fail on its own (regress without the long ones, isolation and model), on
#               the next regress without the long ones, and those of moving, which have a server of each version. It is
#               built for each without a warning. Where the machine is so slow that CI_MINUTES=90 might not be enough,
#               these last are left out, and named.
#
# Jobs run beside each other, as many as JOBS says (one more than there are processors: some wait, for locks and servers).
# Each writes into a log of its own, which is shown when it has ended; then comes how long each took.

. "$(dirname "${BASH_SOURCE[0]}")/../pgrx-config/common.sh"

tests=$PHASEGATE_ROOT/tests
config=$PHASEGATE_ROOT/pgrx-config
logs=$TARGET_DIR/tests/jobs
JOBS=${JOBS:-$(($(nproc) + 1))}
rm -rf "$logs"
mkdir -p "$logs"
began=$SECONDS

# --- jobs ----------------------------------------------------------------------------------------

names=()
place() { while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n || true; done; }
# $1 the job's name, then the command. It begins when one of the JOBS places is free.
job() {
    local name=$1
    shift
    place
    names+=("$name")
    run_job "$name" "$@" &
}

left_out=()
# The same, but where the machine is so slow that half of the time that CI has is over: then the job is named as left out.
job_in_time() {
    place
    if [ $((SECONDS - began)) -lt $((${CI_MINUTES:-90} * 30)) ]; then job "$@"; else left_out+=("$1"); fi
}

# Leaves NAME.log, the folder NAME of what run.sh writes, and in NAME.result: seconds, how many passed, how many failed.
run_job() {
    local name=$1 start=$SECONDS status=0 counts
    shift
    printf '==> begun: %s\n' "$name"
    PHASEGATE_OUTPUT=$logs/$name "$@" </dev/null >"$logs/$name.log" 2>&1 || status=$?
    # run.sh ends with "N passed, N failed". What fails without counting that is one failure; what is no test counts as one.
    counts=$(tail -n 1 "$logs/$name.log" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p')
    if [ -z "$counts" ]; then if [ "$status" -eq 0 ]; then counts="1 0"; else counts="0 1"; fi; fi
    if [ "$status" -ne 0 ] && [ "${counts#* }" -eq 0 ]; then counts="${counts% *} 1"; fi
    printf '%s %s\n' $((SECONDS - start)) "$counts" > "$logs/$name.result"
    # In one piece.
    (
        flock 8
        printf '\n==> ended: %s, after %s s\n' "$name" $((SECONDS - start))
        sed 's/^/    /' "$logs/$name.log"
    ) 8>"$logs/lock"
}

# Those that are still running when this script ends, and what they started.
stop_jobs() {
    local pid
    for pid in $(jobs -p); do pkill -TERM -P "$pid" 2>/dev/null || true; kill "$pid" 2>/dev/null || true; done
    wait
}
trap 'exit 130' INT TERM HUP
trap stop_jobs EXIT

# $1 a version, then the arguments of run.sh, which builds what is not built
on() {
    local major=$1
    shift
    if [ "$major" != "$PG_MAJOR" ]; then export PG_CONFIG='' PG_MAJOR=$major; fi
    "$tests/run.sh" "$@"
}
# The same of another version, for which it is built without a warning.
on_another() {
    "$config/check.sh" warnings "$1" && on "$@"
}
# The same of the Python tests in these folders, which clean up after themselves and so need no order.
python_on() {
    local major=$1
    shift
    TESTS="${*/#/tests/}" on "$major" pytest
}

# --- which ---------------------------------------------------------------------------------------

suites=("$@")
what=all
case "$*" in
    '') suites=(regress isolation model pytest) ;;
    ci) what=ci ;;
    *)  what=some ;;
esac
"$config/setup.sh"
need_postgres
# shellcheck disable=SC2086 # versions, one a word
others=$(printf '%s\n' $SUPPORTED_PG_MAJORS | grep -vx "$PG_MAJOR" || true)
scratch_dir >/dev/null
fetch_others() { for major in $others; do PG_CONFIG='' PG_MAJOR=$major "$config/setup.sh" build; done; }
say "the other versions, and the build for PostgreSQL $PG_MAJOR"
fetch_others &
"$config/server.sh" >/dev/null
wait $!

case $what in
    ci)
        # First what takes long. Only the lints and the other versions use the target directory, in which one cargo waits for
        # another: they come between the rest, which takes the library that was built just now.
        here() { PHASEGATE_BUILT=1 job "$@"; }
        there() { job_in_time "PostgreSQL-$1" on_another "$@"; }
        read -r newest middle oldest <<<"$(paste -sd ' ' <<<"$others")"
        job "lints" "$config/check.sh"
        here "service" on "$PG_MAJOR" service
        here "hostile" python_on "$PG_MAJOR" hostile
        here "regress" on "$PG_MAJOR" regress
        here "recovery" python_on "$PG_MAJOR" recovery
        BRIEF=1 CASES=${CASES:-100} there "$newest" regress isolation model
        here "board" on "$PG_MAJOR" board
        here "clients" python_on "$PG_MAJOR" clients
        here "unit" "$tests/run.sh" unit
        BRIEF=1 DEV_OPT_LEVEL=0 there "$middle" regress
        CASES=${CASES:-200} here "model" on "$PG_MAJOR" model
        here "concurrency" python_on "$PG_MAJOR" concurrency
        here "isolation" on "$PG_MAJOR" isolation
        DEV_OPT_LEVEL=0 job_in_time "PostgreSQL-$oldest" "$config/check.sh" warnings "$oldest"
        here "rest" python_on "$PG_MAJOR" scripts packaging monitoring docs
        PHASEGATE_BUILT=1 job_in_time "moving" "$tests/run.sh" upgrade
        ;;
    *)
        # What is generated by crossing kinds, whole.
        if [ $what = all ]; then export PHASEGATE_ALL_CASES=1; fi
        if [ $what = all ]; then job "unit" "$tests/run.sh" unit; fi
        for major in $PG_MAJOR $others; do
            for suite in "${suites[@]}"; do job "$suite-$major" on "$major" "$suite"; done
        done
        # What it asks for is the same on all versions.
        if [ $what = all ]; then job "service" on "$PG_MAJOR" service board; fi
        if [ $what = all ]; then job "moving" "$tests/run.sh" upgrade; fi
        ;;
esac
while [ -n "$(jobs -rp)" ]; do wait -n || true; done

# --- how it went ---------------------------------------------------------------------------------

passed=0
failed=0
printf '\n%-20s %8s %8s %8s\n' job seconds passed failed
for name in "${names[@]}"; do
    read -r seconds ok bad < "$logs/$name.result" || { seconds='?' ok=0 bad=1; }
    printf '%-20s %8s %8s %8s\n' "$name" "$seconds" "$ok" "$bad"
    passed=$((passed + ok))
    failed=$((failed + bad))
done
printf '%-20s %8s\n\n' "all, with the build" $((SECONDS - began))
for name in "${names[@]}"; do
    if ! grep -q ' 0$' "$logs/$name.result"; then grep -hE '^[a-z]+: [0-9]+ failed|error:|^FAILED' "$logs/$name.log" | tail -n 20 || true; fi
done
skipped=$(cat "$logs"/*.log | sed -nE 's/^([0-9]+) skipped$/\1/p' | awk '{ n += $1 } END { print n + 0 }')
if [ "$skipped" -gt 0 ]; then printf '%s skipped\n' "$skipped"; fi
if [ ${#left_out[@]} -gt 0 ]; then printf 'left out, since there was no time on this machine (make test-all): %s\n' "${left_out[*]}"; fi
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
