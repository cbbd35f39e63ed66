"""The archive: finished tickets go into it under load and through crashes, each once; a dump keeps it. `make soak` takes a hundred thousand."""

import os
import signal
import threading
import time

import psycopg
import pytest

FINISHED = int(os.environ.get("PHASEGATE_FINISHED", 2_000))
BATCH = max(FINISHED // 50, 1)
SETUP = f"""
    SELECT phasegate.create_workspace('acme');
    SET search_path = acme, phasegate;
    UPDATE task_templates SET is_active = false;
    DELETE FROM phase_gate_requirements;
    INSERT INTO tickets (title, phase_id) SELECT 'open ' || n, 'PHASE_DESIGN' FROM generate_series(1, 200) n;
    INSERT INTO tickets (title, phase_id) SELECT 'finished ' || n, 'PHASE_DONE' FROM generate_series(1, {FINISHED}) n;
    INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id, result)
    SELECT id, 'PHASE_TESTING', 'completed', 'ada', jsonb_build_object('summary', title || ' is done') FROM tickets WHERE phase_id = 'PHASE_DONE';
    INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content)
    SELECT id, 'PHASE_TESTING', 'log', '{{"lines": 10}}' FROM tickets WHERE title LIKE 'finished %7';
    VACUUM ANALYZE;
"""
TABLES = ["tickets", "tasks", "phase_history", "phase_gate_artifacts"]
SIZES = f"SELECT {', '.join(f'''pg_relation_size('acme.{table}')''' for table in TABLES)}"


def working(cluster, stop, work):
    """Does the work over and over in a session of its own, and opens another where it was lost."""
    def run():
        while not stop.is_set():
            try:
                with cluster.connect("app", autocommit=True, options="-c search_path=acme,phasegate") as connection:
                    while not stop.is_set():
                        work(connection)
            except psycopg.OperationalError:
                time.sleep(0.05)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def move(connection):
    """Tickets come, move, get work and evidence, and some are finished."""
    connection.execute("INSERT INTO tickets (title, phase_id) VALUES ('new', 'PHASE_DESIGN')")
    connection.execute("SELECT add_artifact(id, 'note') FROM tickets WHERE phase_id = 'PHASE_DESIGN' ORDER BY random() LIMIT 1")
    connection.execute("SELECT try_transition_ticket(id, (ARRAY['PHASE_BLOCKED', 'PHASE_DESIGN', 'PHASE_IMPLEMENTATION'])[1 + (random() * 2)::int])"
                       " FROM tickets WHERE phase_id <> 'PHASE_DONE' ORDER BY random() LIMIT 3")


def work(connection):
    connection.execute("INSERT INTO tasks (ticket_id, phase_id) SELECT id, phase_id FROM tickets WHERE phase_id = 'PHASE_DESIGN' ORDER BY random() LIMIT 2")
    connection.execute("SELECT complete_task(id, 'bob', attempt => attempt) FROM claim_tasks('bob', 2)")


class Archiver:
    """Archives batch after batch, in the background."""

    def __init__(self):
        self.pid = None
        self.batches = 0
        self.done = threading.Event()

    def __call__(self, connection):
        self.pid = connection.info.backend_pid
        (count,) = connection.execute("SELECT archive_tickets('infinity', %s)", [BATCH]).fetchone()
        self.batches += 1
        if count == 0:
            self.done.set()
            time.sleep(0.05)

    def wait_for(self, batches):
        deadline = time.monotonic() + 600
        while self.batches < batches and not self.done.is_set():
            assert time.monotonic() < deadline, f"{self.batches} of {batches} batches in ten minutes"
            time.sleep(0.01)


def wait_until_up(cluster):
    deadline = time.monotonic() + 120
    while True:
        try:
            cluster.connect("app").close()
            return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_each_finished_ticket_is_in_one_place(make_cluster):
    cluster = make_cluster()
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE app")
    with cluster.connect("app", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        for statement in SETUP.split(";\n"):
            connection.execute(statement)
        finished = {ticket for ticket, in connection.execute("SELECT id FROM acme.tickets WHERE title LIKE 'finished %'")}
    stop, archiver = threading.Event(), Archiver()
    threads = [working(cluster, stop, one) for one in (move, work, archiver)]
    try:
        # One session killed, as when memory is short: the server starts anew. Then all of it.
        archiver.wait_for(12)
        os.kill(archiver.pid, signal.SIGKILL)
        wait_until_up(cluster)
        archiver.wait_for(30)
        cluster.kill()
        cluster.start()
        assert archiver.done.wait(600), f"{archiver.batches} batches in ten minutes"
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    with cluster.connect("app", autocommit=True, options="-c search_path=acme,phasegate") as connection:
        while connection.execute("SELECT archive_tickets('infinity', 100000)").fetchone()[0]:
            pass
        kept = connection.execute("SELECT ticket_id, deleted, jsonb_array_length(document -> 'tasks'), jsonb_array_length(document -> 'history') FROM ticket_archive").fetchall()
        archived = [row for row in kept if row[0] in finished]
        assert len(archived) == len(finished) and {ticket for ticket, *_ in archived} == finished
        assert {tuple(rest) for _, *rest in archived} == {(False, 1, 1)}
        assert connection.execute("SELECT count(*) FROM tickets t JOIN ticket_archive a ON a.ticket_id = t.id").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM tickets WHERE phase_id = 'PHASE_DONE'").fetchone() == (0,)
        evidence = "SELECT count(*) FROM ticket_archive WHERE title LIKE 'finished %7' AND document #>> '{artifacts,0,artifact_content,lines}' = '10'"
        assert connection.execute(evidence).fetchone() == (FINISHED // 10,)
        for ticket in list(finished)[:500]:
            assert connection.execute("SELECT to_phase FROM get_phase_history(%s)", [ticket]).fetchall() == [("PHASE_DONE",)]
        assert connection.execute("SELECT check_name FROM check_workspace() WHERE violations > 0").fetchall() == []
        # The space is there for others.
        connection.execute("VACUUM")
        before = connection.execute(SIZES).fetchone()
        some = FINISHED // 4
        connection.execute(f"INSERT INTO tickets (title, phase_id) SELECT 'finished ' || n, 'PHASE_DONE' FROM generate_series(1, {some}) n")
        connection.execute("INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id, result) SELECT id, 'PHASE_TESTING', 'completed', 'ada', '{}'"
                           " FROM tickets WHERE phase_id = 'PHASE_DONE'")
        after = connection.execute(SIZES).fetchone()
        assert all(now <= then * 1.02 + 80_000 for now, then in zip(after, before)), f"{before} bytes, then {after}"


@pytest.mark.parametrize("form", ["plain", "custom"])
def test_a_dump_keeps_it(database, empty_database, connect, tool, tmp_path, form):
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('acme')")
    connection.execute("SET search_path = acme, phasegate")
    connection.execute("UPDATE task_templates SET is_active = false")
    connection.execute("INSERT INTO tickets (title, phase_id) VALUES ('finished', 'PHASE_DEPLOYMENT'), ('open', 'PHASE_DESIGN'), ('deleted', 'PHASE_DESIGN')")
    connection.execute("UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = 'finished'")
    connection.execute("DELETE FROM tickets WHERE title = 'deleted'")
    assert connection.execute("SELECT archive_tickets('infinity')").fetchone() == (1,)
    (ticket,) = connection.execute("SELECT ticket_id FROM ticket_archive WHERE NOT deleted").fetchone()

    def content(connection):
        return (connection.execute("SELECT a::text FROM acme.ticket_archive a ORDER BY ticket_id").fetchall(),
                connection.execute("SELECT h::text FROM phasegate.get_phase_history(%s) h", [ticket]).fetchall())

    expected = content(connection)
    assert len(expected[0]) == 2 and len(expected[1]) == 2
    file, copy = tmp_path / "dump", empty_database()
    tool("pg_dump", f"--format={form}", "--file", file, database)
    tool(*(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file, copy] if form == "plain" else ["pg_restore", "-d", copy, file]))
    with psycopg.connect(dbname=copy, autocommit=True, options="-c search_path=acme,phasegate") as other:
        assert content(other) == expected
        assert other.execute("SELECT check_name FROM check_workspace() WHERE violations > 0").fetchall() == []
        other.execute("UPDATE tickets SET phase_id = 'PHASE_BLOCKED'")
