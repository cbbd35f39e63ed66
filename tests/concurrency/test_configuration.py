"""Configuration that changes while other sessions keep it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg

TABLES = ["tickets", "tasks", "phase_history"]


def test_a_warm_session_sees_an_added_phase(database):
    """The other session has plans and configuration of the workspace, idle and in the middle of a transaction."""
    with psycopg.connect(dbname=database, autocommit=True) as owner, psycopg.connect(dbname=database, autocommit=True) as warm:
        owner.execute("SELECT phasegate.create_workspace('acme')")
        owner.execute("DELETE FROM acme.phase_gate_requirements")
        owner.execute("UPDATE acme.task_templates SET is_active = false")
        warm.execute("SET search_path = acme")
        for _ in range(8):  # past the point where prepared statements get generic plans
            warm.execute("INSERT INTO tickets (title, phase_id) VALUES ('t', 'PHASE_TESTING')")
            warm.execute("UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE phase_id = 'PHASE_TESTING'", prepare=True)
            warm.execute("SELECT phasegate.unblock_ticket(id) FROM tickets WHERE phase_id = 'PHASE_BLOCKED'", prepare=True)
        with warm.transaction():
            assert warm.execute("UPDATE tickets SET title = 'u'").rowcount == 8
            owner.execute("ALTER TYPE acme.phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING'")
            owner.execute("INSERT INTO acme.phase_transitions VALUES ('PHASE_TESTING', 'PHASE_SECURITY_REVIEW'), ('PHASE_SECURITY_REVIEW', 'PHASE_DEPLOYMENT')")
            assert warm.execute("UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW'").rowcount == 8
        assert warm.execute("SELECT count(*) FROM phasegate.transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_DEPLOYMENT') WHERE transitioned").fetchone()[0] == 8
        assert warm.execute("SELECT sum(violations) FROM phasegate.check_workspace()").fetchone()[0] == 0


def test_maintenance_and_others_schemas_refuse_nobody(database):
    """All that others do here makes what sessions know of the workspace stale, and changes nothing about it."""
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        owner.execute("SELECT phasegate.create_workspace('acme')")
        owner.execute("DELETE FROM acme.phase_gate_requirements")
    done = threading.Event()

    def disturb(number):
        with psycopg.connect(dbname=database, autocommit=True) as session:
            while not done.is_set():
                session.execute(f"CREATE SCHEMA other_{number}")
                session.execute(f"CREATE TYPE other_{number}.kind AS ENUM ('a')")
                session.execute(f"DROP SCHEMA other_{number} CASCADE")
                session.execute(f"ALTER TABLE acme.{TABLES[number]} ALTER COLUMN id SET STATISTICS 100")
                session.execute(f"ANALYZE acme.{TABLES[number]}")

    def work(number):
        with psycopg.connect(dbname=database, autocommit=True) as session:
            session.execute("SET search_path = acme, phasegate")
            for _ in range(25):
                ticket = session.execute("INSERT INTO tickets (title, phase_id) VALUES ('t', 'PHASE_TESTING') RETURNING id").fetchone()[0]
                session.execute("UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = %s", (ticket,))
                session.execute("SELECT unblock_ticket(%s)", (ticket,))
                task = session.execute("INSERT INTO tasks (ticket_id, phase_id, task_type) VALUES (%s, 'PHASE_TESTING', 'extra') RETURNING id", (ticket,)).fetchone()[0]
                session.execute("SELECT claim_task(%s)", (f"agent-{number}",))
                session.execute("SELECT add_artifact(%s, 'note', %s)", (ticket, str(task)))
                assert session.execute("SELECT transitioned FROM transition_tickets(ARRAY[%s::uuid], 'PHASE_DEPLOYMENT')", (ticket,)).fetchone()[0]

    with ThreadPoolExecutor() as pool:
        disturbers = [pool.submit(disturb, number) for number in range(len(TABLES))]
        try:
            for worker in [pool.submit(work, number) for number in range(3)]:
                worker.result()
        finally:
            done.set()
        for disturber in disturbers:
            disturber.result()
