"""Long work can be stopped: cancelled, timed out, or ended with its session; then nothing of it is left."""

import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

TICKETS = 100_000
# Seconds within which work must have stopped. The longest that cannot be interrupted takes a tenth of this
# without optimization.
PROMPT = 15
WORDS = " ".join(f"word{number}" for number in range(20))

# Big tables are filled with the triggers off, as a restore does it. The tickets with other titles have what one
# long path needs: much evidence for a gate with a costly schema, many large results, a context of many points.
SETUP = f"""
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
SET session_replication_role = replica;
INSERT INTO tickets (title) SELECT 't' FROM generate_series(1, {TICKETS});
INSERT INTO phase_history (ticket_id, to_phase) SELECT id, phase_id FROM tickets;
INSERT INTO tasks (ticket_id, phase_id, required_capabilities) SELECT id, phase_id, '["nobody"]' FROM tickets;
RESET session_replication_role;
INSERT INTO tickets (title, phase_id) VALUES ('gate', 'PHASE_DESIGN'), ('small gate', 'PHASE_DESIGN'), ('context', 'PHASE_DESIGN');
INSERT INTO tickets (title, phase_id) SELECT 'results', 'PHASE_DEPLOYMENT' FROM generate_series(1, 10);
INSERT INTO phase_gate_requirements (phase_id, required_tasks_completed, validation_criteria)
SELECT 'PHASE_DESIGN', false, jsonb_object_agg('type' || kind, jsonb_build_object('schema', jsonb_build_object('properties', jsonb_build_object('list', schema))))
  FROM generate_series(1, 20) kind,
       (SELECT jsonb_build_object('allOf', jsonb_agg(jsonb_build_object('items', jsonb_build_object('properties', jsonb_build_object('a', jsonb_build_object('minimum', n)))))) AS schema
          FROM generate_series(1, 100) n) s;
INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content)
SELECT id, phase_id, 'type' || kind, jsonb_build_object('list', (SELECT jsonb_agg(jsonb_build_object('a', 200 + n)) FROM generate_series(1, 30000) n))
  FROM tickets, generate_series(1, 20) kind WHERE title = 'gate' OR title = 'small gate' AND kind <= 2;
INSERT INTO tasks (ticket_id, phase_id, status, result)
SELECT id, phase_id, 'completed', jsonb_build_object('context', jsonb_build_object('key_decisions', (SELECT jsonb_agg('decision ' || m || ' of ' || n) FROM generate_series(1, 30000) m)))
  FROM tickets, generate_series(1, 8) n WHERE title = 'results';
CREATE FUNCTION points(many int) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('requirements_phase', jsonb_build_object('key_decisions', (SELECT jsonb_agg('We decided ' || n || ' {WORDS}') FROM generate_series(1, many) n))) $$;
UPDATE tickets SET context = points(25000) WHERE title = 'context';
CREATE TABLE contexts AS SELECT points(300000) AS context;
CREATE TABLE blanks AS SELECT repeat('{WORDS} ', 500000) AS text;
CREATE SCHEMA desk;
CREATE TABLE desk.tickets (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text, phase_id text);
INSERT INTO desk.tickets (title, phase_id) SELECT 't', 'PHASE_DESIGN' FROM generate_series(1, 3 * {TICKETS});
CREATE TABLE desk.tasks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ticket_id uuid, phase_id text, status text);
INSERT INTO desk.tasks (ticket_id, phase_id, status) SELECT id, phase_id, 'pending' FROM desk.tickets;
ANALYZE;
"""

# Each takes seconds at least, most of them many.
PATHS = {
    "transition_tickets": "SELECT count(*) FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_REQUIREMENTS')",
    "tickets that may not move": "SELECT count(*) FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_DONE')",
    "UPDATE that generates tasks": "UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE phase_id = 'PHASE_BACKLOG'",
    "generate_phase_tasks of many": "SELECT count(*) FROM tickets, generate_phase_tasks(id, 'PHASE_TESTING')",
    "claims that find nothing": "SELECT count(*) FROM generate_series(1, 100000) n, claim_task('agent-' || n, '{analysis}')",
    "claim_tasks": "SELECT count(*) FROM generate_series(1, 200) n, claim_tasks('ada-' || n, 1000, '{nobody}')",
    "completions": "UPDATE tasks SET status = 'completed' WHERE status = 'pending'",
    "validate_gate": "SELECT validate_gate(id) FROM tickets WHERE title = 'gate'",
    "a move through a gate": "SELECT transition_ticket(id, 'PHASE_IMPLEMENTATION') FROM tickets WHERE title = 'gate'",
    "aggregate_phase_context": "SELECT aggregate_phase_context(id) FROM tickets WHERE title = 'results'",
    "a move that folds a context": "SELECT transition_ticket(id, 'PHASE_DONE') FROM tickets WHERE title = 'results'",
    "update_ticket_context": "SELECT update_ticket_context(id) FROM tickets WHERE title = 'results'",
    "summarize_context": "SELECT summarize_context(context, 20000000) FROM contexts",
    "summarize_structured": "SELECT summarize_structured(context) FROM contexts",
    "get_context_for_phase": "SELECT get_context_for_phase(id) FROM tickets, generate_series(1, 1000) WHERE title = 'context'",
    "count_tokens": "SELECT count_tokens(text) FROM blanks",
    "adoption": "SELECT create_workspace('desk')",
    "check_workspace": "SELECT * FROM check_workspace('acme')",
    "deleting tickets": "DELETE FROM tickets",
}

# What must be as before: how many rows there are of each kind, and who holds what.
LEFT = """
SELECT (SELECT jsonb_object_agg(phase_id, n) FROM (SELECT phase_id, count(*) AS n FROM acme.tickets GROUP BY 1) t),
       (SELECT jsonb_object_agg(status, n) FROM (SELECT status, count(*) AS n FROM acme.tasks GROUP BY 1) k),
       (SELECT count(*) FROM acme.phase_history), (SELECT count(*) FROM acme.phase_gate_results),
       (SELECT count(*) FROM acme.phase_context), (SELECT count(*) FROM acme.phase_gate_artifacts),
       (SELECT count(*) FROM pg_class WHERE relnamespace = 'desk'::regnamespace),
       -- Not those of autovacuum, which comes and goes.
       (SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
         WHERE a.datname = current_database() AND a.backend_type IN ('client backend', 'parallel worker') AND pid <> pg_backend_pid())
"""


@pytest.fixture(scope="module")
def big():
    """The name of a database with large tables. What runs in it is rolled back or stopped."""
    name = f"pytest_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {os.environ['PHASEGATE_TEMPLATE']}")
    with psycopg.connect(dbname=name, autocommit=True) as connection:
        connection.execute(SETUP)
    yield name
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def session(big):
    # The most that is read of one value grows with the setting: usually that is so little that all is done at once.
    with psycopg.connect(dbname=big, autocommit=True, options="-c search_path=acme,phasegate -c phasegate.max_result_bytes=500MB") as connection:
        yield connection


@pytest.fixture
def other(big):
    with psycopg.connect(dbname=big, autocommit=True) as connection:
        yield connection


def left(other):
    return other.execute(LEFT).fetchone()


def start(pool, session, text):
    """Sends a statement to be stopped; gives its outcome to come."""
    return pool.submit(lambda: session.execute(text).fetchall())


def wait_for(other, session, condition):
    """Until what pg_stat_activity says of the session is so."""
    with other.transaction():
        while not other.execute(f"SELECT {condition} FROM pg_stat_activity WHERE pid = %s", [session.info.backend_pid]).fetchone()[0]:
            other.execute("SELECT pg_stat_clear_snapshot()")


def stop(other, session, text, how="pg_cancel_backend"):
    wait_for(other, session, f"state = 'active' AND query = $query${text}$query$")
    assert other.execute(f"SELECT {how}(%s)", [session.info.backend_pid]).fetchone()[0]


@pytest.fixture(scope="module")
def before(big):
    with psycopg.connect(dbname=big, autocommit=True) as connection:
        return left(connection)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.mark.parametrize("path", PATHS)
def test_long_work_stops_when_asked(session, other, before, pool, path):
    session.execute("SET statement_timeout = '100ms'")
    with pytest.raises(psycopg.errors.QueryCanceled, match="statement timeout"):
        session.execute(PATHS[path])
    session.execute("RESET statement_timeout")

    outcome = start(pool, session, PATHS[path])
    stop(other, session, PATHS[path])
    asked = time.monotonic()
    with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
        outcome.result()
    assert time.monotonic() - asked < PROMPT

    assert left(other) == before
    # The session is as good as new.
    with session.transaction(force_rollback=True):
        ticket = session.execute("INSERT INTO tickets (title) VALUES ('new') RETURNING id").fetchone()[0]
        session.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = %s", [ticket])
        assert session.execute("SELECT count(*) FROM tasks WHERE ticket_id = %s", [ticket]).fetchone()[0] == 2
        assert session.execute("SELECT count(*) FROM get_phase_history(%s)", [ticket]).fetchone()[0] == 2


@pytest.mark.parametrize("text", [
    "SELECT count_tokens(text) FROM blanks",
    "SELECT summarize_context(context, 20000000) FROM contexts",
    "SELECT check_gate_requirements(id) FROM tickets WHERE title = 'small gate'",
], ids=["tokens", "summary", "schema"])
def test_work_that_runs_no_statement_stops_in_the_middle(session, text):
    """It is nearly all of what these do. Where it could not be stopped, they would run to their end."""
    started = time.monotonic()
    session.execute(text)
    whole = time.monotonic() - started
    session.execute(f"SET statement_timeout = {max(int(whole * 100), 1)}")

    def stopped():
        started = time.monotonic()
        with pytest.raises(psycopg.errors.QueryCanceled):
            session.execute(text)
        return time.monotonic() - started

    # The machine may be busy with something else for a while.
    assert any(stopped() < whole / 2 for _ in range(5))


def test_what_was_stopped_can_be_caught_and_the_transaction_goes_on(session, other, before, pool):
    """As an application with savepoints: what the stopped statement noted for later must not reach the next one."""
    text = "SELECT count(*) FROM transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_REQUIREMENTS', 'stopped')"
    with session.transaction(force_rollback=True):
        with pytest.raises(psycopg.errors.QueryCanceled), session.transaction():
            outcome = start(pool, session, text)
            stop(other, session, text)
            outcome.result()
        moved = session.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = (SELECT min(id::text)::uuid FROM tickets WHERE title = 't') RETURNING id").fetchone()[0]
        assert session.execute("SELECT ticket_id, transition_reason FROM phase_history WHERE from_phase IS NOT NULL").fetchall() == [(moved, None)]
        assert session.execute("SELECT count(*) FROM tasks WHERE template_id IS NOT NULL AND ticket_id IN (SELECT id FROM tickets WHERE title = 't')").fetchone()[0] == 2
        assert session.execute("SELECT sum(violations) FROM check_workspace()").fetchone()[0] == 0
    assert left(other) == before


def test_a_session_that_is_ended_leaves_nothing(big, other, before, pool):
    text = PATHS["transition_tickets"]
    with psycopg.connect(dbname=big, autocommit=True, options="-c search_path=acme,phasegate") as doomed:
        outcome = start(pool, doomed, text)
        stop(other, doomed, text, "pg_terminate_backend")
        with pytest.raises(psycopg.errors.AdminShutdown):
            outcome.result()
    assert left(other) == before


def test_a_transaction_left_idle_is_ended_and_leaves_nothing(big, other, before):
    with psycopg.connect(dbname=big, autocommit=True, options="-c search_path=acme,phasegate") as idle:
        idle.execute("BEGIN")
        idle.execute("SELECT transition_ticket(id, 'PHASE_REQUIREMENTS') FROM tickets WHERE title = 't' LIMIT 10")
        idle.execute("SELECT claim_task('ada', '{nobody}')")
        # Last: a busy machine may leave more than that between two statements.
        idle.execute("SET idle_in_transaction_session_timeout = '200ms'")
        while other.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [idle.info.backend_pid]).fetchone() is not None:
            pass
        with pytest.raises((psycopg.errors.IdleInTransactionSessionTimeout, psycopg.OperationalError)):
            idle.execute("COMMIT")
    assert left(other) == before


# Each holds a ticket, or a task; as long as somebody else does, it waits.
HOLDERS = {
    "a direct move": "UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'gate'",
    "transition_ticket": "SELECT transition_ticket(id, 'PHASE_BLOCKED') FROM tickets WHERE title = 'gate'",
    "transition_tickets": "SELECT transition_tickets(ARRAY(SELECT id FROM tickets WHERE title = 'gate'), 'PHASE_BLOCKED')",
    "add_artifact": "SELECT add_artifact(id, 'notes') FROM tickets WHERE title = 'gate'",
    "an added task": "INSERT INTO tasks (ticket_id, phase_id) SELECT id, phase_id FROM tickets WHERE title = 'gate'",
    "a result with artifacts": "UPDATE tasks SET status = 'completed', result = '{\"artifacts\": [{\"type\": \"notes\"}]}' WHERE ticket_id = (SELECT id FROM tickets WHERE title = 'gate')",
    "validate_gate": "SELECT validate_gate(id) FROM tickets WHERE title = 'gate'",
    "generate_phase_tasks": "SELECT generate_phase_tasks(id) FROM tickets WHERE title = 'gate'",
    "update_ticket_context": "SELECT update_ticket_context(id) FROM tickets WHERE title = 'gate'",
    "summarize_using_llm": "SELECT summarize_using_llm(id) FROM tickets WHERE title = 'gate'",
}


@pytest.mark.parametrize("way", HOLDERS)
def test_waiting_for_a_ticket_ends_when_asked(session, other, before, pool, way):
    with other.transaction(force_rollback=True):
        other.execute("SELECT FROM acme.tickets WHERE title = 'gate' FOR UPDATE")
        session.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            session.execute(HOLDERS[way])
        session.execute("RESET lock_timeout")
        outcome = start(pool, session, HOLDERS[way])
        with psycopg.connect(dbname=session.info.dbname, autocommit=True) as third:
            wait_for(third, session, "wait_event_type = 'Lock'")
            assert third.execute("SELECT pg_cancel_backend(%s)", [session.info.backend_pid]).fetchone()[0]
        with pytest.raises(psycopg.errors.QueryCanceled, match="user request"):
            outcome.result()
    assert left(other) == before
