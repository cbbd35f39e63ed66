"""Many sessions at once: one history row a move, no deadlock, a healthy workspace afterwards."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

PHASES = ["BACKLOG", "REQUIREMENTS", "DESIGN", "IMPLEMENTATION", "TESTING", "DEPLOYMENT", "DONE", "BLOCKED"]


@pytest.fixture
def workspace(connect):
    """A workspace acme without gates and tasks, and connections whose search_path finds it."""
    with connect(autocommit=True) as owner:
        owner.execute("SELECT phasegate.create_workspace('acme')")
        owner.execute("DELETE FROM acme.phase_gate_requirements")
        owner.execute("UPDATE acme.task_templates SET is_active = false")

    def session(**kwargs):
        return connect(autocommit=True, options="-c search_path=acme", **kwargs)

    return session


def together(count, work):
    """Runs work(0) ... work(count - 1) in threads that start at the same moment; gives their results."""
    barrier = threading.Barrier(count)

    def run(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(run, number) for number in range(count)]]


def violations(session):
    return session.execute("SELECT check_name, violations, example FROM phasegate.check_workspace() WHERE violations > 0").fetchall()


@pytest.mark.parametrize("level", list(psycopg.IsolationLevel)[1:], ids=lambda level: level.name)
@pytest.mark.parametrize("way", ["direct", "transition_ticket", "transition_tickets"])
def test_sixteen_sessions_race_one_edge(workspace, level, way):
    statement = {
        "direct": "UPDATE tickets SET phase_id = %(phase)s::phase WHERE id = %(ticket)s AND phase_id = 'PHASE_DESIGN'",
        "transition_ticket": "SELECT (phasegate.transition_ticket(%(ticket)s, %(phase)s, transitioned_by => %(who)s)).transitioned_at",
        "transition_tickets": "SELECT transitioned FROM phasegate.transition_tickets(ARRAY[%(ticket)s]::uuid[], %(phase)s, transitioned_by => %(who)s)",
    }[way]
    owner = workspace()
    sessions = [workspace() for _ in range(16)]
    for session in sessions:
        session.isolation_level = level
    for _ in range(3):
        ticket = owner.execute("INSERT INTO tickets (title, phase_id) VALUES ('t', 'PHASE_DESIGN') RETURNING id").fetchone()[0]

        def move(number):
            session = sessions[number]
            try:
                with session.transaction():
                    cursor = session.execute(statement, {"ticket": ticket, "phase": "PHASE_IMPLEMENTATION", "who": f"s{number}"})
                    return cursor.rowcount == 1 if way == "direct" else bool(cursor.fetchone()[0])
            except (psycopg.errors.SerializationFailure, psycopg.errors.ObjectNotInPrerequisiteState):
                return False

        assert sum(together(16, move)) == 1
        rows = owner.execute("SELECT from_phase, to_phase FROM phase_history WHERE ticket_id = %s ORDER BY created_at, id", [ticket]).fetchall()
        assert rows == [(None, "PHASE_DESIGN"), ("PHASE_DESIGN", "PHASE_IMPLEMENTATION")]
    assert violations(owner) == []


def test_overlapping_transition_tickets_never_deadlock(workspace):
    owner = workspace()
    tickets = [row[0] for row in owner.execute(
        "INSERT INTO tickets (title, phase_id) SELECT 't', 'PHASE_DESIGN' FROM generate_series(1, 40) RETURNING id")]
    sessions = [workspace() for _ in range(8)]
    moved = [0] * len(sessions)

    def work(number):
        session, chance = sessions[number], random.Random(number)
        for _ in range(25):
            some = chance.sample(tickets, chance.randint(2, len(tickets)))
            target = chance.choice(["PHASE_BLOCKED", "PHASE_DESIGN", "PHASE_IMPLEMENTATION"])
            # A deadlock would raise 40P01 here.
            rows = session.execute("SELECT ticket_id, transitioned FROM phasegate.transition_tickets(%s::uuid[], %s)", [some, target]).fetchall()
            assert [row[0] for row in rows] == some
            moved[number] += sum(row[1] for row in rows)

    together(len(sessions), work)
    assert owner.execute("SELECT count(*) FROM phase_history WHERE from_phase IS NOT NULL").fetchone()[0] == sum(moved) > 0
    assert violations(owner) == []


def test_random_moves_of_few_tickets(workspace):
    owner = workspace()
    owner.execute("INSERT INTO tickets (title) SELECT 't' || n FROM generate_series(1, 5) n")
    # Ways back, so that no ticket is ever at its end.
    owner.execute("INSERT INTO phase_transitions VALUES ('PHASE_DONE', 'PHASE_BACKLOG'), ('PHASE_BLOCKED', 'PHASE_BACKLOG')")
    sessions = [workspace() for _ in range(8)]
    expected = (psycopg.errors.CheckViolation, psycopg.errors.SerializationFailure, psycopg.errors.NoDataFound,
                psycopg.errors.ObjectNotInPrerequisiteState)
    until = time.monotonic() + 3

    def work(number):
        session, chance = sessions[number], random.Random(number)
        session.isolation_level = chance.choice(list(psycopg.IsolationLevel)[1:])
        moves = 0
        # Some of each, however busy the machine is.
        while moves < 10 or time.monotonic() < until:
            title, phase = f"t{chance.randint(1, 5)}", "PHASE_" + chance.choice(PHASES)
            move = chance.choice([
                "UPDATE tickets SET phase_id = %(phase)s::phase WHERE title = %(title)s",
                "SELECT phasegate.transition_ticket(id, %(phase)s) FROM tickets WHERE title = %(title)s",
                "SELECT phasegate.try_transition_ticket(id, %(phase)s) FROM tickets WHERE title = %(title)s",
                "SELECT phasegate.transition_tickets(array_agg(id), %(phase)s) FROM tickets",
                "SELECT phasegate.unblock_ticket(id) FROM tickets WHERE title = %(title)s",
                "SELECT phasegate.transition_ticket(id, (SELECT valid FROM phasegate.get_valid_transitions(phase_id::text) valid ORDER BY random() LIMIT 1)) FROM tickets WHERE title = %(title)s",
                "WITH gone AS (DELETE FROM tickets WHERE title = %(title)s RETURNING title) INSERT INTO tickets (title) SELECT title FROM gone",
            ])
            try:
                with session.transaction():
                    session.execute(move, {"title": title, "phase": phase})
                    if chance.random() < 0.2:
                        raise psycopg.Rollback
                    moves += 1
            except expected:
                pass
        return moves

    done = together(len(sessions), work)
    assert min(done) > 0 and sum(done) > 50
    assert owner.execute("SELECT count(*) FROM tickets").fetchone()[0] == 5
    assert violations(owner) == []
