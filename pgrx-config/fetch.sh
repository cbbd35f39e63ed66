#!/usr/bin/env bash
# Fetches a PostgreSQL that the machine does not have from PyPI:  fetch.sh MAJOR   (see servers.txt)
#
# It is unpacked below target/pg, beside the server trees and clusters. There the server's OS user can reach
# it, nothing else on the machine finds it, and "make clean" removes it with the bindings compiled from its headers.
#
# By pip, the registry's own client: it picks the wheel for this machine, checks its hash, and keeps what
# is executable so. A wheel is unpacked whole, since the programs find their libraries beside their folder.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# -eq 1 ] || die "usage: fetch.sh MAJOR"
need_supported "$1"
place=$(fetched_place "$1")
[ -n "$place" ] || die "PostgreSQL $1 is not to be had as a wheel"
python=$TARGET_DIR/venv/bin/python
[ -x "$python" ] || die "there is no $python; run pgrx-config/setup.sh"
scratch=$(scratch_dir)

if [ ! -e "$scratch/$place" ]; then
    requirement=${place#fetched-}
    requirement=${requirement%-*}==${requirement##*-}
    say "fetching PostgreSQL $1 ($requirement from PyPI)"
    new=$(mktemp -d "$scratch/fetching.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    grep "^$requirement " "$PHASEGATE_ROOT/pgrx-config/servers.txt" > "$new/requirement.txt"
    "$python" -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps --no-compile --ignore-requires-python \
        --only-binary=:all: --python-version=3.12 --target="$new/tree" --requirement="$new/requirement.txt" ||
        die "$requirement could not be installed; is PyPI reachable, and is this Linux on x86_64 or aarch64?"
    chmod -R go+rX "$new/tree"
    mv -T "$new/tree" "$scratch/$place"
fi
[ -n "$(fetched_pg_config "$1")" ] || die "$place has no PostgreSQL $1 where versions.env says"
