"""P2: a move with everything: gate with two artifacts and criteria, two completed tasks, context, a generated task.

The baseline is the same rules as a trigger and functions in PL/pgSQL (sql/whole_moves.sql). What both sides made of
the context, the verdict and the task is compared, ticket by ticket.
"""

import pathlib

from . import workspaces
from .gate_checks import REQUIREMENTS, load_evidence
from .moves import NEXT
from .rounds import ROUNDS, Row, at_least, interleaved, require_equal

RULES = pathlib.Path(__file__).with_name("sql") / "whole_moves.sql"

OURS = f"{NEXT} SELECT transition_ticket({workspaces.TICKET}, 'PHASE_TESTING', 'benchmark', 'bench');"
UPDATE = f"{NEXT} UPDATE tickets SET phase_id = 'PHASE_TESTING' WHERE id = {workspaces.TICKET};"

CONTEXT = """'{"design_phase": {"key_decisions": ["One table per tenant", "Money is kept in cents"],
    "risks": ["Old clients send no version"], "summary": "The design covers both payment providers.", "tasks": [],
    "artifacts": [{"type": "design_document", "path": "docs/design.md"}]}}'"""

WRITTEN = """
    SELECT t.id, t.phase_id::text, t.previous_phase_id::text, t.phase_entered_at > t.created_at AS entered,
           t.context - '{implementation_phase}'::text[], t.context #- '{implementation_phase,tasks}', t.context_summary,
           (SELECT jsonb_agg(j - 'task_id') FROM jsonb_array_elements(t.context #> '{implementation_phase,tasks}') j),
           c.context_data = t.context -> 'implementation_phase', c.context_summary,
           r.phase_id::text, r.gate_status, r.validation_result, r.validated_by, r.blocking_reasons,
           h.from_phase::text, h.to_phase::text, h.transition_reason, h.transitioned_by, h.db_role,
           h.gate_result_id = r.id, (SELECT jsonb_agg(j - 'id') FROM jsonb_array_elements(h.artifacts) j),
           k.task_type, k.description, k.priority, k.status, k.required_capabilities, k.template_id IS NOT NULL
      FROM tickets t
      LEFT JOIN phase_context c ON c.ticket_id = t.id
      LEFT JOIN phase_gate_results r ON r.ticket_id = t.id
      LEFT JOIN phase_history h ON h.ticket_id = t.id
      LEFT JOIN tasks k ON k.ticket_id = t.id AND k.phase_id = 'PHASE_TESTING'
     ORDER BY t.id
"""


def run(bench):
    """The rows of P2."""
    each = bench.scaled(4_000)
    schemas = {"ours": OURS, "direct": UPDATE, "rules": UPDATE}
    settings = {"direct": {"phasegate.actor": "bench", "phasegate.reason": "benchmark"},
                "rules": {"bench.actor": "bench", "bench.reason": "benchmark"}}
    with bench.server.database("bench_p2") as database:
        for schema in schemas:
            workspaces.make(database, schema, bare=schema == "rules", configured=True)
            database.run(f"""DELETE FROM phase_gate_requirements; {REQUIREMENTS};
                             DELETE FROM task_templates WHERE task_type = 'write_tests'""", schema)
            workspaces.load_tickets(database, schema, each * (ROUNDS + 1), context=CONTEXT)
            load_evidence(database, schema)
        database.run(RULES.read_text("utf-8"), workspaces.path("rules"))

        def side(schema):
            # Each round moves tickets that have not moved yet.
            return lambda number: database.pgbench(
                schemas[schema], each, workspaces.path(schema), variables={"k": number * each, "share": 0},
                settings=settings.get(schema))

        [found] = interleaved({"": {schema: side(schema) for schema in schemas}}).values()
        written = {schema: database.run(WRITTEN, schema) for schema in schemas}
    require_equal(written)
    against = "PL/pgSQL trigger and functions"
    return [
        Row("P2", "transition_ticket with gate, context and task", against, found["ours"], found["rules"], at_least(1.3), True),
        Row("P2", "plain UPDATE with gate, context and task", against, found["direct"], found["rules"], None, True),
    ]
