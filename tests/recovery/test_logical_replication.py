"""Logical replication of workspaces: the same rows, nothing fired twice, and a subscriber that goes on alone."""

import psycopg
import pytest

from function_calls import answers
from populated import SHOP, Populated, definitions, quoted, rows, violations
from replicated import Pair


@pytest.fixture
def pair(make_cluster, tool):
    made = Pair(make_cluster(wal_level="logical", wal_retrieve_retry_interval="100ms"), tool)
    yield made
    made.close()


@pytest.fixture
def populated(pair):
    made = Populated()
    made.make_roles(pair.publisher)
    made.fill(pair.publisher)
    return made


# What a day brings, a transaction each. md5 makes values that do not compress, and are stored out of line. A retry is put
# off, so that whether it can be claimed does not hang on when one looks.
DAY = """
INSERT INTO tickets (title, context) SELECT 'day ' || n, jsonb_build_object('note', (SELECT string_agg(md5(n || '.' || i), '') FROM generate_series(1, 400) i)) FROM generate_series(1, 300) n;
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title LIKE 'day %';
SELECT add_artifact(id, 'notes', artifact_content => jsonb_build_object('text', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 1000) i))) FROM tickets WHERE title LIKE 'day 1%';
SELECT count(*) FROM claim_tasks('ada', 50, '{analysis,documentation}');
SELECT complete_task(id, 'ada', '{"summary": "s", "artifacts": [{"type": "notes", "path": "p"}]}') FROM tasks WHERE assigned_agent_id = 'ada' AND status = 'assigned';
SELECT fail_task(id, 'eve', 'no') FROM claim_tasks('eve', 5, '{analysis,documentation}');
UPDATE tasks SET scheduled_at = '2100-01-01' WHERE scheduled_at IS NOT NULL;
SELECT count(*) FROM transition_tickets(ARRAY(SELECT id FROM tickets WHERE title LIKE 'day 2%'), 'PHASE_BLOCKED', 'all of them');
SELECT unblock_ticket(id) FROM tickets WHERE title LIKE 'day 21%';
UPDATE tickets SET title = title || '!' WHERE title LIKE 'day 22%';
INSERT INTO tickets (title, phase_id, context) SELECT 'late ' || n, 'PHASE_TESTING', '{"implementation_phase": {}}' FROM generate_series(1, 20) n;
SELECT add_artifact(id, 'code', artifact_content => to_jsonb(repeat('x', 100000))) FROM tickets WHERE title LIKE 'late %';
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title LIKE 'late %';
BEGIN;
UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE title LIKE 'late 1%';
SAVEPOINT s;
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title LIKE 'late 1%';
ROLLBACK TO s;
UPDATE tickets SET priority = 'LOW' WHERE title LIKE 'late 1%';
COMMIT;
DELETE FROM tickets WHERE title LIKE 'day 29%' OR title = 'late 5';
UPDATE task_templates SET template_description = 'Else: {ticket_title}';
SELECT release_expired_tasks();
SELECT update_ticket_context(id) FROM tickets WHERE title LIKE 'day 1%'
"""


def test_a_subscriber_has_the_same_rows_and_goes_on(pair, populated, tmp_path):
    pair.restore_schema(tmp_path)
    pair.subscribe()
    pair.require_same_rows()
    publisher, subscriber = pair.publisher, pair.subscriber
    publisher.execute(f"SET search_path = {quoted(SHOP)}, phasegate")
    for statement in DAY.split(";\n"):
        publisher.execute(statement)
    publisher.execute("RESET search_path")
    pair.require_same_rows()
    assert answers(subscriber) == answers(publisher)
    publisher.execute("RESET search_path")
    subscriber.execute("RESET search_path")
    assert definitions(subscriber) == [text for text in definitions(publisher) if "audit_replica" not in text and "audit_always" not in text]

    subscriber.execute("DROP SUBSCRIPTION moved")
    # Sequences are not replicated. phasegate has none; the application has.
    for table, column in [("helpdesk.tickets", "number"), ("helpdesk.comments", "id"), (f"{quoted(SHOP)}.audit", "id")]:
        subscriber.execute(f"SELECT setval(pg_get_serial_sequence(%s, %s), (SELECT max({column}) FROM {table}))", [table, column])
    before = rows(publisher)
    populated.go_on(subscriber)
    assert rows(publisher) == before


def test_every_table_has_a_key_to_be_replicated_by(connect):
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('acme')")
    # Rows are only added to the archive, and an addition needs no key.
    without = connection.execute("""
        SELECT relname FROM pg_class c WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r'
           AND (relreplident <> 'd' OR NOT EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary))""").fetchall()
    assert without == [("ticket_archive",)]


def test_a_session_of_a_subscriber_sees_configuration_that_is_applied(pair, tmp_path):
    """Though it keeps what it has read, and the worker that applies it fires no ordinary trigger."""
    publisher, subscriber = pair.publisher, pair.subscriber
    publisher.execute("SELECT phasegate.create_workspace('acme')")
    publisher.execute("INSERT INTO acme.tickets (title, phase_id) VALUES ('t', 'PHASE_REQUIREMENTS')")
    pair.restore_schema(tmp_path)
    pair.subscribe()

    def seen():
        pair.catch_up()
        return [subscriber.execute(query).fetchall() for query in [
            "SELECT get_valid_transitions('PHASE_BACKLOG')",
            "SELECT task_type, is_active FROM get_templates_for_phase('PHASE_DEPLOYMENT')",
            "SELECT check_gate_requirements(id) FROM tickets"]]

    for connection in [publisher, subscriber]:
        connection.execute("SET search_path = acme, phasegate")
    # The copy that a subscription begins with is seen, too.
    known = seen()
    assert known[0] == [("PHASE_REQUIREMENTS",)] and len(known[1]) == 1
    for changed, statement in [
            (0, "INSERT INTO phase_transitions VALUES ('PHASE_BACKLOG', 'PHASE_TESTING')"),
            (0, "UPDATE phase_transitions SET to_phase = 'PHASE_DEPLOYMENT' WHERE from_phase = 'PHASE_BACKLOG' AND to_phase = 'PHASE_TESTING'"),
            (0, "DELETE FROM phase_transitions WHERE from_phase = 'PHASE_BACKLOG' AND to_phase = 'PHASE_DEPLOYMENT'"),
            (1, "INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('PHASE_DEPLOYMENT', 'x', 'x')"),
            (1, "UPDATE task_templates SET task_type = 'y' WHERE task_type = 'x'"),
            (1, "DELETE FROM task_templates WHERE task_type = 'y'"),
            (2, "UPDATE phase_gate_requirements SET required_artifacts = '{another}' WHERE phase_id = 'PHASE_REQUIREMENTS'"),
            (2, "DELETE FROM phase_gate_requirements"),
            (1, "TRUNCATE task_templates"),
            (0, "TRUNCATE phase_transitions")]:
        publisher.execute(statement)
        former, known = known, seen()
        assert known[changed] != former[changed], statement
        assert [known[other] == former[other] for other in range(3) if other != changed] == [True, True]


def test_a_phase_is_added_to_the_subscriber_first(pair, tmp_path):
    """Types are not replicated. What was forgotten stops the subscription with PostgreSQL's error, and loses nothing."""
    publisher, subscriber = pair.publisher, pair.subscriber
    publisher.execute("SELECT phasegate.create_workspace('acme')")
    pair.restore_schema(tmp_path)
    pair.subscribe()
    pair.require_same_rows()
    add = "ALTER TYPE acme.phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING'"
    publisher.execute(add)
    publisher.execute("INSERT INTO acme.phase_transitions VALUES ('PHASE_BACKLOG', 'PHASE_SECURITY_REVIEW')")
    publisher.execute("INSERT INTO acme.tickets (title) VALUES ('t')")
    publisher.execute("UPDATE acme.tickets SET phase_id = 'PHASE_SECURITY_REVIEW'")
    pair.wait_for_error('invalid input value for enum acme.phase: "PHASE_SECURITY_REVIEW"')
    subscriber.execute(add)
    pair.catch_up(tolerant=True)
    pair.require_same_rows()


def test_a_workspace_with_configuration_of_its_own_cannot_subscribe(pair):
    for connection in [pair.publisher, pair.subscriber]:
        connection.execute("CREATE EXTENSION IF NOT EXISTS phasegate")
        connection.execute("SELECT phasegate.create_workspace('acme')")
    pair.subscribe()
    pair.wait_for_error('duplicate key value violates unique constraint "phase_transitions_pkey"')


def test_what_is_loaded_as_a_replica_fires_nothing_and_is_seen(connect):
    """session_replication_role = replica is what loads, repairs and other replication tools set."""
    loader, warm = connect(autocommit=True), connect(autocommit=True)
    loader.execute("SELECT phasegate.create_workspace('acme')")
    for connection in [loader, warm]:
        connection.execute("SET search_path = acme, phasegate")
    warm.execute("INSERT INTO tickets (title) VALUES ('before')")
    assert not warm.execute("SELECT can_transition('PHASE_BACKLOG', 'PHASE_DONE')").fetchone()[0]
    loader.execute("SET session_replication_role = replica")
    loader.execute("INSERT INTO phase_transitions VALUES ('PHASE_BACKLOG', 'PHASE_DONE')")
    assert warm.execute("SELECT can_transition('PHASE_BACKLOG', 'PHASE_DONE')").fetchone()[0]
    loader.execute("INSERT INTO tickets (title, phase_id, phase_entered_at) VALUES ('loaded', 'PHASE_REQUIREMENTS', '2020-01-01')")
    assert loader.execute("SELECT count(*) FROM phase_history").fetchone()[0] == 1
    assert loader.execute("SELECT count(*) FROM tasks").fetchone()[0] == 0
    # A ticket without a history is found, and create_workspace gives it one.
    assert [(check, count) for _, check, count, _ in violations(warm)] == [("phase_is_last_history_phase", 1)]
    warm.execute("SELECT create_workspace('acme')")
    assert violations(warm) == []
    loader.execute("TRUNCATE phase_transitions")
    with pytest.raises(psycopg.errors.CheckViolation):
        warm.execute("UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = 'before'")
