"""Dumps of workspaces are restored on a server that never had the extension's files, as the page on backups says."""

import os
import pathlib
import pwd
import re
import subprocess
import tempfile

import psycopg
import pytest

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
FILL = """
    CREATE EXTENSION phasegate;
    CREATE SCHEMA desk;
    CREATE TABLE desk.issues (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL);
    INSERT INTO desk.issues (title) SELECT 'i' || n FROM generate_series(1, 5) n;
    SELECT phasegate.create_workspace('flow', tickets => 'desk.issues');
    SELECT phasegate.create_workspace('acme');
    INSERT INTO acme.tickets (title) VALUES ('a'), ('b');
    UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS';
    UPDATE desk.issues SET phase_id = 'PHASE_REQUIREMENTS' WHERE id < 3;
"""


def programs():
    """Where the programs of the installation are that the private server is a copy of."""
    config = os.environ.get("PG_CONFIG") or "pg_config"
    return pathlib.Path(subprocess.run([config, "--bindir"], check=True, capture_output=True, text=True).stdout.strip())


@pytest.fixture
def bare():
    """The environment of a server without phasegate: what PostgreSQL's own installation starts."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="phasegate-bare."))
    start = []
    if os.geteuid() == 0:
        user = pwd.getpwnam(os.environ.get("SERVER_USER") or "postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        start = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "env", "HOME=/tmp"]

    def run(*command):
        subprocess.run([*start, programs() / command[0], *map(str, command[1:])], cwd="/", check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    run("initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-N", "--locale=C.UTF-8", "-E", "UTF8")
    options = f"-c port=5432 -c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options, "start")
    try:
        yield {**os.environ, "PGHOST": str(folder), "PGPORT": "5432", "PGUSER": "postgres", "PATH": f"{programs()}:{os.environ['PATH']}"}
    finally:
        run("pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
        subprocess.run(["rm", "-rf", folder], check=True)


def connect(environment, name):
    return psycopg.connect(host=environment["PGHOST"], port=environment["PGPORT"], user="postgres", dbname=name, autocommit=True)


def is_plain(connection):
    """The rows are there, and the application goes on without any rule."""
    def one(sql):
        return connection.execute(sql).fetchone()[0]

    assert one("SELECT count(*) FROM pg_available_extensions WHERE name = 'phasegate'") == 0
    assert (one("SELECT count(*) FROM acme.tickets"), one("SELECT count(*) FROM acme.phase_history"), one("SELECT count(*) FROM acme.tasks")) == (2, 4, 4)
    assert (one("SELECT count(*) FROM desk.issues"), one("SELECT count(*) FROM flow.phase_history")) == (5, 7)
    assert one("INSERT INTO acme.tickets (title) VALUES ('c') RETURNING phase_id::text") == "PHASE_BACKLOG"
    assert one("INSERT INTO desk.issues (title, phase_id) VALUES ('c', 'PHASE_DONE'::varchar) RETURNING ticket_uuid IS NOT NULL")
    assert connection.execute("UPDATE acme.tickets SET phase_id = 'PHASE_DONE'").rowcount == 3
    connection.execute("DELETE FROM desk.issues")
    assert one("SELECT count(*) FROM flow.phase_history") == 0


@pytest.fixture
def filled(empty_database):
    name = empty_database()
    with psycopg.connect(dbname=name, autocommit=True) as connection:
        connection.execute(FILL)
    return name


def test_one_that_was_left_for_good(filled, bare, tool, tmp_path):
    with psycopg.connect(dbname=filled, autocommit=True) as connection:
        for name in ["acme", "flow"]:
            connection.execute("SELECT phasegate.detach_workspace(%s, for_good => true)", [name])
        connection.execute("DROP EXTENSION phasegate")
    (tmp_path / "dump.sql").write_bytes(tool("pg_dump", filled))
    with connect(bare, "postgres") as connection:
        connection.execute("CREATE DATABASE plain")
    subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", "plain", "-f", tmp_path / "dump.sql"], env=bare, check=True, stdout=subprocess.DEVNULL)
    with connect(bare, "plain") as connection:
        is_plain(connection)


def test_one_that_was_in_use(filled, bare, tmp_path):
    section = (ROOT / "docs/how-to/back-up-and-restore.md").read_text("utf-8").split("\n## Where the extension is not installed\n")[1].split("\n## ")[0]
    [block] = re.findall(r"^```sh\n(.*?)^```$", section, re.M | re.S)
    dump, restore = block.split("\n", 1)
    shell = ["bash", "-euo", "pipefail", "-c"]
    here = {**os.environ, "PATH": f"{os.environ['PHASEGATE_BINDIR']}:{os.environ['PATH']}"}
    subprocess.run([*shell, dump.replace(" app ", f" {filled} ")], cwd=tmp_path, env=here, check=True)
    subprocess.run([*shell, restore], cwd=tmp_path, env=bare, check=True, stdout=subprocess.DEVNULL)
    with connect(bare, "bare") as connection:
        is_plain(connection)
