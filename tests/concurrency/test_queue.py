"""Many agents on one queue; claims of a million rows."""

import psycopg
import pytest
from queue_crew import SETUP, Crew, check, wait_for


def test_every_task_is_completed_exactly_once_though_agents_are_killed(database, connect, tmp_path):
    with connect(autocommit=True) as connection:
        connection.execute(SETUP)
    crew = Crew(tmp_path, {"PGDATABASE": database})
    try:
        for share in [0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75]:
            wait_for(connect, share)
            crew.kill_one()
            crew.kill_one()
        crew.wait()
    finally:
        crew.disband()
    with connect() as connection:
        check(connection, crew)


def test_a_commit_that_makes_tasks_claimable_notifies_once(connect):
    listener = connect(autocommit=True)
    listener.execute("SELECT phasegate.create_workspace('acme')")
    listener.execute("SELECT phasegate.create_workspace('other')")
    listener.execute("LISTEN phasegate_tasks")
    worker = connect(autocommit=True)
    worker.execute("SET search_path = acme, phasegate")

    def heard():
        return [notification.payload for notification in listener.notifies(timeout=0.2)]

    worker.execute("INSERT INTO tickets (title, phase_id) VALUES ('off', 'PHASE_DESIGN')")
    assert heard() == []
    worker.execute("SET phasegate.notify = on")
    with worker.transaction():
        worker.execute("INSERT INTO tickets (title, phase_id) SELECT n, 'PHASE_REQUIREMENTS' FROM generate_series(1, 50) n")
        worker.execute("INSERT INTO tickets (title, phase_id) VALUES ('more', 'PHASE_DESIGN')")
        worker.execute("INSERT INTO other.tickets (title, phase_id) VALUES ('there', 'PHASE_DESIGN')")
    assert sorted(heard()) == ["acme", "other"]
    # Neither a claim nor a completion that lets nobody go makes anything claimable; nor what is for later or blocked.
    task, attempt = worker.execute("SELECT id, attempt FROM claim_task('a', '{design}')").fetchone()
    worker.execute("SELECT complete_task(%s, 'a')", (task,))
    task, attempt = worker.execute("SELECT id, attempt FROM claim_task('a', '{design}')").fetchone()
    worker.execute("INSERT INTO tasks (ticket_id, phase_id, dependencies) SELECT ticket_id, phase_id, jsonb_build_array(id) FROM tasks WHERE id = %s", (task,))
    worker.execute("INSERT INTO tasks (ticket_id, phase_id, scheduled_at) SELECT ticket_id, phase_id, now() + interval '1 hour' FROM tasks WHERE id = %s", (task,))
    assert heard() == []
    # The last dependency's completion does, and giving a task back.
    worker.execute("SELECT complete_task(%s, 'a', attempt => %s)", (task, attempt))
    assert heard() == ["acme"]
    worker.execute("SELECT claim_task('a', '{analysis}')")
    worker.execute("UPDATE tasks SET status = 'pending' WHERE status = 'assigned'")
    assert heard() == ["acme"]
    with pytest.raises(psycopg.errors.CheckViolation), worker.transaction():
        worker.execute("UPDATE tasks SET status = 'pending' WHERE status = 'failed'")
        worker.execute("INSERT INTO tickets (title, phase_id) VALUES ('rolled back', 'PHASE_DESIGN')")
        worker.execute("UPDATE tasks SET status = 'pending' WHERE status = 'completed'")
    assert heard() == []


# What a million rows are that a claim must not read: status, pending dependencies, days until they are due.
STATES = {
    "pending": ("pending", 0, None),
    "completed": ("completed", 0, None),
    "blocked": ("pending", 1, None),
    "future": ("pending", 0, 1),
}


def rows_read(session):
    """How many rows this session has read so far: by each index of tasks, and of 'tasks' itself by sequential scans."""
    return dict(session.execute(
        """SELECT relname, pg_stat_get_xact_tuples_returned(oid) FROM pg_class
            WHERE relnamespace = 'acme'::regnamespace AND relname LIKE 'tasks%' AND relkind IN ('r', 'i')""").fetchall())


@pytest.mark.parametrize("state", STATES)
def test_a_claim_reads_a_few_rows_of_a_million(connect, state):
    status, pending, days = STATES[state]
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('acme')")
    connection.execute("SET search_path = acme, phasegate")
    connection.execute("INSERT INTO tickets (title) SELECT n FROM generate_series(1, 1000) n")
    # This session plans its claims now, while the table is empty.
    for _ in range(7):
        connection.execute("SELECT claim_task('early')")
    # Quickly: past the triggers, and with the indexes made afterwards.
    indexes = connection.execute("SELECT indexdef, indexname FROM pg_indexes WHERE schemaname = 'acme' AND tablename = 'tasks' AND indexname <> 'tasks_pkey'").fetchall()
    for _, name in indexes:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("SET session_replication_role = replica")
    connection.execute(
        """INSERT INTO tasks (id, ticket_id, phase_id, status, pending_dependencies, scheduled_at, required_capabilities, created_at)
           SELECT lpad(to_hex(n), 32, '0')::uuid, t.ids[n %% 1000 + 1], 'PHASE_BACKLOG', %s, %s, now() + %s * interval '1 day', '["analysis"]', now() - n * interval '1 ms'
             FROM (SELECT array_agg(id) AS ids FROM tickets) t, generate_series(1, 1000000) n""",
        (status, pending, days))
    connection.execute("SET session_replication_role = origin")
    for definition, _ in indexes:
        connection.execute(definition)
    connection.execute(
        """INSERT INTO tasks (ticket_id, phase_id, required_capabilities, created_at)
           SELECT id, 'PHASE_BACKLOG', '["analysis"]', now() - interval '1 year' FROM tickets LIMIT 100""")
    for analyzed in [False, True]:
        if analyzed:
            connection.execute("ANALYZE tasks, tickets")
        for session in [connection, connect(autocommit=True, options="-c search_path=acme,phasegate")]:
            with session.transaction():
                before = rows_read(session)
                claimed = [session.execute("SELECT id FROM claim_task('a', '{analysis}')").fetchone() for _ in range(5)]
                assert all(claimed)
                read = {name: count - before[name] for name, count in rows_read(session).items()}
                assert read["tasks"] == 0, read
                assert read["tasks_claimable"] >= 5, read
                assert sum(read.values()) < 100, read
