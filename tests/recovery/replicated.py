"""A publisher and its subscriber: two databases of one server."""

import time

from populated import SHOP, quoted, rows, violations


def until(condition):
    """Asks again and again; what takes a minute will not come."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Pair:
    def __init__(self, cluster, tool):
        self.cluster = cluster
        self.env = cluster.env()
        self.tool = tool
        self.connections = []
        for name in ["publisher", "subscriber"]:
            self.connect("postgres").execute(f"CREATE DATABASE {name}")
        self.publisher = self.connect("publisher")
        self.publisher.execute("CREATE EXTENSION phasegate")
        self.subscriber = self.connect("subscriber")

    def connect(self, database):
        self.connections.append(self.cluster.connect(database, autocommit=True))
        return self.connections[-1]

    def close(self):
        for connection in self.connections:
            connection.close()

    def restore_schema(self, folder):
        place = ["--host", self.env["PGHOST"], "--port", self.env["PGPORT"], "--username", self.env["PGUSER"]]
        self.tool("pg_dump", "--schema-only", "--file", folder / "schema.sql", "--dbname", "publisher", *place)
        self.tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--file", folder / "schema.sql", "--dbname", "subscriber", *place)
        if SHOP in self.workspaces():
            # Triggers of the application's own that it wants fired by a subscription: what they add differs.
            self.subscriber.execute(f"DROP TRIGGER audit_replica ON {quoted(SHOP)}.tickets; DROP TRIGGER audit_always ON {quoted(SHOP)}.phase_history")

    def subscribe(self):
        self.publisher.execute("CREATE PUBLICATION all_of_it FOR TABLES IN SCHEMA " + ", ".join(map(quoted, self.workspaces())))
        # CREATE SUBSCRIPTION itself cannot make the slot where both databases are of one server.
        self.publisher.execute("SELECT pg_create_logical_replication_slot('moved', 'pgoutput')")
        self.subscriber.execute(f"""
            CREATE SUBSCRIPTION moved CONNECTION 'host={self.env["PGHOST"]} port={self.env["PGPORT"]} user={self.env["PGUSER"]} dbname=publisher'
            PUBLICATION all_of_it WITH (create_slot = false, slot_name = 'moved')""")

    def workspaces(self):
        return [row[0] for row in self.publisher.execute("SELECT schema FROM phasegate.workspaces ORDER BY 1")]

    def errors(self):
        return self.subscriber.execute("SELECT sum(apply_error_count + sync_error_count)::int FROM pg_stat_subscription_stats").fetchone()[0]

    def wait_for_error(self, message):
        until(lambda: message in self.cluster.log())

    def catch_up(self, tolerant=False):
        """Until the subscriber has copied all tables and applied all that the publisher has committed."""
        lsn, = self.publisher.execute("SELECT pg_current_wal_lsn()").fetchone()
        before = self.errors()

        def caught_up():
            assert tolerant or self.errors() == before, self.cluster.log()[-3000:]
            copied, = self.subscriber.execute("SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel").fetchone()
            applied, = self.publisher.execute("SELECT bool_or(replay_lsn >= %s) FROM pg_stat_replication WHERE application_name = 'moved'", [lsn]).fetchone()
            return copied and applied

        until(caught_up)

    def require_same_rows(self):
        """That no row is new or changed on the subscriber means, too, that no trigger fired there."""
        self.catch_up()
        published = rows(self.publisher, self.workspaces())
        for table, content in rows(self.subscriber, self.workspaces()).items():
            assert content == published.pop(table), table
        assert published == {}
        assert violations(self.subscriber) == []
