"""Fixtures for the Python tests. run.sh has started a server and set PGHOST and the rest for it."""

import os
import shlex
import subprocess
import uuid

import psycopg
import pytest


class Cluster:
    """A server of a test's own, made by pgrx-config/cluster.sh: for crashes, restarts and settings."""

    def __init__(self, name, settings):
        self.name = name
        arguments = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        self.run("create", *arguments)
        self.start()

    def run(self, command, *arguments):
        # Not captured through a pipe: the server would inherit its end and keep it open.
        with open(os.devnull) as nothing:
            subprocess.run(
                [os.environ["PHASEGATE_CLUSTER_SH"], command, self.name, *arguments],
                check=True, stdin=nothing,
            )

    def start(self):
        self.run("start")

    def stop(self, mode="fast"):
        self.run("stop", mode)

    def kill(self):
        """SIGKILL to all of the server's processes, as in a crash."""
        self.run("kill")

    def remove(self):
        self.run("remove")

    def env(self):
        """PGHOST, PGPORT and so on, for connecting to this server."""
        printed = subprocess.run(
            [os.environ["PHASEGATE_CLUSTER_SH"], "env", self.name],
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout
        # Lines such as: export PGPORT=23456
        return dict(line.split("=", 1) for line in shlex.split(printed) if "=" in line)

    def log(self):
        """What the server has logged so far."""
        path = subprocess.run(
            [os.environ["PHASEGATE_CLUSTER_SH"], "log", self.name], check=True, stdout=subprocess.PIPE, text=True,
        ).stdout.strip()
        with open(path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def connect(self, dbname="postgres", **kwargs):
        env = self.env()
        return psycopg.connect(
            host=env["PGHOST"], port=env["PGPORT"], user=env["PGUSER"], dbname=dbname, **kwargs
        )


def clusters():
    """make(fsync="on", ...) starts a server with these settings; it is removed at the end."""
    clusters = []

    def make(**settings):
        cluster = Cluster(f"pytest-{uuid.uuid4().hex[:12]}", settings)
        clusters.append(cluster)
        return cluster

    yield make
    for cluster in clusters:
        cluster.remove()


make_cluster = pytest.fixture(clusters, name="make_cluster")
make_module_cluster = pytest.fixture(clusters, scope="module", name="make_module_cluster")


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
