#!/usr/bin/env bash
# psql in the demonstration's workspace: a private server with its 24 tickets part of the way, which stays as it was left
# until "make clean". Arguments go to psql; CLUSTER=name is another such server.

. "$(dirname "${BASH_SOURCE[0]}")/../pgrx-config/common.sh"

config=$PHASEGATE_ROOT/pgrx-config
cluster=${CLUSTER:-shell}
"$config/server.sh" >/dev/null
"$config/cluster.sh" start "$cluster"
eval "$("$config/cluster.sh" env "$cluster")"
cd "$PHASEGATE_ROOT"                      # \copy reads demo/*.csv
# Made under another name first: what an earlier call left half-way is made anew.
if ! "$PHASEGATE_BINDIR/psql" -X -q -d shop -c '' 2>/dev/null; then
    say "making 24 tickets, part of the way"
    "$PHASEGATE_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' -c 'DROP DATABASE IF EXISTS making' -c 'CREATE DATABASE making'
    "$PHASEGATE_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 -d making -f demo/board/part_way.sql >/dev/null
    "$PHASEGATE_BINDIR/psql" -X -q -v ON_ERROR_STOP=1 -c 'ALTER DATABASE making SET search_path = shop, phasegate' \
        -c 'ALTER DATABASE making RENAME TO shop'
fi
if [ -t 0 ]; then
    note "SELECT * FROM phase_board;  TABLE task_queue;  SELECT * FROM get_valid_transitions((SELECT id FROM tickets LIMIT 1));"
    note "the server stays until make clean"
fi
exec "$PHASEGATE_BINDIR/psql" -d shop "$@"
