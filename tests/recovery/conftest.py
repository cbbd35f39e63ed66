"""What tests of moving databases share."""

import os
import subprocess
import uuid

import psycopg
import pytest

from populated import Populated


@pytest.fixture
def tool():
    """tool("pg_dump", ...) runs a program of the server's; its output, and, where it must fail, its error."""
    def run(name, *arguments, fails=False, **kwargs):
        done = subprocess.run([os.path.join(os.environ["PHASEGATE_BINDIR"], name), *map(str, arguments)],
                              stdin=kwargs.pop("stdin", subprocess.DEVNULL), stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kwargs)
        assert (done.returncode != 0) == fails, done.stderr.decode()
        return done.stderr.decode() if fails else done.stdout

    return run


@pytest.fixture
def empty_database():
    """empty_database() makes a database without the extension and gives its name."""
    names = []

    def make(owner="postgres"):
        names.append(f"pytest_{uuid.uuid4().hex[:12]}")
        with psycopg.connect(dbname="postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE {names[-1]} OWNER "{owner}"')
        return names[-1]

    yield make
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def roles():
    """The roles of a populated database. They own things in it, so that they are made before it and dropped after it."""
    made = Populated()
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        made.make_roles(connection)
    yield made
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        made.drop_roles(connection)


@pytest.fixture
def populated(roles, database):
    """A database as populated.py says. To be named first: databases that get a copy of it need its roles too."""
    with psycopg.connect(dbname=database, autocommit=True) as connection:
        roles.fill(connection)
    return roles
