#!/usr/bin/env bash
# Packages the companion program as a Debian package in target/dist; prints its path.
#
# PROFILE=release (default) or dev. It needs no PostgreSQL. The same sources give the same file: times are those of the last commit.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

profile=${PROFILE:-release}
cd "$PHASEGATE_ROOT/service"
version=$(sed -n '0,/^version = /s/^version = "\(.*\)"/\1/p' Cargo.toml)
architecture=$(dpkg --print-architecture)
dist=$TARGET_DIR/dist
root=$dist/deb-service
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
# What ships is packed as tightly as it goes; what is only tested, quickly.
compression=(-Zxz -z9)
if [ "$profile" = dev ]; then compression=(-Zgzip -z1); fi

# In a target directory of its own: the extension's lock and flags are others.
CARGO_TARGET_DIR=$PHASEGATE_ROOT/service/target cargo build --quiet --locked --profile "$profile" >&2
built=$PHASEGATE_ROOT/service/target/${profile/#dev/debug}/phasegate

rm -rf "$root"
install -D -m 755 "$built" "$root/usr/bin/phasegate"
# Symbols serve debuggers only.
strip --strip-unneeded "$root/usr/bin/phasegate"
install -D -m 644 packaging/phasegate.service "$root/lib/systemd/system/phasegate.service"
install -D -m 644 packaging/sysusers.conf "$root/usr/lib/sysusers.d/phasegate.conf"
install -D -m 640 packaging/phasegate.toml "$root/etc/phasegate/phasegate.toml"
doc=$root/usr/share/doc/phasegate
install -D -m 644 ../LICENSE "$doc/copyright"
gzip -9n < ../CHANGELOG.md > "$doc/changelog.gz"
gzip -9n < ../docs/how-to/http.md > "$doc/http.md.gz"
for shell in bash:bash-completion/completions/phasegate zsh:zsh/vendor-completions/_phasegate fish:fish/vendor_completions.d/phasegate.fish; do
    mkdir -p "$root/usr/share/$(dirname "${shell#*:}")"
    "$built" completions "${shell%%:*}" > "$root/usr/share/${shell#*:}"
done
find "$root/usr/share" -type f -exec chmod 644 {} +
libc=$(objdump -T "$root/usr/bin/phasegate" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1 | cut -d_ -f2)
mkdir -p "$root/DEBIAN"
cat > "$root/DEBIAN/control" <<CONTROL
Package: phasegate
Version: $version-1
Architecture: $architecture
Maintainer: phasegate developers
Section: database
Priority: optional
Depends: libc6 (>= $libc), libgcc-s1
Recommends: ca-certificates, systemd
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Description: phasegate over HTTP, for agents and from a shell
 The companion of the PostgreSQL extension phasegate: its functions as REST paths
 with events and a board, a runner of agents' tasks, the Model Context Protocol,
 and calls from a shell. The extension itself is postgresql-NN-phasegate.
CONTROL
printf '/etc/phasegate/phasegate.toml\n' > "$root/DEBIAN/conffiles"
cat > "$root/DEBIAN/postinst" <<'POSTINST'
#!/bin/sh
set -e
if [ "$1" = configure ] && command -v systemd-sysusers >/dev/null; then
    systemd-sysusers phasegate.conf
    # A password may stand there.
    chgrp phasegate /etc/phasegate/phasegate.toml
fi
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if [ -n "$2" ]; then systemctl try-restart phasegate.service; fi
fi
POSTINST
cat > "$root/DEBIAN/prerm" <<'PRERM'
#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then systemctl disable --now phasegate.service; fi
PRERM
cat > "$root/DEBIAN/postrm" <<'POSTRM'
#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
POSTRM
chmod 755 "$root/DEBIAN"/p*
(cd "$root" && find usr lib etc -type f -print0 | sort -z | xargs -0 md5sum > DEBIAN/md5sums)
find "$root" -type d -exec chmod 755 {} +
SOURCE_DATE_EPOCH=$epoch dpkg-deb --root-owner-group "${compression[@]}" --build "$root" "$dist/phasegate_$version-1_$architecture.deb" >&2
rm -rf "$root"
printf '%s\n' "$dist/phasegate_$version-1_$architecture.deb"
