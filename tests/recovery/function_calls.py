"""A call, or several, of every function that SQL can call, in a populated database: for tests of where they may be called."""

import psycopg
import pytest

from populated import SHOP, quoted

TICKET = "(SELECT id FROM tickets WHERE title = '{}')"
WORKED_ON = TICKET.format("worked on 1")
WAITING = TICKET.format("worked on 3")
TESTING = TICKET.format("starts in PHASE_TESTING")
BLOCKED = TICKET.format("worked on 4")
READER = """(SELECT pg_get_userbyid(grantee) FROM pg_class c, aclexplode(relacl)
             WHERE c.oid = 'helpdesk.tickets'::regclass AND grantee NOT IN (0, relowner) LIMIT 1)"""
HELD = "(SELECT id FROM tasks WHERE status = 'running')"

READS = {
    "adoption_report": ["('helpdesk')", "('a new one')"],
    "aggregate_phase_context": [f"({WORKED_ON}, 'PHASE_REQUIREMENTS')", f"({WAITING})"],
    "can_transition": ["('PHASE_TESTING', 'PHASE_DONE')", "('PHASE_IDEA', 'PHASE_BACKLOG')"],
    "can_transition_ticket": [f"({WAITING}, 'PHASE_DESIGN')", f"({TESTING}, 'PHASE_DONE')", f"({BLOCKED}, 'PHASE_DESIGN')"],
    "check_gate_requirements": [f"({WAITING})", f"({WORKED_ON}, 'PHASE_REQUIREMENTS')", f"({TESTING}, 'PHASE_SECURITY_REVIEW')"],
    "check_workspace": ["()", "('helpdesk')"],
    "context_summary": [f"({WORKED_ON})", f"({WAITING}, 50)"],
    "count_tokens": ["('one two three')"],
    "extract_key_points": [f"((SELECT context FROM tickets WHERE id = {WORKED_ON}))"],
    "gate_status": [f"({WAITING})", f"({WORKED_ON})"],
    "get_context_for_phase": [f"({WORKED_ON})", f"({WORKED_ON}, 'PHASE_DONE', 100)"],
    "get_current_phase": [f"({BLOCKED})"],
    "get_phase_history": [f"({WORKED_ON})"],
    "get_templates_for_phase": ["('PHASE_REQUIREMENTS')"],
    "get_valid_transitions": ["('PHASE_TESTING')", "('PHASE_BLOCKED')"],
    "phase_diagram": ["()", "('dot')"],
    "summarize_context": [f"((SELECT context FROM tickets WHERE id = {WORKED_ON}), 100)"],
    "summarize_structured": [f"((SELECT context FROM tickets WHERE id = {WORKED_ON}))"],
    "ticket_context": [f"({WORKED_ON})", f"({WAITING})"],
    "_has_approved": [f"({WORKED_ON}, 'PHASE_REQUIREMENTS', 'ada')"],
    "took_part": [f"({WORKED_ON}, 'PHASE_REQUIREMENTS', 'ada')", f"({WORKED_ON}, 'PHASE_REQUIREMENTS', 'bob')"],
}

# Also where there is nothing to do: a move to where the ticket is, a summary or review that is asked for already.
WRITES = {
    "_adopt_step": ["('a new one', NULL, NULL, true, NULL)"],
    "add_artifact": [f"({WAITING}, 'notes')"],
    "archive_tickets": ["('infinity')"],
    "advance_tickets": ["()", "(5, 'me', '{PHASE_TESTING}')"],
    "block_ticket": [f"({WAITING}, 'why')", f"({BLOCKED}, 'why')"],
    "cancel_task": [f"({HELD})"],
    "claim_task": ["('ada', '{analysis}')", "('ada', '{nothing at all}')"],
    "claim_tasks": ["('ada', 3, '{analysis}')"],
    "collect_artifacts": [f"({WORKED_ON})", f"({WAITING})"],
    "complete_task": [f"({HELD}, 'bob')", f"({HELD}, 'somebody else')"],
    "complete_tasks": [f"""('bob', jsonb_build_array(jsonb_build_object('task_id', {HELD})))""", """('bob', '[]')"""],
    "create_workspace": ["('a new one')", "('helpdesk')"],
    "detach_workspace": ["('helpdesk')"],
    # Without Citus it is refused.
    "distribute_workspace": [],
    "fail_task": [f"({HELD}, 'bob', 'why')"],
    "force_transition_ticket": [f"({WAITING}, 'PHASE_DONE', 'why')", f"({BLOCKED}, 'PHASE_BLOCKED', 'why')"],
    "generate_phase_tasks": [f"({WAITING}, 'PHASE_TESTING')", f"({WAITING})"],
    "generate_task_from_template": [f"({WAITING}, (SELECT id FROM task_templates WHERE task_type = 'run_tests'))", f"({WAITING}, (SELECT id FROM task_templates WHERE task_type = 'agree'))"],
    "grant_access": ["('helpdesk', 'pg_monitor', 'reader')"],
    "heartbeat_task": [f"({HELD}, 'bob')"],
    "release_expired_tasks": ["()", "('helpdesk')"],
    "request_review": [f"({WAITING})"],
    "request_summary": [f"({WORKED_ON})"],
    "revoke_access": [f"('helpdesk', {READER})"],
    "start_task": [f"({HELD}, 'bob')"],
    "summarize_using_llm": [f"({WORKED_ON})", f"({BLOCKED})"],
    "transition_ticket": [f"({BLOCKED}, 'PHASE_REQUIREMENTS')", f"({BLOCKED}, 'PHASE_BLOCKED')", f"({WAITING}, 'PHASE_DONE')"],
    "transition_tickets": [f"(ARRAY[{BLOCKED}, {WAITING}], 'PHASE_REQUIREMENTS')"],
    "try_transition_ticket": [f"({BLOCKED}, 'PHASE_REQUIREMENTS')", f"({WAITING}, 'PHASE_DESIGN')"],
    "unblock_ticket": [f"({BLOCKED})", f"({WAITING})"],
    "update_ticket_context": [f"({WORKED_ON})", f"({WAITING})"],
    # On a workspace that is current, the only one here, it does nothing.
    "upgrade_workspace": [],
    "validate_gate": [f"({WORKED_ON})", f"({WAITING})"],
    "validate_phase_completion": [f"({WAITING})", f"({WORKED_ON}, 'PHASE_REQUIREMENTS')"],
}


def calls(functions):
    return [f"SELECT * FROM phasegate.{name}{arguments}" for name, examples in functions.items() for arguments in examples]


def answers(connection):
    """What every function that reads says, and every view."""
    connection.execute(f"SET search_path = {quoted(SHOP)}, phasegate")
    views = [f"SELECT * FROM {view}" for view in ["phase_board", "task_queue", "ending", "helpdesk.phase_board", "helpdesk.task_queue"]]
    # Without durations, which grow with the clock, and numbers of tickets, which are those of the last ANALYZE.
    views += ["SELECT ticket_id, phase, entered_at, left_at FROM phase_durations", "SELECT schema, owner, version FROM phasegate.workspaces"]
    found = {}
    for call in calls(READS) + views:
        found[call] = sorted(map(repr, connection.execute(call)))
    return found


def require_refusal_of_writes(connection):
    connection.execute(f"SET search_path = {quoted(SHOP)}, phasegate")
    writes = ["UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE phase_id = 'PHASE_BACKLOG'", "INSERT INTO tickets (title) VALUES ('t')",
              "DELETE FROM tickets", "INSERT INTO phase_gate_requirements (phase_id) VALUES ('PHASE_DONE')", "TRUNCATE task_templates"]
    for call in calls(WRITES) + writes:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction, match="cannot execute .* in a read-only transaction"):
            connection.execute(call)
