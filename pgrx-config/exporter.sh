#!/usr/bin/env bash
# Prints the path of prometheus-postgres-exporter, which a test of monitoring/ runs. Where the machine has none,
# it is taken out of Debian's package without installing that, because it would start a service.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

program=prometheus-postgres-exporter
if have "$program"; then
    command -v "$program"
    exit
fi
dir=$TARGET_DIR/tools/$program
if [ ! -x "$dir/usr/bin/$program" ]; then
    have apt-get || die "there is no $program, and no apt-get to fetch it with"
    say "fetching $program"
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' EXIT
    chmod 755 "$tmp"
    if ! (cd "$tmp" && apt-get download "$program") >&2; then
        if is_root; then apt-get update >&2; else sudo apt-get update >&2; fi
        (cd "$tmp" && apt-get download "$program") >&2
    fi
    mkdir -p "$dir"
    dpkg-deb --extract "$tmp"/*.deb "$dir"
fi
printf '%s\n' "$dir/usr/bin/$program"
