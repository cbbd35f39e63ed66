"""Tables that are not what phasegate's code takes them for.

Every trigger function of the extension on tables of anybody's, at every event, with columns of every type; and every column of
every table of a workspace dropped, renamed, or of another type, also while a call waits for the table. There may be an error, and
it must be a clear one: a datum that is read as what it is not is a wild pointer.
"""

import threading

import psycopg
import pytest

from odd_values import literal, task_id, ticket_id
from probing import ALL_CASES, LEAK, one_in, probed

TRIGGER_FUNCTIONS = """
    SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
      JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'phasegate'
     WHERE p.prorettype = 'trigger'::regtype ORDER BY 1"""
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind IN ('r', 'p') ORDER BY 1"
COLUMNS = """
    SELECT c.relname, a.attname, format_type(a.atttypid, NULL) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1, a.attnum"""

# Makes what the tests need besides; the last one finds a value of any type.
SETUP = """
    CREATE TYPE odd.colour AS ENUM ('red', 'green'); CREATE TYPE odd.pair AS (a int, b text);
    CREATE DOMAIN odd.word AS text; CREATE DOMAIN odd.key AS uuid; CREATE DOMAIN odd.document AS jsonb;
    CREATE FUNCTION odd.literal_of(kind regtype) RETURNS text LANGUAGE plpgsql AS $$
    DECLARE
        given text; taken text;
    BEGIN
        FOREACH given IN ARRAY ARRAY['2147483647', '\\x01000020ff0f000000000040', '00000000-0000-7000-8000-000000000001', '{"artifacts": 1}', '{7}', '{}',
            '2026-01-01', '1 day', 'red', 'x', '(1,2)', '(1,1),(2,2)', '((1,1),(2,2))', '((1,1),(2,2),(3,1))', '<(1,1),1>', '{1,2,3}', '[(1,1),(2,2)]', '[1,2]', '{[1,2]}',
            '10.0.0.1', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', '1', '101', '<a/>', '1:1:1', '0/1', 'pg_class', '=', '+', 'lower', 'lower(text)',
            '+(integer,integer)', '$.a', 'english', 'simple', 'C', 'postgres', 'now(),now()', '[2026-01-01,2026-02-01]', '{[2026-01-01,2026-02-01]}', '(1,x)', '10:00'] LOOP
            BEGIN
                -- '2147483647' fits most types; a word that is no small number shows most.
                EXECUTE format('SELECT %L::%s', given, kind) INTO taken;
                RETURN format('%L::%s', given, kind);
            EXCEPTION WHEN OTHERS THEN NULL;
            END;
        END LOOP;
        RETURN NULL;
    END $$;"""
EVENTS = [(when, each, on) for when in ("BEFORE", "AFTER") for each in ("ROW", "STATEMENT") for on in ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
          if each == "STATEMENT" or on != "TRUNCATE"]
STATEMENT = {"INSERT": "INSERT INTO bait VALUES ({values})", "UPDATE": "UPDATE bait SET {change}", "DELETE": "DELETE FROM bait", "TRUNCATE": "TRUNCATE bait"}


@pytest.fixture(scope="module")
def prepared(server):
    with server.connect() as connection:
        connection.execute(SETUP)
    return server


def unclear(rows):
    """What is neither success nor a clear error."""
    return [row for row in rows if row.state.startswith(("XX", "40001")) or any(text and LEAK.search(text) for text in (row.message, row.detail, row.hint))]


def fired(functions, table, values, change, events=EVENTS):
    """Statements that make a table of the session's own, and fire a function on it."""
    for function in functions:
        for when, each, on in events:
            statement = STATEMENT[on].format(values=values, change=change)
            referencing = "REFERENCING NEW TABLE AS changed " if (when, each, on) == ("AFTER", "STATEMENT", "INSERT") else ""
            yield (f"CREATE TEMP TABLE bait {table}; INSERT INTO bait VALUES ({values}); "
                   f"CREATE TRIGGER x {when} {on} ON bait {referencing}FOR EACH {each} EXECUTE FUNCTION {function}; {statement}")


def test_trigger_functions_on_tables_of_others(prepared, session):
    """With all columns that phasegate's tables have, of the right types and, table by table, all of one type."""
    functions = [name for name, in session.execute(TRIGGER_FUNCTIONS)]
    assert len(functions) >= 18
    columns = session.execute(COLUMNS).fetchall()
    calls = []
    for table in sorted({table for table, _, _ in columns}):
        values = ", ".join(f"{session.execute('SELECT odd.literal_of(%s)', [kind]).fetchone()[0]}" for of, _, kind in columns if of == table)
        changed = next(column for of, column, _ in columns if of == table)
        calls += one_in(5, fired(functions, f"(LIKE {table})", values, f"{changed} = {changed}"))
    names = sorted({column for _, column, _ in columns})
    kinds = [kind for kind, in session.execute(
        "SELECT t.oid::regtype::text FROM pg_type t WHERE typtype <> 'p' AND (typnamespace IN ('pg_catalog'::regnamespace, 'odd'::regnamespace) OR oid = 'phase'::regtype)"
        " AND typrelid = 0 AND (typelem = 0 OR typcategory <> 'A' OR typelem = ANY ('{text,int,uuid,varchar,bytea,jsonb}'::regtype[]))"
        " UNION SELECT 'odd.pair' ORDER BY 1")]
    tried = 0
    for kind in kinds:
        value = session.execute("SELECT odd.literal_of(%s)", [kind]).fetchone()[0]
        if value is None:
            continue
        tried += 1
        table = "(" + ", ".join(f"{name} {kind}" for name in names) + ")"
        row = ", ".join([value] * len(names))
        calls += one_in(6, fired(functions, table, row, f"id = {value}", [("BEFORE", "ROW", "INSERT"), ("BEFORE", "ROW", "UPDATE"), ("BEFORE", "ROW", "DELETE"), ("AFTER", "ROW", "INSERT"), ("AFTER", "ROW", "DELETE")]))
    assert tried >= 70, kinds
    # Without any of those columns, too.
    calls += fired(functions, "(other int)", "1", "other = 2")
    rows = list(probed(session, calls))
    assert unclear(rows) == []
    assert {row.state for row in rows} >= {"39P01"}, "a function at an event that is not its own"


TICKET, TASK, HELD = (literal(one) + "::uuid" for one in (ticket_id("ready"), task_id("pending"), task_id("held")))
# Everything that reads or writes a workspace.
WORK = [
    f"SELECT phasegate.transition_ticket({TICKET}, 'PHASE_DEPLOYMENT')", f"UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = {TICKET}",
    "INSERT INTO tickets (title) VALUES ('new')", f"SELECT phasegate.get_phase_history({TICKET})", f"SELECT phasegate.try_transition_ticket({TICKET}, 'PHASE_IMPLEMENTATION')",
    "SELECT phasegate.claim_task('eve', '{analysis,testing,documentation,validation}')", "SELECT phasegate.claim_tasks('eve', 10)",
    f"SELECT phasegate.complete_task({HELD}, 'ada', '{{\"artifacts\": [{{\"type\": \"x\"}}]}}')", f"SELECT phasegate.fail_task({HELD}, 'ada', 'no')",
    f"SELECT phasegate.heartbeat_task({HELD}, 'ada')", f"INSERT INTO tasks (ticket_id, phase_id) VALUES ({TICKET}, 'PHASE_TESTING')",
    f"UPDATE tasks SET status = 'completed' WHERE ticket_id = {TICKET}", f"DELETE FROM tasks WHERE id = {TASK}", "SELECT phasegate.release_expired_tasks()",
    f"SELECT phasegate.add_artifact({TICKET}, 'test_results', 'p', '{{}}')", f"DELETE FROM phase_gate_artifacts WHERE ticket_id = {TICKET}",
    f"SELECT phasegate.validate_gate({TICKET})", f"SELECT phasegate.update_ticket_context({TICKET})", f"SELECT phasegate.aggregate_phase_context({TICKET})",
    "UPDATE phase_gate_requirements SET requires_review = true", "UPDATE task_templates SET is_active = true", "UPDATE phase_history SET transition_reason = NULL",
    "UPDATE phase_gate_requirements SET validation_criteria = validation_criteria", f"DELETE FROM tickets WHERE id = {TICKET}", "SELECT count(*) FROM phasegate.check_workspace()",
]
# What a column is turned into: by value and by reference, longer and shorter than before.
KINDS = ["integer", "bigint", "bytea", "text", "text[]", "odd.colour", "odd.word", "odd.pair"]
# Nothing may depend on a column whose type is altered. The triggers come back without conditions, so that the functions are called.
FREE = """
    DO $$
    DECLARE
        one record;
    BEGIN
        FOR one IN SELECT c.relname FROM pg_class c WHERE relnamespace = quote_ident(current_schema())::regnamespace AND relkind = 'v' LOOP
            EXECUTE format('DROP VIEW %I CASCADE', one.relname);
        END LOOP;
        FOR one IN SELECT tgname, tgrelid::regclass AS relation, pg_get_triggerdef(oid) AS definition FROM pg_trigger
                    WHERE NOT tgisinternal AND tgqual IS NOT NULL AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace) LOOP
            EXECUTE format('DROP TRIGGER %I ON %s', one.tgname, one.relation);
            EXECUTE regexp_replace(one.definition, ' WHEN \\(.*\\) EXECUTE ', ' EXECUTE ');
        END LOOP;
        FOR one IN SELECT conname, conrelid::regclass AS relation FROM pg_constraint
                    WHERE contype IN ('c', 'f') AND connamespace = quote_ident(current_schema())::regnamespace AND conrelid <> 0 LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I CASCADE', one.relation, one.conname);
        END LOOP;
        FOR one IN SELECT i.indexrelid::regclass AS index FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
                    WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND NOT i.indisprimary
                      AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid) LOOP
            EXECUTE format('DROP INDEX %s', one.index);
        END LOOP;
    END $$;"""


def test_columns_that_are_not_as_they_were(prepared, session):
    calls = {}
    columns = session.execute(COLUMNS).fetchall()
    for place, (table, column, kind) in enumerate(columns):
        # Which way goes round, and which kind.
        ways = {"dropped": f"DROP COLUMN {column} CASCADE", "renamed": f"RENAME COLUMN {column} TO elsewhere",
                "exchanged": f"RENAME COLUMN {column} TO elsewhere; ALTER TABLE {table} ADD COLUMN {column} bytea DEFAULT '\\xff'"}
        for way in ways if ALL_CASES else [list(ways)[place % len(ways)]]:
            calls[f"ALTER TABLE {table} {ways[way]}"] = (table, column, way)
        for other in KINDS if ALL_CASES else [KINDS[3 * place % len(KINDS)]]:
            if other != kind:
                value = session.execute("SELECT odd.literal_of(%s)", [other]).fetchone()[0]
                change = f"{FREE} ALTER TABLE {table} ALTER COLUMN {column} DROP DEFAULT, ALTER COLUMN {column} TYPE {other} USING {value}"
                calls[change] = (table, column, other)
    altered, rows = set(), []
    for row in probed(session, calls, WORK, 20):
        rows.append(row)
        if row.step == 0 and row.state == "00000":
            altered.add(calls[row.call])
    assert [(calls[row.call], ([None] + WORK)[row.step], row[2:]) for row in unclear(rows)] == []
    # Keys of several columns and of equal values cannot be altered; nearly all others can.
    assert len(altered) >= 0.8 * len(calls), sorted(set(calls.values()) - altered)


WAITING = ["SELECT phasegate.transition_ticket({ticket}, 'PHASE_REQUIREMENTS')", "SELECT phasegate.claim_task('eve')", "SELECT phasegate.complete_task({task}, 'ada')",
           "SELECT phasegate.heartbeat_task({task}, 'ada')", "INSERT INTO tasks (ticket_id, phase_id) VALUES ({ticket}, 'PHASE_BACKLOG')", "SELECT phasegate.update_ticket_context({ticket})"]


@pytest.mark.parametrize("kind", ["integer", "bytea"])
@pytest.mark.parametrize("table", ["tickets", "tasks"])
def test_columns_that_change_while_a_call_waits(prepared, server, table, kind):
    """What was looked up before the table was locked is looked at again."""
    waiting = [server.connect() for _ in WAITING]
    with server.connect() as other:
        columns = [column for of, column, _ in other.execute(COLUMNS) if of == table]
        value = other.execute("SELECT odd.literal_of(%s)", [kind]).fetchone()[0]
        wrong = []
        for column in columns:
            with other.transaction():
                other.execute("SET LOCAL search_path = public; SET LOCAL client_min_messages = error; DROP SCHEMA IF EXISTS shifting CASCADE; SELECT phasegate.create_workspace('shifting')")
                other.execute(f"SET LOCAL search_path = shifting; {FREE}")
                ticket = other.execute("INSERT INTO tickets (title) VALUES ('t') RETURNING id").fetchone()[0]
                task = other.execute("INSERT INTO tasks (ticket_id, phase_id, status, assigned_agent_id, attempts, lease_expires_at)"
                                     " VALUES (%s, 'PHASE_BACKLOG', 'assigned', 'ada', 1, now() + interval '1 day') RETURNING id", [ticket]).fetchone()[0]
                other.execute("INSERT INTO tasks (ticket_id, phase_id) SELECT %s, 'PHASE_BACKLOG' FROM generate_series(1, 3)", [ticket])
            statements = [one.format(ticket=f"'{ticket}'::uuid", task=f"'{task}'::uuid") for one in WAITING]
            for session, statement in zip(waiting, statements):
                # Once before, taken back: so that the session has plans and knows the columns.
                session.execute("SET search_path = shifting")
                with session.transaction(force_rollback=True):
                    session.execute(statement)

            def run(session, statement):
                try:
                    session.execute(statement)
                except psycopg.Error as error:
                    # No state: the connection is lost. Whose task was completed meanwhile is told so, which is no fault.
                    if (error.sqlstate or "XX").startswith(("XX", "57P")) or LEAK.search(str(error.diag.message_primary) + str(error.diag.message_detail)):
                        wrong.append((column, statement, error.sqlstate, str(error)))

            threads = [threading.Thread(target=run, args=pair) for pair in zip(waiting, statements)]
            try:
                with other.transaction():
                    other.execute(f"ALTER TABLE shifting.{table} ALTER COLUMN {column} DROP DEFAULT, ALTER COLUMN {column} TYPE {kind} USING {value}")
                    for thread in threads:
                        thread.start()
                    pids = [session.info.backend_pid for session in waiting]
                    other.execute("""DO $$ BEGIN
                        FOR n IN 1 .. 200 LOOP
                            EXIT WHEN (SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = ANY ('{%s}'::int[])) >= 4;
                            PERFORM pg_sleep(0.005), pg_stat_clear_snapshot();
                        END LOOP;
                    END $$""" % ",".join(map(str, pids)))
            except (psycopg.errors.UniqueViolation, psycopg.errors.DatatypeMismatch, psycopg.errors.UndefinedFunction, psycopg.errors.FeatureNotSupported):
                pass  # a key
            for thread in threads:
                if thread.ident:
                    thread.join()
        assert wrong == []
        other.execute("DROP SCHEMA shifting CASCADE")
    for session in waiting:
        session.close()
