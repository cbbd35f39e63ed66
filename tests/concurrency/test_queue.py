"""Many agents on one queue; claims of very many rows."""

import itertools

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
        """What came before a notification that is sent now: they come in the order of the commits."""
        worker.execute("NOTIFY phasegate_tasks, 'now'")
        return list(itertools.takewhile(lambda payload: payload != "now", (one.payload for one in listener.notifies(timeout=60))))

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


# What very many rows are that a claim must not read: status, pending dependencies, days until they are due, capabilities.
STATES = {
    "pending": ("pending", 0, None, ["analysis"]),
    "completed": ("completed", 0, None, ["analysis"]),
    "blocked": ("pending", 1, None, ["analysis"]),
    "future": ("pending", 0, 1, ["analysis"]),
    "for others": ("pending", 0, None, ["design"]),
}


def rows_read(session):
    """How many rows this session has read so far: by each index of tasks, and of 'tasks' itself by sequential scans."""
    return dict(session.execute(
        """SELECT relname, pg_stat_get_xact_tuples_returned(oid) FROM pg_class
            WHERE relnamespace = 'acme'::regnamespace AND relname LIKE 'tasks%' AND relkind IN ('r', 'i')""").fetchall())


def fill_queue(connection, status, pending, days, capabilities):
    """Adds 200,000 tasks quickly: past the triggers, and with the indexes made afterwards."""
    connection.execute("INSERT INTO tickets (title) SELECT n FROM generate_series(1, 1000) n")
    indexes = connection.execute("SELECT indexdef, indexname FROM pg_indexes WHERE schemaname = 'acme' AND tablename = 'tasks' AND indexname <> 'tasks_pkey'").fetchall()
    for _, name in indexes:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("SET session_replication_role = replica")
    connection.execute(
        """INSERT INTO tasks (id, ticket_id, phase_id, status, pending_dependencies, scheduled_at, required_capabilities, created_at)
           SELECT lpad(to_hex(n), 32, '0')::uuid, t.ids[n %% 1000 + 1], 'PHASE_BACKLOG', %s, %s, now() + %s * interval '1 day',
                  jsonb_build_array(c.names[n %% cardinality(c.names) + 1]), now() - n * interval '1 ms'
             FROM (SELECT array_agg(id) AS ids FROM tickets) t, (SELECT %s::text[] AS names) c, generate_series(1, 200000) n""",
        (status, pending, days, capabilities))
    connection.execute("SET session_replication_role = origin")
    for definition, _ in indexes:
        connection.execute(definition)


@pytest.mark.parametrize("state", STATES)
def test_a_claim_reads_a_few_rows_of_very_many(connect, state):
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('acme')")
    connection.execute("SET search_path = acme, phasegate")
    # This session plans its claims now, while the table is empty.
    for _ in range(7):
        connection.execute("SELECT claim_task('early')")
        connection.execute("SELECT claim_tasks('early', 2)")
    fill_queue(connection, *STATES[state])
    # Newer than what is there already, so behind it in the queue; and some nobody can do.
    connection.execute(
        """INSERT INTO tasks (ticket_id, phase_id, required_capabilities, priority, created_at)
           SELECT id, phase, caps, priority, now() + interval '1 year'
             FROM (SELECT id FROM tickets LIMIT 20) t, unnest('{PHASE_BACKLOG,PHASE_DESIGN}'::phase[]) phase,
                  jsonb_array_elements('[["analysis"], ["odd"], null, ["analysis", "odd"]]') caps,
                  unnest('{LOW,MEDIUM}'::text[]) priority""")
    for analyzed in [False, True]:
        if analyzed:
            connection.execute("ANALYZE tasks, tickets")
        for session in [connection, connect(autocommit=True, options="-c search_path=acme,phasegate")]:
            for call, claims in [("claim_task('a', '{analysis}')", 5), ("claim_tasks('a', 5, '{analysis}')", 1),
                                 ("claim_task('a', '{none}', '{PHASE_TESTING}')", 0), ("claim_task('a', kinds => '{review}')", 0)]:
                with session.transaction(force_rollback=True):
                    before = rows_read(session)
                    claimed = [session.execute(f"SELECT id FROM {call}").fetchall() for _ in range(max(claims, 1))]
                    assert sum(map(len, claimed)) == (5 if claims else 0)
                    read = {name: count - before[name] for name, count in rows_read(session).items()}
                    assert read["tasks"] == 0, (call, read)
                    assert sum(read.values()) < 1500, (call, read)


def test_claims_of_many_pass_by_what_others_hold(connect):
    """Eight at once, each of twenty: the last still takes the next of the queue, and need not ask for what fits by group."""
    owner = connect(autocommit=True)
    owner.execute("SELECT phasegate.create_workspace('acme')")
    owner.execute("SET search_path = acme, phasegate")
    owner.execute("INSERT INTO tickets (title) VALUES ('a ticket')")
    owner.execute("INSERT INTO tasks (ticket_id, phase_id, description) SELECT t.id, 'PHASE_BACKLOG', n FROM tickets t, generate_series(1, 200) n")
    for place in range(8):
        session = connect(options="-c search_path=acme,phasegate")
        before = rows_read(session)
        claimed = [int(number) for number, in session.execute("SELECT description FROM claim_tasks('a', 20)")]
        assert claimed == list(range(20 * place + 1, 20 * place + 21))
        assert rows_read(session)["tasks_claimable_groups"] == before["tasks_claimable_groups"]


def test_a_claim_finds_what_fits_wherever_it_stands(connect):
    """The best of those that fit, behind more than a claim looks at in order, and whatever keeps it from asking by group."""
    owner = connect(autocommit=True)
    owner.execute("SELECT phasegate.create_workspace('acme')")
    owner.execute("SET search_path = acme, phasegate")
    owner.execute("INSERT INTO tickets (title) VALUES ('a ticket')")
    add = """INSERT INTO tasks (ticket_id, phase_id, description, required_capabilities, priority, kind)
             SELECT t.id, 'PHASE_BACKLOG', %s::text || n, %s, %s, %s FROM tickets t, generate_series(1, %s) n"""
    everywhere = [("odd ", '["odd"]', "HIGH", "work", 300), ("late ", '["analysis"]', "LOW", "work", 90),
                  ("both ", '["design", "analysis"]', "MEDIUM", "work", 2), ("free ", None, "MEDIUM", "work", 1),
                  ("none ", "[]", "LOW", "summary", 1), ("first ", '["analysis"]', "MEDIUM", "work", 1)]
    for tasks in everywhere:
        owner.execute(add, tasks)
    expected = ["both 1", "both 2", "free 1", "first 1", "late 1", "late 2"]

    def claim(session, count=6):
        with session.transaction(force_rollback=True):
            one_by_one = [session.execute("SELECT description FROM claim_task('a', '{analysis,design}')").fetchone() for _ in range(count)]
        with session.transaction(force_rollback=True):
            at_once = session.execute("SELECT description FROM claim_tasks('a', %s, '{analysis,design}')", (count,)).fetchall()
        assert one_by_one == at_once
        return [description for (description,) in at_once]

    assert claim(owner) == expected
    with owner.transaction(force_rollback=True):
        rest = owner.execute("SELECT description FROM claim_tasks('a', 1000, '{analysis,design}')").fetchall()
        assert [description for (description,) in rest] == expected[:4] + [f"late {n}" for n in range(1, 91)] + ["none 1"]

    # Others hold more of the group that fits than a claim looks at.
    other = connect(options="-c search_path=acme,phasegate")
    assert len(other.execute("SELECT id FROM claim_tasks('b', 80, '{analysis}')").fetchall()) == 80
    assert claim(owner, 3) == ["both 1", "both 2", "late 79"]
    other.rollback()

    # Policies on tasks.
    owner.execute("CREATE ROLE claim_agent")
    try:
        owner.execute("GRANT USAGE ON SCHEMA acme TO claim_agent")
        owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA acme TO claim_agent")
        owner.execute("GRANT UPDATE ON tasks TO claim_agent")
        owner.execute("ALTER TABLE tasks ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY no_design ON tasks TO claim_agent USING (required_capabilities IS NULL OR NOT required_capabilities ? 'design')")
        owner.execute("SET ROLE claim_agent")
        assert claim(owner) == ["free 1", "first 1"] + [f"late {n}" for n in range(1, 5)]
        owner.execute("RESET ROLE")
        owner.execute("ALTER TABLE tasks DISABLE ROW LEVEL SECURITY")

        # Policies on tickets.
        owner.execute("INSERT INTO tickets (title) VALUES ('hidden')")
        owner.execute("""INSERT INTO tasks (ticket_id, phase_id, description, required_capabilities, priority)
                         SELECT t.id, 'PHASE_BACKLOG', 'hidden', '["analysis"]', 'MEDIUM' FROM tickets t, generate_series(1, 200) WHERE title = 'hidden'""")
        owner.execute("ALTER TABLE tickets ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY shown ON tickets TO claim_agent USING (title <> 'hidden')")
        owner.execute("SET ROLE claim_agent")
        assert claim(owner) == expected
        owner.execute("RESET ROLE")
        owner.execute("ALTER TABLE tickets DISABLE ROW LEVEL SECURITY")
    finally:
        owner.execute("RESET ROLE")
        owner.execute("DROP OWNED BY claim_agent")
        owner.execute("DROP ROLE claim_agent")
        owner.execute("DELETE FROM tickets WHERE title = 'hidden'")

    # More groups than are asked for one by one.
    owner.execute("""INSERT INTO tasks (ticket_id, phase_id, description, required_capabilities, priority)
                     SELECT t.id, 'PHASE_BACKLOG', 'group', jsonb_build_array('need ' || n), 'CRITICAL' FROM tickets t, generate_series(1, 1500) n""")
    assert claim(owner) == expected
    assert owner.execute("SELECT count(*) FROM claim_tasks('a', 5, '{need 7,need 1499}')").fetchone() == (4,)
