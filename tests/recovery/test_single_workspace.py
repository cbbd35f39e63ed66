"""One workspace out of several, by pg_dump --schema, into another database that has the extension."""

import psycopg
import pytest

from populated import DESK, SHOP, definitions, quoted, rows, violations


def definitions_of(connection, schema):
    """Without what is no part of one schema: rights on the extension's functions, and for tables in any schema."""
    outside = ("grant on function phasegate.", "grant on schema phasegate", "grant on default of", "extension ", "workspace ")
    return [text for text in definitions(connection, [schema]) if not text.startswith(outside)]


def test_a_workspace_comes_with_everything_but_its_casts(populated, empty_database, tool, tmp_path):
    target = empty_database()
    with psycopg.connect(dbname=populated.database, autocommit=True) as source:
        before = rows(source, [SHOP]), definitions_of(source, SHOP)
    tool("pg_dump", "-Fc", "--schema", quoted(SHOP), "--dbname", populated.database, "--file", tmp_path / "dump")
    with psycopg.connect(dbname=target, autocommit=True) as restored:
        restored.execute("CREATE EXTENSION phasegate")

        tool("pg_restore", "--exit-on-error", "--dbname", target, tmp_path / "dump")
        assert [(check, count) for _, check, count, _ in violations(restored)] == [("structure_is_whole", 2)]
        restored.execute("SELECT phasegate.create_workspace(%s)", [SHOP])

        assert rows(restored, [SHOP]) == before[0]
        assert definitions_of(restored, SHOP) == before[1]
        assert violations(restored) == []
        restored.execute(f"SET search_path = {quoted(SHOP)}, phasegate")
        with populated.acting(restored, "app"):
            assert restored.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'::varchar WHERE title = 'starts in PHASE_BACKLOG'").rowcount == 1
            with pytest.raises(psycopg.errors.CheckViolation, match="invalid phase transition"):
                restored.execute("UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = 'starts in PHASE_TESTING'")
        assert violations(restored) == []


def test_another_role_owns_what_it_restores_without_being_a_superuser(populated, empty_database, tool, tmp_path):
    """Dumped by the workspace's owner, restored by one who may create in the database; neither is a superuser."""
    other = populated.roles["reviewer"]
    target = empty_database(owner=other)
    with psycopg.connect(dbname=populated.database, autocommit=True) as source:
        before = rows(source, [DESK])
        held, = source.execute("SELECT id FROM helpdesk.tasks WHERE status = 'running'").fetchone()
    tool("pg_dump", "-Fc", "--schema", DESK, "--username", populated.roles["Owner"], "--dbname", populated.database, "--file", tmp_path / "dump")
    restore = ["pg_restore", "--no-owner", "--no-privileges", "--username", other, "--dbname", target]
    with psycopg.connect(dbname=target, autocommit=True) as restored:
        restored.execute(f"SET SESSION AUTHORIZATION {quoted(other)}")
        restored.execute("CREATE EXTENSION phasegate")
        tool(*restore, "--exit-on-error", tmp_path / "dump")
        restored.execute("SELECT phasegate.create_workspace(%s)", [DESK])

        assert rows(restored, [DESK]) == before
        assert restored.execute("SELECT schema, owner FROM phasegate.workspaces").fetchall() == [(DESK, other)]
        assert violations(restored) == []
        # Side effects are written with the rights of the new owner, for a role that has few.
        restored.execute(f"GRANT USAGE ON SCHEMA {DESK} TO {populated.role('agent')}")
        restored.execute(f"GRANT SELECT, UPDATE ON {DESK}.tickets, {DESK}.tasks TO {populated.role('agent')}")
        restored.execute("RESET SESSION AUTHORIZATION")
        restored.execute(f"SET search_path = {DESK}, phasegate")
        with populated.acting(restored, "agent"):
            moved = restored.execute("SELECT transition_ticket(id, 'PHASE_REQUIREMENTS') FROM tickets WHERE phase_id = 'PHASE_BACKLOG'").rowcount
            assert moved == 1
            assert restored.execute("SELECT claim_task('ada', '{analysis}')").rowcount == 1
            restored.execute("SELECT complete_task(%s, (SELECT assigned_agent_id FROM tasks WHERE id = %s))", [held, held])
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                restored.execute("DELETE FROM phase_history")
        assert restored.execute("SELECT count(*) FROM phase_history").fetchone()[0] == before["helpdesk.phase_history"].count(b"\n") + 1
        assert violations(restored) == []

        # Data alone with the triggers off is for superusers, as everywhere: foreign keys would be off too.
        error = tool(*restore, "--data-only", "--disable-triggers", tmp_path / "dump", fails=True)
        assert "permission denied" in error


def test_a_dump_without_the_extension_says_so(populated, empty_database, tool, tmp_path):
    target = empty_database()
    tool("pg_dump", "-Fc", "--schema", DESK, "--dbname", populated.database, "--file", tmp_path / "dump")
    error = tool("pg_restore", "--exit-on-error", "--dbname", target, tmp_path / "dump", fails=True)
    assert 'schema "phasegate" does not exist' in error
