#!/usr/bin/env bash
# The demonstration: a private server with the extension, and nothing left behind.

. "$(dirname "${BASH_SOURCE[0]}")/../pgrx-config/common.sh"

config=$PHASEGATE_ROOT/pgrx-config
cluster=demo-$$
"$config/server.sh" >/dev/null
trap '"$config/cluster.sh" remove "$cluster"' EXIT
trap 'exit 130' INT TERM HUP
say "starting a private server"
"$config/cluster.sh" start "$cluster"
say "running demo/demo.sql"
cd "$PHASEGATE_ROOT"                      # \copy reads demo/*.csv
# Without psql's file names before errors and notices, and without repeated empty lines.
"$config/cluster.sh" psql "$cluster" -X -v ON_ERROR_STOP=1 -f demo/demo.sql 2>&1 |
    sed -u -E 's/^psql:[^ ]+: (ERROR|NOTICE):/\1:/' | cat -s
say "removing the private server"
