"""Fixtures for the clients: a workspace whose application has a role of its own, and a pooler in front of it."""

import os
import uuid

import psycopg
import pytest
from pooler import bouncer
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
    """The environment of an application in a new workspace "shop": PGHOST and so on, for a role with the grants of docs/access.md.

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


@pytest.fixture
def pooled_workspace(workspace):
    """The same behind PgBouncer in transaction mode, with two sessions for everybody."""
    with bouncer(f"* = host={workspace['PGHOST']} port={workspace['PGPORT']}", workspace["PGUSER"], workspace["PGHOST"],
                 "default_pool_size = 2\nignore_startup_parameters = extra_float_digits") as port:
        yield {**workspace, "PGPORT": port}
