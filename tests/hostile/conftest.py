"""A server of its own, whose log is read, and two workspaces with tickets and tasks in every state."""

import pathlib
import re

import psycopg
import pytest

from odd_values import TASKS, TEMPLATE, TICKETS, literal, task_id, ticket_id, values_of

HERE = pathlib.Path(__file__).parent
PRESENT = '"; drop table tickets; --'  # the workspace on the search_path; acme stands beside it
CRASH = re.compile(r"PANIC|terminated by signal|panicked|RUST_BACKTRACE|stack backtrace|TRAP:|out of memory", re.I)

# What a statement that is refused may say. phasegate's own are in README.md; the others are PostgreSQL's about values.
ALLOWED = {
    "22000", "22001", "22003", "22004", "22007", "22008", "22015", "22023", "22026", "22P02", "23502", "23503", "23505", "23514",
    "2201B", "22030", "2202E", "22032", "3F000", "40001", "42501", "42602", "42622", "42710", "42723", "42804", "42939", "54000", "54001", "55000", "P0002",
}
# Rust's types and values, its files, and what panics print.
LEAK = re.compile(r"\w::\w+[:<(]|\b(Some|None|Ok|Err|Option|Result|Vec|String|Uuid|Datum|Rc|Cell)[(<]|\.rs\b|src/|backtrace|panick|RefCell|unwrap|/(home|root|usr|work|tmp|build)/")


def leaks(*texts):
    """What of Rust shows in an error's fields."""
    return [found[0] for text in texts if text for found in [LEAK.search(text)] if found]


class Server:
    def __init__(self, cluster):
        self.cluster = cluster

    def connect(self):
        connection = self.cluster.connect("hostile", autocommit=True, client_encoding="utf8")
        connection.execute("SELECT set_config('search_path', quote_ident(%s), false)", [PRESENT])
        return connection

    def crashes(self):
        return [line for line in self.cluster.log().splitlines() if CRASH.search(line)]


@pytest.fixture(scope="module")
def server(make_module_cluster):
    # A server that has crashed stays down, and every test after it fails.
    cluster = make_module_cluster(restart_after_crash="off", log_min_messages="warning", log_min_error_statement="panic")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE hostile")
    server = Server(cluster)
    script = (HERE / "workspace.sql").read_text("utf-8")
    named = {"template": TEMPLATE, **{name: ticket_id(name) for name in TICKETS}, **{f"{name}_task": task_id(name) for name in TASKS}}
    script = re.sub(r"(?<!:):(\w+)", lambda found: f"'{named[found[1]]}'::uuid" if found[1] in named else found[0], script)
    with server.connect() as connection:
        connection.execute("CREATE EXTENSION phasegate")
        for name in [PRESENT, "acme"]:
            connection.execute("SELECT phasegate.create_workspace(%s::name)", [name])
            connection.execute("SELECT set_config('search_path', quote_ident(%s), false)", [name])
            for statement in re.split(r";\n", script):
                connection.execute(statement)
        connection.execute((HERE / "probe.sql").read_text("utf-8"))
        for kind, values in values_of(connection.info.server_version).items():
            connection.execute(f'CREATE TABLE odd."{kind}" (name text PRIMARY KEY, value {kind})')
            for name, value in values.items():
                connection.execute(f'INSERT INTO odd."{kind}" SELECT {literal(name)}, {value}')
        # What is left to autovacuum differs from run to run.
        connection.execute("VACUUM ANALYZE")
    yield server
    assert server.crashes() == []


@pytest.fixture
def session(server):
    """A session that must be the same, and usable, after the test."""
    with server.connect() as connection:
        pid = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
        yield connection
        assert connection.execute("SELECT pg_backend_pid()").fetchone()[0] == pid
        assert server.crashes() == []
