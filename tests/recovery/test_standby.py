"""A streaming standby: it answers what reads, sees what changes, refuses what writes, and goes on when it is promoted."""

import psycopg
import pytest

from function_calls import answers, require_refusal_of_writes
from populated import DESK, SHOP, Populated, quoted, rows, violations
from replicated import until


@pytest.fixture
def primary(make_cluster):
    return make_cluster()


@pytest.fixture
def populated(primary):
    return Populated.in_cluster(primary)


def replay(primary, standby):
    """Until the standby has replayed all that the primary has committed."""
    lsn, = primary.execute("SELECT pg_current_wal_lsn()").fetchone()
    until(lambda: standby.execute("SELECT pg_last_wal_replay_lsn() >= %s", [lsn]).fetchone()[0])


def test_a_standby_reads_and_does_not_write(populated, primary, make_cluster):
    standby = make_cluster(primary=primary)
    with primary.connect(autocommit=True) as main, standby.connect(autocommit=True) as reader:
        replay(main, reader)
        expected = answers(main)
        for isolation in ["READ COMMITTED", "REPEATABLE READ"]:
            reader.execute(f"SET default_transaction_isolation = '{isolation}'")
            assert answers(reader) == expected
            require_refusal_of_writes(reader)
        assert reader.execute("SELECT phasegate.uuid_v7() < phasegate.uuid_v7()").fetchone()[0]
        with populated.acting(reader, "agent"):
            assert reader.execute("SELECT count(*) FROM tickets WHERE phase_id = 'PHASE_DONE'").fetchone()[0] == 0
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                reader.execute("SELECT claim_task('ada', '{analysis}')")
        assert rows(reader) == rows(main)


def test_a_session_of_a_standby_sees_configuration_that_changed(populated, primary, make_cluster):
    """Though it keeps what it has read: the invalidation comes with what is replayed."""
    standby = make_cluster(primary=primary)
    with primary.connect(autocommit=True) as main, standby.connect(autocommit=True) as reader:
        def seen():
            replay(main, reader)
            return [reader.execute(query).fetchall() for query in [
                "SELECT phasegate.get_valid_transitions('PHASE_BACKLOG')",
                "SELECT id FROM phasegate.get_templates_for_phase('PHASE_DEPLOYMENT')",
                "SELECT phasegate.check_gate_requirements(id) FROM tickets WHERE title = 'worked on 3'",
                "SELECT phasegate.phase_diagram()"]]

        for connection in [main, reader]:
            connection.execute(f"SET search_path = {quoted(SHOP)}")
        known = seen()
        for changed, statement in [
                (0, "INSERT INTO phase_transitions VALUES ('PHASE_BACKLOG', 'PHASE_TESTING')"),
                (0, "DELETE FROM phase_transitions WHERE from_phase = 'PHASE_BACKLOG' AND to_phase = 'PHASE_TESTING'"),
                (1, "UPDATE task_templates SET is_active = false WHERE phase_id = 'PHASE_DEPLOYMENT'"),
                (2, "UPDATE phase_gate_requirements SET required_artifacts = '{another}' WHERE phase_id = 'PHASE_REQUIREMENTS'"),
                (3, "ALTER TYPE phase ADD VALUE 'PHASE_NEW' AFTER 'PHASE_DESIGN'"),
                (0, "TRUNCATE phase_transitions")]:
            main.execute(statement)
            former, known = known, seen()
            assert known[changed] != former[changed], statement


def test_a_promoted_standby_goes_on(populated, primary, make_cluster):
    standby = make_cluster(primary=primary)
    with primary.connect(autocommit=True) as main, standby.connect(autocommit=True) as session:
        main.execute(f"UPDATE {quoted(SHOP)}.tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'worked on 3'")
        replay(main, session)
        before = rows(main)
        # What this session has cached as a reader serves it as a writer.
        answers(session)
        require_refusal_of_writes(session)
    with standby.connect(autocommit=True) as session:
        answers(session)
        primary.kill()
        assert session.execute("SELECT pg_promote()").fetchone()[0]
        assert rows(session) == before
        assert violations(session) == []
        populated.go_on(session)
        tasks = session.execute(f"SELECT count(*) FROM {quoted(SHOP)}.tasks WHERE status = 'pending'").fetchone()[0]
        session.execute(f"SET search_path = {DESK}, phasegate")
        claimed = session.execute("SELECT id FROM claim_tasks('ada', 100, (SELECT array_agg(DISTINCT c) FROM tasks, jsonb_array_elements_text(required_capabilities) c))").fetchall()
        assert len(claimed) == len(set(claimed)) > 0 and tasks > 0
        assert violations(session) == []
