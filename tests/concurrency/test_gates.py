"""Evidence comes and goes in many sessions while others move the ticket: every gate that passed, passed on evidence
that was there."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg

LEVELS = list(psycopg.IsolationLevel)[1:]
TICKETS = 4
SECONDS = 6

# Transactions follow one another in the order in which they hold the ticket, and a trigger of the test's own, fired
# while it is held, numbers what they do. So the log says what evidence there was when a move was made.
LOG = """
CREATE SEQUENCE public.turn;
CREATE TABLE public.log (turn bigint DEFAULT nextval('public.turn'), ticket uuid, what text, item uuid, good boolean);
CREATE FUNCTION public.log_artifact() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO public.log (ticket, what, item) VALUES (OLD.ticket_id, 'artifact gone', OLD.id);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.superseded_at IS NULL THEN
        INSERT INTO public.log (ticket, what, item, good) VALUES (NEW.ticket_id, 'artifact there', NEW.id, NEW.artifact_content = '{"all_passed": true}');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER log AFTER INSERT OR DELETE ON acme.phase_gate_artifacts FOR EACH ROW EXECUTE FUNCTION public.log_artifact();
CREATE TRIGGER log_changed AFTER UPDATE ON acme.phase_gate_artifacts FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION public.log_artifact();
CREATE FUNCTION public.log_task() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO public.log (ticket, what, item) VALUES (OLD.ticket_id, 'task gone', OLD.id);
    ELSE
        INSERT INTO public.log (ticket, what, item, good) VALUES (NEW.ticket_id, 'task there', NEW.id, NEW.status = 'completed');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER log AFTER DELETE OR UPDATE OF status ON acme.tasks FOR EACH ROW EXECUTE FUNCTION public.log_task();
-- New tasks hold the ticket at the end of the statement.
CREATE FUNCTION public.log_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.log (ticket, what, item, good) SELECT ticket_id, 'task there', id, status = 'completed' FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER zzz_log AFTER INSERT ON acme.tasks REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.log_tasks();
CREATE FUNCTION public.log_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.log (ticket, what) VALUES (NEW.id, OLD.phase_id || ' to ' || NEW.phase_id);
    RETURN NULL;
END $$;
CREATE TRIGGER log AFTER UPDATE ON acme.tickets FOR EACH ROW WHEN (OLD.phase_id <> NEW.phase_id) EXECUTE FUNCTION public.log_move();
"""

WITHDRAW = [
    "DELETE FROM phase_gate_artifacts WHERE ticket_id = %(ticket)s",
    "UPDATE phase_gate_artifacts SET artifact_content = '{\"all_passed\": false}' WHERE ticket_id = %(ticket)s AND superseded_at IS NULL",
    "SELECT phasegate.add_artifact(%(ticket)s, 'test_results', artifact_content => '{\"all_passed\": false}', phase_id => 'PHASE_TESTING')",
    "INSERT INTO tasks (ticket_id, phase_id) VALUES (%(ticket)s, 'PHASE_TESTING')",
    "DELETE FROM tasks WHERE ticket_id = %(ticket)s",
]
HAND_IN = [
    "SELECT phasegate.add_artifact(%(ticket)s, 'test_results', artifact_content => '{\"all_passed\": true}', phase_id => 'PHASE_TESTING')",
    "UPDATE phase_gate_artifacts SET artifact_content = '{\"all_passed\": true}' WHERE ticket_id = %(ticket)s AND superseded_at IS NULL",
    "UPDATE tasks SET status = 'completed', assigned_agent_id = 'worker' WHERE ticket_id = %(ticket)s AND status <> 'completed'",
    "WITH new AS (INSERT INTO tasks (ticket_id, phase_id) VALUES (%(ticket)s, 'PHASE_TESTING') RETURNING id) SELECT FROM new",
]
MOVE = [
    "UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE id = %(ticket)s AND phase_id = 'PHASE_TESTING'",
    "SELECT phasegate.transition_ticket(%(ticket)s, 'PHASE_DEPLOYMENT')",
    "SELECT phasegate.try_transition_ticket(%(ticket)s, 'PHASE_DEPLOYMENT')",
    "SELECT phasegate.transition_tickets(array_agg(id ORDER BY id), 'PHASE_DEPLOYMENT') FROM tickets",
    "SELECT phasegate.validate_gate(%(ticket)s, 'PHASE_TESTING')",
]
BACK = ["UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE id = %(ticket)s AND phase_id = 'PHASE_DEPLOYMENT'"]
EXPECTED = (psycopg.errors.ObjectNotInPrerequisiteState, psycopg.errors.CheckViolation, psycopg.errors.SerializationFailure,
            psycopg.errors.DeadlockDetected)


def judged(rows):
    """Replays a ticket's log; gives the moves through the gate, each with whether its evidence was there."""
    artifacts, tasks, moves = {}, {}, []
    for turn, what, item, good in rows:
        if what == "artifact there":
            # Of one type the newest counts; a change makes it new.
            artifacts.pop(item, None)
            artifacts[item] = good
        elif what == "artifact gone":
            artifacts.pop(item, None)
        elif what == "task there":
            tasks[item] = good
        elif what == "task gone":
            tasks.pop(item, None)
        elif what.endswith("to PHASE_DEPLOYMENT"):
            newest = list(artifacts.values())[-1:] == [True]
            moves.append((turn, newest and bool(tasks) and all(tasks.values())))
    return moves


def test_no_ticket_passes_on_evidence_that_was_withdrawn(connect):
    def session():
        return connect(autocommit=True, options="-c search_path=acme -c deadlock_timeout=50ms")

    with connect(autocommit=True) as owner:
        owner.execute("SELECT phasegate.create_workspace('acme')")
        owner.execute("UPDATE acme.task_templates SET is_active = false")
        owner.execute("UPDATE acme.phase_gate_requirements SET required_artifacts = '{test_results}' WHERE phase_id = 'PHASE_TESTING'")
        owner.execute("INSERT INTO acme.phase_transitions VALUES ('PHASE_DEPLOYMENT', 'PHASE_TESTING', false)")
        owner.execute(LOG)
        tickets = [row[0] for row in owner.execute(
            "INSERT INTO acme.tickets (title, phase_id) SELECT 't', 'PHASE_TESTING' FROM generate_series(1, %s) RETURNING id", [TICKETS])]
    roles = [WITHDRAW, WITHDRAW, HAND_IN, HAND_IN, HAND_IN, MOVE, MOVE, MOVE, BACK]
    sessions = [session() for _ in roles]
    barrier = threading.Barrier(len(roles))
    until = time.monotonic() + SECONDS

    def work(number):
        connection, chance, done = sessions[number], random.Random(number), 0
        barrier.wait()
        # Some of each, however busy the machine is.
        while done < 20 or time.monotonic() < until:
            connection.isolation_level = chance.choice(LEVELS)
            try:
                with connection.transaction():
                    if chance.random() < 0.5:
                        connection.execute("SELECT count(*) FROM phase_gate_artifacts")  # an old snapshot
                        time.sleep(chance.random() * 0.005)
                    # One ticket a transaction, so that turns of a ticket are in the order of its transactions.
                    connection.execute(chance.choice(roles[number]), {"ticket": chance.choice(tickets)})
                    if chance.random() < 0.2:
                        raise psycopg.Rollback
                    done += 1
            except EXPECTED:
                pass
            if roles[number] is WITHDRAW:
                time.sleep(0.01)
        return done

    with ThreadPoolExecutor(len(roles)) as pool:
        done = [future.result() for future in [pool.submit(work, number) for number in range(len(roles))]]
    assert min(done) > 0

    owner = session()
    passed = 0
    for ticket in tickets:
        moves = judged(owner.execute("SELECT turn, what, item, good FROM public.log WHERE ticket = %s ORDER BY turn", [ticket]).fetchall())
        assert [turn for turn, had_evidence in moves if not had_evidence] == []
        passed += len(moves)
    assert passed > 10
    assert passed == owner.execute(
        "SELECT count(*) FROM phase_history h JOIN phase_gate_results r ON r.id = h.gate_result_id AND r.gate_status = 'passed'").fetchone()[0]
    assert owner.execute("SELECT check_name, violations FROM phasegate.check_workspace() WHERE violations > 0").fetchall() == []
