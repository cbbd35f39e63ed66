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
        self.known_env = None
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
        """PGHOST, PGPORT and so on, for connecting to this server."""
        if self.known_env is not None:
            return self.known_env
        printed = subprocess.run(
            [os.environ["PHASEGATE_CLUSTER_SH"], "env", self.name],
            check=True, stdout=subprocess.PIPE, text=True,
        ).stdout
        # Lines such as: export PGPORT=23456
        self.known_env = dict(line.split("=", 1) for line in shlex.split(printed) if "=" in line)
        return self.known_env

    def connect(self, dbname="postgres", **kwargs):
        env = self.env()
        return psycopg.connect(
            host=env["PGHOST"], port=env["PGPORT"], user=env["PGUSER"], dbname=dbname, **kwargs
        )


@pytest.fixture
def make_cluster():
    """make_cluster(fsync="on", ...) starts a server with these settings; it is removed after the test."""
    clusters = []

    def make(**settings):
        cluster = Cluster(f"pytest-{uuid.uuid4().hex[:12]}", settings)
        clusters.append(cluster)
        return cluster

    yield make
    for cluster in clusters:
        cluster.remove()


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
