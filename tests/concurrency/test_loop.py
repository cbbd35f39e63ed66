"""The loop closes by itself: agents work, reviewers reject some once, conductors advance, and nobody else lends a hand."""

import collections
import csv
import json
import os
import pathlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
TICKETS = 24
# So long nothing may happen at all; the whole takes a few seconds.
STUCK = 60
CAPABILITIES = ["analysis", "documentation", "design", "implementation", "testing", "deployment"]
PHASES = ["PHASE_BACKLOG", "PHASE_REQUIREMENTS", "PHASE_DESIGN", "PHASE_IMPLEMENTATION", "PHASE_TESTING", "PHASE_DEPLOYMENT", "PHASE_DONE"]
SETUP = f"""
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE phase_gate_requirements SET requires_review = true WHERE phase_id = 'PHASE_REQUIREMENTS';
INSERT INTO phase_gate_requirements (phase_id, required_tasks_completed, requires_review, required_approvals) VALUES ('PHASE_DESIGN', true, true, %(approvals)s);
INSERT INTO tickets (title) SELECT 'ticket ' || n FROM generate_series(1, {TICKETS}) n;
SELECT transition_tickets(array_agg(id), 'PHASE_REQUIREMENTS', transitioned_by => 'planner') FROM tickets;
"""


def results():
    """What agents hand in, by the type of task."""
    with (ROOT / "demo/results.csv").open(encoding="utf-8", newline="") as file:
        return {row["task_type"]: json.loads(row["result"]) for row in csv.DictReader(file) if row["variant"] == "good"}


class Crew:
    """Sessions in threads, until all tickets are done, or one of them fails, or nothing happens any more."""

    def __init__(self, connect, rejects):
        self.connect = connect
        self.rejects = rejects
        self.results = results()
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.moved_at = time.monotonic()
        # What the reviewers said, and what the workers were told of it, by ticket and phase.
        self.said = {}
        self.told = collections.defaultdict(list)
        self.requested = collections.Counter()
        self.advanced = collections.Counter()

    def session(self):
        connection = self.connect(autocommit=True, row_factory=namedtuple_row)
        connection.execute("SET search_path = acme, phasegate")
        return connection

    def happened(self):
        self.moved_at = time.monotonic()

    def until_stopped(self, connection, step):
        while not self.stop.is_set():
            if step(connection):
                self.happened()
            else:
                self.stop.wait(0.02)

    def work(self, connection, agent):
        task = connection.execute("SELECT * FROM claim_task(%s, %s, kinds => '{work}')", [agent, CAPABILITIES]).fetchone()
        if task is None:
            return False
        if task.task_type == "rework":
            with self.lock:
                self.told[task.ticket_id, task.phase_id].append((task.context["review"]["feedback"], task.description))
        result = self.results.get(task.task_type, {"summary": "mended"})
        connection.execute("SELECT complete_task(%s, %s, %s, attempt => %s)", [task.id, agent, Jsonb(result), task.attempt])
        return True

    def review(self, connection, agent):
        task = connection.execute("SELECT * FROM claim_task(%s, '{validation}', kinds => '{review}')", [agent]).fetchone()
        if task is None:
            return False
        # Whoever did the work is not offered its review.
        verdict = {"approved": True}
        with self.lock:
            if task.ticket_title in self.rejects and (task.ticket_id, task.phase_id) not in self.said:
                feedback = f"{agent} wants more of {task.ticket_title} in {task.phase_id}"
                self.said[task.ticket_id, task.phase_id] = feedback
                verdict = {"approved": False, "feedback": feedback, "blocking_reasons": ["more of it"]}
        try:
            connection.execute("SELECT complete_task(%s, %s, %s, attempt => %s)", [task.id, agent, Jsonb(verdict), task.attempt])
        except psycopg.Error as error:
            # Another reviewer's rejection, or the move, came first.
            assert error.diag.constraint_name == "task_not_held", error
        return True

    def conduct(self, connection, agent):
        done = connection.execute("SELECT * FROM advance_tickets(5, %s)", [agent]).fetchall()
        with self.lock:
            for row in done:
                if row.transitioned:
                    self.advanced[row.ticket_id, row.current_phase] += 1
                else:
                    assert row.error_code == "review_requested"
                    self.requested[row.ticket_id, row.current_phase] += 1
        return bool(done)

    def run(self, crew):
        """Runs these sessions: what each does, and how many of them."""
        def go_on(step, agent):
            try:
                self.until_stopped(self.session(), lambda connection: step(connection, agent))
            finally:
                self.stop.set()

        watch = self.session()
        agents = [(step, f"{step.__name__} {number}") for step, count in crew.items() for number in range(count)]
        with ThreadPoolExecutor(len(agents)) as pool:
            sessions = [pool.submit(go_on, *agent) for agent in agents]
            try:
                while not self.stop.wait(0.05):
                    if watch.execute("SELECT count(*) FROM tickets WHERE phase_id = 'PHASE_DONE'").fetchone()[0] == TICKETS:
                        break
                    assert time.monotonic() - self.moved_at < STUCK, watch.execute("SELECT phase, tickets, open_tasks, failed_gates FROM phase_board").fetchall()
            finally:
                self.stop.set()
            for session in sessions:
                session.result()


@pytest.mark.parametrize("crew", [{"work": 3, "review": 1, "conduct": 1}, {"work": 8, "review": 8, "conduct": 8}], ids=["one of each", "eight loops"])
def test_all_tickets_go_from_the_first_phase_to_the_last(connect, crew):
    with connect(autocommit=True) as owner:
        owner.execute(SETUP % {"approvals": 2 if crew["review"] > 1 else 1})
    rejects = {f"ticket {n}" for n in range(1, TICKETS + 1, 3)}
    loop = Crew(connect, rejects)
    loop.run({getattr(loop, name): count for name, count in crew.items()})
    with connect(autocommit=True, options="-c search_path=acme,phasegate") as owner:
        # Each ticket has been in each phase once, moved by a conductor, and by one alone.
        histories = owner.execute("SELECT array_agg(to_phase::text ORDER BY created_at), bool_and(from_phase IS NULL OR from_phase = 'PHASE_BACKLOG' OR transitioned_by LIKE 'conduct %') FROM phase_history GROUP BY ticket_id").fetchall()
        assert histories == [(PHASES, True)] * TICKETS
        assert len(loop.advanced) == TICKETS * (len(PHASES) - 2) and set(loop.advanced.values()) == {1}
        # The rejected went back with what was said, were mended, and are approved; the others are not.
        rejected = {(ticket, phase) for ticket, phase in owner.execute(
            "SELECT ticket_id, phase_id::text FROM tasks WHERE kind = 'review' AND status = 'completed' AND result -> 'approved' = 'false'").fetchall()}
        assert rejected == set(loop.said) and len(rejected) == 2 * len(rejects)
        rework = owner.execute("SELECT ticket_id, phase_id::text, status FROM tasks WHERE task_type = 'rework' AND status <> 'cancelled'").fetchall()
        assert sorted(rework) == sorted((*item, "completed") for item in rejected)
        assert set(loop.told) == rejected
        for item, told in loop.told.items():
            ((feedback, description),) = told
            assert feedback == loop.said[item] and feedback in description
        # No verdict was stored twice, and no gate was passed without its approvals, by others than who worked.
        assert owner.execute("""
            SELECT count(*) FROM (SELECT gate_status, validation_result, lag(gate_status) OVER w AS status, lag(validation_result) OVER w AS result
                                    FROM phase_gate_results WINDOW w AS (PARTITION BY ticket_id, phase_id ORDER BY validated_at, id)) r
             WHERE gate_status = status AND validation_result = result""").fetchone() == (0,)
        assert owner.execute("SELECT phase_id::text, gate_status, count(*) FROM phase_gate_results GROUP BY 1, 2 ORDER BY 1").fetchall() == [
            (phase, "passed", TICKETS) for phase in ["PHASE_DESIGN", "PHASE_IMPLEMENTATION", "PHASE_REQUIREMENTS", "PHASE_TESTING"]]
        assert owner.execute("SELECT count(*) FROM tasks WHERE kind = 'review' AND assigned_agent_id NOT LIKE 'review %'").fetchone() == (0,)
        approvals = owner.execute("""
            SELECT min(n) FROM (SELECT count(DISTINCT assigned_agent_id) AS n FROM tasks
                                 WHERE kind = 'review' AND phase_id = 'PHASE_DESIGN' AND result -> 'approved' = 'true' GROUP BY ticket_id) r""").fetchone()
        assert approvals == (2 if crew["review"] > 1 else 1,)
        # Nothing was done twice, and nothing is left to do.
        assert owner.execute("SELECT count(*) FROM tasks WHERE attempts > 1 OR status IN ('pending', 'assigned', 'running', 'failed')").fetchone() == (0,)
        templates = owner.execute("SELECT phase_id, task_type, status, count(*) FROM tasks WHERE template_id IS NOT NULL GROUP BY 1, 2, 3").fetchall()
        assert len(templates) == 7 and all((status, count) == ("completed", TICKETS) for _, _, status, count in templates)
        assert owner.execute("SELECT check_name FROM check_workspace() WHERE violations > 0").fetchall() == []
