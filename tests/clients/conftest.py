"""Fixtures for the clients: a workspace whose application has a role of its own, and a pooler in front of it."""

import os
import pathlib
import random
import shutil
import socket
import subprocess
import tempfile
import uuid

import psycopg
import pytest
from projects import CLIENTS, JDBC
from psycopg import sql


def pytest_report_header():
    if "jdbc" not in CLIENTS:
        return f"clients: javac or {JDBC} is missing, so the JDBC client is not among the tests"


GRANTS = """
    GRANT USAGE ON SCHEMA shop TO {role};
    GRANT SELECT ON ALL TABLES IN SCHEMA shop TO {role};
    GRANT INSERT, UPDATE (title, description, priority, phase_id) ON shop.tickets TO {role};
    GRANT UPDATE ON shop.tasks TO {role};
    GRANT INSERT ON shop.phase_gate_artifacts TO {role};
"""


@pytest.fixture
def workspace(database):
    """The environment of an application in a new workspace "shop": PGHOST and so on, for a role with the README's grants.

    Every client logs in by TCP, since not all of them know Unix sockets.
    """
    role = f"client_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        owner.execute("SELECT phasegate.create_workspace('shop')")
        owner.execute(sql.SQL("CREATE ROLE {role} LOGIN").format(role=sql.Identifier(role)))
        owner.execute(sql.SQL(GRANTS).format(role=sql.Identifier(role)))
        owner.execute(sql.SQL("ALTER ROLE {role} IN DATABASE {database} SET search_path = shop, phasegate").format(
            role=sql.Identifier(role), database=sql.Identifier(database)))
        yield {"PGHOST": os.environ["PHASEGATE_TCP_HOST"], "PGPORT": os.environ["PGPORT"], "PGUSER": role, "PGDATABASE": database}
        owner.execute(sql.SQL("DROP OWNED BY {role}; DROP ROLE {role}").format(role=sql.Identifier(role)))


def free_port():
    """Below Linux's range for outgoing connections, as in cluster.sh."""
    for port in random.sample(range(20000, 32000), 100):
        with socket.socket() as probe:
            if probe.connect_ex((os.environ["PHASEGATE_TCP_HOST"], port)) != 0:
                return str(port)
    raise RuntimeError("no free TCP port found")


@pytest.fixture
def pooled_workspace(workspace):
    """The same behind PgBouncer in transaction mode, with two sessions for everybody."""
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="phasegate-pgbouncer.") as folder:
        folder = pathlib.Path(folder)
        (folder / "users.txt").write_text(f'"{workspace["PGUSER"]}" ""\n')
        (folder / "pgbouncer.ini").write_text(f"""\
[databases]
* = host={workspace["PGHOST"]} port={workspace["PGPORT"]}
[pgbouncer]
listen_addr = {workspace["PGHOST"]}
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 2
ignore_startup_parameters = extra_float_digits
log_connections = 0
log_disconnections = 0
""")
        command = [program, folder / "pgbouncer.ini"]
        if os.geteuid() == 0:
            # It refuses to run as root.
            folder.chmod(0o755)
            command[1:1] = ["--user", "nobody"]
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as bouncer:
            try:
                log = []
                for line in bouncer.stderr:
                    log.append(line)
                    if "process up" in line:
                        break
                else:
                    pytest.fail("".join(log))
                yield {**workspace, "PGPORT": port}
            finally:
                bouncer.terminate()
