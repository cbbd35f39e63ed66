"""P8: checking a gate with two artifacts, their criteria, and two completed tasks.

The baseline is the two SELECTs that read what the check looks at, sent in one round trip.
"""

from . import workspaces
from .rounds import MANY_ROUNDS, Row, at_most, interleaved, require_equal

REQUIREMENTS = """
    INSERT INTO phase_gate_requirements (phase_id, required_artifacts, required_tasks_completed, validation_criteria)
    VALUES ('PHASE_IMPLEMENTATION', '{code_changes,test_coverage}', true,
            '{"code_changes": {"must_have_tests": true}, "test_coverage": {"min_percentage": 80}}')
"""
EVIDENCE = """
    INSERT INTO tasks (ticket_id, phase_id, task_type, description, status, assigned_agent_id, attempts, completed_at, result)
    SELECT t.id, t.phase_id, k.task_type, 'Work on ' || t.title, 'completed', 'ada', 1, now(), k.result
      FROM tickets t, (VALUES
           ('implement_feature', '{"summary": "The feature is implemented behind a flag.", "context": {
               "key_decisions": ["Requests carry an idempotency key", "The flag is read once a request"],
               "risks": ["The provider''s sandbox does not delay webhooks"], "api": {"version": 2}}}'::jsonb),
           ('document_feature', '{"summary": "The manual has a chapter on it.", "context": {
               "key_decisions": ["The flag is documented for operators only"], "open_questions": ["Who translates it?"],
               "api": {"documented": true}}}')) k (task_type, result);
    INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type, artifact_path, artifact_content, collected_by)
    SELECT t.id, t.phase_id, a.type, a.path, a.content, 'ada'
      FROM tickets t, (VALUES
           ('code_changes', 'changes/feature.diff', '{"files": ["src/pay.py", "tests/test_pay.py"], "has_tests": true}'::jsonb),
           ('test_coverage', 'reports/coverage.json', '{"percentage": 91.5, "lines": 4210}')) a (type, path, content);
"""

OURS = f"""
    \\set n random(1, :tickets)
    SELECT check_gate_requirements({workspaces.TICKET}, 'PHASE_IMPLEMENTATION');
"""
ARTIFACTS = f"""
    SELECT DISTINCT ON (artifact_type) id, artifact_type, artifact_content
      FROM phase_gate_artifacts
     WHERE ticket_id = {workspaces.TICKET} AND phase_id = 'PHASE_IMPLEMENTATION' AND superseded_at IS NULL
     ORDER BY artifact_type, collected_at DESC, id DESC
"""
TASKS = f"""
    SELECT id, task_type, status, description
      FROM tasks
     WHERE ticket_id = {workspaces.TICKET} AND phase_id = 'PHASE_IMPLEMENTATION' AND kind = 'work' AND status <> 'cancelled'
"""
BARE = f"""
    \\set n random(1, :tickets)
    \\startpipeline
    {ARTIFACTS};
    {TASKS};
    \\endpipeline
"""

PASSES = "SELECT bool_and((check_gate_requirements(id) ->> 'requirements_met')::boolean) FROM tickets"


def load_evidence(database, schema):
    """All that the gate asks for, for each ticket."""
    workspaces.load(database, schema, EVIDENCE)
    database.vacuum(f"{schema}.tasks", f"{schema}.phase_gate_artifacts")


def run(bench):
    """The row of P8."""
    tickets = bench.scaled(10_000)
    with bench.server.database("bench_p8") as database:
        for schema in ("ours", "bare"):
            workspaces.make(database, schema, bare=schema == "bare")
            database.run(REQUIREMENTS, schema)
            workspaces.load_tickets(database, schema, tickets)
            load_evidence(database, schema)
        [[is_met]] = database.run(PASSES, workspaces.path("ours"))
        if not is_met:
            raise AssertionError("the gate that is measured does not pass")
        found = {sql: len(database.run(sql.replace(":n", "1"), "bare")) for sql in (ARTIFACTS, TASKS)}
        require_equal({"evidence": 2, **found})

        def side(schema, script):
            return lambda _: database.pgbench(script, bench.scaled(10_000), workspaces.path(schema),
                                              variables={"tickets": tickets})

        sides = {"ours": side("ours", OURS), "bare": side("bare", BARE)}
        [found] = interleaved({"": sides}, rounds=MANY_ROUNDS).values()
    against = "two SELECTs, one round trip"
    return [Row("P8", "check_gate_requirements", against, found["ours"], found["bare"], at_most(1.6))]
