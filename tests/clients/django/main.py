"""Runs the workflow and asserts what it leaves."""

import os
from datetime import datetime
from uuid import UUID

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()

from django.db import IntegrityError, ProgrammingError, connection, models, transaction  # noqa: E402

from tracker.models import Artifact, Task, Ticket, act_as, claim_task, complete_task, history, transition_ticket  # noqa: E402
from tracker.refusals import GateNotPassed, InvalidTransition, PhaseChanged, TaskNotHeld  # noqa: E402


def refused(kind, action):
    try:
        with transaction.atomic():
            action()
    except kind as refusal:
        return str(refusal)
    raise AssertionError(f"{kind.__name__} was not raised")


def move(ticket, phase):
    # region move
    ticket.phase_id = phase
    ticket.save()
    # endregion


def moves_and_refusals():
    ticket = Ticket.objects.create(title="Customers are charged twice")
    assert isinstance(ticket.id, UUID) and ticket.id.version == 7
    assert ticket.phase_id == "PHASE_BACKLOG" and ticket.context is None
    assert isinstance(ticket.created_at, datetime) and ticket.created_at.tzinfo
    entered = ticket.phase_entered_at

    # region actor
    with transaction.atomic():
        act_as("planner", "Sprint 12")
        ticket.phase_id = "PHASE_REQUIREMENTS"
        ticket.save()
    ticket.refresh_from_db()
    # endregion
    assert ticket.previous_phase_id == "PHASE_BACKLOG" and ticket.phase_entered_at > entered

    detail = refused(InvalidTransition, lambda: move(ticket, "PHASE_DONE"))
    assert f"{ticket.id} cannot move from PHASE_REQUIREMENTS to PHASE_DONE" in detail
    # The object still has what was refused, until it is read again.
    assert ticket.phase_id == "PHASE_DONE"
    ticket.refresh_from_db()
    assert ticket.phase_id == "PHASE_REQUIREMENTS"
    detail = refused(GateNotPassed, lambda: move(ticket, "PHASE_DESIGN"))
    assert 'The artifact "requirements_document" is missing.' in detail.splitlines()
    detail = refused(PhaseChanged, lambda: transition_ticket(ticket, "PHASE_DESIGN", expected_phase="PHASE_BACKLOG"))
    assert "is in PHASE_REQUIREMENTS" in detail

    # A violated CHECK has the SQLSTATE of a refused move, and is none.
    urgent = Ticket.objects.filter(id=ticket.id)
    assert "tickets_priority_check" in refused(IntegrityError, lambda: urgent.update(priority="URGENT"))
    # The usual grants (docs/access.md) keep a save() that writes all columns from putting back an old context.
    assert "permission denied" in refused(ProgrammingError, lambda: models.Model.save(ticket))
    ticket.refresh_from_db()
    return ticket


def work_and_context(ticket):
    assert claim_task("ada", ["juggling"]) is None
    task = claim_task("ada", ["analysis"])
    assert task.ticket_id == ticket.id and task.attempt == 1
    assert "agent bob" in refused(TaskNotHeld, lambda: complete_task(task, "bob", {}))
    result = {"context": {"key_decisions": ["Idempotency keys"]}}
    done = complete_task(task, "ada", result)
    assert done.status == "completed" and done.result == result

    task = claim_task("dora", ["documentation"])
    document = {"length": 1520, "sections": ["Scope", "Acceptance criteria"]}
    complete_task(task, "dora", {"artifacts": [{"type": "requirements_document", "content": document}]})
    assert set(ticket.tasks.values_list("status", flat=True)) == {"completed"}

    transition_ticket(ticket, "PHASE_DESIGN", reason="Reviewed")
    assert ticket.phase_id == "PHASE_DESIGN"
    assert ticket.context["requirements_phase"]["key_decisions"] == ["Idempotency keys"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT context_summary(%s)", [ticket.id])
        assert "- Idempotency keys" in cursor.fetchone()[0]
    entries = history(ticket)
    assert [entry[:2] for entry in entries] == [
        ("PHASE_BACKLOG", None), ("PHASE_REQUIREMENTS", "Sprint 12"), ("PHASE_DESIGN", "Reviewed"),
    ]
    assert entries[1][2] == "planner" != entries[2][2]


def many_tickets():
    # Django 5 does not learn the ids that the database gives in a bulk_create(), Django 6 does.
    Ticket.objects.bulk_create([Ticket(title=f"Ticket {n}") for n in range(3)])
    backlog = Ticket.objects.filter(phase_id="PHASE_BACKLOG")
    tickets = list(backlog.iterator())
    ids = {ticket.id for ticket in tickets}
    assert len(ids) == 3
    assert set(Ticket.objects.filter(phase_id__in=["PHASE_BACKLOG", "PHASE_DONE"]).values_list("id", flat=True)) == ids
    assert Task.objects.filter(phase_id="PHASE_REQUIREMENTS", ticket__phase_id="PHASE_DESIGN").count() == 2

    # One UPDATE, which moves all or none.
    refused(InvalidTransition, lambda: backlog.update(phase_id="PHASE_DONE"))
    for ticket, phase in zip(tickets, ["PHASE_REQUIREMENTS", "PHASE_REQUIREMENTS", "PHASE_DONE"]):
        ticket.phase_id = phase
    refused(InvalidTransition, lambda: Ticket.objects.bulk_update(tickets, ["phase_id"]))
    assert backlog.count() == 3
    Ticket.objects.bulk_update(tickets[:2], ["phase_id"])
    assert backlog.update(phase_id="PHASE_REQUIREMENTS") == 1
    assert Ticket.objects.filter(phase_id="PHASE_REQUIREMENTS", previous_phase_id="PHASE_BACKLOG").count() == 3


def null_and_null(ticket):
    # region null
    ticket.artifacts.create(phase_id="PHASE_DESIGN", artifact_type="sql_null", artifact_content=None)
    json_null = models.Value(None, models.JSONField())
    ticket.artifacts.create(phase_id="PHASE_DESIGN", artifact_type="json_null", artifact_content=json_null)
    # endregion
    assert Artifact.objects.get(artifact_content__isnull=True).artifact_type == "sql_null"


ticket = moves_and_refusals()
work_and_context(ticket)
many_tickets()
null_and_null(ticket)
