"""Dumps of a workspace whose tickets are in an application's table in another schema: with keys and columns of ours beside its own."""

import psycopg
import pytest

from populated import definitions, rows, violations
from test_dump_restore import WAYS

SCHEMAS = ["flow", "app"]

STATEMENTS = """
CREATE SCHEMA app;
CREATE TABLE app.issues (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, priority int NOT NULL DEFAULT 3, context text,
    updated_at timestamp DEFAULT '2020-01-01', loud text GENERATED ALWAYS AS (upper(title)) STORED);
CREATE TABLE app.comments (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, issue_id bigint REFERENCES app.issues ON DELETE CASCADE, body text);
CREATE TABLE app.phase_history (id int PRIMARY KEY, note text);
INSERT INTO app.issues (title, context) SELECT 'issue ' || n, 'free text' FROM generate_series(1, 20) n;
INSERT INTO app.comments (issue_id, body) SELECT id, 'hi' FROM app.issues;
SELECT phasegate.create_workspace('flow', tickets => 'app.issues');
UPDATE app.issues SET phase_id = 'PHASE_REQUIREMENTS' WHERE id > 5;
DELETE FROM flow.phase_gate_requirements WHERE phase_id = 'PHASE_REQUIREMENTS';
SET search_path = flow, phasegate;
SELECT complete_task(id, 'ann', '{"context": {"risks": ["x"]}}') FROM claim_tasks('ann', 5, '{analysis}');
UPDATE app.issues SET phase_id = 'PHASE_DESIGN' WHERE id BETWEEN 6 AND 10;
SELECT block_ticket(ticket_uuid, 'waits') FROM app.issues WHERE id = 20;
DELETE FROM app.issues WHERE id = 1;
RESET search_path
"""


@pytest.fixture
def source(database):
    with psycopg.connect(dbname=database, autocommit=True) as connection:
        connection.execute(STATEMENTS)
        assert violations(connection) == []
        yield connection


def goes_on(connection):
    """Moves, refusals, functions and views, as the application and agents would."""
    def one(sql):
        return connection.execute(sql).fetchone()

    assert violations(connection) == []
    assert one("SELECT schema, ticket_table FROM phasegate.workspaces") == ("flow", "app.issues")
    assert connection.execute("UPDATE app.issues SET phase_id = 'PHASE_REQUIREMENTS'::varchar WHERE id = 2").rowcount == 1
    with pytest.raises(psycopg.errors.CheckViolation, match="invalid phase transition") as refused:
        connection.execute("UPDATE app.issues SET phase_id = 'PHASE_DONE' WHERE id = 3")
    assert refused.value.diag.message_detail.startswith("Ticket 3 (")
    connection.execute("INSERT INTO app.issues (title, priority) VALUES ('new', 1)")
    connection.execute("SET search_path = flow, phasegate")
    assert one("SELECT (unblock_ticket(ticket_uuid)).current_phase FROM app.issues WHERE id = 20")[0] == "PHASE_REQUIREMENTS"
    assert one("SELECT count(*) FROM phase_history h JOIN app.issues i ON i.ticket_uuid = h.ticket_id WHERE i.id = 2")[0] == 2
    assert one("SELECT tickets FROM phase_board WHERE phase = 'PHASE_BACKLOG'")[0] == 4
    assert one("SELECT ticket_title FROM claim_task('eve', '{documentation}')")[0].startswith("issue ")
    connection.execute("DELETE FROM app.issues WHERE id = 4")
    assert one("SELECT count(*) FROM ticket_archive")[0] == 2
    connection.execute("SELECT create_workspace('flow')")
    assert violations(connection) == []
    connection.execute("RESET search_path")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_restored_database_is_the_same_and_goes_on(source, empty_database, tool, tmp_path, way):
    target = empty_database()
    before = rows(source, SCHEMAS), definitions(source, SCHEMAS)
    way(tool, source.info.dbname, target, tmp_path)
    with psycopg.connect(dbname=target, autocommit=True) as restored:
        assert rows(restored, SCHEMAS) == before[0]
        assert definitions(restored, SCHEMAS) == before[1]
        goes_on(restored)
    goes_on(source)


def test_both_schemas_come_without_their_casts(source, empty_database, tool, tmp_path):
    target = empty_database()
    before = rows(source, SCHEMAS)
    tool("pg_dump", "-Fc", "--schema=flow", "--schema=app", "--dbname", source.info.dbname, "--file", tmp_path / "dump")
    with psycopg.connect(dbname=target, autocommit=True) as restored:
        restored.execute("CREATE EXTENSION phasegate")
        tool("pg_restore", "--exit-on-error", "--dbname", target, tmp_path / "dump")
        restored.execute("SELECT phasegate.create_workspace('flow')")
        assert rows(restored, SCHEMAS) == before
        goes_on(restored)


def test_the_applications_schema_alone_lacks_the_phase_type(source, empty_database, tool, tmp_path):
    tool("pg_dump", "-Fc", "--schema=app", "--dbname", source.info.dbname, "--file", tmp_path / "dump")
    error = tool("pg_restore", "--exit-on-error", "--dbname", empty_database(), tmp_path / "dump", fails=True)
    assert 'schema "flow" does not exist' in error


def test_the_workspaces_schema_alone_says_which_table_it_lacks(source, empty_database, tool, tmp_path):
    """Its tables and rows come; what refers to the tickets fails, and is made anew when the table is there again."""
    target = empty_database()
    tool("pg_dump", "-Fc", "--schema=flow", "--dbname", source.info.dbname, "--file", tmp_path / "flow")
    tool("pg_dump", "-Fc", "--schema=app", "--dbname", source.info.dbname, "--file", tmp_path / "app")
    with psycopg.connect(dbname=target, autocommit=True) as restored:
        restored.execute("CREATE EXTENSION phasegate")
        error = tool("pg_restore", "--dbname", target, tmp_path / "flow", fails=True)
        assert 'schema "app" does not exist' in error
        restored.execute("SET search_path = flow, phasegate")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="the table that holds the tickets") as lost:
            restored.execute("SELECT get_current_phase(uuid_v7())")
        assert "tickets => " in lost.value.diag.message_hint
        restored.execute("RESET search_path")
        tool("pg_restore", "--exit-on-error", "--dbname", target, tmp_path / "app")
        restored.execute("SELECT phasegate.create_workspace('flow', tickets => 'app.issues')")
        assert rows(restored, SCHEMAS) == rows(source, SCHEMAS)
        goes_on(restored)


def test_data_follows_the_schema_with_the_triggers_off(source, empty_database, tool, tmp_path):
    target = empty_database()
    tool("pg_dump", "-Fc", "--schema-only", "--dbname", source.info.dbname, "--file", tmp_path / "schema")
    tool("pg_dump", "-Fc", "--data-only", "--dbname", source.info.dbname, "--file", tmp_path / "data")
    tool("pg_restore", "--exit-on-error", "--dbname", target, tmp_path / "schema")
    tool("pg_restore", "--exit-on-error", "--disable-triggers", "--dbname", target, tmp_path / "data")
    with psycopg.connect(dbname=target, autocommit=True) as restored:
        assert rows(restored, SCHEMAS) == rows(source, SCHEMAS)
        restored.execute("SELECT phasegate.create_workspace('flow')")
        goes_on(restored)
