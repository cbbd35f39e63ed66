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


# A SQLSTATE alone does not say it: 23514 is also a violated CHECK, 55000 is also PostgreSQL's own.
REFUSALS = {
    ("23514", "invalid phase transition"): InvalidTransition,
    ("55000", "phase gate not passed"): GateNotPassed,
    ("40001", "ticket is not in the expected phase"): PhaseChanged,
    ("55000", "task is not held by this agent"): TaskNotHeld,
}


def raise_refusals(execute, sql, params, many, context):
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        cause = error.__cause__  # psycopg's, which has the fields of the message
        refusal = REFUSALS.get((cause.sqlstate, cause.diag.message_primary))
        if refusal is None:
            raise
        raise refusal(cause.diag.message_detail) from error
# endregion
