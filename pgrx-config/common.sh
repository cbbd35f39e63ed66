# Shared by the scripts of pgrx-config/, tests/ and demo/: sourced, never run.
# shellcheck shell=bash
#
# Environment that a caller may set:
#   PG_CONFIG    the pg_config of the PostgreSQL to build for
#   PG_MAJOR     its major version, when PG_CONFIG is not given (default: the newest that the machine has)
#   PROFILE      dev or release: how the extension is compiled
#   SERVER_USER  the OS user that runs servers when the caller is root (default: postgres)

set -euo pipefail
shopt -s inherit_errexit

PHASEGATE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=versions.env
. "$PHASEGATE_ROOT/pgrx-config/versions.env"

TARGET_DIR=${CARGO_TARGET_DIR:-$PHASEGATE_ROOT/target}
case $TARGET_DIR in /*) ;; *) TARGET_DIR=$PWD/$TARGET_DIR ;; esac
# Where the pure rules are compiled, without a server's headers, and the model that plays by them.
# shellcheck disable=SC2034
RULES_TARGET_DIR=$TARGET_DIR/rules
SERVER_USER=${SERVER_USER:-postgres}

say()  { printf '==> %s\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
die()  { printf '%s: error: %s\n' "${0##*/}" "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Replaces a file only if it differs, by a new inode: sessions that have the old library mapped keep it.
put() {
    local source=$1 target=$2
    if [ -L "$target" ] || ! cmp -s "$source" "$target"; then
        install -m "$3" "$source" "$target.new"
        mv -fT "$target.new" "$target"
    fi
}

# The version that is being built; it stands in Cargo.toml and nowhere else.
crate_version() { sed -n '0,/^version = /s/^version = "\(.*\)"/\1/p' "$PHASEGATE_ROOT/Cargo.toml"; }

is_root() { [ "$(id -u)" = 0 ]; }

# PostgreSQL refuses to run as root, so root hands its servers to SERVER_USER. setpriv is
# util-linux, which Debian cannot be without; sudo may be missing. The working directory moves to
# one that everybody may enter, or initdb and pg_ctl complain.
as_server_user() {
    if is_root; then
        (cd / && exec setpriv --reuid="$SERVER_USER" --regid="$(id -g "$SERVER_USER")" --init-groups \
            -- env HOME=/tmp USER="$SERVER_USER" LOGNAME="$SERVER_USER" "$@")
    else
        (cd / && exec "$@")
    fi
}

need_server_user() {
    is_root || return 0
    id -u "$SERVER_USER" >/dev/null 2>&1 ||
        die "PostgreSQL does not run as root and there is no OS user \"$SERVER_USER\" to run it as; create one (useradd --system $SERVER_USER) or name another with SERVER_USER=..."
}

need_supported() {
    case " $SUPPORTED_PG_MAJORS " in
        *" $1 "*) ;;
        *) die "PostgreSQL $1 is not supported; phasegate builds for $SUPPORTED_PG_MAJORS" ;;
    esac
}

pg_config_major() { "$1" --version | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p'; }

# The installation of a version that the machine has: the server and its headers. Nothing where it has none.
installed_pg_config() {
    local candidate
    # The last is an unversioned pg_config, which counts only if it is of the wanted version.
    for candidate in "/usr/lib/postgresql/$1/bin/pg_config" "$(command -v pg_config || true)"; do
        if [ -x "$candidate" ] && [ "$(pg_config_major "$candidate")" = "$1" ] &&
           [ -x "$("$candidate" --bindir)/postgres" ] && [ -d "$("$candidate" --includedir-server)" ]; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

# Where a version's installation is below the folder that fetch.sh makes. Nothing for one that does not come that way.
fetched_place() { local place=FETCHED_PG_$1; printf '%s\n' "${!place:-}"; }

# That folder's name in scratch_dir, another one when the pinned versions change.
fetched_dir() { printf 'fetched-%.12s\n' "$(sha256sum < "$PHASEGATE_ROOT/pgrx-config/servers.txt")"; }

# The installation of a version that fetch.sh fetched. Nothing where it did not.
fetched_pg_config() {
    local pg candidate
    # By its real path, as scratch_dir.
    pg=$(cd "$TARGET_DIR/pg" 2>/dev/null && pwd -P) || return 0
    candidate=$pg/$(fetched_dir)/$(fetched_place "$1")/bin/pg_config
    if [ -x "$candidate" ]; then printf '%s\n' "$candidate"; fi
}

# Sets PG_CONFIG and PG_MAJOR, or returns 1 when there is no such PostgreSQL (yet). What was fetched is used where
# its version is asked for, but never becomes the default: that depends on the machine, not on what ran before.
find_postgres() {
    local major
    if [ -n "${PG_MAJOR:-}" ]; then need_supported "$PG_MAJOR"; fi
    if [ -z "${PG_CONFIG:-}" ]; then
        for major in ${PG_MAJOR:-$SUPPORTED_PG_MAJORS}; do
            PG_CONFIG=$(installed_pg_config "$major")
            if [ -n "$PG_CONFIG" ]; then break; fi
        done
        if [ -z "$PG_CONFIG" ] && [ -n "${PG_MAJOR:-}" ]; then PG_CONFIG=$(fetched_pg_config "$PG_MAJOR"); fi
        [ -n "$PG_CONFIG" ] || return 1
    fi
    case $PG_CONFIG in */*) ;; *) PG_CONFIG=$(command -v "$PG_CONFIG" || true) ;; esac
    [ -x "$PG_CONFIG" ] || die "PG_CONFIG does not name a program: ${PG_CONFIG:-(empty)}"
    PG_MAJOR=$(pg_config_major "$PG_CONFIG")
    need_supported "$PG_MAJOR"
    export PG_CONFIG PG_MAJOR
    # pgrx generates its bindings from the headers of this one.
    export PGRX_PG_CONFIG_PATH=$PG_CONFIG
}

need_postgres() {
    find_postgres ||
        die "no PostgreSQL${PG_MAJOR:+ $PG_MAJOR} with server headers found; run pgrx-config/setup.sh, or set PG_CONFIG=/path/to/pg_config"
}

# Where server trees and clusters live: target/pg. As root the server's OS user must be able to reach
# it; where it cannot (a checkout below a home directory of mode 700), target/pg is a link into /tmp.
scratch_dir() {
    local dir=$TARGET_DIR/pg
    need_server_user
    mkdir -p "$TARGET_DIR"
    if [ -L "$dir" ] && [ ! -d "$dir" ]; then
        rm -f "$dir"                      # its /tmp was cleaned
    fi
    if [ ! -e "$dir" ]; then
        if as_server_user test -x "$TARGET_DIR"; then
            mkdir -p "$dir"
            chmod 755 "$dir"
        else
            local tmp
            tmp=$(mktemp -d /tmp/phasegate.XXXXXX)
            chmod 755 "$tmp"
            ln -sT "$tmp" "$dir"
        fi
    fi
    # By its real path, since the link itself may lie where that user cannot go.
    dir=$(cd "$dir" && pwd -P)
    as_server_user test -x "$dir" ||
        die "OS user \"${SERVER_USER}\" cannot reach $dir; make clean, and try again"
    printf '%s\n' "$dir"
}

# The private server tree of this PostgreSQL, and the same path below it that the system has.
server_tree()   { local scratch; scratch=$(scratch_dir) || return; printf '%s/server-%s\n' "$scratch" "$PG_MAJOR"; }
server_bindir() { local tree;    tree=$(server_tree)    || return; printf '%s%s\n' "$tree" "$("$PG_CONFIG" --bindir)"; }
