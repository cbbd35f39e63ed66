#!/usr/bin/env bash
# The demonstration: a private server with the extension, a team's backlog on its way to DONE, and nothing left behind.

. "$(dirname "${BASH_SOURCE[0]}")/../pgrx-config/common.sh"

config=$PHASEGATE_ROOT/pgrx-config
cluster=demo-$$
"$config/server.sh" >/dev/null
trap '"$config/cluster.sh" remove "$cluster"' EXIT
trap 'exit 130' INT TERM HUP
say "starting a private server"
"$config/cluster.sh" start "$cluster"
# The scripts name the data files relative to the repository.
cd "$PHASEGATE_ROOT"
"$config/cluster.sh" psql "$cluster" -X -q -v ON_ERROR_STOP=1 -f demo/demo.sql
say "done: the private server is removed now"
