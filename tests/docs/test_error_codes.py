"""Every code that docs/reference.md lists is raised once, and read from the field that drivers have it in."""

import re
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from reference import ROOT, codes, messages

TICKET = "'00000000-0000-7000-8000-000000000001'::uuid"
CODING = "'00000000-0000-7000-8000-000000000002'::uuid"
TASK = "'00000000-0000-7000-8000-000000000003'::uuid"
UNKNOWN = "'00000000-0000-7000-8000-000000000009'::uuid"
SETUP = f"""
    INSERT INTO tickets (id, title, phase_id) VALUES ({TICKET}, 't', 'PHASE_BACKLOG'), ({CODING}, 'c', 'PHASE_IMPLEMENTATION');
    INSERT INTO tasks (id, ticket_id, phase_id) VALUES ({TASK}, {TICKET}, 'PHASE_BACKLOG');
    UPDATE tasks SET status = 'assigned', assigned_agent_id = 'ada', attempts = 1, lease_expires_at = now() + interval '1 day' WHERE id = {TASK};
    CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"""
MOVE = f"SELECT transition_ticket({TICKET}, 'PHASE_REQUIREMENTS')"
STRANGER = "CREATE ROLE stranger; GRANT USAGE ON SCHEMA shop TO stranger; GRANT CREATE ON SCHEMA shop TO stranger;"

# The last statement raises it.
RAISING = {
    "invalid_transition": f"SELECT transition_ticket({TICKET}, 'PHASE_DONE')",
    "invalid_start": "INSERT INTO tickets (title, phase_id) VALUES ('x', 'PHASE_BLOCKED')",
    "gate_not_passed": f"SELECT transition_ticket({CODING}, 'PHASE_TESTING')",
    "phase_changed": f"SELECT transition_ticket({TICKET}, 'PHASE_REQUIREMENTS', expected_phase => 'PHASE_DESIGN')",
    "move_suppressed": f"CREATE TRIGGER zzzz BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION nothing(); {MOVE}",
    "no_blocked_phase": f"DELETE FROM phases WHERE kind = 'blocked'; SELECT block_ticket({TICKET}, 'waiting')",
    "phase_in_use": f"SELECT block_ticket({CODING}, 'waiting'); DELETE FROM phases WHERE kind = 'blocked'",
    "phase_column_fixed": "UPDATE phases SET context_key = 'x' WHERE phase_id = 'PHASE_DESIGN'",
    "triggers_off": f"SET LOCAL session_replication_role = replica; {MOVE}",
    "table_inherits": "CREATE TABLE child () INHERITS (tasks); SELECT create_workspace('shop')",
    "ticket_column_fixed": f"UPDATE tickets SET id = {UNKNOWN} WHERE id = {TICKET}",
    "ticket_not_blocked": f"SELECT unblock_ticket({TICKET})",
    "ticket_not_found": f"SELECT transition_ticket({UNKNOWN}, 'PHASE_DONE')",
    "unknown_phase": f"SELECT transition_ticket({TICKET}, 'PHASE_LUNCH')",
    "history_append_only": "DELETE FROM phase_history",
    "history_not_written": f"CREATE TRIGGER a BEFORE INSERT ON phase_history FOR EACH ROW EXECUTE FUNCTION nothing(); {MOVE}",
    "task_not_found": f"SELECT complete_task({UNKNOWN}, 'ada')",
    "task_not_held": f"SELECT complete_task({TASK}, 'eve')",
    "invalid_task_transition": f"UPDATE tasks SET status = 'cancelled' WHERE id = {TASK}; UPDATE tasks SET status = 'running' WHERE id = {TASK}",
    "task_column_fixed": f"UPDATE tasks SET ticket_id = {CODING} WHERE id = {TASK}",
    "invalid_result": f"SELECT complete_task({TASK}, 'ada', '[]')",
    "invalid_dependencies": f"INSERT INTO tasks (ticket_id, phase_id, dependencies) VALUES ({TICKET}, 'PHASE_BACKLOG', '7')",
    "invalid_capabilities": f"INSERT INTO tasks (ticket_id, phase_id, required_capabilities) VALUES ({TICKET}, 'PHASE_BACKLOG', '7')",
    "invalid_template": "INSERT INTO task_templates (phase_id, task_type, template_description) VALUES ('PHASE_DESIGN', 'x', '{nope}')",
    "template_not_found": f"SELECT generate_task_from_template({TICKET}, {UNKNOWN})",
    "invalid_requirements": """UPDATE phase_gate_requirements SET validation_criteria = '{"nope": 1}'""",
    "reviewer_took_part": f"""SELECT complete_task({TASK}, 'ada');
        INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id, result) VALUES ({TICKET}, 'PHASE_BACKLOG', 'review', 'completed', 'ada', '{{"approved": true}}')""",
    "reviewer_has_approved": f"""INSERT INTO tasks (ticket_id, phase_id, kind, status, assigned_agent_id) SELECT {TICKET}, 'PHASE_BACKLOG', 'review', 'assigned', 'vera' FROM generate_series(1, 2);
        UPDATE tasks SET status = 'completed', result = '{{"approved": true}}' WHERE kind = 'review'""",
    "other_agent": f"SET LOCAL phasegate.agent = 'ada'; SELECT block_ticket({TICKET}, 'waiting', 'eve')",
    "archive_unguarded": "ALTER TABLE tickets ENABLE ROW LEVEL SECURITY; SELECT archive_tickets('infinity')",
    "not_archived": "CREATE TRIGGER a BEFORE DELETE ON tickets FOR EACH ROW EXECUTE FUNCTION nothing(); INSERT INTO tickets (title, phase_id) VALUES ('x', 'PHASE_DONE');"
                    "SELECT archive_tickets('infinity')",
    "referred_by_other": f"{STRANGER} CREATE TABLE orders (ticket_id uuid REFERENCES tickets); ALTER TABLE orders OWNER TO stranger; SELECT archive_tickets('infinity')",
    "result_too_large": f"SELECT complete_task({TASK}, 'ada', jsonb_build_object('summary', repeat('x', 2000000)))",
    "artifact_too_large": f"SELECT add_artifact({TICKET}, 'x', NULL, to_jsonb(repeat('x', 2000000)))",
    "value_too_large": "SELECT count_tokens(repeat('x', 9000000))",
    "null_argument": "SELECT transition_ticket(NULL, 'PHASE_DONE')",
    "invalid_argument": "SELECT phase_diagram('svg')",
    "role_not_found": "SELECT grant_access('shop', 'nobody', 'agent')",
    "permission_denied": f"{STRANGER} SET LOCAL ROLE stranger; SELECT can_transition('PHASE_BACKLOG', 'PHASE_DESIGN')",
    "not_owner": f"{STRANGER} SET LOCAL ROLE stranger; SELECT create_workspace('shop')",
    "other_owner": f"{STRANGER} ALTER TABLE phase_context OWNER TO stranger; SELECT create_workspace('shop')",
    "trigger_of_other": f"{STRANGER} CREATE TRIGGER a BEFORE INSERT ON phase_history FOR EACH ROW EXECUTE FUNCTION nothing(); ALTER FUNCTION nothing() OWNER TO stranger; {MOVE}",
    "constraint_deferred": f"""CREATE ROLE keeper; CREATE SCHEMA desk AUTHORIZATION keeper; SET LOCAL ROLE keeper; SELECT create_workspace('desk'); SET LOCAL search_path = desk, phasegate;
        INSERT INTO tickets (id, title) VALUES ({TICKET}, 't'); CREATE CONSTRAINT TRIGGER a AFTER INSERT ON phase_history DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
        EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger(); RESET ROLE; {MOVE}""",
    "workspace_distributed": """SET LOCAL allow_system_table_mods = on; INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        VALUES (99999, 'citus', 10, 'pg_catalog'::regnamespace, false, '0');
        CREATE TABLE pg_catalog.pg_dist_local_group AS SELECT 0 AS groupid; CREATE TABLE public.issues (id uuid PRIMARY KEY, title text NOT NULL);
        SET LOCAL citus.enable_schema_based_sharding = on; SELECT create_workspace('other', tickets => 'public.issues')""",
    "workspace_elsewhere": """SET LOCAL allow_system_table_mods = on; INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        VALUES (99999, 'citus', 10, 'pg_catalog'::regnamespace, false, '0'); CREATE TABLE pg_catalog.pg_dist_local_group AS SELECT 1 AS groupid;
        SET LOCAL citus.enable_schema_based_sharding = on; SELECT create_workspace('other')""",
    "no_workspace": f"SET LOCAL search_path = phasegate; {MOVE}",
    "not_a_workspace": "SELECT check_workspace('nowhere')",
    "workspace_incomplete": f"ALTER TABLE tasks DROP COLUMN error_message CASCADE; UPDATE tasks SET priority = 'LOW' WHERE id = {TASK}",
    "workspace_older": f"CREATE OR REPLACE TRIGGER zz_phasegate_decide BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION tickets_decide('0', '0'); {MOVE}",
    "workspace_newer": f"CREATE OR REPLACE TRIGGER zz_phasegate_decide BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION tickets_decide('99', '99'); {MOVE}",
    "versions_differ": "UPDATE pg_extension SET extversion = '0' WHERE extname = 'phasegate'; SELECT create_workspace('other')",
    "wrong_column_type": "ALTER TABLE phase_gate_artifacts ALTER COLUMN collected_at DROP DEFAULT, ALTER COLUMN collected_at TYPE text; "
                         f"INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) VALUES ({TICKET}, 'PHASE_BACKLOG', 'x')",
    "cannot_adopt": "CREATE SCHEMA app; CREATE TABLE app.tasks (id int PRIMARY KEY); SELECT create_workspace('app')",
    "name_taken": "CREATE SCHEMA app; CREATE TYPE app.phase AS (a int); SELECT create_workspace('app')",
    "adoption_unfinished": """CREATE SCHEMA app; CREATE TABLE app.issues (id uuid PRIMARY KEY, title text NOT NULL, phase_id text);
        SELECT _adopt_step('app', 'app.issues', NULL, true, NULL); SET LOCAL search_path = app, phasegate; SELECT get_valid_transitions('PHASE_BACKLOG')""",
    "wrong_trigger": "SELECT tickets_decide()",
    "tickets_taken": "SELECT create_workspace('other', tickets => 'shop.tickets')",
}
# Raised at a commit, after a wait, where the machine has no memory, where the database is of another encoding, and never.
ELSEWHERE = {"not_recorded", "workspace_changed", "out_of_memory", "encoding_not_supported", "internal_error"}


@pytest.fixture
def shop(connect):
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('shop')")
    connection.execute("SET search_path = shop, phasegate")
    connection.execute(SETUP)
    return connection


def test_every_code_is_raised(shop):
    states = {word: state for _, state, word, _ in codes()}
    assert set(RAISING) | ELSEWHERE == set(states)
    said = {}
    for word, script in RAISING.items():
        try:
            with shop.transaction(force_rollback=True):
                shop.execute(script)
        except psycopg.Error as error:
            said[word] = (error.diag.constraint_name, error.diag.sqlstate, error.diag.source_file)
    assert said == {word: (word, states[word], None) for word in RAISING}


def test_code_at_a_commit(shop):
    shop.execute("ALTER TABLE tickets DISABLE TRIGGER aa_phasegate_write")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught, shop.transaction():
        shop.execute(f"UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = {TICKET}")
    assert caught.value.diag.constraint_name == "not_recorded"


def test_code_after_a_wait(shop, connect):
    waiting = connect(autocommit=True)
    waiting.execute("SET search_path = shop, phasegate")
    with ThreadPoolExecutor() as pool, shop.transaction():
        shop.execute("LOCK TABLE tickets; ALTER TABLE phase_context RENAME TO former")
        outcome = pool.submit(waiting.execute, MOVE)
        while shop.execute("SELECT FROM pg_locks WHERE NOT granted AND pid = %s", [waiting.info.backend_pid]).fetchone() is None:
            assert not outcome.done()
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as caught:
        outcome.result()
    assert caught.value.diag.constraint_name == "workspace_changed"


def test_fields_name_what_is_meant(shop):
    with pytest.raises(psycopg.errors.DatatypeMismatch) as caught, shop.transaction():
        shop.execute(RAISING["wrong_column_type"])
    diag = caught.value.diag
    assert (diag.table_name, diag.column_name) == ("phase_gate_artifacts", "collected_at")
    assert diag.message_detail == 'Column "collected_at" has type text; needed is that of its new value.'
    with pytest.raises(psycopg.errors.ProgramLimitExceeded) as caught:
        shop.execute(RAISING["result_too_large"])
    assert caught.value.diag.column_name == "result"


def test_errors_of_the_server_keep_their_fields(shop):
    """On their way through a function of ours, and a trigger of ours within it."""
    shop.execute("ALTER TABLE phase_history ADD CONSTRAINT polite CHECK (transition_reason IS NOT NULL) NOT VALID")
    shop.execute("CREATE FUNCTION taken() RETURNS trigger LANGUAGE plpgsql AS"
                 " $$ BEGIN RAISE unique_violation USING CONSTRAINT = 'mine', SCHEMA = 'a', TABLE = 'b', COLUMN = 'c', DATATYPE = 'd', DETAIL = 'e', HINT = 'f'; END $$")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        shop.execute(MOVE)
    diag = caught.value.diag
    assert (diag.schema_name, diag.table_name, diag.constraint_name) == ("shop", "phase_history", "polite")
    shop.execute("CREATE TRIGGER a BEFORE UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION taken()")
    for statement in [MOVE, f"SELECT block_ticket({TICKET}, 'waiting')"]:
        with pytest.raises(psycopg.errors.UniqueViolation) as caught:
            shop.execute(statement)
        diag = caught.value.diag
        assert (diag.constraint_name, diag.schema_name, diag.table_name, diag.column_name, diag.datatype_name) == ("mine", "a", "b", "c", "d")
        assert (diag.message_detail, diag.message_hint) == ("e", "f")


def test_another_encoding(database):
    name = f"{database}_latin"
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
        try:
            with psycopg.connect(dbname=name, autocommit=True) as other, pytest.raises(psycopg.errors.FeatureNotSupported) as caught:
                other.execute("CREATE EXTENSION phasegate")
                other.execute("SELECT phasegate.create_workspace('shop')")
            # In such a database texts are bytes to psycopg.
            assert bytes(caught.value.diag.constraint_name or b"", "ascii") == b"encoding_not_supported"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


# What compares a message, or a part of it, in the languages of the examples.
MESSAGE = r"(?:SQLERRM|MESSAGE_TEXT|message_primary|getMessage\(\)|get_message\(\)|\bstr\((?:e|err|error|exc)\)|(?:e|err|error|exc|cause)\.(?:message|to_string\(\)))"
COMPARED = re.compile(
    rf"{MESSAGE}\s*(?:===?|!==?|~|(?:NOT\s+)?I?LIKE\b|\bin\b|\.(?:includes|contains|equals|startsWith|starts_with|startswith|endsWith|match|matches|find|indexOf|test)\b)"
    rf"|\bin\s+{MESSAGE}|(?:re\.\w+|\.test|\bmatch|position|strpos)\([^)\n]*{MESSAGE}|pytest\.raises\([^)\n]*match=", re.I)
# What tests/clients shows stands in docs/.
EXAMPLES = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"),
            *(path for folder in ("examples", "demo", "service/examples") for path in ROOT.glob(f"{folder}/**/*") if path.is_file())]


def test_what_counts_as_comparing_a_message():
    for text in ["IF SQLERRM LIKE '%gate%' THEN", "if 'gate' in str(error):", 'error.message.includes("gate")', "if (e.getMessage().contains(\"x\"))",
                 "err.message === 'x'", "re.search('gate', str(e))", "/gate/.test(error.message)", 'error.to_string().contains("gate")', "SQLERRM ~ 'gate'"]:
        assert COMPARED.search(text), text
    for text in ["RAISE NOTICE '%', SQLERRM", "print(error)", "error.diag.constraint_name == 'gate_not_passed'", "err.constraint === 'gate_not_passed'", "console.error(err.message)"]:
        assert not COMPARED.search(text), text


def test_no_example_compares_a_message():
    """Programs read codes: neither is a message looked into, nor does one of ours stand in code outside of what is shown as output."""
    said = [message.replace("…", "") for _, message in messages() if len(message.replace("…", "")) >= 16 and "…" not in message]
    assert len(said) > 50 and len(EXAMPLES) > 30
    for path in EXAMPLES:
        text = path.read_text("utf-8", errors="replace")
        if path.suffix == ".md":
            if path.name == "reference.md":
                continue
            text = "\n".join(code for language, code in re.findall(r"^```(\w+)[^\n]*\n(.*?)^```$", text, re.M | re.S) if language not in ("text", "json", "http"))
        found = COMPARED.search(text)
        assert not found, f"{path}: {found[0]}"
        for message in said:
            assert not re.search(rf"[\"'`]{re.escape(message)}[\"'`]", text), f"{path}: {message}"


def test_no_serialization_failure_is_ours():
    """Middleware repeats 40001 for ever: it comes from the server alone."""
    assert "40001" not in {state for _, state, _, _ in codes()}
    for path in [*ROOT.glob("src/**/*.rs"), *ROOT.glob("sql/**/*.sql")]:
        text = re.sub(r"^\s*(?://|--).*$", "", path.read_text("utf-8"), flags=re.M)
        assert not re.search(r"40001|serialization_failure|T_R_SERIALIZATION", text), path
