#!/usr/bin/env bash
# in-database.sh DATABASE TEMPLATE COMMAND ...
#
# The launcher of pg_regress and pg_isolation_regress (see run.sh): makes DATABASE anew from TEMPLATE,
# then becomes the command, which connects to it and reads the test from its input.
set -euo pipefail

database=$1
template=$2
shift 2
"$PHASEGATE_BINDIR/psql" -X -q -d postgres -v ON_ERROR_STOP=1 </dev/null >/dev/null 2>&1 \
    -c "DROP DATABASE IF EXISTS $database WITH (FORCE)" -c "CREATE DATABASE $database TEMPLATE $template" ||
    { echo "database $database could not be cloned from $template"; exit 2; }
exec "$@"
