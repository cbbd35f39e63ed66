#!/bin/sh
# Installs phasegate's files into the PostgreSQL whose pg_config is named by PG_CONFIG (default: the one on
# the PATH), with sudo where that needs it.
#
#   install-files.sh [FOLDER]    FOLDER holds pg_major, lib/ and extension/ (default: this script's folder)
set -eu

folder=${1:-$(dirname "$0")}
pg_config=${PG_CONFIG:-pg_config}
die() { printf '%s: error: %s\n' "${0##*/}" "$*" >&2; exit 1; }

major=$("$pg_config" --version | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p') || true
[ -n "$major" ] || die "\"$pg_config\" is no pg_config; name one with PG_CONFIG=/path/to/pg_config"
[ "$major" = "$(cat "$folder/pg_major")" ] ||
    die "these files are for PostgreSQL $(cat "$folder/pg_major"), and $pg_config is of PostgreSQL $major"
libdir=$("$pg_config" --pkglibdir)
extdir=$("$pg_config" --sharedir)/extension
sudo=
if [ ! -w "$libdir" ] || [ ! -w "$extdir" ]; then
    command -v sudo >/dev/null || die "$libdir and $extdir are not writable for $(id -un), and there is no sudo"
    sudo=sudo
fi
printf 'installing into %s and %s\n' "$libdir" "$extdir"
# Scripts of other versions would offer updates that this library does not know.
$sudo rm -f "$extdir"/phasegate--*.sql
# install(1) makes a new file, so that running servers keep the library that they have loaded.
$sudo install -m 755 "$folder/lib/phasegate.so" "$libdir/"
$sudo install -m 644 "$folder"/extension/phasegate* "$extdir/"
printf 'in a database: CREATE EXTENSION phasegate;\n'
