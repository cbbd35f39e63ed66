#!/usr/bin/env bash
# Writes the script that ALTER EXTENSION phasegate UPDATE runs to come from the former version to this one:
#
#   sql/phasegate--FORMER--THIS.sql  =  sql/upgrade/FORMER--THIS.sql, then all of sql/*/functions.sql
#
# A function or a view is written once, in functions.sql, as CREATE OR REPLACE: a new database and an updated one run
# the same text. By hand is only what cannot be replaced. The script is kept in the repository, where cargo pgrx takes
# it from, and with the next version it is no longer written, so that it stays as it was released.
#
#   upgrade-script.sh          write it, if it differs
#   upgrade-script.sh check    fail if it differs

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

case ${1:-} in ''|check) ;; *) die "usage: upgrade-script.sh [check]" ;; esac
cd "$PHASEGATE_ROOT"
version=$(crate_version)
first=("sql/upgrade/"*"--$version.sql")
if [ ${#first[@]} -ne 1 ] || [ ! -e "${first[0]}" ]; then
    die "there must be one sql/upgrade/FORMER--$version.sql, with what the update to $version does beyond replacing functions"
fi
script=sql/phasegate--${first[0]##*/}

if grep -nE '^(CREATE( (FUNCTION|VIEW|TYPE|DOMAIN|CAST|OPERATOR|TABLE))|GRANT|REVOKE)\>' sql/*/functions.sql >&2; then
    die "functions.sql is run by CREATE EXTENSION and by every update: CREATE OR REPLACE and COMMENT only; types are for types.sql, grants for grants.sql"
fi

write() {
    printf -- '-- Written by pgrx-config/upgrade-script.sh: change what it is made of.\n'
    printf -- '\\echo Use "ALTER EXTENSION phasegate UPDATE" to run this file. \\quit\n'
    local file
    for file in "${first[0]}" sql/*/functions.sql; do
        printf -- '\n-- From %s\n' "$file"
        cat "$file"
    done
}

# Names sort differently from locale to locale.
LC_ALL=C
if ! cmp -s <(write) "$script"; then
    [ "${1:-}" != check ] || die "$script is not what it is made of; pgrx-config/upgrade-script.sh writes it"
    write > "$script"
    note "written: $script"
fi
