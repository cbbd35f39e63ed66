"""A workspace goes from one server to another, as the page says, while clients of PgBouncer work in it: none is told of it."""

import os
import pathlib
import re
import subprocess
import threading
import time

import psycopg
import pytest

from pooler import pooler

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
CLIENTS = 4


def entry(cluster):
    env = cluster.env()
    return f"acme = host=127.0.0.1 port={env['PGPORT']} dbname=app user=postgres connect_query='SET search_path = acme, phasegate'"


@pytest.fixture
def servers(make_cluster):
    """Two of them, each with a database that has the extension."""
    made = [make_cluster(wal_level="logical"), make_cluster()]
    for cluster in made:
        with cluster.connect(autocommit=True) as connection:
            connection.execute("CREATE DATABASE app")
        with cluster.connect("app", autocommit=True) as connection:
            connection.execute("CREATE EXTENSION phasegate")
    return made


class Client(threading.Thread):
    """Makes tickets, moves them, claims and completes tasks, and knows what was acknowledged and how long it had to wait."""

    def __init__(self, port):
        super().__init__()
        self.connection = psycopg.connect(host="127.0.0.1", port=port, dbname="acme", user="postgres", autocommit=True, prepare_threshold=None)
        self.moved, self.completed, self.done, self.longest, self.error = set(), set(), 0, 0.0, None
        self.stopped = threading.Event()

    def run(self):
        try:
            while not self.stopped.is_set():
                began = time.monotonic()
                self.work()
                self.done += 1
                self.longest = max(self.longest, time.monotonic() - began)
        except Exception as error:  # of any kind: the test says which
            self.error = error

    def work(self):
        with self.connection.transaction():
            ticket, = self.connection.execute("INSERT INTO tickets (title) VALUES ('t') RETURNING id").fetchone()
            self.connection.execute("SELECT transition_ticket(%s, 'PHASE_REQUIREMENTS')", [ticket])
        self.moved.add(ticket)
        with self.connection.transaction():
            tasks = [task for task, in self.connection.execute("SELECT id FROM claim_tasks('ada', 1, '{analysis}')")]
            for task in tasks:
                self.connection.execute("SELECT complete_task(%s, 'ada')", [task])
        self.completed.update(tasks)


def test_clients_of_a_workspace_that_moves_only_wait(servers):
    with pooler(entry(servers[0]) + "\n") as (port, entries):
        move(servers, port, entries)


def move(servers, port, entries):
    page = (ROOT / "docs/how-to/move-a-workspace.md").read_text("utf-8")
    names, copy, go, end = re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S)
    assert re.findall(r"^(\w+)=", names, re.M) == ["FROM", "TO", "POOLER", "ENTRIES", "ENTRY"]
    place = [f"host=127.0.0.1 port={cluster.env()['PGPORT']} dbname=app user=postgres" for cluster in servers]
    env = os.environ | {
        "FROM": place[0], "TO": place[1], "ENTRIES": str(entries), "ENTRY": entry(servers[1]),
        "POOLER": f"host=127.0.0.1 port={port} dbname=pgbouncer user=postgres",
        "PATH": f"{os.environ['PHASEGATE_BINDIR']}:{os.environ['PATH']}"}

    def run(block):
        return subprocess.run(["bash", "-euo", "pipefail", "-c", block], env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout

    with servers[0].connect("app", autocommit=True) as connection:
        connection.execute("SELECT phasegate.create_workspace('acme')")
        connection.execute("DELETE FROM acme.phase_transitions WHERE to_phase = 'PHASE_DONE'")
        connection.execute("INSERT INTO acme.tickets (title) SELECT 'old' || n FROM generate_series(1, 2000) n")
    clients = [Client(port) for _ in range(CLIENTS)]
    for client in clients:
        client.start()

    def all_go_on():
        """Each does something more."""
        counts = [client.done for client in clients]
        deadline = time.monotonic() + 60
        while any(client.done <= count + 1 for client, count in zip(clients, counts)):
            assert [client.error for client in clients] == [None] * CLIENTS
            assert time.monotonic() < deadline
            time.sleep(0.02)

    try:
        all_go_on()
        run(copy)
        all_go_on()
        began = time.monotonic()
        run(go)
        pause = time.monotonic() - began
        all_go_on()
    finally:
        for client in clients:
            client.stopped.set()
        for client in clients:
            client.join()
    assert [client.error for client in clients] == [None] * CLIENTS
    longest = max(client.longest for client in clients)
    print(f"the pause took {pause:.1f} s, of which a client waited {longest:.1f} s")
    assert run(end) == ""
    with servers[0].connect("app", autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM phasegate.workspaces").fetchone() == (0,)
    with servers[1].connect("app", autocommit=True) as connection:
        tickets = {ticket for ticket, in connection.execute("SELECT id FROM acme.tickets WHERE title = 't'")}
        assert tickets == set().union(*(client.moved for client in clients))
        assert connection.execute("SELECT count(*) FROM acme.phase_history").fetchone() == (2000 + 2 * len(tickets),)
        completed = {task for task, in connection.execute("SELECT id FROM acme.tasks WHERE status = 'completed'")}
        assert completed == set().union(*(client.completed for client in clients))
        assert connection.execute("SELECT count(*) FROM acme.phase_transitions WHERE to_phase = 'PHASE_DONE'").fetchone() == (0,)
        # Both kinds of moves are there: those before and those after.
        assert connection.execute("SELECT count(DISTINCT cluster) FROM acme.phase_history").fetchone() == (2,)
