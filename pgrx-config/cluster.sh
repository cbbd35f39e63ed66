#!/usr/bin/env bash
# Private PostgreSQL clusters under target/, run from the private server tree that server.sh makes.
# Nothing here reads or writes a cluster of the system.
#
#   cluster.sh create  [NAME] [-c SETTING=VALUE ...]   initdb, and write its settings
#   cluster.sh start   [NAME] [-c SETTING=VALUE ...]   start it, after creating it where it does not exist
#   cluster.sh standby NAME PRIMARY [-c SETTING=VALUE ...]   create it as a streaming standby of a running cluster
#   cluster.sh upgrade NAME MAJOR OLD [-c SETTING=VALUE ...]  create it by pg_upgrade from a stopped cluster of version MAJOR
#   cluster.sh stop    [NAME] [fast|smart|immediate]
#   cluster.sh restart [NAME] [-c SETTING=VALUE ...]   settings given here are kept
#   cluster.sh kill    [NAME]                          SIGKILL to all of its processes, as in a crash
#   cluster.sh remove  [NAME]                          stop it and delete its files
#   cluster.sh remove-all
#   cluster.sh status  [NAME]                          exit code 0 if it runs
#   cluster.sh psql    [NAME] [PSQL ARGUMENTS ...]
#   cluster.sh env     [NAME]                          for:  eval "$(cluster.sh env NAME)"
#   cluster.sh log     [NAME]                          print the path of the server's log
#
# NAME defaults to "scratch". fsync is off unless PHASEGATE_FSYNC=on at creation (or -c fsync=on):
# scratch data need not survive the machine. A killed server loses nothing either way, since what it
# wrote is in the kernel's hands, but tests of recovery should say that they want it on.
#
# Authentication is "trust" on a socket that only the server's user (and root) can reach and on
# 127.0.0.1, so other users of the same machine can connect by TCP: do not keep secrets in it.

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage() { sed -n '/^#   cluster/s/^#   //p' "${BASH_SOURCE[0]}" >&2; exit 2; }

[ $# -ge 1 ] || usage
command=$1
shift
name=scratch
if [ $# -gt 0 ] && [ "${1#-}" = "$1" ]; then
    name=$1
    shift
fi
case $name in *[!A-Za-z0-9_.-]*|.*) die "a cluster's name is made of letters, digits, \"_\", \"-\" and \".\", not \"$name\"" ;; esac

need_postgres
bindir=$(server_bindir)
[ -x "$bindir/postgres" ] || die "the server tree is not built; run pgrx-config/server.sh"
scratch=$(scratch_dir)
clusters=$scratch/clusters-$PG_MAJOR
dir=$clusters/$name
data=$dir/data
log=$dir/log

exists() { [ -e "$dir/port" ]; }
need_cluster() { exists || die "there is no cluster \"$name\"; cluster.sh create $name makes one"; }

# The postmaster's process id, if it is running. Its working directory is the data directory, which
# tells it from a process that got the same id after a crash.
postmaster_pid() {
    local pid
    pid=$(as_server_user head -n1 "$data/postmaster.pid" 2>/dev/null) || return 1
    [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$data" ] || return 1
    printf '%s\n' "$pid"
}
running() { postmaster_pid >/dev/null; }

# Below Linux's range for outgoing connections, which could take the port between two starts.
free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s\n' "$port"
            return
        fi
    done
    die "no free TCP port found on 127.0.0.1"
}

# The kernel limits a socket's path to 107 bytes.
make_socket_dir() {
    local sockets=$dir/socket
    if [ $((${#sockets} + ${#port_suffix})) -gt 107 ]; then
        sockets=$(mktemp -d /tmp/phasegate-socket.XXXXXX)
    fi
    mkdir -p "$sockets"
    chmod 700 "$sockets"
    if is_root; then chown "$SERVER_USER:" "$sockets"; fi
    printf '%s\n' "$sockets" > "$dir/socket_dir"
}
port_suffix=/.s.PGSQL.65535

write_file() { as_server_user tee -a "$1" >/dev/null; }

# postgresql.conf takes the last of several values for a setting.
add_settings() {
    local setting
    while [ $# -gt 0 ]; do
        case $1 in
            -c) [ $# -ge 2 ] || die "-c needs SETTING=VALUE"
                setting=$2
                case $setting in *=*) ;; *) die "-c needs SETTING=VALUE, not \"$setting\"" ;; esac
                printf "%s = '%s'\n" "${setting%%=*}" "${setting#*=}" | write_file "$data/postgresql.conf"
                shift 2 ;;
            *) die "unexpected argument \"$1\"" ;;
        esac
    done
}

make_dir() {
    ! exists || die "cluster \"$name\" exists already; cluster.sh remove $name deletes it"
    rm -rf "$dir"
    mkdir -p "$dir"
    chmod 755 "$clusters" "$dir"
    if is_root; then chown "$SERVER_USER:" "$dir"; fi
}

create() {
    make_dir
    # The same in every version, as pg_upgrade wants it. From 18 on checksums are the default.
    local checksums=()
    if [ "$PG_MAJOR" -ge 18 ]; then checksums=(--no-data-checksums); fi
    if ! as_server_user "$bindir/initdb" --pgdata="$data" --username=postgres --auth=trust --no-sync \
            --encoding=UTF8 --locale=C.UTF-8 --no-instructions "${checksums[@]}" >"$dir/initdb.log" 2>&1; then
        cat "$dir/initdb.log" >&2
        die "initdb failed"
    fi
    make_socket_dir
    write_file "$data/postgresql.conf" <<CONF

# Written by cluster.sh
listen_addresses = '127.0.0.1'
unix_socket_directories = '$(cat "$dir/socket_dir")'
fsync = ${PHASEGATE_FSYNC:-off}
shared_preload_libraries = ''
timezone = 'UTC'
lc_messages = 'C'
log_line_prefix = '%m [%p] %q%u@%d %a '
log_lock_waits = on
CONF
    add_settings "$@"
    free_port > "$dir/port"
}

# The slot keeps the WAL that the standby has not received yet. It stays with the primary.
standby() {
    [ $# -ge 1 ] || usage
    local primary=$clusters/$1 slot
    shift
    [ -e "$primary/port" ] || die "there is no cluster \"${primary##*/}\""
    make_dir
    slot=standby_$(printf '%s' "$name" | tr -c 'a-z0-9' _)
    if ! as_server_user "$bindir/pg_basebackup" --pgdata="$data" --host="$(cat "$primary/socket_dir")" --port="$(cat "$primary/port")" \
            --username=postgres --checkpoint=fast --no-sync --write-recovery-conf --create-slot --slot="$slot" >"$dir/basebackup.log" 2>&1; then
        cat "$dir/basebackup.log" >&2
        die "pg_basebackup failed"
    fi
    make_socket_dir
    # Its other settings are the primary's.
    add_settings -c "unix_socket_directories=$(cat "$dir/socket_dir")" "$@"
    free_port > "$dir/port"
}

# Minor releases from November 2026 on mark every column with an attribute option, pg_attver. A server of a newer version
# but an earlier day, as fetch.sh may have fetched, does not know it and refuses the schema that pg_upgrade takes from the
# old one. The mark is worth nothing in another server, so it is taken off there.
# $1 and $2 the old cluster's bindir and data directory
take_marks_off() {
    if ! grep -q pg_attver "$1/postgres" || grep -q pg_attver "$bindir/postgres"; then return 0; fi
    local database
    for database in template1 postgres; do
        as_server_user "$1/postgres" --single -O -D "$2" "$database" >>"$dir/pg_upgrade.log" 2>&1 \
            <<<"UPDATE pg_attribute SET attoptions = NULL WHERE attoptions::text LIKE '{pg_attver=%'"
    done
}

# It starts both servers by itself, on sockets in the new cluster's folder, and writes a script into its working directory.
upgrade() {
    [ $# -ge 2 ] || usage
    local old=$scratch/clusters-$1/$2 old_bindir
    old_bindir=$(PG_CONFIG='' PG_MAJOR=$1 "$PHASEGATE_ROOT/pgrx-config/server.sh" bindir)
    [ -e "$old/port" ] || die "there is no cluster \"$2\" of PostgreSQL $1"
    shift 2
    create "$@"
    take_marks_off "$old_bindir" "$old/data"
    # shellcheck disable=SC2016 # for the shell that is started
    if ! as_server_user bash -c 'cd "$0" && exec "$@"' "$dir" "$bindir/pg_upgrade" --old-bindir="$old_bindir" --new-bindir="$bindir" \
            --old-datadir="$old/data" --new-datadir="$data" --username=postgres --socketdir="$(cat "$dir/socket_dir")" >>"$dir/pg_upgrade.log" 2>&1; then
        cat "$dir/pg_upgrade.log" >&2
        tail -n 20 "$data"/pg_upgrade_output.d/*/log/pg_upgrade_dump_*.log >&2 || true
        die "pg_upgrade failed"
    fi
}

state_of() { sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null || true; }
alive() { case $(state_of "$1") in ''|Z|X) return 1 ;; esac; }

kill_all() {
    local pid pids
    pid=$(postmaster_pid) || die "cluster \"$name\" is not running"
    # Stopped first, so that it neither forks another child nor tidies up after those that die.
    kill -STOP "$pid"
    pids="$pid $(tr '\n' ' ' < "/proc/$pid/task/$pid/children" || true)"
    # shellcheck disable=SC2086 # a list of numbers
    kill -KILL $pids 2>/dev/null || true
    for pid in $pids; do
        while alive "$pid"; do sleep 0.02; done
    done
}

# In a container whose first process does not collect its orphans, a killed postmaster stays as a zombie.
# A new one cannot tell that from a running one and would refuse to start.
remove_locks_of_zombie() {
    local pid
    pid=$(as_server_user head -n1 "$data/postmaster.pid" 2>/dev/null) || return 0
    if [ "$(state_of "$pid")" = Z ]; then
        rm -f "$data/postmaster.pid" "$(cat "$dir/socket_dir")"/.s.PGSQL.*.lock
    fi
}

start() {
    if ! exists; then create "$@"; else add_settings "$@"; fi
    if running; then return 0; fi
    remove_locks_of_zombie
    local try
    for try in 1 2 3 4 5; do
        # Input and the file descriptors of locks or pipes must not be inherited by the server.
        if as_server_user "$bindir/pg_ctl" start --silent --wait --timeout=120 --pgdata="$data" --log="$log" \
                --options="-p $(cat "$dir/port")" </dev/null >"$dir/pg_ctl.log" 2>&1 3>&- 4>&- 9>&-; then
            return 0
        fi
        # Somebody else may have taken the port since it was chosen.
        if [ "$try" = 5 ] || ! tail -n 20 "$log" | grep -q 'could not bind'; then
            cat "$dir/pg_ctl.log" >&2
            tail -n 20 "$log" >&2 || true
            die "the server of cluster \"$name\" did not start; its log is $log"
        fi
        free_port > "$dir/port"
    done
}

stop() {
    if running; then
        as_server_user "$bindir/pg_ctl" stop --silent --wait --timeout=120 --pgdata="$data" --mode="${1:-fast}"
    fi
}

remove() {
    if [ -d "$dir" ]; then
        if running; then stop immediate; fi
        if [ -r "$dir/socket_dir" ]; then rm -rf "$(cat "$dir/socket_dir")"; fi
        rm -rf "$dir"
    fi
}

print_env() {
    need_cluster
    local host port variable
    host=$(cat "$dir/socket_dir")
    port=$(cat "$dir/port")
    for variable in "PGHOST=$host" "PGPORT=$port" PGUSER=postgres PGDATABASE=postgres \
                    "PHASEGATE_BINDIR=$bindir" PHASEGATE_TCP_HOST=127.0.0.1; do
        printf 'export %s=%q\n' "${variable%%=*}" "${variable#*=}"
    done
}

case $command in
    create)     create "$@" ;;
    start)      start "$@" ;;
    standby)    standby "$@" ;;
    upgrade)    upgrade "$@" ;;
    stop)       need_cluster; stop "$@" ;;
    restart)    need_cluster; stop; start "$@" ;;
    kill)       need_cluster; kill_all ;;
    remove)     remove ;;
    remove-all)
        for dir in "$clusters"/*; do
            data=$dir/data
            remove
        done ;;
    status)     exists && running ;;
    psql)       eval "$(print_env)"; exec "$bindir/psql" "$@" ;;
    env)        print_env ;;
    log)        need_cluster; printf '%s\n' "$log" ;;
    *)          usage ;;
esac
