"""Statements that are no mapped tables' own. They are the same for a Session and an AsyncSession."""

from sqlalchemy import ARRAY, Text, bindparam, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB

from models import Ticket


# region functions
def act_as(actor, reason=None):
    """Who moves tickets in this transaction, and why. Like SET LOCAL, which takes no parameters."""
    return select(func.set_config("phasegate.actor", actor, True), func.set_config("phasegate.reason", reason or "", True))


def transition_ticket(ticket_id, phase, expected_phase=None, reason=None):
    return text(
        "SELECT * FROM transition_ticket(:ticket, :phase, expected_phase => :expected, reason => :reason)"
    ).bindparams(ticket=ticket_id, phase=phase, expected=expected_phase, reason=reason)


def claim_task(agent, capabilities):
    # .columns() says what to convert: without it asyncpg gives jsonb as str here.
    return text("SELECT * FROM claim_task(:agent, :capabilities)").bindparams(
        bindparam("capabilities", capabilities, ARRAY(Text)), agent=agent,
    ).columns(context=JSONB)


def complete_task(task, agent, result):
    return text("SELECT * FROM complete_task(:id, :agent, :result, attempt => :attempt)").bindparams(
        bindparam("result", result, JSONB), id=task.id, agent=agent, attempt=task.attempt,
    ).columns(result=JSONB)


def history(ticket_id):
    return text("SELECT * FROM get_phase_history(:ticket)").bindparams(ticket=ticket_id)


def move_all(from_phase, to_phase):
    """One UPDATE, which moves all of them or none."""
    return update(Ticket).where(Ticket.phase_id == from_phase).values(phase_id=to_phase)
# endregion
