#!/usr/bin/env bash
# The demonstration over HTTP: a private server, its 24 tickets part of the way, agents that go on, and `phasegate serve` with
# the board. Ends with Ctrl-C, and leaves nothing behind. LISTEN=127.0.0.1:8080 says where it listens.

. "$(dirname "${BASH_SOURCE[0]}")/../pgrx-config/common.sh"

config=$PHASEGATE_ROOT/pgrx-config
cluster=serve-$$
"$config/server.sh" >/dev/null
say "building the companion"
# Unless another is named: what is only looked at is built quickly.
CARGO_TARGET_DIR=$PHASEGATE_ROOT/service/target cargo build --quiet --locked --manifest-path "$PHASEGATE_ROOT/service/Cargo.toml"

agents='' service=''
finish() {
    if [ -n "$service" ]; then kill "$service" 2>/dev/null || true; wait "$service" 2>/dev/null || true; fi
    if [ -n "$agents" ]; then kill "$agents" 2>/dev/null || true; wait "$agents" 2>/dev/null || true; fi
    "$config/cluster.sh" remove "$cluster"
}
trap finish EXIT
trap 'exit 0' INT TERM HUP
say "starting a private server, with 24 tickets part of the way"
"$config/cluster.sh" start "$cluster"
eval "$("$config/cluster.sh" env "$cluster")"
cd "$PHASEGATE_ROOT"                      # \copy reads demo/*.csv
psql=("$PHASEGATE_BINDIR/psql" -X -q)
"${psql[@]}" -v ON_ERROR_STOP=1 -f demo/board/part_way.sql >/dev/null
"${psql[@]}" -f demo/goes_on.sql >/dev/null 2>&1 &
agents=$!
DATABASE_URL='' "$PHASEGATE_ROOT/service/target/debug/phasegate" --log warn serve --workspace shop --listen "${LISTEN:-127.0.0.1:8080}" &
service=$!
wait "$service"
