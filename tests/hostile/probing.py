"""Runs statements that may fail, and says which failures are as they should be."""

import itertools
import re

import psycopg

# SQLSTATEs of phasegate's own, as the reference has them, and of PostgreSQL about values.
ALLOWED = {
    "0A000",  # what a server without Citus cannot do
    "22001",  # too long for a column
    "42704",  # no such role
    "22004",  # a required argument is NULL
    "22008",  # a time out of range
    "22023",  # an argument or a part of one outside what is allowed
    "22P02",  # a phase that does not exist
    "23514",  # a move that is not allowed
    "3F000",  # a schema that is no workspace
    "54000",  # too large
    "54001",  # too deep for the server's stack
    "55000",  # a gate, a holder, a status in the way
    "P0002",  # an id that does not exist
}

# What no field of an error may show: Rust's types and values, its files, and what panics print.
LEAK = re.compile(
    r"\w::\w+[:<({]|\b(Some|None|Ok|Err|Option|Result|Vec|String|Uuid|Datum|Rc|Cell)[(<]|\.rs\b|\bsrc/|backtrace|panick|RefCell|unwrap|serde"
    r"| at line \d+ column|/(home|root|usr|work|build)/")


def is_fine(row, allowed=frozenset(ALLOWED)):
    """Whether a row of odd.probe tells of success, or of a failure as it may be."""
    texts = (row.message, row.detail, row.hint, row.context)
    return row.state == "00000" or row.state in allowed and not any(text and LEAK.search(text) for text in texts)


def probed(session, calls, following=()):
    """The rows of odd.probe (see probe.sql) for these statements."""
    cursor = session.cursor(row_factory=psycopg.rows.namedtuple_row)
    calls = iter(calls)
    while some := list(itertools.islice(calls, 200)):
        # What was rolled back is still there, dead, and slows down what follows.
        session.execute("VACUUM ANALYZE")
        yield from cursor.execute("SELECT * FROM odd.probe(%s, %s)", [some, list(following)]).fetchall()
