#!/usr/bin/env bash
# Keeps the present version as it is released, for the tests of upgrades from it (recovery/test_upgrade.py):
#
#   phasegate--VERSION.sql   the script that CREATE EXTENSION runs; the one that comes from the former version is kept in sql/
#   database--VERSION.sql    a database in use (database.sql), as pg_dump writes it
#
# Run once, for the release. What is kept stays as it is from then on.

. "$(dirname "${BASH_SOURCE[0]}")/../../pgrx-config/common.sh"

versions=$PHASEGATE_ROOT/tests/versions
config=$PHASEGATE_ROOT/pgrx-config
version=$(crate_version)
for file in phasegate database; do
    [ ! -e "$versions/$file--$version.sql" ] || die "version $version is kept already: $versions/$file--$version.sql"
done
need_postgres
bindir=$("$config/server.sh")
cluster=freeze-$$
trap '"$config/cluster.sh" remove "$cluster"' EXIT
"$config/cluster.sh" start "$cluster"
eval "$("$config/cluster.sh" env "$cluster")"
psql=("$bindir/psql" -X -q -v ON_ERROR_STOP=1)
"${psql[@]}" -c 'CREATE ROLE version_keeper' -c 'CREATE ROLE version_crew' -c 'CREATE DATABASE kept' \
    -c 'GRANT CREATE ON DATABASE kept TO version_keeper'
"${psql[@]}" -d kept -c 'CREATE EXTENSION phasegate' -f "$versions/database.sql" >/dev/null
extension=$(server_tree)$("$PG_CONFIG" --sharedir)/extension
cp "$extension/phasegate--$version.sql" "$versions/"
cp "$extension"/phasegate--*--"$version.sql" "$PHASEGATE_ROOT/sql/"
# Not every psql knows the commands that newer pg_dumps put around their script.
"$bindir/pg_dump" kept | sed '/^\\\(un\)\?restrict /d' > "$versions/database--$version.sql"
