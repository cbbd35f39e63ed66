#!/usr/bin/env bash
# Runs the benchmarks on a private server, or says what things cost:  run.sh [bench.numbers]
#
#   TESTS="P1 P5"      only these workloads
#   BENCH_SCALE=0.01   numbers of rows and transactions times this; targets are meant for 1
#   BENCH_ROUNDS=15    more than 5, for a machine that has other things to do
#   BENCH_NO_BUILD=1   the extension that is in the private server tree, however it was built
#
# The table is printed and written to target/bench/, with all figures as JSON and the curves as SVG.

. "$(dirname "${BASH_SOURCE[0]}")/../../pgrx-config/common.sh"

config=$PHASEGATE_ROOT/pgrx-config
need_postgres
if [ -z "${BENCH_NO_BUILD:-}" ]; then
    PROFILE=release "$config/server.sh" >/dev/null
    BENCH_BUILD=release
else
    BENCH_BUILD="as found (BENCH_NO_BUILD)"
fi
BENCH_BUILD+=", $(git -C "$PHASEGATE_ROOT" describe --always --dirty 2>/dev/null || echo "unknown version")"
export BENCH_BUILD BENCH_OUTPUT=$TARGET_DIR/bench PHASEGATE_CLUSTER_SH=$config/cluster.sh
cd "$PHASEGATE_ROOT/tests"
# shellcheck disable=SC2086 # names, one a word
exec "$TARGET_DIR/venv-bench/bin/python" -B -m "${1:-bench}" ${TESTS:-}
