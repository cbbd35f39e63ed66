"""The server killed at random moments of mixed load: nothing that was acknowledged is lost, nothing is left in part."""

import collections
import os
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from mixed_load import SETUP, Client, Lost
from mixed_load.check import problems

CRASHES = int(os.environ.get("PHASEGATE_CRASHES", 12))
SEED = int(os.environ.get("PHASEGATE_SEED", random.SystemRandom().randrange(2**32)))
# Most clients are as most applications are.
LEVELS = {5: "repeatable read", 6: "serializable"}


def options(client):
    level = LEVELS.get(client.number, "read committed").replace(" ", "\\ ")
    return f"-c search_path=acme,phasegate -c default_transaction_isolation={level}"


class Progress:
    """How many operations were acknowledged since the start, and whether a client stopped working."""

    def __init__(self):
        self.changed = threading.Condition()
        self.count = 0
        self.stopped = False

    def acknowledged(self):
        with self.changed:
            self.count += 1
            self.changed.notify()

    def stop(self, _):
        with self.changed:
            self.stopped = True
            self.changed.notify()

    def wait_for(self, count):
        with self.changed:
            enough = self.changed.wait_for(lambda: self.stopped or self.count >= count, timeout=60)
        assert enough, f"{self.count} of {count} operations in a minute"


def work_until_killed(cluster, clients, crash, moment):
    """All clients at work, until so many operations are acknowledged and the server is killed; gives how many were."""
    progress = Progress()
    connections = [cluster.connect(autocommit=True, options=options(client)) for client in clients]
    with ThreadPoolExecutor(len(clients)) as pool:
        at_work = []
        for client, connection in zip(clients, connections):
            client.told = progress.acknowledged
            at_work.append(pool.submit(client.work, connection, crash))
            at_work[-1].add_done_callback(progress.stop)
        progress.wait_for(moment)
        cluster.kill()
    for work in at_work:
        work.result()
    for connection in connections:
        connection.close()
    return progress.count


def test_what_was_acknowledged_survives_kills(make_cluster):
    print(f"\nPHASEGATE_SEED={SEED} PHASEGATE_CRASHES={CRASHES}")
    chance = random.Random(SEED)
    # Before recovery the server syncs its files, by default one at a time.
    cluster = make_cluster(fsync="on", synchronous_commit="on", recovery_init_sync_method="syncfs")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute(SETUP)
    clients = [Client(number, SEED) for number in range(8)]
    total = 0
    for crash in range(1, CRASHES + 1):
        # Some soon after the start, most in the middle of it all.
        moment = chance.randint(1, 30) if chance.random() < 0.2 else chance.randint(30, 600)
        total += work_until_killed(cluster, clients, crash, moment)
        in_doubt = {client.agent: client.doubt.what for client in clients if client.doubt}
        cluster.start()
        with cluster.connect(autocommit=True) as connection:
            found = problems(connection, clients)
        assert not found, f"{found[0]}\nafter kill {crash} at operation {moment}; in doubt: {in_doubt}\n" + "\n".join(found[1:20])
    settled = sum((client.settled for client in clients), collections.Counter())
    refused = sum((client.refused for client in clients), collections.Counter())
    print(f"{CRASHES} kills, {total} operations acknowledged, refused {dict(refused)}; in doubt {settled[True]} done, {settled[False]} not")
    assert settled[True] and settled[False] or CRASHES < 12


# What a server could lose or leave in part, each done to one row behind the triggers' back.
DAMAGE = {
    "a move's history": "DELETE FROM phase_history WHERE id = (SELECT id FROM phase_history WHERE from_phase IS NOT NULL ORDER BY id LIMIT 1)",
    "the last move's history": "DELETE FROM phase_history WHERE id = (SELECT id FROM phase_history WHERE from_phase IS NOT NULL ORDER BY id DESC LIMIT 1)",
    "a move, but not its history": "UPDATE tickets SET phase_id = previous_phase_id WHERE id = (SELECT id FROM tickets WHERE previous_phase_id <> phase_id LIMIT 1)",
    "a ticket": "DELETE FROM tickets WHERE id = (SELECT id FROM tickets LIMIT 1)",
    "a title": "UPDATE tickets SET title = 'old' WHERE id = (SELECT id FROM tickets LIMIT 1)",
    "a passed gate's result": "DELETE FROM phase_gate_results WHERE id = (SELECT id FROM phase_gate_results WHERE gate_status = 'passed' LIMIT 1)",
    "a failed gate's result": """DELETE FROM phase_gate_results WHERE (ticket_id, phase_id, gate_status) =
        (SELECT ticket_id, phase_id, gate_status FROM phase_gate_results WHERE gate_status = 'failed' GROUP BY 1, 2, 3 HAVING count(*) = 1 LIMIT 1)""",
    "which result let a move pass": "UPDATE phase_history SET gate_result_id = NULL WHERE id = (SELECT id FROM phase_history WHERE gate_result_id IS NOT NULL LIMIT 1)",
    # The first of its template: whether a phase that is entered again gets another hangs on what became of that, and is not asked.
    "a generated task": """DELETE FROM tasks WHERE id = (SELECT id FROM tasks k WHERE template_id IS NOT NULL AND status = 'pending'
        AND NOT EXISTS (SELECT FROM tasks o WHERE (o.ticket_id, o.template_id) = (k.ticket_id, k.template_id) AND o.id <> k.id) LIMIT 1)""",
    "an added task": "DELETE FROM tasks WHERE id = (SELECT id FROM tasks WHERE task_type = 'added' LIMIT 1)",
    "an artifact handed in": "DELETE FROM phase_gate_artifacts WHERE id = (SELECT id FROM phase_gate_artifacts WHERE task_id IS NULL LIMIT 1)",
    "a collected artifact": "DELETE FROM phase_gate_artifacts WHERE id = (SELECT id FROM phase_gate_artifacts WHERE task_id IS NOT NULL LIMIT 1)",
    "that an artifact is stale": "UPDATE phase_gate_artifacts SET superseded_at = NULL WHERE id = (SELECT id FROM phase_gate_artifacts WHERE superseded_at IS NOT NULL LIMIT 1)",
    "that an artifact is valid": "UPDATE phase_gate_artifacts SET superseded_at = now() WHERE id = (SELECT id FROM phase_gate_artifacts WHERE superseded_at IS NULL LIMIT 1)",
    "a phase's context": "DELETE FROM phase_context WHERE id = (SELECT id FROM phase_context LIMIT 1)",
    "a phase in a ticket's context": "UPDATE tickets SET context = context - 'requirements_phase' WHERE id = (SELECT id FROM tickets WHERE context ? 'requirements_phase' LIMIT 1)",
    "a claim": "UPDATE tasks SET status = 'pending', assigned_agent_id = NULL, lease_expires_at = NULL WHERE id = (SELECT id FROM tasks WHERE status = 'assigned' LIMIT 1)",
    "a start": "UPDATE tasks SET status = 'assigned', started_at = NULL WHERE id = (SELECT id FROM tasks WHERE status = 'running' LIMIT 1)",
    "a heartbeat": "UPDATE tasks SET lease_expires_at = lease_expires_at - interval '1 hour' WHERE id = (SELECT id FROM tasks WHERE status = 'running' LIMIT 1)",
    "a completion": "UPDATE tasks SET status = 'running', lease_expires_at = now(), completed_at = NULL WHERE id = (SELECT id FROM tasks WHERE status = 'completed' LIMIT 1)",
    "an attempt": "DELETE FROM log WHERE (task, attempt, status) = (SELECT task, attempt, status FROM log LIMIT 1)",
}


class Severed:
    """A connection that breaks when the server has committed and not yet said so."""

    def __init__(self, connection):
        self.connection = connection

    def execute(self, text, *arguments):
        self.connection.execute(text, *arguments)
        if text == "COMMIT":
            raise psycopg.OperationalError("server closed the connection unexpectedly")


@pytest.fixture
def worked(connect):
    """Clients that have worked for a while, by turns, and a connection to see what they left."""
    owner = connect(autocommit=True)
    owner.execute(SETUP)
    clients = [Client(number, 1) for number in range(8)]
    for client in clients:
        client.begin(connect(autocommit=True, options=options(client)), 1)
    for _ in range(200):
        for client in clients:
            client.step()
    return owner, clients


def test_the_check_notices_whatever_is_missing(worked):
    owner, clients = worked
    assert problems(owner, clients) == []
    for what, damage in DAMAGE.items():
        with owner.transaction(force_rollback=True):
            owner.execute("SET LOCAL session_replication_role = replica")
            assert owner.execute(damage).rowcount == 1, what
            assert problems(owner, clients), f"nobody missed {what}"


def test_the_check_tells_whole_from_part(worked):
    owner, clients = worked
    client = clients[0]
    client.connection = Severed(client.connection)
    with pytest.raises(Lost):
        client.create()
    in_doubt = client.doubt
    assert len(in_doubt.facts()) > 1
    with owner.transaction(force_rollback=True):
        owner.execute("SET LOCAL session_replication_role = replica")
        owner.execute("DELETE FROM phase_history WHERE transition_reason = %s", [in_doubt.tag])
        assert [problem for problem in problems(owner, clients) if problem.startswith("in part")]
    client.doubt, in_doubt.sent = in_doubt, False
    assert [problem for problem in problems(owner, clients) if problem.startswith("not wanted")]
    client.doubt, in_doubt.sent = in_doubt, True
    assert problems(owner, clients) == []
    assert client.settled[True] == 3
