"""Configuration that changes while other sessions keep it."""

import psycopg


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
