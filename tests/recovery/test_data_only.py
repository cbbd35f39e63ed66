"""Schema and data moved apart: into a workspace that is there, rows are loaded with the triggers off or not at all."""

import re

import psycopg

from populated import DESK, SHOP, definitions, quoted, rows, violations


def test_data_follows_the_schema_with_the_triggers_off(populated, empty_database, tool, tmp_path):
    target = empty_database()
    with psycopg.connect(dbname=populated.database, autocommit=True) as source:
        before = rows(source), definitions(source)

    tool("pg_dump", "-Fc", "--schema-only", "--dbname", populated.database, "--file", tmp_path / "schema")
    tool("pg_dump", "-Fc", "--data-only", "--dbname", populated.database, "--file", tmp_path / "data")
    tool("pg_restore", "--exit-on-error", "--dbname", target, tmp_path / "schema")
    with psycopg.connect(dbname=target, autocommit=True) as restored:
        # The schema alone has everything but rows, and the configuration is rows.
        assert definitions(restored) == before[1]
        assert set(rows(restored).values()) == {b""}
        assert violations(restored) == []

        tool("pg_restore", "-j2", "--exit-on-error", "--data-only", "--disable-triggers", "--dbname", target, tmp_path / "data")
        assert rows(restored) == before[0]
        # --disable-triggers enables them again in the ordinary way, also those that are to be enabled ALWAYS.
        assert {(schema, check) for schema, check, _, _ in violations(restored)} == {(SHOP, "structure_is_whole"), (DESK, "structure_is_whole")}
        for workspace in [SHOP, DESK]:
            restored.execute("SELECT phasegate.create_workspace(%s)", [workspace])
        # The application's own, which --disable-triggers has changed as well.
        restored.execute(f"ALTER TABLE {quoted(SHOP)}.tickets DISABLE TRIGGER audit_off, ENABLE REPLICA TRIGGER audit_replica")
        restored.execute(f"ALTER TABLE {quoted(SHOP)}.phase_history ENABLE ALWAYS TRIGGER audit_always")
        assert rows(restored) == before[0]
        assert definitions(restored) == before[1]
        populated.go_on(restored)


def test_data_is_loaded_into_a_detached_workspace_without_being_a_superuser(populated, empty_database, tool, tmp_path):
    target = empty_database()
    owner = populated.roles["Owner"]
    with psycopg.connect(dbname=populated.database, autocommit=True) as source:
        before = rows(source, [DESK]), definitions(source, [DESK])
    tool("pg_dump", "-Fc", "--schema-only", "--dbname", populated.database, "--file", tmp_path / "schema")
    tool("pg_dump", "-Fc", "--data-only", "--schema", DESK, "--username", owner, "--dbname", populated.database, "--file", tmp_path / "data")
    tool("pg_restore", "--exit-on-error", "--dbname", target, tmp_path / "schema")
    with psycopg.connect(dbname=target, autocommit=True) as restored:
        with populated.acting(restored, "Owner"):
            restored.execute("SELECT phasegate.detach_workspace('helpdesk')")
            tool("pg_restore", "--exit-on-error", "--username", owner, "--dbname", target, tmp_path / "data")
            restored.execute("SELECT phasegate.create_workspace('helpdesk')")
        assert rows(restored, [DESK]) == before[0]
        # The views were made anew, with the grants that their owner gives by default.
        views = re.compile("grant on relation helpdesk.(phase_board|phase_metrics|phase_durations|task_queue|overdue_tickets)")
        assert [text for text in definitions(restored, [DESK]) if not views.match(text)] == [text for text in before[1] if not views.match(text)]
        assert violations(restored) == []


def test_data_replaces_the_configuration_of_a_new_workspace(database, empty_database, tool, tmp_path):
    """Not into a workspace that a dump made, but one that create_workspace did, with default configuration."""
    target = empty_database()
    with psycopg.connect(dbname=database, autocommit=True) as source, psycopg.connect(dbname=target, autocommit=True) as restored:
        source.execute("SELECT phasegate.create_workspace('acme')")
        source.execute("INSERT INTO acme.tickets (title) VALUES ('t')")
        source.execute("UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS'")
        source.execute("DELETE FROM acme.phase_transitions WHERE to_phase = 'PHASE_DONE'")
        restored.execute("CREATE EXTENSION phasegate")
        restored.execute("SELECT phasegate.create_workspace('acme')")
        # This session keeps the configuration that is to be replaced.
        restored.execute("SET search_path = acme, phasegate")
        assert restored.execute("SELECT can_transition('PHASE_DEPLOYMENT', 'PHASE_DONE')").fetchone()[0]

        tool("pg_dump", "-Fc", "--data-only", "--schema", "acme", "--dbname", database, "--file", tmp_path / "data")
        restored.execute("TRUNCATE phases, phase_transitions, task_templates, phase_gate_requirements")
        restored.execute("TRUNCATE configuration_history")
        tool("pg_restore", "--exit-on-error", "--disable-triggers", "--dbname", target, tmp_path / "data")
        assert not restored.execute("SELECT can_transition('PHASE_DEPLOYMENT', 'PHASE_DONE')").fetchone()[0]
        restored.execute("SELECT create_workspace('acme')")
        assert rows(restored, ["acme"]) == rows(source, ["acme"])
        assert violations(restored) == []


def test_configuration_alone_is_loaded_with_the_triggers_on(populated, empty_database, tool, tmp_path):
    """They check it, and sessions that keep the former configuration see the new one."""
    target = empty_database()
    tables = ["phases", "phase_transitions", "task_templates", "phase_gate_requirements"]
    options = [word for table in tables for word in ("--table", f"{DESK}.{table}")]
    with psycopg.connect(dbname=populated.database, autocommit=True) as source, psycopg.connect(dbname=target, autocommit=True) as other:
        source.execute("DELETE FROM helpdesk.phase_transitions WHERE to_phase = 'PHASE_DONE'")
        other.execute("CREATE EXTENSION phasegate")
        other.execute("SELECT phasegate.create_workspace('helpdesk')")
        other.execute("SET search_path = helpdesk, phasegate")
        assert other.execute("SELECT can_transition('PHASE_DEPLOYMENT', 'PHASE_DONE')").fetchone()[0]
        (tmp_path / "data.sql").write_bytes(tool("pg_dump", "--data-only", *options, "--dbname", populated.database))
        other.execute("TRUNCATE phases, phase_transitions, task_templates, phase_gate_requirements")
        tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", target, "--file", tmp_path / "data.sql")
        assert not other.execute("SELECT can_transition('PHASE_DEPLOYMENT', 'PHASE_DONE')").fetchone()[0]
        loaded, expected = rows(other, [DESK]), rows(source, [DESK])
        assert [loaded[f"{DESK}.{table}"] for table in tables] == [expected[f"{DESK}.{table}"] for table in tables]
        assert violations(other) == []


def test_data_with_the_triggers_on_is_refused(database, empty_database, tool, tmp_path):
    """Tickets that are inserted start anew, with a history of their own; their old one cannot be loaded as well."""
    target = empty_database()
    with psycopg.connect(dbname=database, autocommit=True) as source:
        source.execute("SELECT phasegate.create_workspace('acme')")
        source.execute("INSERT INTO acme.tickets (title) SELECT 't' || n FROM generate_series(1, 3) n")
        source.execute("UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title <> 't3'")
        before = rows(source, ["acme"])
    (tmp_path / "schema.sql").write_bytes(tool("pg_dump", "--schema-only", "--dbname", database))
    (tmp_path / "data.sql").write_bytes(tool("pg_dump", "--data-only", "--dbname", database))
    tool("pg_dump", "-Fc", "--data-only", "--dbname", database, "--file", tmp_path / "data")
    psql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", target, "--file"]
    tool(*psql, tmp_path / "schema.sql")

    refusal = 'duplicate key value violates unique constraint "phase_history_one_start"'
    assert refusal in tool(*psql, tmp_path / "data.sql", "--single-transaction", fails=True)
    with psycopg.connect(dbname=target, autocommit=True) as restored:
        assert set(rows(restored, ["acme"]).values()) == {b""}
        # Without a single transaction what can be loaded is, and that it was not all is said.
        assert refusal in tool("pg_restore", "--dbname", target, tmp_path / "data", fails=True)
        assert rows(restored, ["acme"]) != before
        assert violations(restored) == []
        # Everything goes with its ticket; then it is loaded in the right way.
        restored.execute("DELETE FROM acme.tickets")
        restored.execute("TRUNCATE acme.phases, acme.phase_transitions, acme.task_templates, acme.phase_gate_requirements")
        restored.execute("TRUNCATE acme.configuration_history, acme.ticket_archive")
        tool("pg_restore", "--exit-on-error", "--disable-triggers", "--dbname", target, tmp_path / "data")
        assert rows(restored, ["acme"]) == before
