"""Runs the workflow and asserts what it leaves. PGHOST and so on say where; an argument "pooled" says that it is a pooler."""

import sys
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from workflow import (
    GateNotPassed, InvalidTransition, PhaseChanged, TaskNotHeld,
    claim_task, complete_task, connect, create_ticket, history, move_ticket, refusals, tickets_in, transition_ticket,
)


def execute(connection, *arguments):
    with refusals():
        connection.execute(*arguments)


def refused(kind, function, *arguments, **options):
    try:
        function(*arguments, **options)
    except kind as refusal:
        return str(refusal)
    raise AssertionError(f"{kind.__name__} was not raised")


def moves_and_refusals(connection):
    ticket = create_ticket(connection, "Customers are charged twice")
    assert isinstance(ticket.id, UUID) and ticket.id.version == 7
    assert ticket.phase_id == "PHASE_BACKLOG" and ticket.context is None
    assert isinstance(ticket.created_at, datetime) and ticket.created_at.tzinfo

    moved = move_ticket(connection, ticket.id, "PHASE_REQUIREMENTS", "planner")
    assert (moved.phase_id, moved.previous_phase_id) == ("PHASE_REQUIREMENTS", "PHASE_BACKLOG")
    assert moved.phase_entered_at > ticket.phase_entered_at

    detail = refused(InvalidTransition, move_ticket, connection, ticket.id, "PHASE_DONE", "planner")
    assert f"{ticket.id} cannot move from PHASE_REQUIREMENTS to PHASE_DONE" in detail
    detail = refused(GateNotPassed, move_ticket, connection, ticket.id, "PHASE_DESIGN", "planner")
    assert 'The artifact "requirements_document" is missing.' in detail.splitlines()
    detail = refused(PhaseChanged, transition_ticket, connection, ticket.id, "PHASE_DESIGN", expected_phase="PHASE_BACKLOG")
    assert "is in PHASE_REQUIREMENTS" in detail

    # A violated CHECK has the SQLSTATE of a refused move, and is none.
    urgent = "UPDATE tickets SET priority = 'URGENT' WHERE id = %s"
    assert "tickets_priority_check" in refused(psycopg.errors.CheckViolation, execute, connection, urgent, [ticket.id])
    return ticket.id


def work_and_context(connection, ticket):
    assert claim_task(connection, "ada", ["juggling"]) is None
    task = claim_task(connection, "ada", ["analysis"])
    assert task.ticket_id == ticket and task.attempt == 1
    detail = refused(TaskNotHeld, complete_task, connection, task.id, "bob", task.attempt, {})
    assert "agent bob" in detail
    done = complete_task(connection, task.id, "ada", task.attempt, {"context": {"key_decisions": ["Idempotency keys"]}})
    assert done.status == "completed" and done.result == {"context": {"key_decisions": ["Idempotency keys"]}}

    task = claim_task(connection, "dora", ["documentation"])
    document = {"length": 1520, "sections": ["Scope", "Acceptance criteria"]}
    complete_task(connection, task.id, "dora", task.attempt, {"artifacts": [{"type": "requirements_document", "content": document}]})

    move = transition_ticket(connection, ticket, "PHASE_DESIGN", reason="Sprint 12", actor="planner")
    assert (move.previous_phase, move.current_phase) == ("PHASE_REQUIREMENTS", "PHASE_DESIGN")
    entries = history(connection, ticket)
    assert [(entry.to_phase, entry.transition_reason) for entry in entries] == [
        ("PHASE_BACKLOG", None), ("PHASE_REQUIREMENTS", None), ("PHASE_DESIGN", "Sprint 12"),
    ]
    assert [entry.transitioned_by for entry in entries[1:]] == ["planner", "planner"]
    context, summary = connection.execute("SELECT context, context_summary(id) FROM tickets WHERE id = %s", [ticket]).fetchone()
    assert context["requirements_phase"]["key_decisions"] == ["Idempotency keys"]
    assert "- Idempotency keys" in summary


def many_tickets(connection):
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tickets (title) VALUES (%s) RETURNING id", [[f"Ticket {n}"] for n in range(3)], returning=True)
        ids = [result.fetchone().id for result in cursor.results()]
    assert {row.id for row in tickets_in(connection, ["PHASE_BACKLOG", "PHASE_DONE"])} == set(ids)
    row = connection.execute("SELECT count(*) FROM tickets WHERE phase_id = %s", ["PHASE_BACKLOG"]).fetchone()
    assert row.count == 3

    # One UPDATE moves all or none, and here two of three have no such edge.
    move_ticket(connection, ids[0], "PHASE_REQUIREMENTS", "planner")
    block = "UPDATE tickets SET phase_id = %s WHERE id = ANY (%s)"
    refused(InvalidTransition, execute, connection, block, ["PHASE_BLOCKED", ids])
    assert tickets_in(connection, ["PHASE_BLOCKED"]) == []
    # The function moves those that can, and answers for each.
    answers = connection.execute("SELECT * FROM transition_tickets(%s, %s)", [ids, "PHASE_BLOCKED"]).fetchall()
    assert [(answer.ticket_id, answer.error_code) for answer in answers] == [
        (ids[0], None), (ids[1], "invalid_transition"), (ids[2], "invalid_transition"),
    ]


def null_and_null(connection, ticket):
    insert = "INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_content) VALUES (%s, %s, %s, %s)"
    connection.execute(insert, [ticket, "PHASE_DESIGN", "sql_null", None])
    connection.execute(insert, [ticket, "PHASE_DESIGN", "json_null", Jsonb(None)])
    kinds = connection.execute(
        "SELECT artifact_type, jsonb_typeof(artifact_content) FROM phase_gate_artifacts WHERE ticket_id = %s AND phase_id = %s ORDER BY 1",
        [ticket, "PHASE_DESIGN"]).fetchall()
    assert kinds == [("json_null", "null"), ("sql_null", None)]


with connect(pooled="pooled" in sys.argv) as connection:
    ticket = moves_and_refusals(connection)
    work_and_context(connection, ticket)
    many_tickets(connection)
    null_and_null(connection, ticket)
