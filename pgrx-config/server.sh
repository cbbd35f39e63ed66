#!/usr/bin/env bash
# Builds the extension and puts it into a private copy of the server's installation under target/,
# so that demo, tests and benchmarks write nothing into the system's PostgreSQL.
#
#   server.sh            build, refresh the tree, print its bin directory
#   server.sh bindir     only print that directory
#   server.sh package    only build; print the directory that holds the files, laid out for installation
#
# PROFILE=dev (default) compiles quickly; PROFILE=release as it ships. PHASEGATE_BUILT=1 takes what was built before.
# DEV_OPT_LEVEL=1 takes twice as long to compile for dev, and a third less of the server's time to run the tests.
# See common.sh for the others. Of several of these at once, one works and the others wait.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PROFILE=${PROFILE:-dev}

# A dev and a release package differ in place too, so that switching between them copies, not compiles.
package() {
    local out=$TARGET_DIR/package-$PG_MAJOR-$PROFILE built
    case $PROFILE in
        dev)     built=$TARGET_DIR/debug ;;
        release) built=$TARGET_DIR/release ;;
        *)       die "PROFILE must be dev or release, not \"$PROFILE\"" ;;
    esac
    if [ -n "${PHASEGATE_BUILT:-}" ] && [ -e "$out" ]; then
        printf '%s\n' "$out"
        return
    fi
    say "building phasegate for PostgreSQL $PG_MAJOR ($PROFILE)"
    "$PHASEGATE_ROOT/pgrx-config/extension-files.sh" "$out$("$PG_CONFIG" --sharedir)/extension" >&2
    mkdir -p "$out$("$PG_CONFIG" --pkglibdir)"
    # Not for what else cargo builds: it takes longer to compile than the tests would gain.
    (cd "$PHASEGATE_ROOT" &&
        CARGO_PROFILE_DEV_OPT_LEVEL=${DEV_OPT_LEVEL:-0} cargo build --lib --profile "$PROFILE" --no-default-features --features "pg$PG_MAJOR") >&2
    # The file has one name for all versions.
    put "$built/libphasegate.so" "$out$("$PG_CONFIG" --pkglibdir)/phasegate.so" 755
    printf '%s\n' "$out"
}

# PostgreSQL finds its library and share directories relative to its own executable, after resolving
# symlinks: so real copies of the programs, at the paths they have below /, and links for all else.
make_tree() {
    local tree=$1 bindir sharedir pkglibdir stamp
    bindir=$("$PG_CONFIG" --bindir)
    sharedir=$("$PG_CONFIG" --sharedir)
    pkglibdir=$("$PG_CONFIG" --pkglibdir)
    # A package upgrade keeps the paths but changes the server.
    stamp="$("$PG_CONFIG" --version) $bindir $(stat -c '%s %Y' "$bindir/postgres")"
    if [ "$(cat "$tree/.stamp" 2>/dev/null || true)" = "$stamp" ]; then
        # Extensions that were installed since.
        cp -rsn "$sharedir/extension/." "$tree$sharedir/extension/"
        cp -rsn "$pkglibdir/." "$tree$pkglibdir/"
        return 0
    fi
    say "copying the server's programs to $tree"
    rm -rf "$tree"
    mkdir -p "$tree$bindir" "$tree$sharedir" "$tree$pkglibdir"
    cp -L "$bindir"/* "$tree$bindir/"
    cp -rs "$sharedir/." "$tree$sharedir/"
    cp -rs "$pkglibdir/." "$tree$pkglibdir/"

    # Servers that bring their own libraries find them relative to the program as well: in lib/ beside
    # bin/, and, for Python wheels, in a folder "<package>.libs" beside one of the parent folders.
    local libdir dir libs
    libdir=$("$PG_CONFIG" --libdir)
    case $libdir in
        "$(dirname "$bindir")"/*) mkdir -p "$tree$libdir"; cp -rsn "$libdir/." "$tree$libdir/" ;;
    esac
    dir=$bindir
    while [ "$dir" != / ]; do
        for libs in "$dir"/*.libs; do
            if [ -d "$libs" ]; then ln -sfnT "$libs" "$tree$libs"; fi
        done
        dir=$(dirname "$dir")
    done

    if is_root; then chmod -R go+rX "$tree"; fi
    as_server_user "$tree$bindir/postgres" --version >/dev/null ||
        die "the copied server does not run${SERVER_USER:+ as $SERVER_USER}; is $bindir readable for that user?"
    printf '%s\n' "$stamp" > "$tree/.stamp"
}

# The private tree also gets the scripts of released versions, for the tests that update from them.
put_extension() {
    local package=$1 tree=$2 versions=$PHASEGATE_ROOT/tests/versions libdir extdir file
    libdir=$("$PG_CONFIG" --pkglibdir)
    extdir=$("$PG_CONFIG" --sharedir)/extension
    for file in "$tree$extdir"/phasegate.control "$tree$extdir"/phasegate--*.sql; do
        if [ ! -e "$package$extdir/${file##*/}" ] && [ ! -e "$versions/${file##*/}" ]; then rm -f "$file"; fi
    done
    for file in "$versions"/phasegate--*.sql "$versions"/phasegate--*.control; do
        put "$file" "$tree$extdir/${file##*/}" 644
    done
    put "$package$libdir/phasegate.so" "$tree$libdir/phasegate.so" 755
    for file in "$package$extdir"/phasegate*; do
        put "$file" "$tree$extdir/${file##*/}" 644
    done
}

need_postgres
lock() {
    mkdir -p "$TARGET_DIR"
    exec 9>"$TARGET_DIR/.build.lock"
    flock 9
}
case ${1:-} in
    package) lock; package ;;
    bindir)  server_bindir ;;
    '')
        lock
        built=$(package)
        tree=$(server_tree)
        make_tree "$tree"
        put_extension "$built" "$tree"
        server_bindir
        ;;
    *) die "usage: server.sh [bindir|package]" ;;
esac
