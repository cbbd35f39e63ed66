#!/usr/bin/env bash
# Runs the tests:  run.sh [unit] [regress] [isolation] [model] [pytest] [service] [board] [upgrade] [citus]   (all but the last two when none is named)
#
#   unit       cargo test: the pure rules, without a server
#   regress    SQL scripts: regress/sql/NAME.sql against regress/expected/NAME.out
#   isolation  interleaved sessions: isolation/specs/NAME.spec against isolation/expected/NAME.out
#   model      Rust: random concurrent histories compared with a model (model/)
#   pytest     Python: recovery/, concurrency/, hostile/, clients/, scripts/, packaging/, monitoring/, docs/; not soak/, which "make soak" runs
#   service    the companion program: cargo test in service/, then Python: service/
#   board      its pages, in a browser: service/test_board*.py
#   upgrade    Python: moving from the PostgreSQL versions of UPGRADE_FROM (versions.env) to the newest
#   citus      Python: several servers under Citus, where the PostgreSQL of PG_CONFIG has it; else skipped
#
# With one suite named:  TESTS="a b"  runs only those (names; for pytest its own arguments, for unit
# filters of cargo test), and  ACCEPT=1  takes the output of regress or isolation as the expected one.
# BRIEF=1  leaves out the SQL scripts that regress/long names.
#
# regress and isolation use PostgreSQL's own runners, so that files, environment, alternative expected
# files (NAME_1.out) and diffs are what a PostgreSQL developer knows. Those keep one database for all
# the tests of a run; here each test gets a new one, cloned from a template that has the extension
# (in-database.sh), which costs some 50 ms and makes the tests independent of each other and of their
# order. Only roles are shared by the cluster: a test drops those that it makes.

. "$(dirname "${BASH_SOURCE[0]}")/../pgrx-config/common.sh"

tests=$PHASEGATE_ROOT/tests
config=$PHASEGATE_ROOT/pgrx-config
# Where logs and results go; runs beside each other have folders of their own.
output=${PHASEGATE_OUTPUT:-$TARGET_DIR/tests}
unset PHASEGATE_OUTPUT
unset PHASEGATE_TEMPLATE
cluster=test-$$
database=phasegate_regress
connection=()
suites=("$@")
if [ ${#suites[@]} -eq 0 ]; then
    suites=(unit regress isolation model pytest service board)
    say "not among these tests: moving to a newer PostgreSQL, which takes several versions of it (make upgrade)"
fi
if [ -n "${TESTS:-}${ACCEPT:-}" ] && [ ${#suites[@]} -ne 1 ]; then
    die "TESTS and ACCEPT go with one suite, as in: make regress TESTS=\"name\""
fi
for suite in "${suites[@]}"; do
    case $suite in unit|regress|isolation|model|pytest|service|board|upgrade|citus) ;; *) die "there is no suite \"$suite\"" ;; esac
done

passed=0
failed=0
skipped=0
failures=()
count() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    if [ "$3" -gt 0 ]; then failures+=("$1: $3 failed"); fi
}

# The sum of the numbers that stand before a word in the lines of a log that match a pattern.
sum() { { grep -E "$2" "$1" || true; } | { grep -oE "[0-9]+ $3" || true; } | awk '{ n += $1 } END { print n + 0 }'; }

# A run that failed without counting a failure (a compile error, a crash of the runner) is one failure.
count_run() {
    local suite=$1 status=$2 ok=$3 bad=$4
    if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    count "$suite" "$ok" "$bad"
}

# --- unit ----------------------------------------------------------------------------------------

# In RULES_TARGET_DIR: the extension is built with other features under the same file name,
# so that sharing its directory would recompile the crate at every change from one to the other.
run_unit() {
    say "unit tests (cargo test)"
    local status=0
    # shellcheck disable=SC2086 # filters, one a word
    (cd "$PHASEGATE_ROOT" && CARGO_TARGET_DIR=$RULES_TARGET_DIR cargo test --no-default-features --no-fail-fast -- ${TESTS:-}) \
        2>&1 | tee "$output/unit.log" || status=$?
    count_run unit "$status" "$(sum "$output/unit.log" '^test result:' passed)" "$(sum "$output/unit.log" '^test result:' failed)"
}

# --- model ---------------------------------------------------------------------------------------

# CASES and SEED choose how many histories and which; see model/histories.rs.
run_model() {
    local status=0
    need_server
    say "concurrent histories (cargo test)"
    "$PHASEGATE_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 -c 'CREATE DATABASE model TEMPLATE phasegate_template'
    (cd "$tests/model" && PGDATABASE=model CARGO_TARGET_DIR=$RULES_TARGET_DIR cargo test --locked -- --nocapture) \
        2>&1 | tee "$output/model.log" || status=$?
    count_run model "$status" "$(sum "$output/model.log" '^test result:' passed)" "$(sum "$output/model.log" '^test result:' failed)"
}

# --- regress and isolation -----------------------------------------------------------------------

# $1 suite, $2 folder of inputs, $3 their suffix, $4 the runner's path below the folder of PGXS
run_postgres_suite() {
    local suite=$1 inputs=$tests/$1/$2 suffix=$3 runner
    local expected=$tests/$suite/expected results=$output/$suite names=() name missing=0 status=0 log=$output/$suite.log
    # pgxs.mk is in pgxs/src/makefiles, the programs are in pgxs/src/test.
    need_postgres
    runner=$(dirname "$(dirname "$("$PG_CONFIG" --pgxs)")")/test/$4
    [ -x "$runner" ] || die "$runner is missing; it comes with the server's development package"

    if [ -n "${TESTS:-}" ]; then
        for name in $TESTS; do
            [ -e "$inputs/$name.$suffix" ] || die "there is no test $inputs/$name.$suffix"
            names+=("$name")
        done
    else
        for name in "$inputs"/*."$suffix"; do
            [ -e "$name" ] || continue
            name=$(basename "$name" ".$suffix")
            if [ -n "${BRIEF:-}" ] && grep -qsx "$name" "$tests/$suite/long"; then continue; fi
            names+=("$name")
        done
    fi
    if [ ${#names[@]} -eq 0 ]; then
        say "$suite: skipped, there is no file $inputs/*.$suffix"
        return
    fi
    need_server
    say "$suite tests (${runner##*/})"
    rm -rf "$results"
    mkdir -p "$results" "$expected"

    # The runner gives up at a test that has no expected file.
    local with_expected=()
    for name in "${names[@]}"; do
        if [ -n "${ACCEPT:-}" ] && ! compgen -G "$expected/$name*.out" >/dev/null; then : > "$expected/$name.out"; fi
        if [ -e "$expected/$name.out" ]; then
            with_expected+=("$name")
        else
            printf 'FAILED %s: there is no %s (ACCEPT=1 makes it)\n' "$name" "$expected/$name.out"
            missing=$((missing + 1))
        fi
    done
    if [ ${#with_expected[@]} -eq 0 ]; then
        count "$suite" 0 "$missing"
        return
    fi

    "$runner" --inputdir="$tests/$suite" --outputdir="$results" --bindir="$PHASEGATE_BINDIR" \
        "${connection[@]}" --dbname="$database" --use-existing \
        --launcher="$tests/in-database.sh $database $PHASEGATE_TEMPLATE" \
        --max-connections=1 "${with_expected[@]}" 2>&1 | tee "$log" || status=$?
    if [ -n "${ACCEPT:-}" ]; then
        for name in "${with_expected[@]}"; do
            if [ -e "$results/results/$name.out" ] && ! cmp -s "$results/results/$name.out" "$expected/$name.out"; then
                cp "$results/results/$name.out" "$expected/$name.out"
                note "accepted: $expected/$name.out"
            fi
        done
        return
    fi
    if [ -s "$results/regression.diffs" ]; then cat "$results/regression.diffs"; fi

    # " All 3 tests passed. " or " 1 of 3 tests failed. ", from PostgreSQL 16 on with a "# " before it.
    local all bad
    all=$(sed -nE 's/^[# ]*(All|[0-9]+ of) ([0-9]+) tests (passed|failed).*/\2/p' "$log")
    bad=$(sed -nE 's/^[# ]*([0-9]+) of [0-9]+ tests failed.*/\1/p' "$log")
    if [ -z "$all" ]; then                # it stopped before the end
        count "$suite" 0 $((${#with_expected[@]} + missing))
    else
        count_run "$suite" "$status" $((all - ${bad:-0})) $((${bad:-0} + missing))
    fi
}

# --- pytest --------------------------------------------------------------------------------------

run_pytest() {
    local arguments=() folder status=0 log=$output/pytest.log
    if [ -n "${TESTS:-}" ]; then
        # shellcheck disable=SC2206 # arguments, one a word
        arguments=($TESTS)
    else
        for folder in recovery concurrency hostile clients scripts packaging monitoring docs; do
            if [ -n "$(find "$tests/$folder" -name 'test_*.py' -print -quit 2>/dev/null)" ]; then
                arguments+=("tests/$folder")
            else
                say "pytest: skipped tests/$folder, it has no test_*.py"
            fi
        done
    fi
    [ ${#arguments[@]} -gt 0 ] || return 0
    need_server
    say "Python tests (pytest)"
    pytest "${arguments[@]}"
}

# Runs it and counts.
pytest() {
    local status=0 log=$output/$suite.log
    (cd "$PHASEGATE_ROOT" && "$TARGET_DIR/venv/bin/python" -B -m pytest -p no:cacheprovider --color=no --durations=8 --durations-min=5 "$@") \
        </dev/null 2>&1 | tee "$log" || status=$?
    # The closing line: "=== 1 failed, 2 passed, 1 skipped, 1 error in 0.30s ==="
    tail -n 1 "$log" > "$log.last"
    skipped=$((skipped + $(sum "$log.last" . skipped)))
    count_run "$suite" "$status" "$(sum "$log.last" . passed)" $(($(sum "$log.last" . failed) + $(sum "$log.last" . error)))
}

# --- service -------------------------------------------------------------------------------------

# With TESTS only what they name, by pytest's arguments.
run_service() {
    local status=0
    # In the directory of its own that the tests start it from.
    if [ -z "${TESTS:-}" ]; then
        say "unit tests of the companion (cargo test)"
        (cd "$PHASEGATE_ROOT/service" && CARGO_TARGET_DIR=target cargo test --locked) 2>&1 | tee "$output/service-unit.log" || status=$?
        count_run service "$status" "$(sum "$output/service-unit.log" '^test result:' passed)" "$(sum "$output/service-unit.log" '^test result:' failed)"
    fi
    need_server
    say "tests of the companion (pytest)"
    # shellcheck disable=SC2086 # arguments, one a word
    pytest ${TESTS:-tests/service --ignore-glob=*/test_board*}
}

run_board() {
    need_server
    say "tests of the board (pytest)"
    # shellcheck disable=SC2086 # arguments, one a word
    pytest ${TESTS:-tests/service/test_board*.py}
}

# --- upgrade -------------------------------------------------------------------------------------

# Its servers, and the builds of the extension for their versions, are the tests' own.
run_upgrade() {
    export PHASEGATE_ROOT SUPPORTED_PG_MAJORS UPGRADE_FROM PHASEGATE_CLUSTER_SH="$config/cluster.sh"
    say "tests of moving to the newest PostgreSQL, from $UPGRADE_FROM (pytest)"
    # shellcheck disable=SC2086 # arguments, one a word
    pytest ${TESTS:-tests/upgrade}
}

# --- citus ---------------------------------------------------------------------------------------

# It is in no package that setup.sh could install, and no part of this: whoever has it names their PostgreSQL with PG_CONFIG.
run_citus() {
    need_postgres
    if [ ! -e "$("$PG_CONFIG" --sharedir)/extension/citus.control" ]; then
        say "citus: skipped, the PostgreSQL of $PG_CONFIG has no Citus"
        skipped=$((skipped + 1))
        return
    fi
    PHASEGATE_BINDIR=$("$config/server.sh")
    export PHASEGATE_ROOT SUPPORTED_PG_MAJORS PHASEGATE_BINDIR PHASEGATE_CLUSTER_SH="$config/cluster.sh"
    say "tests of several servers under Citus (pytest)"
    # shellcheck disable=SC2086 # arguments, one a word
    pytest ${TESTS:-tests/citus}
}

# --- the server ----------------------------------------------------------------------------------

# One private server for all the suites that need it, started by the first of them; with INSTALLCHECK=1 the one
# that PGHOST and the rest of PostgreSQL's variables name, into which the extension is installed already.
need_server() {
    [ -z "${PHASEGATE_TEMPLATE:-}" ] || return 0
    need_postgres
    if [ -n "${INSTALLCHECK:-}" ]; then
        use_running_server
        return
    fi
    PHASEGATE_BINDIR=$("$config/server.sh")
    say "starting a private server of $("$PG_CONFIG" --version)"
    trap '"$config/cluster.sh" remove "$cluster"' EXIT
    # Ended by a signal, bash runs the EXIT trap only if it exits itself.
    trap 'exit 130' INT TERM HUP
    "$config/cluster.sh" start "$cluster"
    eval "$("$config/cluster.sh" env "$cluster")"
    connection=(--host="$PGHOST" --port="$PGPORT" --user="$PGUSER")
    # For tests that make clusters of their own, also of other versions, or clone the template.
    export PHASEGATE_ROOT SUPPORTED_PG_MAJORS PHASEGATE_BINDIR PHASEGATE_CLUSTER_SH="$config/cluster.sh" PHASEGATE_TEMPLATE=phasegate_template PHASEGATE_TARGET=$TARGET_DIR
    local psql=("$PHASEGATE_BINDIR/psql" -X -q -v ON_ERROR_STOP=1)
    "${psql[@]}" -c 'CREATE DATABASE phasegate_template'
    "${psql[@]}" -d phasegate_template -c 'CREATE EXTENSION phasegate'
    "${psql[@]}" -c 'ALTER DATABASE phasegate_template IS_TEMPLATE true ALLOW_CONNECTIONS false'
}

# Two databases are made there, and dropped again. The tests make roles whose names begin with regress_.
use_running_server() {
    local psql
    PHASEGATE_BINDIR=$("$PG_CONFIG" --bindir)
    psql=("$PHASEGATE_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 -d "${PGDATABASE:-postgres}")
    say "testing the running server: $("${psql[@]}" -At -c "SELECT version()")"
    connection=()
    if [ -n "${PGHOST:-}" ]; then connection+=(--host="$PGHOST"); fi
    if [ -n "${PGPORT:-}" ]; then connection+=(--port="$PGPORT"); fi
    if [ -n "${PGUSER:-}" ]; then connection+=(--user="$PGUSER"); fi
    export PHASEGATE_BINDIR PHASEGATE_TEMPLATE=phasegate_installcheck_template
    "${psql[@]}" -c "CREATE DATABASE $PHASEGATE_TEMPLATE"
    trap '"$PHASEGATE_BINDIR/psql" -X -q -d "${PGDATABASE:-postgres}" -c "DROP DATABASE IF EXISTS $database" -c "DROP DATABASE $PHASEGATE_TEMPLATE"' EXIT
    trap 'exit 130' INT TERM HUP
    "${psql[@]}" -d "$PHASEGATE_TEMPLATE" -c 'CREATE EXTENSION phasegate'
}

# --- the run -------------------------------------------------------------------------------------

mkdir -p "$output"
for suite in "${suites[@]}"; do
    case $suite in
        unit)      run_unit ;;
        regress)   run_postgres_suite regress sql sql regress/pg_regress ;;
        isolation) run_postgres_suite isolation specs spec isolation/pg_isolation_regress ;;
        model)     run_model ;;
        pytest)    run_pytest ;;
        service)   run_service ;;
        board)     run_board ;;
        upgrade)   run_upgrade ;;
        citus)     run_citus ;;
    esac
done

if [ -n "${ACCEPT:-}" ]; then
    say "see what was accepted with: git diff tests/"
    exit 0
fi
printf '\n'
for line in "${failures[@]}"; do printf '%s\n' "$line"; done
if [ "$skipped" -gt 0 ]; then printf '%s skipped\n' "$skipped"; fi
printf '%s passed, %s failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
