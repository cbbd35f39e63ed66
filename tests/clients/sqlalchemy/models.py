"""phasegate's tables and refusals for SQLAlchemy 2, whichever driver it uses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import FetchedValue, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import UserDefinedType


# region mapping
class Phase(UserDefinedType):
    """The workspace's enum. Values are str: which labels there are is configuration of the database.

    A plain String would be sent as $1::VARCHAR, and there is no comparison of a phase with that.
    """

    cache_ok = True
    render_bind_cast = True

    def get_col_spec(self, **options):
        return "phase"


class Base(DeclarativeBase):
    # What the database fills in comes back with the INSERT or UPDATE itself, by RETURNING.
    __mapper_args__ = {"eager_defaults": True}


def by_database(type_=None):
    """A column that triggers and defaults fill in, on INSERT and on UPDATE."""
    return mapped_column(type_, server_default=FetchedValue(), server_onupdate=FetchedValue())


class Ticket(Base):
    __tablename__ = "tickets"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    title: Mapped[str]
    description: Mapped[str | None]
    priority: Mapped[str] = mapped_column(server_default=FetchedValue())
    phase_id: Mapped[str] = mapped_column(Phase, server_default=FetchedValue())
    previous_phase_id: Mapped[str | None] = by_database(Phase)
    context: Mapped[dict | None] = by_database(JSONB)
    phase_entered_at: Mapped[datetime] = by_database()
    created_at: Mapped[datetime] = mapped_column(server_default=FetchedValue())


class Artifact(Base):
    __tablename__ = "phase_gate_artifacts"

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=FetchedValue())
    ticket_id: Mapped[UUID]
    phase_id: Mapped[str] = mapped_column(Phase)
    artifact_type: Mapped[str]
    # Without none_as_null an explicit None is stored as the JSON value null.
    artifact_content: Mapped[dict | None] = mapped_column(JSONB(none_as_null=True))
# endregion


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


def raise_refusals(engine):
    """From now on statements and flushes raise Refused instead of IntegrityError or OperationalError."""

    @event.listens_for(engine, "handle_error")
    def handle(context):
        error = context.original_exception
        if hasattr(error, "diag"):  # psycopg
            code, detail = error.diag.constraint_name, error.diag.message_detail
        else:  # asyncpg, whose own exception is the cause of the one that SQLAlchemy makes of it
            error = error.__cause__
            code, detail = (getattr(error, name, None) for name in ("constraint_name", "detail"))
        refusal = REFUSALS.get(code)
        if refusal is not None:
            raise refusal(detail) from error
# endregion
