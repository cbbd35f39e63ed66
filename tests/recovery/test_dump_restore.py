"""pg_dump and pg_restore: the same rows, working triggers, nothing fired twice."""

import os
import re
import subprocess
import uuid

import psycopg
import pytest

SETUP = """
CREATE ROLE {role};
SELECT phasegate.create_workspace('one');
SELECT phasegate.create_workspace('two');
UPDATE one.task_templates SET is_active = false;
UPDATE two.task_templates SET is_active = false;
DELETE FROM one.phase_gate_requirements;
-- Configuration that was edited: a phase added to one of the two, edges, a deleted default.
ALTER TYPE one.phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING';
INSERT INTO one.phase_transitions VALUES ('PHASE_TESTING', 'PHASE_SECURITY_REVIEW', false), ('PHASE_SECURITY_REVIEW', 'PHASE_DEPLOYMENT', false);
DELETE FROM one.phase_transitions WHERE from_phase = 'PHASE_TESTING' AND to_phase = 'PHASE_DEPLOYMENT';
-- The user's own: columns, a trigger, an index on the phase, row security, grants.
ALTER TABLE one.tickets ADD COLUMN assignee text DEFAULT 'nobody', ADD COLUMN loud text GENERATED ALWAYS AS (upper(title)) STORED;
CREATE INDEX tickets_open ON one.tickets (phase_entered_at) WHERE phase_id <> 'PHASE_DONE';
CREATE TABLE one.audit (ticket uuid, op text);
CREATE FUNCTION one.audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO one.audit VALUES (NEW.id, TG_OP); RETURN NULL; END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON one.tickets FOR EACH ROW EXECUTE FUNCTION one.audit();
ALTER TABLE one.tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON one.tickets USING (phase_id <> 'PHASE_DONE');
GRANT USAGE ON SCHEMA one TO {role};
GRANT SELECT, UPDATE ON one.tickets TO {role};
GRANT INSERT ON one.audit TO {role};
SELECT phasegate.grant_access('two', '{role}', 'reviewer');
-- Rows in every phase, with history, blocked ones, one context, an artifact.
INSERT INTO one.tickets (title, phase_id, previous_phase_id, context)
SELECT 'one ' || p, p, CASE WHEN p = 'PHASE_BLOCKED' THEN 'PHASE_TESTING' END::one.phase, '{{"design_phase": {{"a": 1}}}}' FROM unnest(enum_range(NULL::one.phase)) p;
INSERT INTO two.tickets (title, phase_id) SELECT 'two ' || n, 'PHASE_DESIGN' FROM generate_series(1, 200) n;
UPDATE two.tickets SET phase_id = 'PHASE_BLOCKED' WHERE title LIKE '%5';
UPDATE one.tickets SET phase_id = 'PHASE_SECURITY_REVIEW' WHERE phase_id = 'PHASE_TESTING';
INSERT INTO one.phase_gate_artifacts (ticket_id, phase_id, artifact_type) SELECT id, phase_id, 'log' FROM one.tickets;
"""


def tool(name, *arguments, bindir=None, **kwargs):
    program = os.path.join(bindir or os.environ["PHASEGATE_BINDIR"], name)
    return subprocess.run([program, *arguments], check=True, stdin=kwargs.pop("stdin", subprocess.DEVNULL), **kwargs)


def set_up(connection, role):
    for statement in SETUP.format(role=role).split(";\n"):
        if statement.strip():
            connection.execute(statement)


def table_rows(connection):
    """Every row of every table of the workspaces."""
    rows = {}
    for (table,) in connection.execute(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE relkind = 'r' AND relnamespace IN ('one'::regnamespace, 'two'::regnamespace)").fetchall():
        rows[table] = sorted(row[0] for row in connection.execute(f"SELECT t::text FROM {table} t"))
    return rows


def content(connection):
    """Every row, and every object's definition."""
    rows = table_rows(connection)
    rows["definitions"] = sorted(row[0] for row in connection.execute("""
        SELECT pg_get_triggerdef(t.oid) || tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
         WHERE NOT tgisinternal AND relnamespace IN ('one'::regnamespace, 'two'::regnamespace)
         UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace IN ('one'::regnamespace, 'two'::regnamespace)
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname IN ('one', 'two')
         UNION ALL SELECT pg_get_viewdef(c.oid) || coalesce(reloptions::text, '') FROM pg_class c WHERE relkind = 'v' AND relnamespace IN ('one'::regnamespace, 'two'::regnamespace)
         UNION ALL SELECT format('%s %s %s', enumtypid::regtype, enumlabel, row_number() OVER (PARTITION BY enumtypid ORDER BY enumsortorder)) FROM pg_enum
         UNION ALL SELECT format('%s -> %s %s', castsource::regtype, casttarget::regtype, castcontext) FROM pg_cast c JOIN pg_type t ON t.oid = casttarget WHERE typname = 'phase'
         UNION ALL SELECT format('%s %s', polname, pg_get_expr(polqual, polrelid)) FROM pg_policy
         UNION ALL SELECT format('%s.%s %s', table_name, column_name, column_default) FROM information_schema.columns WHERE table_schema IN ('one', 'two')
         UNION ALL SELECT format('%s %s', oid::regclass, relacl) FROM pg_class WHERE relnamespace IN ('one'::regnamespace, 'two'::regnamespace)
         UNION ALL SELECT format('%s.%s %s', attrelid::regclass, attname, attacl) FROM pg_attribute WHERE attrelid >= 16384 AND attacl IS NOT NULL
         UNION ALL SELECT format('%s %s', nspname, nspacl) FROM pg_namespace WHERE nspname IN ('one', 'two', 'phasegate')
         UNION ALL SELECT format('%s %s', schema, version) FROM phasegate.workspaces"""))
    # PostgreSQL writes the casts of a varchar IN (...) differently once the text was parsed again.
    rows["definitions"] = sorted(re.sub(r"::(text|character varying)(\[\])?|[()]", "", text) for text in rows["definitions"])
    return rows


@pytest.fixture
def empty_database():
    name = f"pytest_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield name
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def role():
    name = f"pytest_{uuid.uuid4().hex[:12]}"
    yield name
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP ROLE IF EXISTS {name}")


def by_script(source, target, folder):
    with open(folder / "dump.sql", "w+b") as dump:
        tool("pg_dump", "--dbname", source, stdout=dump)
        dump.seek(0)
        tool("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--dbname", target, stdin=dump, stdout=subprocess.DEVNULL)


def by_archive(source, target, folder):
    tool("pg_dump", "-Fc", "--dbname", source, "--file", folder / "dump")
    tool("pg_restore", "-j2", "--exit-on-error", "--dbname", target, folder / "dump")


def by_sections(source, target, folder):
    """The schema, then the data with the triggers off, as --disable-triggers does it."""
    tool("pg_dump", "-Fc", "--dbname", source, "--file", folder / "dump")
    tool("pg_restore", "--exit-on-error", "--schema-only", "--dbname", target, folder / "dump")
    with psycopg.connect(dbname=target, autocommit=True) as connection:
        connection.execute("TRUNCATE one.phase_transitions, two.phase_transitions")
    tool("pg_restore", "--exit-on-error", "--data-only", "--disable-triggers", "--dbname", target, folder / "dump")


@pytest.mark.parametrize("way", [by_script, by_archive, by_sections], ids=lambda way: way.__name__)
def test_a_restored_database_is_the_same(role, database, empty_database, tmp_path, way):
    with psycopg.connect(dbname=database, autocommit=True) as source:
        set_up(source, role)
        before = content(source)
    assert len(before["two.phase_history"]) == 220
    assert any(f"two.phase_gate_results.gate_status {{{role}=a/" in text for text in before["definitions"])

    way(database, empty_database, tmp_path)

    with psycopg.connect(dbname=empty_database, autocommit=True) as restored:
        after = content(restored)
        assert after.keys() == before.keys()
        for part in before:
            assert after[part] == before[part], part
        for workspace in ("one", "two"):
            assert restored.execute("SELECT sum(violations) FROM phasegate.check_workspace(%s)", [workspace]).fetchone()[0] == 0

        # It goes on: rules, history, the added phase in one of the two, the user's trigger and policy.
        restored.execute("SET search_path = one")
        restored.execute("UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW' WHERE title = 'one PHASE_TESTING' AND phase_id = 'PHASE_TESTING'")
        with pytest.raises(psycopg.errors.CheckViolation, match="invalid phase transition"):
            restored.execute("UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = 'one PHASE_BACKLOG'")
        moved = restored.execute("UPDATE tickets SET phase_id = 'PHASE_DEPLOYMENT' WHERE phase_id = 'PHASE_SECURITY_REVIEW'").rowcount
        assert moved == 2
        assert restored.execute("SELECT count(*) FROM phase_history WHERE from_phase = 'PHASE_SECURITY_REVIEW'").fetchone()[0] == 2
        assert restored.execute("SELECT count(*) FROM audit").fetchone()[0] == len(before["one.audit"]) + moved
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
            restored.execute("DELETE FROM phase_history")
        restored.execute(f"SET ROLE {role}")
        assert restored.execute("UPDATE one.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE phase_id = 'PHASE_BACKLOG'").rowcount == 1
        assert restored.execute("SELECT phasegate.can_transition('PHASE_TESTING', 'PHASE_SECURITY_REVIEW')").fetchone()[0]
        restored.execute("RESET ROLE")
        restored.execute("INSERT INTO two.tickets (title) VALUES ('new')")
        restored.execute("SELECT phasegate.create_workspace('one')")
        for workspace in ("one", "two"):
            assert restored.execute("SELECT sum(violations) FROM phasegate.check_workspace(%s)", [workspace]).fetchone()[0] == 0


def test_a_dump_goes_to_the_newest_version(role, database, make_cluster, newest_major, tmp_path):
    """With the older version's pg_dump: minor releases after the newer one's may keep things in the catalogs that only it knows."""
    with psycopg.connect(dbname=database, autocommit=True) as source:
        set_up(source, role)
        before = table_rows(source)
    newest = make_cluster(major=newest_major)
    env = newest.env()

    tool("pg_dump", "-Fc", "--dbname", database, "--file", tmp_path / "dump")
    with newest.connect(autocommit=True) as restored:
        restored.execute(f"CREATE ROLE {role}")
    tool("pg_restore", "--exit-on-error", "--dbname", "postgres", tmp_path / "dump", bindir=env["PHASEGATE_BINDIR"], env=os.environ | env)

    with newest.connect(autocommit=True) as restored:
        assert restored.info.server_version // 10000 == newest_major
        assert table_rows(restored) == before
        for workspace in ("one", "two"):
            assert restored.execute("SELECT sum(violations) FROM phasegate.check_workspace(%s)", [workspace]).fetchone()[0] == 0
        restored.execute(f"SET ROLE {role}")
        assert restored.execute("UPDATE one.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE phase_id = 'PHASE_BACKLOG'").rowcount == 1
        with pytest.raises(psycopg.errors.CheckViolation, match="invalid phase transition"):
            restored.execute("UPDATE one.tickets SET phase_id = 'PHASE_DONE' WHERE phase_id = 'PHASE_REQUIREMENTS'")


def test_a_warm_session_sees_an_added_phase(database):
    """The other session has plans and configuration of the workspace, idle and in the middle of a transaction."""
    with psycopg.connect(dbname=database, autocommit=True) as owner, psycopg.connect(dbname=database, autocommit=True) as warm:
        owner.execute("SELECT phasegate.create_workspace('acme')")
        owner.execute("DELETE FROM acme.phase_gate_requirements")
        owner.execute("UPDATE acme.task_templates SET is_active = false")
        warm.execute("SET search_path = acme")
        for _ in range(8):  # past the point where prepared statements get generic plans
            warm.execute("INSERT INTO tickets (title, phase_id) VALUES ('t', 'PHASE_TESTING')")
            warm.execute("UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE phase_id = 'PHASE_TESTING'", prepare=True)
            warm.execute("SELECT phasegate.unblock_ticket(id) FROM tickets WHERE phase_id = 'PHASE_BLOCKED'", prepare=True)
        with warm.transaction():
            assert warm.execute("UPDATE tickets SET title = 'u'").rowcount == 8
            owner.execute("ALTER TYPE acme.phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING'")
            owner.execute("INSERT INTO acme.phase_transitions VALUES ('PHASE_TESTING', 'PHASE_SECURITY_REVIEW'), ('PHASE_SECURITY_REVIEW', 'PHASE_DEPLOYMENT')")
            assert warm.execute("UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW'").rowcount == 8
        assert warm.execute("SELECT count(*) FROM phasegate.transition_tickets(ARRAY(SELECT id FROM tickets), 'PHASE_DEPLOYMENT') WHERE transitioned").fetchone()[0] == 8
        assert warm.execute("SELECT sum(violations) FROM phasegate.check_workspace()").fetchone()[0] == 0
