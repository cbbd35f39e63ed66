"""phasegate's refusals as exceptions."""

from django.db import DatabaseError


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


def raise_refusals(execute, sql, params, many, context):
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        cause = error.__cause__  # psycopg's, which has the fields of the message
        refusal = REFUSALS.get(cause.diag.constraint_name)
        if refusal is None:
            raise
        raise refusal(cause.diag.message_detail) from error
# endregion
