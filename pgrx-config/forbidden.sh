#!/usr/bin/env bash
# Refuses in src/ what an application inside the server has no business with: the names of forbidden.txt, "unsafe" outside
# src/pg, and more of it in src/pg than the bridge to the server needs. Comments are free to name things.
#
#   forbidden.sh         the check, after one of itself
#   forbidden.sh FOLDER  the check, of the src/ in that folder

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

list=$PHASEGATE_ROOT/pgrx-config/forbidden.txt
# Each use of the word, also in the tables of asks!.
max_unsafe=108
# Comments and blank lines included. To be lowered with each thing that is taken away.
max_lines=2200

names() { grep -vE '^(#|$)' "$list"; }

# The lines of src/ without comments, as FILE:NUMBER:LINE.
code() { grep -rnE --include='*.rs' '' src | sed -E '/^[^:]*:[0-9]+:\s*\/\//d; s/ \/\/ .*//' || true; }

# In the folder $1. Prints what it finds, and fails if that is anything.
check() (
    cd "$1"
    bad=0
    complain() { printf '%s\n' "$1"; sed 's/^/    /'; bad=1; }
    found() { grep -E "$@" "$code" || true; }
    code=$(mktemp)
    trap 'rm -f "$code"' EXIT
    code > "$code"

    # All at once, since there is rarely anything to tell apart.
    any=$(names | sed -E 's/ .*//' | paste -sd '|')
    if hits=$(grep -E "(^|\W)($any)(\W|\$)" "$code"); then
        while IFS=' ' read -r pattern reason; do
            lines=$(grep -E "(^|\W)($pattern)(\W|\$)" <<<"$hits" || true)
            if [ -n "$lines" ]; then complain "not allowed: ${reason%%; e.g.*}" <<<"$lines"; fi
        done < <(names)
    fi

    lines=$(found '\bunsafe\b' | grep -v '^src/pg/' || true)
    if [ -n "$lines" ]; then complain 'not allowed: "unsafe" outside src/pg' <<<"$lines"; fi
    # The lint refuses what is not spelled so; the module pg alone may switch it off.
    lines=$(found '\b(allow|expect|warn)\(.*unsafe_code' | grep -v '^src/pg/' || true)
    if [ -e src/lib.rs ]; then
        grep -qxF '#![deny(unsafe_code)]' src/lib.rs || complain 'missing: #![deny(unsafe_code)]' <<<'src/lib.rs'
        number=$(grep -nx 'pub mod pg;' src/lib.rs | cut -d: -f1)
        lines=$(grep -vx "src/lib.rs:$((number - 1)):#\[allow(unsafe_code)\]" <<<"$lines" || true)
    fi
    if [ -n "$lines" ]; then complain 'not allowed: "unsafe" allowed outside src/pg' <<<"$lines"; fi

    count=$(found '^src/pg/.*\bunsafe\b' | grep -ow unsafe | wc -l)
    if [ "$count" -gt $max_unsafe ]; then complain "too much of \"unsafe\" in src/pg" <<<"$count, of at most $max_unsafe"; fi
    count=$(find src/pg -name '*.rs' -exec cat {} + 2>/dev/null | wc -l)
    if [ "$count" -gt $max_lines ]; then complain "too much code in src/pg" <<<"$count lines, of at most $max_lines"; fi
    exit $bad
)

# Each name that the list gives as an example is found in code and not in a comment; so are the other rules broken.
check_itself() {
    local folder pattern reason name names=() found
    folder=$(mktemp -d)
    # shellcheck disable=SC2064 # the path is known now
    trap "rm -rf '$folder'" EXIT
    mkdir -p "$folder/src/pg"
    while IFS=' ' read -r pattern reason; do
        case $reason in *'; e.g. '*) reason=${reason##*; e.g. } ;; *) reason=$pattern ;; esac
        # shellcheck disable=SC2206 # words
        name=($reason)
        # Its own pattern, not another's.
        [ "$(printf ' %s \n' "${name[@]}" | grep -cE "(^|\W)($pattern)(\W|\$)")" = ${#name[@]} ] ||
            die "forbidden.txt: \"$pattern\" does not match all of: $reason"
        names+=("${name[@]}")
    done < <(names)
    printf '    x(%s);\n' "${names[@]}" > "$folder/src/pg/one.rs"
    found=$(check "$folder" || true)
    for name in "${names[@]}"; do
        case $found in *"x($name);"*) ;; *) die "forbidden.sh does not find $name" ;; esac
    done
    printf '    // x(%s);\n' "${names[@]}" > "$folder/src/pg/one.rs"
    check "$folder" || die "forbidden.sh finds what comments say"

    finds() { printf '%s\n' "$2" > "$folder/src/$1"; ! check "$folder" >/dev/null || die "forbidden.sh does not find: $2"; }
    free() { printf '%s\n' "$2" > "$folder/src/$1"; check "$folder" || die "forbidden.sh finds what is allowed: $2"; }
    free pg/one.rs 'pg_sys::SPI_execute(table_open(execute, RelationGetIndexList), Executed, tgtype == 1, heap_form_tuple)'
    finds pg/one.rs 'let page = "https://example.org"; heap_insert()'
    free pg/one.rs 'unsafe { f() } // not heap_insert, see https://example.org'
    finds one.rs 'unsafe { f() }'
    finds one.rs '#[allow(missing_docs, unsafe_code)]'
    free one.rs '//! no unsafe'
    finds pg/one.rs "$(for _ in $(seq $((max_unsafe + 1))); do echo 'unsafe fn'; done)"
    finds pg/one.rs "$(seq $((max_lines + 1)))"
}

if [ $# -eq 0 ]; then check_itself; fi
check "${1:-$PHASEGATE_ROOT}" >&2 || die "src/ is not as it has to be"
