"""Fixtures for the Python tests. run.sh has started a server and set PGHOST and the rest for it."""

import functools
import os
import pathlib
import shlex
import subprocess
import uuid

import psycopg
import pytest


@functools.cache
def environment_of(major):
    """Builds the extension for a PostgreSQL version; gives the environment in which cluster.sh runs its servers."""
    environment = os.environ | {"PG_CONFIG": "", "PG_MAJOR": str(major)}
    config = pathlib.Path(os.environ["PHASEGATE_ROOT"]) / "pgrx-config"
    for command in ([config / "setup.sh", "build"], [config / "server.sh"]):
        subprocess.run(command, env=environment, check=True, stdin=subprocess.DEVNULL)
    return environment


class Cluster:
    """A server of a test's own, made by pgrx-config/cluster.sh: for crashes, restarts and settings."""

    def __init__(self, name, settings, major=None, primary=None, upgraded=None):
        self.name = name
        self.major = major
        self.environment = os.environ if major is None else environment_of(major)
        arguments = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        if primary:
            self.run("standby", primary.name, *arguments)
        elif upgraded:
            self.run("upgrade", str(upgraded.major), upgraded.name, *arguments)
        else:
            self.run("create", *arguments)
        self.known_env = None
        self.start()

    def run(self, command, *arguments, **kwargs):
        # Not captured through a pipe where a server is started: it would inherit its end and keep it open.
        return subprocess.run(
            [os.environ["PHASEGATE_CLUSTER_SH"], command, self.name, *arguments],
            check=True, stdin=subprocess.DEVNULL, text=True, env=self.environment, **kwargs,
        ).stdout

    def start(self):
        self.run("start")
        # The port may be another one.
        self.known_env = None

    def stop(self, mode="fast"):
        self.run("stop", mode)

    def kill(self):
        """SIGKILL to all of the server's processes, as in a crash."""
        self.run("kill")

    def remove(self):
        self.run("remove")

    def env(self):
        """PGHOST, PGPORT and so on, for connecting to this server, and PHASEGATE_BINDIR, its programs."""
        if self.known_env is not None:
            return self.known_env
        printed = self.run("env", stdout=subprocess.PIPE)
        # Lines such as: export PGPORT=23456
        self.known_env = dict(line.split("=", 1) for line in shlex.split(printed) if "=" in line)
        return self.known_env

    def log(self):
        """What the server has logged."""
        return pathlib.Path(self.run("log", stdout=subprocess.PIPE).rstrip("\n")).read_text("utf-8", errors="replace")

    def connect(self, dbname="postgres", **kwargs):
        env = self.env()
        return psycopg.connect(
            host=env["PGHOST"], port=env["PGPORT"], user=env["PGUSER"], dbname=dbname, **kwargs
        )


def clusters():
    """make(fsync="on", ...) starts a server with these settings; it is removed at the end.

    make(major=18) starts one of that version, whichever the run is about; see also newest_major.
    make(primary=cluster) starts a streaming standby of another, make(major=18, upgraded=cluster)
    what pg_upgrade makes of one that was stopped.
    """
    clusters = []

    def make(major=None, primary=None, upgraded=None, **settings):
        cluster = Cluster(f"pytest-{uuid.uuid4().hex[:12]}", settings, major, primary, upgraded)
        clusters.append(cluster)
        return cluster

    yield make
    for cluster in clusters:
        cluster.remove()


make_cluster = pytest.fixture(clusters, name="make_cluster")
make_module_cluster = pytest.fixture(clusters, scope="module", name="make_module_cluster")


@pytest.fixture
def newest_major():
    """The newest PostgreSQL version that phasegate supports."""
    return max(int(major) for major in os.environ["SUPPORTED_PG_MAJORS"].split())


@pytest.fixture
def database():
    """The name of a new database that has the extension, on the server of the run."""
    name = f"pytest_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {os.environ['PHASEGATE_TEMPLATE']}")
    yield name
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def connect(database):
    """connect() opens a connection to the test's database; all are closed after the test."""
    connections = []

    def open_connection(**kwargs):
        connection = psycopg.connect(dbname=database, **kwargs)
        connections.append(connection)
        return connection

    yield open_connection
    for connection in connections:
        connection.close()
