#!/usr/bin/env bash
# Writes the files that PostgreSQL wants in SHAREDIR/extension, made of what is in sql/:
#
#   extension-files.sh FOLDER
#
#   phasegate.control            with the version of Cargo.toml
#   phasegate--THIS.sql          what CREATE EXTENSION runs: the files that sql/order names, in that order
#   phasegate--FORMER--THIS.sql  what ALTER EXTENSION UPDATE runs: sql/upgrade/FORMER--THIS.sql, then those of them that
#                                are a functions.sql, then sql/upgrade/execute.sql
#   phasegate--A--B.sql          the updates between versions before this one, as they were released (sql/)
#
# A function or a view is written once, in functions.sql, as CREATE OR REPLACE: a new database and an updated one run
# the same text. By hand is only what cannot be replaced.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# -eq 1 ] || die "usage: extension-files.sh FOLDER"
mkdir -p "$1"
folder=$(cd "$1" && pwd -P)
cd "$PHASEGATE_ROOT/sql"
version=$(crate_version)
mapfile -t files < <(grep -v '^#' order)
functions=()
for file in "${files[@]}"; do
    [ -e "$file" ] || die "sql/order names sql/$file, which is not there"
    case $file in */functions.sql) functions+=("$file") ;; esac
done
for file in */functions.sql */types.sql */grants.sql; do
    case " ${files[*]} " in *" $file "*) ;; *) die "sql/order does not name sql/$file" ;; esac
done
update=(upgrade/*"--$version.sql")
if [ ${#update[@]} -ne 1 ] || [ ! -e "${update[0]}" ]; then
    die "there must be one sql/upgrade/FORMER--$version.sql, with what the update to $version does beyond replacing functions"
fi

if grep -nE '^(CREATE( (FUNCTION|VIEW|TYPE|DOMAIN|CAST|OPERATOR|TABLE))|GRANT|REVOKE)\>' "${functions[@]}" >&2; then
    die "functions.sql is run by CREATE EXTENSION and by every update: CREATE OR REPLACE and COMMENT only; types are for types.sql, grants for grants.sql"
fi

# $1 the command that runs the script, then its files
script() {
    local file
    printf -- '\\echo Use "%s" to run this file. \\quit\n' "$1"
    shift
    for file; do
        printf -- '\n-- sql/%s\n' "$file"
        cat "$file"
    done
}

rm -f "$folder"/phasegate.control "$folder"/phasegate--*.sql
for file in phasegate--*.sql; do
    if [ -e "$file" ]; then cp "$file" "$folder/"; fi
done
script "CREATE EXTENSION phasegate" "${files[@]}" > "$folder/phasegate--$version.sql"
script "ALTER EXTENSION phasegate UPDATE" "${update[0]}" "${functions[@]}" upgrade/execute.sql > "$folder/phasegate--${update[0]##*/}"
sed "s/@CARGO_VERSION@/$version/" ../phasegate.control > "$folder/phasegate.control"
