"""A coordinator and its workers, and workspaces on them."""

import os
import subprocess
import time

import psycopg

DATABASE = "app"
SETTINGS = {
    "shared_preload_libraries": "citus",
    "wal_level": "logical",
    "max_connections": "300",
    "max_worker_processes": "32",
    "max_wal_senders": "20",
    "max_replication_slots": "20",
    "citus.enable_statistics_collection": "off",
    "citus.node_conninfo": "sslmode=disable",
}


class Fleet:
    """Node 0 is the coordinator. It has no workspaces, nor have the nodes that are made and not added yet."""

    def __init__(self, make_cluster, workers):
        self.make_cluster = make_cluster
        self.nodes = []
        self.connections = []
        coordinator = self.make_node()
        self.execute(0, "SELECT citus_set_coordinator_host('127.0.0.1', %s::int)", [coordinator.env()["PGPORT"]])
        for _ in range(workers):
            self.add_node()
        self.execute(0, "CREATE EXTENSION phasegate")

    def make_node(self):
        cluster = self.make_cluster(**SETTINGS)
        with cluster.connect(autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        self.nodes.append(cluster)
        with self.connect(len(self.nodes) - 1) as connection:
            connection.execute("CREATE EXTENSION citus")
        return cluster

    def add_node(self):
        """The number of a new worker."""
        port = self.make_node().env()["PGPORT"]
        self.execute(0, "SELECT citus_add_node('127.0.0.1', %s::int)", [port])
        return len(self.nodes) - 1

    def connect(self, node, workspace=None, **kwargs):
        """A connection to a node, with a workspace on its search_path."""
        connection = self.nodes[node].connect(DATABASE, autocommit=True, **kwargs)
        self.connections.append(connection)
        if workspace:
            connection.execute(f"SET search_path = {workspace}, phasegate")
        return connection

    def execute(self, node, query, parameters=None):
        with self.connect(node) as connection:
            cursor = connection.execute(query, parameters)
            return cursor.fetchall() if cursor.description else None

    def close(self):
        for connection in self.connections:
            connection.close()

    def create(self, name, connection=None):
        """Makes a distributed workspace."""
        connection = connection or self.connect(0)
        connection.execute("SET citus.enable_schema_based_sharding = on")
        connection.execute("SELECT phasegate.create_workspace(%s)", [name])
        self.make_casts(name)

    def make_casts(self, name):
        """What phasegate asks for when it has distributed a workspace."""
        for source in ["text", "varchar"]:
            self.execute(0, "SELECT run_command_on_workers(%s)", [f"CREATE CAST ({source} AS {name}.phase) WITH INOUT AS ASSIGNMENT"])

    def node_of(self, workspace):
        (port,), = self.execute(0, "SELECT nodeport::text FROM citus_shards WHERE table_name = %s::regclass", [f"{workspace}.tickets"])
        return [node.env()["PGPORT"] for node in self.nodes].index(port)

    def others(self, node):
        return [other for other in range(len(self.nodes)) if other != node]

    def move(self, workspace, node):
        self.execute(0, """SELECT citus_schema_move(%s::regnamespace, nodeid, 'auto') FROM pg_dist_node WHERE nodeport = %s::int""",
                     [workspace, self.nodes[node].env()["PGPORT"]])
        assert self.node_of(workspace) == node

    def violations(self, workspace):
        return self.execute(self.node_of(workspace), "SELECT * FROM phasegate.check_workspace(%s) WHERE violations > 0", [workspace])


def refusal(execute, *arguments):
    """The word for which a statement is refused."""
    try:
        execute(*arguments)
    except psycopg.Error as error:
        return error.diag.constraint_name or error.diag.message_primary
    return None


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def program(name, cluster, database, *arguments):
    """What one of PostgreSQL's programs prints."""
    env = os.environ | cluster.env() | {"PGDATABASE": database}
    done = subprocess.run([os.path.join(os.environ["PHASEGATE_BINDIR"], name), *arguments], env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout
