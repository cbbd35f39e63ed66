"""An agent that works phasegate's queue."""

import threading
from datetime import timedelta

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb


# region connect
def connect():
    """A session of the agent's role, whose search_path names the workspace."""
    return psycopg.connect(autocommit=True, row_factory=namedtuple_row)


class NotHeld(Exception):
    """The lease ran out and somebody else may have the task: whatever was done for it is not to be handed in."""


def ask(connection, statement, *values):
    """Runs a statement about a task that is held."""
    try:
        return connection.execute(statement, values).fetchone()
    except psycopg.Error as error:
        if error.diag.constraint_name == "task_not_held":
            raise NotHeld(error.diag.message_detail) from error
        raise
# endregion


# region heartbeat
class Heartbeat:
    """Extends the lease of a task while it is worked on, in a session and thread of its own."""

    def __init__(self, task, agent, lease):
        self.arguments = [task.id, agent, lease, task.attempt]
        self.pause = lease.total_seconds() / 3
        self.lost = threading.Event()
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.beat)

    def beat(self):
        try:
            with connect() as connection:
                while not self.done.wait(self.pause):
                    ask(connection, "SELECT heartbeat_task(%s, %s, lease => %s, attempt => %s)", *self.arguments)
        except (NotHeld, psycopg.Error):
            self.lost.set()

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
# endregion


# region attempt
class Hopeless(Exception):
    """Raised by the work: another attempt would end the same way."""


def attempt(connection, agent, task, work, lease):
    """Works a claimed task, and completes or fails it."""
    try:
        with Heartbeat(task, agent, lease) as heartbeat:
            ask(connection, "SELECT start_task(%s, %s, attempt => %s)", task.id, agent, task.attempt)
            result = work(task, heartbeat.lost)
        ask(connection, "SELECT complete_task(%s, %s, %s, attempt => %s)", task.id, agent, Jsonb(result), task.attempt)
    except NotHeld:
        pass  # whoever has it now does it
    except psycopg.OperationalError:
        raise  # the session is lost; the lease runs out, and the task is claimed again
    except Exception as error:
        retry = not isinstance(error, Hopeless)
        try:
            ask(connection, "SELECT fail_task(%s, %s, %s, retry => %s, attempt => %s)", task.id, agent, str(error), retry, task.attempt)
        except NotHeld:
            pass
# endregion


# region loop
def run(agent, capabilities, work, stop, lease=timedelta(minutes=1), poll=10):
    """Works tasks until `stop` is set."""
    with connect() as connection, connect() as listener:
        # Before the first claim, so that no task is missed that comes between a claim and the waiting.
        listener.execute("LISTEN phasegate_tasks")
        while not stop.is_set():
            task = connection.execute(
                "SELECT * FROM claim_task(%s, %s, lease => %s)", [agent, capabilities, lease]).fetchone()
            if task:
                attempt(connection, agent, task, work, lease)
            else:
                # Retries that become due and leases that run out notify nobody: look now and then.
                for _ in listener.notifies(timeout=poll, stop_after=1):
                    pass
# endregion
