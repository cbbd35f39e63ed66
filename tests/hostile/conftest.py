"""A server of its own, whose log is read, and two workspaces with tickets and tasks in every state."""

import pathlib
import re

import pytest

from odd_values import TASKS, TEMPLATE, TICKETS, literal, task_id, ticket_id, values_of

HERE = pathlib.Path(__file__).parent
PRESENT = '"; drop table tickets; --'  # the workspace on the search_path; acme stands beside it
CRASH = re.compile(r"PANIC|terminated by signal|panicked|stack backtrace|TRAP:|out of memory", re.I)


class Server:
    """The server, with the extension, the workspaces and what probe.sql makes in its database hostile."""

    def __init__(self, cluster):
        self.cluster = cluster

    def connect(self):
        connection = self.cluster.connect("hostile", autocommit=True, client_encoding="utf8")
        connection.execute("SELECT set_config('search_path', quote_ident(%s), false)", [PRESENT])
        return connection

    def crashes(self):
        return [line for line in self.cluster.log().splitlines() if CRASH.search(line)]


def workspace_script():
    """The statements of workspace.sql, its :names replaced by ids."""
    ids = {"template": TEMPLATE, **{name: ticket_id(name) for name in TICKETS}, **{f"{name}_task": task_id(name) for name in TASKS}}
    script = re.sub(r"(?<!:):(\w+)", lambda found: f"'{ids[found[1]]}'::uuid", (HERE / "workspace.sql").read_text("utf-8"))
    return script.split(";\n")


@pytest.fixture(scope="module")
def server(make_module_cluster):
    # One that has crashed stays down, so that every test after it fails. Rust is told to print backtraces, which no
    # message may show.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("RUST_BACKTRACE", "full")
        cluster = make_module_cluster(restart_after_crash="off", log_min_error_statement="panic")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE hostile")
    server = Server(cluster)
    with server.connect() as connection:
        connection.execute("CREATE EXTENSION phasegate")
        for name in ["acme", PRESENT]:
            connection.execute("SELECT phasegate.create_workspace(%s::name)", [name])
            connection.execute("SELECT set_config('search_path', quote_ident(%s), false)", [name])
            for statement in workspace_script():
                connection.execute(statement)
        connection.execute((HERE / "probe.sql").read_text("utf-8"))
        for kind, values in values_of(connection.info.server_version).items():
            connection.execute(f'CREATE TABLE odd."{kind}" (name text PRIMARY KEY, value {kind})')
            for name, value in values.items():
                connection.execute(f'INSERT INTO odd."{kind}" SELECT {literal(name)}, {value}')
    yield server
    assert server.crashes() == []


@pytest.fixture
def session(server):
    """A session that is the same one, and usable, after the test."""
    with server.connect() as connection:
        pid = connection.execute("SELECT pg_backend_pid()").fetchone()[0]
        yield connection
        assert connection.execute("SELECT pg_backend_pid()").fetchone()[0] == pid
        assert server.crashes() == []
