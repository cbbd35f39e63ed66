"""Sessions at work for long, or in many workspaces, do not grow."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from mixed_load import SETUP, Client
from mixed_load.check import unhealthy

SECONDS = int(os.environ.get("SOAK_SECONDS", 600))
WORKSPACES = int(os.environ.get("SOAK_WORKSPACES", 1000))
CLIENTS = 8

# Megabytes that a session may have more after long work than after its first stretch.
GROWTH = 4


def memory(pid):
    """What the kernel says of a process, in megabytes: all that is resident, and what is its own and no file's."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        sizes = {line.split()[0]: int(line.split()[1]) / 1024 for line in list(rollup)[1:]}
    return sizes["Rss:"], sizes["Anonymous:"]


def work_until(client, deadline):
    while time.monotonic() < deadline:
        for _ in range(25):
            client.step()
        forget(client)


def forget(client):
    """Deletes what is done, so that tables and the client's memory stay small."""
    client.there.clear()
    client.not_there.clear()
    client.claimed.clear()
    done = [ticket.id for ticket in client.tickets.values() if ticket.phase == "PHASE_DONE"]
    if len(done) > 10:
        client.go("delete", client.sql("DELETE FROM tickets WHERE id = ANY (%s)", done))
        for ticket in done:
            del client.tickets[ticket]


def test_sessions_under_mixed_load_do_not_grow(make_cluster):
    cluster = make_cluster()
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute(SETUP)
    clients = [Client(number, 1) for number in range(CLIENTS)]
    for client in clients:
        # Deleting a ticket and completing a task of it may deadlock.
        client.tolerated += ("40P01",)
        client.begin(cluster.connect(autocommit=True, options="-c search_path=acme,phasegate"), 1)
        # The vocabulary, which a session loads when it first counts tokens: for most of these, some minutes from now.
        client.connection.execute("SELECT count_tokens('a')")
    pids = [client.connection.info.backend_pid for client in clients]
    start, samples = time.monotonic(), []
    with ThreadPoolExecutor(CLIENTS) as pool:
        for stretch in range(1, 7):
            list(pool.map(lambda client: work_until(client, start + SECONDS * stretch / 6), clients))
            # All are idle now.
            samples.append([memory(pid) for pid in pids])
    operations = sum(client.count for client in clients)
    print(f"\n{operations} operations in {time.monotonic() - start:.0f} s; megabytes resident and of its own, after each sixth of the time:")
    for number, sizes in enumerate(zip(*samples)):
        print(f"  session {number}:", "  ".join(f"{resident:.1f} {own:.1f}" for resident, own in sizes))
    with cluster.connect(autocommit=True) as connection:
        assert unhealthy(connection) == []
    growth = [last[1] - first[1] for first, last in zip(samples[0], samples[-1])]
    assert max(growth) < GROWTH, growth


# Enough rows a statement for the plans of foreign-key checks, which the server keeps for good, to be as large as they get.
TOUCH = """
BEGIN;
SET LOCAL search_path = {workspace}, phasegate;
INSERT INTO tickets (title) SELECT 't' FROM generate_series(1, 6);
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS';
SELECT count(add_artifact(id, 'requirements_document', 'doc', '{{"length": 600, "sections": ["Scope", "Acceptance criteria"]}}')) FROM tickets;
SELECT count(complete_task(id, 'ada')) FROM claim_tasks('ada', 11, '{{analysis,documentation}}');
SELECT complete_task(id, 'ada', '{{"context": {{"risks": ["none"]}}}}') FROM claim_task('ada', '{{analysis,documentation}}');
SELECT count(validate_gate(id)) FROM tickets;
SELECT count(*) FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_DESIGN');
SELECT block_ticket(id, 'why') FROM tickets LIMIT 1;
SELECT count(context_summary(id)), count(gate_status(id)) FROM tickets;
DELETE FROM tickets;
COMMIT;
"""


def test_a_session_in_a_thousand_workspaces_does_not_grow(make_cluster):
    cluster = make_cluster()
    names = [f"w{number}" for number in range(WORKSPACES)]
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")

    def create(some):
        with cluster.connect(autocommit=True) as connection:
            for name in some:
                connection.execute("SELECT phasegate.create_workspace(%s)", [name])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(create, [names[::2], names[1::2]]))
    with cluster.connect(autocommit=True) as session:
        pid, samples = session.info.backend_pid, []
        for round_ in range(5):
            started = time.monotonic()
            for name in names:
                session.execute(TOUCH.format(workspace=name))
            samples.append(memory(pid))
            resident, own = samples[-1]
            print(f"\nround {round_ + 1}, {time.monotonic() - started:.0f} s: {resident:.1f} MB resident, {own:.1f} of its own", end="")
        print()
    assert samples[-1][1] - samples[1][1] < GROWTH
