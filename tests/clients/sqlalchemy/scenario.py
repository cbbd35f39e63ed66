"""The workflow through a Session, asserting what it leaves. Which driver carries it makes no difference to it."""

from contextlib import contextmanager

from datetime import datetime
from uuid import UUID

from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from models import Artifact, GateNotPassed, InvalidTransition, PhaseChanged, TaskNotHeld, Ticket
from statements import act_as, claim_task, complete_task, history, move_all, transition_ticket


def refused(kind, session, action):
    try:
        action()
    except kind as refusal:
        session.rollback()
        return str(refusal)
    raise AssertionError(f"{kind.__name__} was not raised")


@contextmanager
def no_statement(session):
    """What is read here has been fetched before."""
    sent = []

    def listener(connection, cursor, statement, *rest):
        sent.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", listener)
    yield
    event.remove(session.get_bind(), "before_cursor_execute", listener)
    assert sent == []


def move(session, ticket, phase):
    # region move
    ticket.phase_id = phase
    session.commit()
    # endregion


def moves_and_refusals(session):
    ticket = Ticket(title="Customers are charged twice")
    session.add(ticket)
    session.flush()
    with no_statement(session):
        assert isinstance(ticket.id, UUID) and ticket.id.version == 7
        assert ticket.phase_id == "PHASE_BACKLOG" and ticket.context is None
        assert isinstance(ticket.created_at, datetime) and ticket.created_at.tzinfo
    entered = ticket.phase_entered_at
    session.commit()

    session.execute(act_as("planner", "Sprint 12"))
    ticket.phase_id = "PHASE_REQUIREMENTS"
    session.flush()
    with no_statement(session):
        assert ticket.previous_phase_id == "PHASE_BACKLOG" and ticket.phase_entered_at > entered
    session.commit()

    detail = refused(InvalidTransition, session, lambda: move(session, ticket, "PHASE_DONE"))
    assert f"{ticket.id} cannot move from PHASE_REQUIREMENTS to PHASE_DONE" in detail
    detail = refused(GateNotPassed, session, lambda: move(session, ticket, "PHASE_DESIGN"))
    assert 'The artifact "requirements_document" is missing.' in detail.splitlines()
    stale = transition_ticket(ticket.id, "PHASE_DESIGN", expected_phase="PHASE_BACKLOG")
    assert "is in PHASE_REQUIREMENTS" in refused(PhaseChanged, session, lambda: session.execute(stale))
    assert ticket.phase_id == "PHASE_REQUIREMENTS"

    # A violated CHECK has the SQLSTATE of a refused move, and is none.
    ticket.priority = "URGENT"
    assert "tickets_priority_check" in refused(IntegrityError, session, session.commit)
    return ticket


def work_and_context(session, ticket):
    assert session.execute(claim_task("ada", ["juggling"])).one_or_none() is None
    task = session.execute(claim_task("ada", ["analysis"])).one()
    session.commit()
    assert task.ticket_id == ticket.id and task.attempt == 1
    assert "agent bob" in refused(TaskNotHeld, session, lambda: session.execute(complete_task(task, "bob", {})))
    result = {"context": {"key_decisions": ["Idempotency keys"]}}
    done = session.execute(complete_task(task, "ada", result)).one()
    assert done.status == "completed" and done.result == result

    task = session.execute(claim_task("dora", ["documentation"])).one()
    document = {"length": 1520, "sections": ["Scope", "Acceptance criteria"]}
    artifacts = [{"type": "requirements_document", "content": document}]
    session.execute(complete_task(task, "dora", {"artifacts": artifacts})).one()
    session.commit()

    # By function: the session does not know what changed, until it is told to look.
    moved = session.execute(transition_ticket(ticket.id, "PHASE_DESIGN", reason="Reviewed")).one()
    assert (moved.previous_phase, moved.current_phase) == ("PHASE_REQUIREMENTS", "PHASE_DESIGN")
    session.refresh(ticket)
    assert ticket.phase_id == "PHASE_DESIGN"
    assert ticket.context["requirements_phase"]["key_decisions"] == ["Idempotency keys"]
    assert "- Idempotency keys" in session.scalar(select(func.context_summary(ticket.id)))
    entries = session.execute(history(ticket.id)).all()
    assert [(entry.to_phase, entry.transition_reason) for entry in entries] == [
        ("PHASE_BACKLOG", None), ("PHASE_REQUIREMENTS", "Sprint 12"), ("PHASE_DESIGN", "Reviewed"),
    ]
    assert entries[1].transitioned_by == "planner" != entries[2].transitioned_by
    session.commit()


def many_tickets(session):
    tickets = [Ticket(title=f"Ticket {n}") for n in range(3)]
    session.add_all(tickets)
    session.commit()
    ids = {ticket.id for ticket in tickets}
    assert set(session.scalars(select(Ticket.id).where(Ticket.phase_id == "PHASE_BACKLOG"))) == ids
    assert set(session.scalars(select(Ticket.id).where(Ticket.phase_id.in_(["PHASE_BACKLOG", "PHASE_DONE"])))) == ids

    # A flush of several changes is one transaction: the second has no such edge, and none is moved.
    tickets[0].phase_id = "PHASE_REQUIREMENTS"
    tickets[1].phase_id = "PHASE_DONE"
    refused(InvalidTransition, session, session.commit)
    assert {ticket.phase_id for ticket in tickets} == {"PHASE_BACKLOG"}
    refused(InvalidTransition, session, lambda: session.execute(move_all("PHASE_BACKLOG", "PHASE_DONE")))
    assert session.execute(move_all("PHASE_BACKLOG", "PHASE_REQUIREMENTS")).rowcount == 3
    # The session changed its own copies as it would have the rows; what triggers did it reads anew after the commit.
    session.commit()
    assert {(ticket.phase_id, ticket.previous_phase_id) for ticket in tickets} == {("PHASE_REQUIREMENTS", "PHASE_BACKLOG")}


def null_and_null(session, ticket):
    artifact = Artifact(ticket_id=ticket.id, phase_id="PHASE_DESIGN", artifact_type="notes", artifact_content=None)
    session.add(artifact)
    session.commit()
    assert session.scalar(select(Artifact.artifact_content.is_(None)).where(Artifact.id == artifact.id))


def run(session):
    ticket = moves_and_refusals(session)
    work_and_context(session, ticket)
    many_tickets(session)
    null_and_null(session, ticket)
