#!/usr/bin/env bash
# Brings a Debian machine with Rust to where phasegate builds and its tests run. Everything that is
# there already is left alone, so running it again costs a second.
#
#   setup.sh          all of it
#   setup.sh build    only what building and running the extension needs (no clients, Python only to fetch a server)
#   setup.sh check    that, and what formats and lints
#   setup.sh bench    that, and what the benchmarks need
#
# A PostgreSQL that PG_MAJOR asks for and the machine does not have is fetched under target/ (fetch.sh) if it
# comes as a wheel; what does not comes as a Debian package, and without PG_MAJOR Debian's newest.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

what=${1:-all}
case $what in all|build|check|bench) ;; *) die "usage: setup.sh [build|check|bench]" ;; esac

# --- Rust: the one thing that is expected to be there --------------------------------------------

have cargo || have "$HOME/.cargo/bin/cargo" ||
    die "cargo was not found; install Rust from https://rustup.rs and try again"
have cargo || export PATH="$HOME/.cargo/bin:$PATH"

wanted=$(sed -n 's/^rust-version *= *"\(.*\)"/\1/p' "$PHASEGATE_ROOT/Cargo.toml")
found=$(rustc --version | sed 's/^rustc \([0-9.]*\).*/\1/')
[ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n1)" = "$wanted" ] ||
    die "Rust $wanted or later is needed, this is $found; run: rustup update stable"

components=()
if [ "$what" = all ] || [ "$what" = check ]; then components=(rustfmt clippy); fi
for component in "${components[@]}"; do
    if ! cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1; then
        have rustup || die "cargo ${component/rustfmt/fmt} is not installed and there is no rustup to install it with"
        say "adding the Rust component $component"
        rustup component add "$component"
    fi
done

# --- System packages, only those whose service is missing ----------------------------------------

# A list of words, with %s for the PostgreSQL version: which one Debian has is known after apt-get update.
packages=''
want() { packages+=" $1"; }
name_packages() { printf '%s\n' "${packages//%s/${PG_MAJOR:-$(packaged_pg_major)}}"; }
# The newest version in Debian's package lists.
packaged_pg_major() {
    local major
    for major in $SUPPORTED_PG_MAJORS; do
        if [ -n "$(apt-cache madison "postgresql-server-dev-$major" 2>/dev/null)" ]; then break; fi
    done
    printf '%s\n' "$major"
}

libclang_found() {
    if [ -n "${LIBCLANG_PATH:-}" ] && compgen -G "$LIBCLANG_PATH/libclang*.so*" >/dev/null; then return 0; fi
    compgen -G "/usr/lib/llvm-*/lib/libclang*.so*" >/dev/null ||
        compgen -G "/usr/lib/*/libclang*.so*" >/dev/null ||
        compgen -G "/usr/lib64/libclang*.so*" >/dev/null
}
python_found() { have python3 && python3 -c 'import venv, ensurepip' 2>/dev/null; }

if ! { have cc && have make && have pkg-config && have clang && libclang_found; }; then want "$APT_BUILD"; fi
to_fetch=''
if ! find_postgres; then
    if [ -n "${PG_MAJOR:-}" ] && [ -n "$(fetched_place "$PG_MAJOR")" ]; then
        to_fetch=yes
    else
        want "$APT_POSTGRES"
    fi
fi
if { [ "$what" = all ] || [ "$what" = bench ] || [ -n "$to_fetch" ]; } && ! python_found; then want "$APT_PYTHON"; fi
if [ "$what" = all ]; then
    if ! { have node && have npm; }; then want "$APT_NODE"; fi
    if ! have javac; then want "$APT_JAVA"; fi
    if ! [ -e /usr/share/java/postgresql.jar ]; then want "$APT_JDBC"; fi
    if ! { have pkg-config && pkg-config --exists libpq; }; then want "$APT_LIBPQ"; fi
    if ! { have ruby && ruby -e 'require "active_record"; require "pg"' 2>/dev/null; }; then want "$APT_RUBY"; fi
    if ! have shellcheck; then want "$APT_SHELLCHECK"; fi
    if ! have chromium; then want "$APT_CHROMIUM"; fi
    if ! have jq; then want "$APT_JQ"; fi
    # Where PATH has no sbin it is not found, but Debian puts it there.
    if ! { have pgbouncer || [ -x /usr/sbin/pgbouncer ]; }; then want "$APT_PGBOUNCER"; fi
    # Debian has them for its own PostgreSQL only; without each one test is skipped.
    if [ "${PG_MAJOR:-}" = 15 ] && find_postgres; then
        for module in "pgaudit $APT_PGAUDIT" "pg_cron $APT_PGCRON"; do
            if ! [ -e "$("$PG_CONFIG" --pkglibdir)/${module% *}.so" ] &&
                    [ -n "$(apt-cache madison "${module#* }" 2>/dev/null || true)" ]; then
                want "${module#* }"
            fi
        done
    fi
fi

as_root() {
    if is_root; then "$@"
    elif [ -t 0 ]; then sudo "$@"
    else sudo -n "$@"
    fi
}

if [ -n "$packages" ]; then
    by_hand="as root: apt-get install$(name_packages)"
    have apt-get || die "missing on this machine, which has no apt-get:$(name_packages) (Debian's names); install them and try again"
    is_root || have sudo || die "system packages are missing and there is no sudo; $by_hand"
    is_root || [ -t 0 ] || sudo -n true 2>/dev/null ||
        die "system packages are missing and sudo asks for a password that nobody is there to give; $by_hand"
    as_root apt-get update || note "apt-get update failed; trying with the package lists that are there"
    packages=$(name_packages)
    say "installing system packages:$packages"

    # Debian's server package makes and starts a cluster "main" when it is installed. Nobody here needs
    # it, so switch that off while the package is being configured, and leave the setting as it was.
    switch=/etc/postgresql-common/createcluster.d/phasegate-setup.conf
    case $packages in
        *" postgresql-"*)
            # shellcheck disable=SC2064 # the path is known now
            trap "as_root rm -f $switch" EXIT
            as_root mkdir -p "${switch%/*}"
            echo 'create_main_cluster = false' | as_root tee "$switch" >/dev/null ;;
    esac
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages ||
        die "apt-get could not install:$packages. For another PostgreSQL than this Debian has, set PG_CONFIG=/path/to/pg_config"
    if [ -e "$switch" ]; then as_root rm -f "$switch"; fi
    trap - EXIT
    # Debian starts a pooler for the whole machine, too, now and whenever it boots. The tests start their own.
    case "$packages " in
        *" pgbouncer "*)
            as_root update-rc.d pgbouncer disable || note "the service pgbouncer could not be switched off"
            as_root invoke-rc.d --quiet pgbouncer stop || true ;;
    esac
fi

# --- Python, for the tests, to fetch a server, and for the benchmarks -----------------------------

# $1 the environment's folder, $2 what lists its packages
make_venv() {
    local venv=$1 requirements=$PHASEGATE_ROOT/$2 stamp
    stamp="$(python3 --version) $(cd "$PHASEGATE_ROOT" && cat tests/requirements.txt "$requirements" | sha256sum)"
    if [ "$(cat "$venv/.stamp" 2>/dev/null || true)" != "$stamp" ]; then
        say "making a Python environment in $venv"
        rm -rf "$venv"
        mkdir -p "$TARGET_DIR"
        python3 -m venv "$venv"
        "$venv/bin/python" -m pip install --disable-pip-version-check --quiet --requirement "$requirements" ||
            die "pip could not install what $2 lists; is PyPI reachable?"
        printf '%s\n' "$stamp" > "$venv/.stamp"
    fi
    note "Python: $("$venv/bin/python" --version), $venv"
}

if [ "$what" = all ] || [ -n "$to_fetch" ]; then make_venv "$TARGET_DIR/venv" tests/requirements.txt; fi
if [ "$what" = bench ]; then make_venv "$TARGET_DIR/venv-bench" tests/bench/requirements.txt; fi

# --- PostgreSQL ----------------------------------------------------------------------------------

if [ -n "$to_fetch" ]; then "$PHASEGATE_ROOT/pgrx-config/fetch.sh"; fi
need_postgres
need_server_user
[ -d "$("$PG_CONFIG" --includedir-server)" ] ||
    die "the headers of PostgreSQL $PG_MAJOR are missing: $("$PG_CONFIG" --includedir-server)"
note "PostgreSQL: $("$PG_CONFIG" --version) ($PG_CONFIG)"
