#!/usr/bin/env bash
# Installs the extension into the PostgreSQL that PG_CONFIG names, with sudo where that needs it.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_postgres
package=$(PROFILE=${PROFILE:-release} "$PHASEGATE_ROOT/pgrx-config/server.sh" package)
libdir=$("$PG_CONFIG" --pkglibdir)
extdir=$("$PG_CONFIG" --sharedir)/extension
sudo=()
if ! { [ -w "$libdir" ] && [ -w "$extdir" ]; }; then
    have sudo || die "$libdir and $extdir are not writable for $(id -un), and there is no sudo"
    sudo=(sudo)
fi
say "installing into $libdir and $extdir"
# install(1) makes a new file, so that running servers keep the library that they have loaded.
"${sudo[@]}" install -m 755 "$package$libdir/phasegate.so" "$libdir/"
"${sudo[@]}" install -m 644 "$package$extdir"/phasegate* "$extdir/"
note "in a database: CREATE EXTENSION phasegate;"
