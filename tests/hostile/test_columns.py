"""Odd values written by the owner into every column of every table of a workspace, and what phasegate makes of the rows.

What is accepted is then read and worked on by everything that looks at such a row. The owner may write what makes no
sense; it may make a statement fail, in the ways that are documented, but nothing worse.
"""

import re

import pytest

from odd_values import ALONE, COLUMN_UUIDS, TEXTS, TICKETS, literal, ticket_id, values_of
from probing import ALL_CASES, ALLOWED, is_fine, probed

# What constraints and triggers say, besides.
ALLOWED = ALLOWED | {
    "23502",  # NULL
    "23503",  # no such ticket
    "23505",  # there already
    "42501",  # history is append-only, a reviewer took part
}

READY = literal(ticket_id("ready")) + "::uuid"
ADDED = f"(SELECT id FROM tickets WHERE id <> ALL ('{{{','.join(map(ticket_id, TICKETS))}}}') LIMIT 1)"
ADDED_PHASE = TEXTS["good added phase"]  # which has no row in phases
TASK = {"ticket_id": READY, "phase_id": "'PHASE_TESTING'", "task_type": "'odd'"}
REVIEW = {**TASK, "kind": "'review'", "required_capabilities": "'[\"validation\"]'"}

# Rows that can be inserted, by table; each gets an odd value in one column after the other.
ROWS = {
    "tickets": [{"title": "'odd'", "phase_id": "'PHASE_DESIGN'"}, {"title": "'odd'", "phase_id": "'PHASE_BLOCKED'", "previous_phase_id": "'PHASE_DESIGN'"}],
    "phase_history": [{"ticket_id": READY, "from_phase": "'PHASE_TESTING'", "to_phase": "'PHASE_TESTING'"}],
    "phases": [{"phase_id": ADDED_PHASE, "context_key": "'odd'", "kind": "'work'"}],
    "phase_transitions": [{"from_phase": "'PHASE_TESTING'", "to_phase": "'PHASE_DONE'", "requires_gate": "true"}],
    "task_templates": [{"phase_id": "'PHASE_DEPLOYMENT'", "task_type": "'odd'", "template_description": "'{context_summary}'"}],
    "tasks": [
        TASK,
        {**TASK, "status": "'assigned'", "assigned_agent_id": "'eve'", "lease_expires_at": "now() + interval '1 day'", "attempts": "1"},
        {**TASK, "status": "'completed'", "assigned_agent_id": "'eve'"},
        {**TASK, "status": "'failed'"},
        REVIEW,
        {**REVIEW, "status": "'completed'", "assigned_agent_id": "'eve'", "result": "'{\"approved\": true}'"},
        {**TASK, "kind": "'summary'", "status": "'completed'", "result": "'{\"summary\": \"s\"}'"},
    ],
    "phase_gate_artifacts": [{"ticket_id": READY, "phase_id": "'PHASE_TESTING'", "artifact_type": "'test_results'", "artifact_content": "'{\"all_passed\": true}'"}],
    "phase_gate_results": [{"ticket_id": READY, "phase_id": "'PHASE_TESTING'", "gate_status": "'passed'"}],
    "phase_gate_requirements": [{"phase_id": "'PHASE_DEPLOYMENT'", "required_artifacts": "'{test_results}'"}],
    "phase_context": [{"ticket_id": READY, "phase_id": "'PHASE_DESIGN'", "context_data": "'{}'"}],
    "configuration_history": [{"table_name": "'phases'", "operation": "'UPDATE'"}],
    "ticket_archive": [{"ticket_id": READY}],
}
# The rows that an UPDATE changes, where they are not those of the ticket.
CHANGED = {
    "tickets": f"id = {READY}", "phases": "phase_id = 'PHASE_TESTING'", "configuration_history": "true", "phase_transitions": "from_phase = 'PHASE_TESTING' AND to_phase = 'PHASE_DEPLOYMENT'",
    "task_templates": "phase_id = 'PHASE_DEPLOYMENT'", "phase_gate_requirements": "phase_id = 'PHASE_TESTING'",
}

# What is done with the ticket afterwards, each on its own: where one is refused, the next is tried.
FOLLOWING = [
    "SELECT phasegate.get_phase_history({ticket})",
    "SELECT phasegate.gate_status({ticket})",
    "SELECT phasegate.can_transition_ticket({ticket}, 'PHASE_DEPLOYMENT')",
    "SELECT phasegate.ticket_context({ticket}), phasegate.get_context_for_phase({ticket}, 'PHASE_BLOCKED')",
    "SELECT phasegate.aggregate_phase_context({ticket})",
    "SELECT b, q, d FROM phase_board b, task_queue q, phase_durations d",
    "SELECT o FROM overdue_tickets o",
    "SELECT sum(violations), max(example) FROM phasegate.check_workspace()",
    "SELECT phasegate.release_expired_tasks()",
    "SELECT phasegate.claim_tasks('eve', 100, '{{analysis,testing,validation,summarization,documentation}}')",
    "SELECT phasegate.heartbeat_task(k.id, k.assigned_agent_id) FROM tasks k WHERE k.ticket_id = {ticket} AND status = 'assigned'",
    "SELECT phasegate.fail_task(k.id, 'eve', 'no') FROM tasks k WHERE k.ticket_id = {ticket} AND k.assigned_agent_id = 'eve' AND task_type = 'odd' AND status = 'assigned'",
    "SELECT phasegate.validate_gate({ticket})",
    "SELECT phasegate.validate_phase_completion({ticket}), phasegate.summarize_using_llm({ticket})",
    "SELECT phasegate.update_ticket_context({ticket})",
    "UPDATE tasks SET status = 'completed' WHERE ticket_id = {ticket} AND kind = 'work' AND status IN ('pending', 'assigned', 'running')",
    "SELECT phasegate.try_transition_ticket({ticket}, 'PHASE_DEPLOYMENT')",
    "UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = {ticket}",
    "SELECT phasegate.transition_tickets(ARRAY[{ticket}], 'PHASE_TESTING')",
    "DELETE FROM tickets WHERE id = {ticket}",
]


def values_for(kind, session):
    """The odd values of a column's type, as SQL."""
    kind = re.sub(r"character varying(\(\d+\))?", "text", kind)
    if kind == "phase":
        labels = session.execute("SELECT unnest(enum_range(NULL::phase))::text").fetchall()
        return {"null": "NULL", **{label: f"{literal(label)}::phase" for label, in labels}}
    values = values_of(session.info.server_version)[kind]
    return {name: f'(SELECT value FROM odd."{kind}" WHERE name = {literal(name)})' for name in values if kind != "uuid" or name in COLUMN_UUIDS}


def writes(table, columns, session):
    """Statements that write an odd value, by what they write; and whether much is made of the row afterwards."""
    for column, kind in columns:
        for name, value in values_for(kind, session).items():
            for number, row in enumerate(ROWS[table]):
                row = {**row, column: value}
                is_followed = number == 0 and (name not in ALONE or kind in ("jsonb", "text"))
                yield f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(row.values())})", (table, column, name, number), is_followed
            where = CHANGED.get(table, f"ticket_id = {READY}")
            yield f"UPDATE {table} SET {column} = {value} WHERE {where}", (table, column, name, "UPDATE"), name not in ALONE


@pytest.mark.parametrize("table", ROWS)
def test_odd_values_in_columns(session, table):
    columns = session.execute(
        "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum", [table]).fetchall()
    before = session.execute("SELECT odd.fingerprint()").fetchone()[0]
    ticket = {"INSERT": ADDED if table == "tickets" else READY, "UPDATE": READY}
    wrong, accepted = [], 0
    # What is made of the row afterwards is tried with each seventh.
    every = [(call, what, followed and (ALL_CASES or place % 7 == 0)) for place, (call, what, followed) in enumerate(writes(table, columns, session))]
    for verb in ticket:
        for is_followed in (True, False):
            calls = {call: what for call, what, followed in every if call.startswith(verb) and followed == is_followed}
            following = [step.format(ticket=ticket[verb]) for step in FOLLOWING] if is_followed else []
            for row in probed(session, calls, following):
                accepted += row.step == 0 and row.state == "00000"
                if not is_fine(row, ALLOWED):
                    wrong.append((calls[row.call], ([None] + following)[row.step], row[1:]))
    assert wrong == []
    assert accepted >= len(columns) * 2
    assert session.execute("SELECT odd.fingerprint()").fetchone()[0] == before


def test_every_table_is_tried(session):
    tables = session.execute("SELECT relname FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind = 'r'").fetchall()
    assert {table for table, in tables} == set(ROWS)
