"""P5 and P5b: claiming and completing tasks, one or twenty at a time, eight agents at once.

The baseline is what one would write by hand: FOR UPDATE SKIP LOCKED on the same index, then a guarded UPDATE. Both
set the columns that phasegate sets, and answer the same columns. A second baseline also does what a queue with
dependencies has to: a completion lets go the tasks that waited for it, of which there are none here.
"""

from . import workspaces
from .rounds import MANY_ROUNDS, Row, at_least, interleaved, require_equal

AGENT = "'agent-' || (:client_id)::text"
RESULT = """'{"summary": "Implemented as designed.", "outputs": {"files": 3}}'"""

OURS = f"""
    SELECT * FROM claim_task({AGENT}, '{{implementation}}') \\gset
    SELECT * FROM complete_task(:id, {AGENT}, {RESULT}, :attempt);
"""

CLAIM = f"""
    WITH best AS MATERIALIZED (
        SELECT k.id
          FROM tasks k
         WHERE k.status = 'pending' AND k.pending_dependencies = 0 AND k.scheduled_at IS NULL AND NOT k.on_hold
           AND (k.required_capabilities IS NULL OR k.required_capabilities <@ '["implementation"]')
         ORDER BY array_position('{{CRITICAL,HIGH,MEDIUM,LOW}}'::text[], k.priority::text), k.created_at, k.id
         LIMIT 1
           FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE tasks k
       SET status = 'assigned', assigned_agent_id = {AGENT}, attempts = k.attempts + 1,
           lease_expires_at = now() + interval '5 minutes', updated_at = now(),
           agents = k.agents || ({AGENT})::varchar, db_role = session_user, acting_role = current_user
      FROM tickets t
     WHERE k.id = (SELECT id FROM best) AND t.id = k.ticket_id
 RETURNING k.*, k.attempts AS attempt, t.title AS ticket_title, t.context, t.context_summary \\gset
"""
COMPLETE = f"""
    UPDATE tasks k
       SET status = 'completed', result = {RESULT}, lease_expires_at = NULL, completed_at = now(), updated_at = now(),
           db_role = session_user, acting_role = current_user
     WHERE k.id = :id AND k.assigned_agent_id = {AGENT} AND k.status IN ('assigned', 'running') AND k.attempts = :attempt
 RETURNING k.*
"""
COMPLETE_AND_LET_GO = f"""
    WITH done AS ({COMPLETE}),
    let_go AS (
        UPDATE tasks d
           SET pending_dependencies = d.pending_dependencies - 1, updated_at = now()
          FROM done
         WHERE d.ticket_id = done.ticket_id AND d.dependencies IS NOT NULL AND d.pending_dependencies > 0
           AND (d.dependencies -> 'depends_on') ? done.id::text)
    SELECT * FROM done
"""
BARE = f"{CLAIM}{COMPLETE};"
WITH_DEPENDENCIES = f"{CLAIM}{COMPLETE_AND_LET_GO};"

# Twenty at once. What was claimed is handed back as an array, by all sides alike: pgbench keeps one row.
MANY = 20
HAND_BACK = f"jsonb_agg(jsonb_build_object('task_id', c.id, 'attempt', c.attempt, 'result', {RESULT}::jsonb)) AS results"
OURS_MANY = f"""
    SELECT {HAND_BACK} FROM claim_tasks({AGENT}, {MANY}, '{{implementation}}') c \\gset
    SELECT * FROM complete_tasks({AGENT}, :results);
"""
CLAIM_MANY = (CLAIM.replace("LIMIT 1", f"LIMIT {MANY}").replace("k.id = (SELECT id FROM best)", "k.id = ANY (ARRAY(SELECT id FROM best))")
              .strip().removesuffix("\\gset"))
BARE_MANY = f"""
    {CLAIM_MANY.replace("    UPDATE tasks k", "    , claimed AS (UPDATE tasks k", 1)})
    SELECT {HAND_BACK} FROM claimed c \\gset
    WITH given AS MATERIALIZED (
        SELECT (g.item ->> 'task_id')::uuid AS id, (g.item ->> 'attempt')::int AS attempt, g.item -> 'result' AS result, g.place
          FROM jsonb_array_elements(:results) WITH ORDINALITY g (item, place)),
    done AS (
        UPDATE tasks k
           SET status = 'completed', result = g.result, lease_expires_at = NULL, completed_at = now(), updated_at = now(),
               db_role = session_user, acting_role = current_user
          FROM given g
         WHERE k.id = g.id AND k.assigned_agent_id = {AGENT} AND k.status IN ('assigned', 'running') AND k.attempts = g.attempt
     RETURNING k.id)
    SELECT g.id AS task_id, d.id IS NOT NULL AS completed, CASE WHEN d.id IS NULL THEN 'task_not_held' END AS error_code
      FROM given g LEFT JOIN done d ON d.id = g.id ORDER BY g.place;
"""

WRITTEN = """
    SELECT status, attempts, count(*), count(DISTINCT id), count(assigned_agent_id), count(DISTINCT assigned_agent_id),
           count(result), count(lease_expires_at), count(started_at), count(completed_at), count(scheduled_at),
           count(error_message), sum(pending_dependencies), count(*) FILTER (WHERE updated_at > created_at), sum(cardinality(agents)), count(db_role),
           count(acting_role)
      FROM tasks GROUP BY status, attempts ORDER BY status, attempts
"""


def load_tasks(database, schema, count, **columns):
    """Tasks, ten a ticket, of all priorities; columns are expressions that use the task's number n."""
    columns = {
        "ticket_id": "lpad(to_hex(1 + n / 10), 32, '0')::uuid", "phase_id": "'PHASE_IMPLEMENTATION'",
        "task_type": "'implement_feature'", "description": "'Implement feature: part ' || n",
        "priority": "(ARRAY['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'])[1 + n % 4]",
        "required_capabilities": """'["implementation"]'::jsonb""",
        "created_at": "now() - interval '1 day' + n * interval '1 ms'",
        "updated_at": "now() - interval '1 day' + n * interval '1 ms'", **columns,
    }
    workspaces.load(database, schema, f"""
        INSERT INTO tasks ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM generate_series(0, {count} - 1) n;
    """)


def compared(bench, name, schemas, pending, transactions):
    """What a transaction of each of these scripts takes, by schema."""
    with bench.server.database(name) as database:
        for schema in schemas:
            workspaces.make(database, schema, bare=schema != "ours")
            workspaces.load_tickets(database, schema, 1 + pending // 10)

        def side(schema):
            def measure(_):
                workspaces.load(database, schema, "TRUNCATE tasks;")
                load_tasks(database, schema, pending)
                database.vacuum(f"{schema}.tasks")
                return database.pgbench(schemas[schema], transactions, workspaces.path(schema), clients=8)

            return measure

        [found] = interleaved({"": {schema: side(schema) for schema in schemas}}, rounds=MANY_ROUNDS).values()
        require_equal({schema: database.run(WRITTEN, schema) for schema in schemas})
    return found


def run(bench):
    """The rows of P5."""
    pending = bench.scaled(100_000)
    schemas = {"ours": OURS, "bare": BARE, "linked": WITH_DEPENDENCIES}
    found = compared(bench, "bench_p5", schemas, pending, min(16_000, pending // 2))
    what = f"claim_task and complete_task, 8 clients, {pending:,} pending"
    return [
        Row("P5", what, "SKIP LOCKED and UPDATE", found["ours"], found["bare"], at_least(0.55), True),
        Row("P5", what, "the same, letting go who waits", found["ours"], found["linked"], None, True),
    ]


def run_many(bench):
    """The row of P5b."""
    pending = bench.scaled(100_000, least=8000)
    found = compared(bench, "bench_p5b", {"ours": OURS_MANY, "bare": BARE_MANY}, pending, pending // 2 // MANY // 8 * 8)
    what = f"claim_tasks of {MANY} and complete_tasks of those, 8 clients, {pending:,} pending"
    return [Row("P5b", what, "SKIP LOCKED and UPDATE, set-based", found["ours"], found["bare"], at_least(0.8), True)]
