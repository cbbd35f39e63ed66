"""The agent of docs/how-to/agents.md: it works the queue, gives up as it should, and loses no task to a late agent."""

import importlib.util
import pathlib
import queue
import threading
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest

HERE = pathlib.Path(__file__).parent
SPEC = importlib.util.spec_from_file_location("agent", HERE / "agent/agent.py")
agent = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(agent)
LONG = 60


@pytest.fixture
def owner(workspace, monkeypatch):
    """The owner's connection; the agent's own take its role from the environment."""
    with psycopg.connect(dbname=workspace["PGDATABASE"], autocommit=True, options="-c search_path=shop,phasegate") as connection:
        connection.execute("SET phasegate.notify = on")
        for name, value in workspace.items():
            monkeypatch.setenv(name, value)
        yield connection


@contextmanager
def running(name, work, **options):
    """Runs an agent in a thread, and wakes it to stop it."""
    stop = threading.Event()
    # Polling as good as never, so that only notifications wake it.
    thread = threading.Thread(target=agent.run, args=(name, ["analysis", "documentation"], work, stop), kwargs={"poll": 3600, **options})
    thread.start()
    try:
        yield
    finally:
        stop.set()
        with agent.connect() as connection:
            connection.execute("NOTIFY phasegate_tasks")
        thread.join(LONG)
        assert not thread.is_alive()


def tickets(owner, count):
    owner.execute("INSERT INTO tickets (title) SELECT 'Ticket ' || n FROM generate_series(1, %s) n", [count])
    owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")


def statuses(owner):
    return dict(owner.execute("SELECT status, count(*) FROM tasks GROUP BY 1").fetchall())


def test_agents_work_what_they_are_notified_of(owner):
    done = queue.Queue()

    def work(task, _lost):
        done.put(task.id)
        return {"summary": task.description}

    with running("ada", work), running("bob", work):
        tickets(owner, 10)
        worked = [done.get(timeout=LONG) for _ in range(20)]
    assert len(set(worked)) == 20 and done.empty()
    assert statuses(owner) == {"completed": 20}
    assert owner.execute("SELECT count(*) FROM tasks WHERE started_at IS NULL OR result ->> 'summary' <> description").fetchone() == (0,)


def test_failures_are_retried_unless_hopeless(owner):
    tickets(owner, 1)
    done = queue.Queue()

    def work(task, _lost):
        done.put(task)
        raise (agent.Hopeless if task.task_type == "analyze_requirements" else OSError)("The wiki is down")

    with running("ada", work):
        done.get(timeout=LONG)
        done.get(timeout=LONG)
    assert owner.execute("SELECT task_type, status, attempts, error_message, scheduled_at > updated_at FROM tasks ORDER BY 1").fetchall() == [
        ("analyze_requirements", "failed", 1, "The wiki is down", None),
        ("create_requirements_doc", "pending", 1, "The wiki is down", True)]


def test_the_lease_is_extended_and_its_loss_is_told(owner):
    tickets(owner, 1)
    owner.execute("UPDATE tasks SET status = 'cancelled' WHERE task_type <> 'analyze_requirements'")
    seen = queue.Queue()

    def work(task, lost):
        def lease():
            return owner.execute("SELECT lease_expires_at FROM tasks WHERE id = %s", [task.id]).fetchone()[0]

        while lease() <= task.lease_expires_at and not lost.is_set():
            pass
        owner.execute("UPDATE tasks SET lease_expires_at = now() - interval '1 second' WHERE id = %s", [task.id])
        # Even under the same name.
        (thief,) = owner.execute("SELECT attempt FROM claim_task('ada', '{analysis}')").fetchone()
        seen.put((task.attempt, thief, lost.wait(LONG)))
        return {"summary": "Too late."}

    with running("ada", work, lease=timedelta(seconds=6)):
        assert seen.get(timeout=LONG) == (1, 2, True)
    assert owner.execute("SELECT status, assigned_agent_id, attempts, result FROM tasks WHERE task_type = 'analyze_requirements'"
                         ).fetchone() == ("assigned", "ada", 2, None)
