"""phasegate with psycopg 3: tickets, tasks and refusals as an application meets them."""

from contextlib import contextmanager

import psycopg
from psycopg.rows import namedtuple_row
from psycopg.types.json import Jsonb


# region errors
class Refused(Exception):
    """What phasegate refused; the text is the DETAIL, which names the ticket or task and the reasons."""


class InvalidTransition(Refused):
    pass


class GateNotPassed(Refused):
    pass


class PhaseChanged(Refused):
    pass


class TaskNotHeld(Refused):
    pass


# phasegate's errors carry their code where PostgreSQL's name a constraint.
REFUSALS = {
    "invalid_transition": InvalidTransition,
    "gate_not_passed": GateNotPassed,
    "phase_changed": PhaseChanged,
    "task_not_held": TaskNotHeld,
}


@contextmanager
def refusals():
    try:
        yield
    except psycopg.Error as error:
        refusal = REFUSALS.get(error.diag.constraint_name)
        if refusal is None:
            raise
        raise refusal(error.diag.message_detail) from error
# endregion


# region connect
def connect(pooled=False):
    # psycopg prepares a statement that it has sent five times. Behind a pooler in transaction mode the next
    # transaction may run in another session, where that statement does not exist.
    prepare_threshold = None if pooled else 5
    return psycopg.connect(autocommit=True, row_factory=namedtuple_row, prepare_threshold=prepare_threshold)
# endregion


# region tickets
def create_ticket(connection, title):
    return connection.execute("INSERT INTO tickets (title) VALUES (%s) RETURNING *", [title]).fetchone()


def move_ticket(connection, ticket, phase, actor):
    with refusals(), connection.transaction():
        # SET LOCAL takes no parameters; this does, and ends with the transaction as well.
        connection.execute("SELECT set_config('phasegate.actor', %s, true)", [actor])
        # A str, or a list of them, is sent without a type. The server takes it for a phase, here and in a WHERE.
        return connection.execute("UPDATE tickets SET phase_id = %s WHERE id = %s RETURNING *", [phase, ticket]).fetchone()


def tickets_in(connection, phases):
    return connection.execute("SELECT * FROM tickets WHERE phase_id = ANY (%s) ORDER BY id", [phases]).fetchall()
# endregion


# region functions
def transition_ticket(connection, ticket, phase, reason=None, actor=None, expected_phase=None):
    with refusals():
        return connection.execute(
            "SELECT * FROM transition_ticket(%s, %s, reason => %s, transitioned_by => %s, expected_phase => %s)",
            [ticket, phase, reason, actor, expected_phase],
        ).fetchone()


def claim_task(connection, agent, capabilities):
    return connection.execute("SELECT * FROM claim_task(%s, %s)", [agent, capabilities]).fetchone()


def complete_task(connection, task, agent, attempt, result):
    with refusals():
        return connection.execute(
            "SELECT * FROM complete_task(%s, %s, %s, attempt => %s)", [task, agent, Jsonb(result), attempt],
        ).fetchone()


def history(connection, ticket):
    return connection.execute("SELECT * FROM get_phase_history(%s)", [ticket]).fetchall()
# endregion
