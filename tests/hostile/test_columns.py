"""Odd values written by the owner into every column of every table of a workspace, and what everything else makes of the row."""

import time

import pytest

from conftest import ALLOWED, PRESENT, leaks
from odd_values import TICKETS, literal, ticket_id, values_of

READY = literal(ticket_id("ready"))
REVIEWER = {"kind": "'review'", "required_capabilities": "'[\"validation\"]'", "assigned_agent_id": "'eve'"}
TASK = {"ticket_id": READY, "phase_id": "'PHASE_TESTING'", "task_type": "'odd'"}

# Rows that can be inserted, by table; each gets an odd value in one column after the other.
ROWS = {
    "tickets": [{"title": "'odd'", "phase_id": "'PHASE_DESIGN'"}, {"title": "'odd'", "phase_id": "'PHASE_BLOCKED'", "previous_phase_id": "'PHASE_DESIGN'"}],
    "phase_history": [{"ticket_id": READY, "from_phase": "'PHASE_TESTING'", "to_phase": "'PHASE_TESTING'"}],
    "phase_transitions": [{"from_phase": "'PHASE_TESTING'", "to_phase": "'PHASE_DONE'", "requires_gate": "true"}],
    "task_templates": [{"phase_id": "'PHASE_TESTING'", "task_type": "'odd'", "template_description": "'{context_summary}'"}],
    "tasks": [
        TASK,
        {**TASK, "status": "'assigned'", "assigned_agent_id": "'eve'", "lease_expires_at": "now() + interval '1 day'", "attempts": "1"},
        {**TASK, "status": "'completed'", "assigned_agent_id": "'eve'"},
        {**TASK, "status": "'failed'"},
        {**TASK, **REVIEWER, "assigned_agent_id": "NULL"},
        {**TASK, **REVIEWER, "status": "'completed'", "result": "'{\"approved\": true}'"},
        {**TASK, "kind": "'summary'", "status": "'completed'", "result": "'{\"summary\": \"s\"}'"},
    ],
    "phase_gate_artifacts": [{"ticket_id": READY, "phase_id": "'PHASE_TESTING'", "artifact_type": "'test_results'", "artifact_content": "'{\"all_passed\": true}'"}],
    "phase_gate_results": [{"ticket_id": READY, "phase_id": "'PHASE_TESTING'", "gate_status": "'passed'"}],
    "phase_gate_requirements": [{"phase_id": "'PHASE_DEPLOYMENT'", "required_artifacts": "'{test_results}'"}],
    "phase_context": [{"ticket_id": READY, "phase_id": "'PHASE_DESIGN'", "context_data": "'{}'"}],
}
# Which rows an UPDATE changes.
CHANGED = {
    "tickets": f"id = {READY}", "phase_transitions": "from_phase = 'PHASE_TESTING' AND to_phase = 'PHASE_DEPLOYMENT'",
    "task_templates": "phase_id = 'PHASE_TESTING'", "phase_gate_requirements": "phase_id = 'PHASE_TESTING'",
}

# What is done with the ticket afterwards, each on its own: where one is refused, the next is tried.
FOLLOWING = [
    "SELECT length(t::text) FROM tickets t WHERE t.id = {ticket}",
    "SELECT max(length(h::text)) FROM phasegate.get_phase_history({ticket}) h",
    "SELECT phasegate.get_current_phase({ticket})",
    "SELECT length(phasegate.gate_status({ticket})::text)",
    "SELECT length(phasegate.check_gate_requirements({ticket})::text)",
    "SELECT phasegate.can_transition_ticket({ticket}, 'PHASE_DEPLOYMENT')",
    "SELECT length(phasegate.ticket_context({ticket})::text)",
    "SELECT length(phasegate.context_summary({ticket}))",
    "SELECT length(phasegate.get_context_for_phase({ticket}, 'PHASE_BLOCKED')::text)",
    "SELECT length(phasegate.aggregate_phase_context({ticket})::text)",
    "SELECT phasegate.took_part({ticket}, 'PHASE_TESTING', 'eve')",
    "SELECT length(phasegate.phase_diagram())",
    "SELECT count(*), max(length(t::text)) FROM phasegate.get_templates_for_phase('PHASE_TESTING') t",
    "SELECT count(*), max(length(b::text)) FROM phase_board b",
    "SELECT count(*), max(length(d::text)) FROM phase_durations d",
    "SELECT count(*), max(length(q::text)) FROM task_queue q",
    "SELECT sum(violations), max(example) FROM phasegate.check_workspace()",
    "SELECT phasegate.release_expired_tasks()",
    "SELECT count(*), max(length(c::text)) FROM phasegate.claim_tasks('eve', 100, '{{analysis,testing,validation,summarization,documentation}}') c",
    "SELECT count(phasegate.heartbeat_task(k.id, k.assigned_agent_id)) FROM tasks k WHERE k.ticket_id = {ticket}",
    "SELECT length(phasegate.collect_artifacts({ticket})::text)",
    "SELECT length(phasegate.validate_gate({ticket})::text)",
    "SELECT length(phasegate.validate_phase_completion({ticket})::text)",
    "SELECT count(*), max(length(k::text)) FROM phasegate.generate_phase_tasks({ticket}) k",
    "SELECT phasegate.update_ticket_context({ticket})",
    "SELECT length(phasegate.summarize_using_llm({ticket})::text)",
    "SELECT phasegate.add_artifact({ticket}, 'test_results', artifact_content => '{{\"all_passed\": true}}')",
    "SELECT count(phasegate.fail_task(k.id, 'eve', 'no')) FROM tasks k WHERE k.ticket_id = {ticket} AND k.assigned_agent_id = 'eve' AND kind = 'work' AND task_type = 'odd'",
    "SELECT count(phasegate.complete_task(k.id, k.assigned_agent_id)) FROM tasks k WHERE k.ticket_id = {ticket} AND k.kind = 'work'",
    "UPDATE tasks SET status = 'completed' WHERE ticket_id = {ticket} AND kind = 'work' AND status <> 'completed'",
    "SELECT phasegate.cancel_task(k.id) FROM tasks k WHERE k.ticket_id = {ticket} AND status NOT IN ('completed', 'cancelled')",
    "SELECT phasegate.try_transition_ticket({ticket}, 'PHASE_DEPLOYMENT')",
    "UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE id = {ticket}",
    "UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = {ticket}",
    "SELECT phasegate.unblock_ticket({ticket})",
    "SELECT count(*), max(length(a::text)) FROM phasegate.transition_tickets((SELECT array_agg(id) FROM tickets), 'PHASE_TESTING') a",
    "SELECT count(*), max(length(a::text)) FROM phasegate.transition_tickets((SELECT array_agg(id) FROM tickets), 'PHASE_BLOCKED') a",
    "SELECT phasegate.create_workspace(current_schema())",
    "DELETE FROM tasks WHERE ticket_id = {ticket}",
    "DELETE FROM tickets WHERE id = {ticket}",
    "DELETE FROM tickets",
]


def values_for(kind, session):
    values = values_of(session.info.server_version)
    bare = kind.split("(")[0]
    if bare in values:
        return {name: f'(SELECT value FROM odd."{bare}" WHERE name = {literal(name)})' for name in values[bare]}
    labels = session.execute("SELECT unnest(enum_range(NULL::phase))::text").fetchall()
    assert kind == "phase"
    return {"null": "NULL", **{label: f"{literal(label)}::phase" for label, in labels}}


def writes(table, columns, session):
    """(what, statement, ticket) for every odd value in every column."""
    for column, kind in columns:
        for name, value in values_for(kind, session).items():
            for number, row in enumerate(ROWS[table]):
                odd = {**row, column: value}
                ticket = f"(SELECT id FROM tickets WHERE id <> ALL ('{{{','.join(map(ticket_id, TICKETS))}}}') LIMIT 1)" if table == "tickets" else READY
                yield (table, column, name, number), f"INSERT INTO {table} ({', '.join(odd)}) VALUES ({', '.join(odd.values())})", ticket
            where = CHANGED.get(table, f"ticket_id = {READY}")
            yield (table, column, name, "UPDATE"), f"UPDATE {table} SET {column} = {value} WHERE {where}", READY


def test_every_column(session):
    tables = session.execute(
        "SELECT c.relname, array_agg(ARRAY[a.attname::text, format_type(a.atttypid, a.atttypmod)] ORDER BY attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE relnamespace = quote_ident(%s)::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped GROUP BY 1 ORDER BY 1", [PRESENT]).fetchall()
    assert {table for table, _ in tables} == set(ROWS)
    before = session.execute("SELECT odd.fingerprint()").fetchone()[0]
    faults = []
    import collections, re
    SEEN = collections.defaultdict(list)
    for table, columns in tables:
        done = list(writes(table, columns, session))
        t = time.time(); n = ok = 0
        for ticket in sorted({ticket for _, _, ticket in done}):
            named = {statement: what for what, statement, its in done if its == ticket}
            following = [statement.format(ticket=ticket) for statement in FOLLOWING]
            rows = session.execute("SELECT * FROM odd.probe(%s, %s)", [list(named), following]).fetchall()
            n += len(named); ok += sum(r[1]==0 and r[2]=='00000' for r in rows)
            for call, step, state, message, detail, hint, context in rows:
                told = (*named[call], (["itself"] + following)[step], state, message, detail, hint)
                m = re.sub(r'[0-9a-f-]{36}','UUID', ' | '.join(str(x)[:300].replace(chr(10),' // ') for x in (message, detail, hint) if x))
                SEEN[state, m[:500]].append((*named[call], step))
                if state != "00000" and (state not in ALLOWED or leaks(message, detail, hint, context)):
                    faults.append(told)
        print(table, n, ok, time.time() - t, flush=True)
        open("/tmp/h-hostile/faults2.txt","w").write("\n".join(" | ".join(str(y)[:300].replace(chr(10)," // ") for y in x) for x in faults))
    assert session.execute("SELECT odd.fingerprint()").fetchone()[0] == before
    with open('/tmp/h-hostile/seen2.txt','w') as f:
        for (a,m),fs in sorted(SEEN.items()): print(a, m, len(fs), fs[:4], file=f)
    with open('/tmp/h-hostile/faults2.txt','w') as f:
        for x in faults: print(*(str(y)[:300].replace(chr(10),' // ') for y in x), sep=' | ', file=f)
    assert faults == []
