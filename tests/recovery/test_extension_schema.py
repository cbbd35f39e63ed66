"""Whose the extension's schema is: after an update from a version that left it to whoever created the extension, and after a dump."""

import os
import pathlib
import subprocess
import uuid

import psycopg
import pytest

OWNERSHIP = """SELECT r.rolsuper, (SELECT count(*) FROM pg_proc p WHERE p.pronamespace = n.oid
                                     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
                 FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner WHERE n.nspname = 'phasegate'"""


@pytest.fixture
def databases():
    """make() makes a database that belongs to a role that is no superuser; gives its name and the role's."""
    role, made = f"schema_{uuid.uuid4().hex[:8]}", []

    def make():
        made.append(f"pytest_{uuid.uuid4().hex[:12]}")
        with psycopg.connect(dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {made[-1]} OWNER {role}")
        return made[-1]

    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
    make.role = role
    yield make
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.execute(f"DROP ROLE {role}")


def test_strangers_are_found_by_the_update(databases):
    name = databases()
    with psycopg.connect(dbname=name, user=databases.role, autocommit=True) as theirs:
        theirs.execute("CREATE SCHEMA phasegate")
        with psycopg.connect(dbname=name, autocommit=True) as connection:
            as_it_was(connection)
        theirs.execute("CREATE FUNCTION phasegate.create_workspace(text) RETURNS void LANGUAGE sql AS ''")
        theirs.execute("GRANT CREATE ON SCHEMA phasegate TO PUBLIC")
        with psycopg.connect(dbname=name, autocommit=True) as connection:
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as refused:
                connection.execute("ALTER EXTENSION phasegate UPDATE")
            assert refused.value.diag.message_detail == "function phasegate.create_workspace(text)"
            theirs.execute("DROP FUNCTION phasegate.create_workspace(text)")
            connection.execute("ALTER EXTENSION phasegate UPDATE")
            assert connection.execute(OWNERSHIP).fetchone() == (True, 0)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            theirs.execute("CREATE FUNCTION phasegate.create_workspace(text) RETURNS void LANGUAGE sql AS ''")


def as_it_was(connection):
    """The extension as 0.2.0 made it, in a schema that belongs to somebody: what its control file said, the present one does not."""
    directory = connection.execute("SELECT setting FROM pg_config() WHERE name = 'SHAREDIR'").fetchone()[0]
    control = pathlib.Path(directory, "extension", "phasegate--0.2.0.control")
    if not control.exists():
        control.write_text("schema = phasegate\n", "utf-8")
    connection.execute("CREATE EXTENSION phasegate VERSION '0.2.0'")


def test_a_dump_is_restored_by_a_role_that_is_no_superuser(databases):
    name, copy = databases(), databases()
    with psycopg.connect(dbname=name, user=databases.role, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute("SELECT phasegate.create_workspace('acme')")
        connection.execute("INSERT INTO acme.tickets (title) VALUES ('a')")
    programs = os.environ["PHASEGATE_BINDIR"]
    dump = subprocess.run([os.path.join(programs, "pg_dump"), "-U", databases.role, "-d", name], check=True, stdout=subprocess.PIPE).stdout
    assert b"SCHEMA phasegate" not in dump
    subprocess.run([os.path.join(programs, "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-1", "-U", databases.role, "-d", copy],
                   check=True, input=dump, stdout=subprocess.DEVNULL)
    with psycopg.connect(dbname=copy, user=databases.role, autocommit=True) as connection:
        assert connection.execute(OWNERSHIP).fetchone() == (True, 0)
        connection.execute("UPDATE acme.tickets SET title = 'b'")
        assert connection.execute("SELECT sum(violations) FROM phasegate.check_workspace('acme')").fetchone() == (0,)
        connection.execute("DROP SCHEMA acme CASCADE")
        connection.execute("DROP EXTENSION phasegate")
        assert connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'phasegate'").fetchone() == (0,)
