#!/usr/bin/env bash
# Packages the extension for one PostgreSQL version, as files to hand on:
#
#   package.sh          a tarball and a Debian package in target/dist; prints their paths
#   package.sh folder   only the folder that they are made of; prints its path
#
# PROFILE=release (default) or dev. The same sources give the same files: times are those of the last commit.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

export PROFILE=${PROFILE:-release}
need_postgres
cd "$PHASEGATE_ROOT"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
dist=$TARGET_DIR/dist
name=phasegate-$version-pg$PG_MAJOR-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
folder=$dist/$name
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH=$epoch
# What ships is packed as tightly as it goes; what is only tested, quickly.
compression=(-Zxz -z9)
gzip=(gzip -n -9)
if [ "$PROFILE" = dev ]; then compression=(-Zgzip -z1) gzip=(gzip -n -1); fi

make_folder() {
    local built
    built=$(pgrx-config/server.sh package)
    rm -rf "$folder"
    mkdir -p "$folder/lib" "$folder/extension"
    install -m 755 "$built$("$PG_CONFIG" --pkglibdir)/phasegate.so" "$folder/lib/"
    # Symbols serve debuggers only.
    strip --strip-unneeded "$folder/lib/phasegate.so"
    install -m 644 "$built$("$PG_CONFIG" --sharedir)"/extension/phasegate* "$folder/extension/"
    install -m 644 README.md CHANGELOG.md LICENSE "$folder/"
    install -m 755 pgrx-config/install-files.sh "$folder/install.sh"
    printf '%s\n' "$PG_MAJOR" > "$folder/pg_major"
}

make_tarball() {
    tar --create --directory "$dist" --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner "$name" |
        "${gzip[@]}" > "$folder.tar.gz"
    printf '%s\n' "$folder.tar.gz"
}

# The newest version of the C library that the extension asks for.
needed_libc() { objdump -T "$folder/lib/phasegate.so" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1 | cut -d_ -f2; }

# At the places and under the name that the packages of Debian and of apt.postgresql.org have, whichever
# PostgreSQL it was built with.
make_deb() {
    local package=postgresql-$PG_MAJOR-phasegate architecture root doc
    architecture=$(dpkg --print-architecture)
    root=$dist/deb-$PG_MAJOR
    doc=$root/usr/share/doc/$package
    rm -rf "$root"
    install -D -m 755 "$folder/lib/phasegate.so" "$root/usr/lib/postgresql/$PG_MAJOR/lib/phasegate.so"
    install -D -m 644 -t "$root/usr/share/postgresql/$PG_MAJOR/extension" "$folder"/extension/*
    install -D -m 644 LICENSE "$doc/copyright"
    mkdir -p "$root/DEBIAN"
    gzip -9n < README.md > "$doc/README.md.gz"
    gzip -9n < CHANGELOG.md > "$doc/changelog.gz"
    chmod 644 "$doc"/*.gz
    cat > "$root/DEBIAN/control" <<CONTROL
Package: $package
Version: $version-1
Architecture: $architecture
Maintainer: phasegate developers
Section: database
Priority: optional
Depends: postgresql-$PG_MAJOR, libc6 (>= $(needed_libc)), libgcc-s1
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Description: phase-gated ticket workflow for PostgreSQL $PG_MAJOR
 Tickets move through phases by rules that triggers enforce, with an append-only
 history, gates that check artifacts, tasks and reviews, a task queue for agents,
 and context that is summarized from phase to phase.
CONTROL
    (cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
    find "$root" -type d -exec chmod 755 {} +
    dpkg-deb --root-owner-group "${compression[@]}" --build "$root" "$dist/${package}_$version-1_$architecture.deb" >&2
    rm -rf "$root"
    printf '%s\n' "$dist/${package}_$version-1_$architecture.deb"
}

make_folder
case ${1:-} in
    folder) printf '%s\n' "$folder" ;;
    '')
        make_tarball
        if have dpkg-deb; then make_deb; else note "dpkg-deb is not installed: no Debian package was made"; fi ;;
    *) die "unexpected argument \"$1\"" ;;
esac
