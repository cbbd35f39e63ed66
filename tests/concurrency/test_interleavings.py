"""A task is claimed and answered in one session while another finishes, blocks, unblocks, forces or deletes its ticket: in every
interleaving of their statements both come through, without a deadlock, and nothing is lost."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

ARTIFACT = """jsonb_build_object('artifacts', jsonb_build_array(jsonb_build_object('type', 'log')))"""
APPROVAL = """jsonb_build_object('approved', true)"""
SETUP = """
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
DELETE FROM phase_gate_requirements;
INSERT INTO phase_transitions (from_phase, to_phase) VALUES ('PHASE_BLOCKED', 'PHASE_DEPLOYMENT') ON CONFLICT DO NOTHING;
UPDATE task_templates SET is_active = false;
"""

# What the agent does, each statement by itself or all in a transaction. Of a task that is gone, or that it does not hold, it is
# told so, and claims nothing.
ANSWERS = {
    "completes": "SELECT completed(complete_task(c.id, 'ada', attempt => c.attempt)) FROM claimed({n}) c",
    "hands in": f"SELECT completed(complete_task(c.id, 'ada', {ARTIFACT}, c.attempt)) FROM claimed({{n}}) c",
    "reviews": f"SELECT completed(complete_task(c.id, 'ada', {APPROVAL}, c.attempt)) FROM claimed({{n}}) c",
    "completes many": f"""SELECT * FROM complete_tasks('ada', (SELECT coalesce(jsonb_agg(jsonb_build_object('task_id', id, 'result',
        CASE kind WHEN 'review' THEN {APPROVAL} ELSE {ARTIFACT} END)), '[]') FROM claimed({{n}})))""",
    "gives back": "SELECT status FROM claimed({n}) c, fail_task(c.id, 'ada', 'no', attempt => c.attempt)",
}
# What becomes of the ticket meanwhile.
TURNS = {
    "finishes": "UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = '{n}'",
    "blocks": "UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = '{n}'",
    "forces": "SELECT force_transition_ticket(id, 'PHASE_BACKLOG', 'why not') FROM tickets WHERE title = '{n}'",
    "unblocks": "UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE title = '{n}'",
    "deletes": "DELETE FROM tickets WHERE title = '{n}'",
}
# A ticket with a task to be held, one that waits for it, and one beside.
TICKET = """
INSERT INTO tickets (title, phase_id) VALUES ('{n}', 'PHASE_DEPLOYMENT');
INSERT INTO tasks (ticket_id, phase_id, kind, task_type, required_capabilities, created_at)
SELECT id, phase_id, '{kind}', 'held', '["{n}"]', now() - interval '1 day' FROM tickets WHERE title = '{n}';
INSERT INTO tasks (ticket_id, phase_id, task_type, required_capabilities, dependencies)
SELECT ticket_id, phase_id, 'waits', '["later"]', CASE kind WHEN 'work' THEN jsonb_build_array(id) END FROM tasks WHERE required_capabilities = '["{n}"]';
"""
HELPERS = """
CREATE FUNCTION claimed(n int) RETURNS TABLE (id uuid, attempt int, kind text) LANGUAGE sql VOLATILE AS
$$ SELECT k.id, k.attempts, k.kind FROM tasks k WHERE k.required_capabilities = jsonb_build_array(n::text) AND k.status = 'assigned' AND k.assigned_agent_id = 'ada' $$;
CREATE FUNCTION completed(done task) RETURNS text LANGUAGE sql AS $$ SELECT done.status $$;
"""


class Side:
    """A session that runs its statements one after the other, as far as it is let."""

    def __init__(self, connect):
        self.connection = connect(autocommit=True, options="-c search_path=acme,phasegate -c deadlock_timeout=20ms")
        self.pid = self.connection.info.backend_pid
        self.pool = ThreadPoolExecutor(1)

    def begin(self, statements):
        self.left, self.errors, self.running = list(statements), [], None

    def start(self):
        self.running = self.pool.submit(self.connection.execute, self.left.pop(0))

    def end(self):
        """Takes up what came of the statement under way."""
        try:
            self.running.result()
        except psycopg.Error as error:
            self.errors.append(error.diag.constraint_name or error.diag.sqlstate)
        self.running = None


@pytest.fixture
def sides(connect):
    made = Side(connect), Side(connect)
    yield made
    for side in made:
        side.pool.shutdown()


def settle(watch, side):
    """Waits until the side's statement is through or waits for the other. Gives whether it is through."""
    while not side.running.done():
        if watch.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [side.pid]).fetchone()[0] and not side.running.done():
            return False
    side.end()
    return True


def play(watch, sides, order):
    """Runs the sides' statements in this order; a side that waits lets the other go on."""
    for number in order:
        side = sides[number]
        other = sides[1 - number]
        for one in (side, other):
            if one.running and not settle(watch, one):
                continue
        if side.running is None and side.left:
            side.start()
            settle(watch, side)
    while any(side.running or side.left for side in sides):
        moved = False
        for side in sides:
            if side.running is None and side.left:
                side.start()
                moved = True
            if side.running and settle(watch, side):
                moved = True
        # Both wait: the server finds out and ends one of them.
        if not moved:
            sides[0].running.exception() if sides[0].running else None


def orders(first, second):
    """Each way to put so many steps of one side between so many of the other."""
    for places in itertools.combinations(range(first + second), first):
        yield [0 if place in places else 1 for place in range(first + second)]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("answer", ANSWERS)
def test_every_interleaving(connect, sides, answer, turn):
    owner = connect(autocommit=True)
    owner.execute(SETUP)
    owner.execute(HELPERS)
    number = 0
    for is_block, end in itertools.product([True, False], ["COMMIT", "ROLLBACK"]):
        claim = "SELECT count(*) FROM claim_task('ada', ARRAY['{n}'])"
        beat = "SELECT heartbeat_task(id, 'ada') FROM claimed({n})"
        # Nobody claims what waits for its ticket: that task is held already.
        agent = [beat if turn == "unblocks" else claim, ANSWERS[answer]]
        agent = ["BEGIN", *agent, "COMMIT"] if is_block else agent
        other = ["BEGIN", TURNS[turn], end]
        for order in orders(len(agent), len(other)):
            number += 1
            kind = "review" if answer == "reviews" else "work"
            owner.execute(TICKET.format(n=number, kind=kind))
            if turn == "unblocks":
                owner.execute(claim.format(n=number))
                owner.execute(f"UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = '{number}'")
            [[task]] = owner.execute(f"SELECT id FROM tasks WHERE required_capabilities = '[\"{number}\"]'").fetchall()
            for side, statements in zip(sides, (agent, other)):
                side.begin(statement.format(n=number) for statement in statements)
            play(owner, sides, order)
            shown = f"{is_block=} {end=} {order}"
            # Who is told of anything is told that the task is not there any more, or not held.
            assert set(sides[0].errors) <= {"task_not_held", "task_not_found"}, f"{shown}: {sides[0].errors}"
            assert sides[1].errors == [], f"{shown}: {sides[1].errors}"
            found = owner.execute("""SELECT k.task_type, k.status, k.on_hold, k.pending_dependencies, p.kind AS phase,
                                            (SELECT count(*) FROM phase_gate_artifacts a WHERE a.task_id = k.id) AS artifacts
                                       FROM tasks k JOIN tickets t ON t.id = k.ticket_id JOIN phases p ON p.phase_id = t.phase_id
                                      WHERE t.title = %s ORDER BY k.task_type""", [str(number)]).fetchall()
            is_gone = turn == "deletes" and end == "COMMIT"
            assert len(found) == (0 if is_gone else 2), shown
            for task_type, status, on_hold, pending, phase, artifacts in found:
                # An answer that came through is there with all that it brought; what waits, waits where its ticket does.
                if task_type == "held" and status == "completed":
                    assert artifacts == (1 if answer in ("hands in", "completes many") else 0), shown
                if task_type == "waits":
                    let_go = answer == "reviews" or found[0][1] == "completed"
                    assert status == "cancelled" or pending == (0 if let_go else 1), shown
                    # It may be passed by when it is put on hold, never when it is let go; a claim sees to it.
                    assert phase == "blocked" or not on_hold, shown
                    handed_out = owner.execute("SELECT count(*) FROM claim_task('eve', '{later}')").fetchone()[0]
                    assert handed_out == (1 if let_go and phase not in ("blocked", "final") else 0), shown
            owner.execute("DELETE FROM tickets")
    assert owner.execute("SELECT sum(violations) FROM check_workspace()").fetchone()[0] == 0
