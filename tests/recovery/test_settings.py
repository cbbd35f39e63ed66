"""Whatever a session or database has set of how things are printed and read, and in whatever locale: workspaces are made, adopted, checked,
repaired and upgraded, and are the same."""

import os

import psycopg
import pytest

from populated import definitions
from test_upgrade import OLD, connect, empty, kept, restore_into_this_version, roles  # noqa: F401

# Settings that a session may change in these groups, with every value that is not the present one.
SETTINGS = """
    SELECT name, v FROM pg_settings CROSS JOIN LATERAL unnest(CASE vartype WHEN 'bool' THEN ARRAY['on', 'off'] WHEN 'enum' THEN enumvals END) v
     WHERE context IN ('user', 'superuser') AND v <> setting
       AND (category LIKE 'Client Connection Defaults / %%' OR category LIKE 'Version and Platform Compatibility / %%' OR category LIKE 'Query Tuning / %%'
            OR name IN ('row_security', 'exit_on_error'))
       -- Under these nothing is written, or nothing is decided: refused, with tests of their own.
       AND name <> ALL ('{client_min_messages,default_transaction_read_only,transaction_read_only,session_replication_role,transaction_isolation,transaction_deferrable}')
     ORDER BY 1, 2
"""
OTHERS = [
    ("DateStyle", "SQL, DMY"), ("DateStyle", "German"), ("DateStyle", "Postgres, MDY"), ("IntervalStyle", "sql_standard"), ("extra_float_digits", "-15"),
    ("TimeZone", "Asia/Kathmandu"), ("TimeZone", "<+12>-12"), ("lc_numeric", "C"), ("lc_messages", "C"), ("lc_time", "C"), ("lc_monetary", "C"),
    ("search_path", ""), ("search_path", '"$user", public, phasegate'), ("client_encoding", "LATIN1"), ("client_encoding", "WIN1254"),
    ("default_text_search_config", "simple"), ("default_table_access_method", "heap"), ("work_mem", "64"), ("from_collapse_limit", "1"),
    ("join_collapse_limit", "1"), ("gin_fuzzy_search_limit", "1"), ("cursor_tuple_fraction", "0"), ("jit_above_cost", "0"), ("geqo_threshold", "2"),
    ("phasegate.actor", "Ün"), ("application_name", "x"), ("statement_timeout", "600000"), ("plan_cache_mode", "force_generic_plan"),
]
ADOPTED = """
    CREATE SCHEMA {0};
    CREATE TABLE {0}.tickets (id bigint PRIMARY KEY, title text NOT NULL, phase_id varchar(40) DEFAULT 'PHASE_BACKLOG' CHECK (phase_id <> 'I'),
                              made timestamptz DEFAULT '2020-02-03 04:05:06Z', priority text);
    INSERT INTO {0}.tickets VALUES (1, 'Gr' || chr(252) || 'n', 'PHASE_DESIGN'), (2, 'x', NULL);
"""
TAKEN = [
    "ALTER TABLE {0}.tickets DROP CONSTRAINT tickets_title_check", "ALTER TABLE {0}.phase_history DROP CONSTRAINT phase_history_ticket_id_fkey",
    "DROP INDEX {0}.tasks_due", "DROP TRIGGER zz_phasegate_keep ON {0}.tasks", "DROP VIEW {0}.phase_board",
    "ALTER TABLE {0}.tasks ALTER COLUMN max_attempts DROP DEFAULT", "DROP CAST (text AS {0}.phase)", "ALTER TABLE {0}.phases ALTER COLUMN kind DROP NOT NULL",
]
UNDER = "SELECT check_name, violations, example FROM phasegate.check_workspace(%s) WHERE violations > 0"


def found(connection, schema):
    return connection.execute(UNDER, [schema]).fetchall()


def cycle(connection, number):
    """Makes, adopts in both ways, breaks and repairs, leaves and takes back; the names of the schemas, which all are whole."""
    new, once, steps = names = [f"{kind}_{number}" for kind in ("new", "once", "steps")]
    connection.execute("SELECT phasegate.create_workspace(%s)", [new])
    for schema in (once, steps):
        for statement in ADOPTED.format(schema).strip().split(";\n"):
            connection.execute(statement)
    assert connection.execute("SELECT problem FROM phasegate.adoption_report(%s) WHERE blocks", [once]).fetchall() == []
    connection.execute("SELECT phasegate.create_workspace(%s)", [once])
    connection.execute("CALL phasegate.adopt_workspace(%s)", [steps])
    for schema in names:
        assert found(connection, schema) == []
    for statement in TAKEN:
        connection.execute(statement.format(new))
    [(check, count, _)] = [row for row in found(connection, new) if row[0] == "structure_is_whole"]
    assert count == len(TAKEN), found(connection, new)
    connection.execute("SELECT phasegate.create_workspace(%s)", [new])
    assert found(connection, new) == []
    connection.execute("SELECT phasegate.detach_workspace(%s)", [steps])
    connection.execute("SELECT phasegate.create_workspace(%s)", [steps])
    assert found(connection, steps) == []
    return names


def shown(connection, names):
    text = "\n".join(line for line in definitions(connection, names) if not line.startswith("workspace "))
    return set(text.replace(names[0], "new").replace(names[1], "once").replace(names[2], "steps").split("\n"))


def quietly(name):
    connection = psycopg.connect(dbname=name, autocommit=True, client_encoding="utf8")
    connection.execute("SET client_min_messages = error")
    return connection


def rounds(settings):
    """Each value once, all settings at the same time; with PHASEGATE_ALL_CASES each value by itself."""
    if os.environ.get("PHASEGATE_ALL_CASES"):
        return [{name: value} for name, value in settings]
    values = {}
    for name, value in settings:
        values.setdefault(name, []).append(value)
    return [{name: those[number % len(those)] for name, those in values.items()} for number in range(max(map(len, values.values())))]


def test_settings_change_nothing(database):
    with quietly(database) as connection:
        settings = connection.execute(SETTINGS.replace("%%", "%")).fetchall() + OTHERS
        expected = shown(connection, cycle(connection, "0"))
    assert len(settings) > 70
    wrong = []
    for number, values in enumerate(rounds(settings), 1):
        with quietly(database) as connection:
            for name, value in values.items():
                connection.execute("SELECT pg_catalog.set_config(%s, %s, false)", [name, value])
            try:
                names = cycle(connection, str(number))
            except (psycopg.Error, AssertionError) as error:
                wrong.append((values, str(error)))
                continue
        with quietly(database) as connection:
            if shown(connection, names) != expected:
                wrong.append((values, shown(connection, names) ^ expected))
            for schema in names:
                if found(connection, schema):
                    wrong.append((values, found(connection, schema)))
                connection.execute(f"DROP SCHEMA {schema} CASCADE")
    assert not wrong, "\n".join(f"{what}: {values}" for values, what in wrong)


ODD = ["quote_all_identifiers = on", "DateStyle = 'German'", "IntervalStyle = 'sql_standard'", "extra_float_digits = -15", "bytea_output = 'escape'",
       "xmlbinary = 'hex'", "standard_conforming_strings = off", "escape_string_warning = off", "row_security = off", "transform_null_equals = on",
       "array_nulls = off", "TimeZone = 'Asia/Kathmandu'", "search_path = ''"]


@pytest.fixture
def turkish():
    """Databases in a Turkish locale, by whichever provider this server has it."""
    names = []
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        [with_icu] = connection.execute("SELECT EXISTS (SELECT FROM pg_collation WHERE collprovider = 'i')").fetchone()
        libc = connection.execute("SELECT collcollate FROM pg_collation WHERE collprovider = 'c' AND collcollate ~* '^tr_TR.utf-?8$' LIMIT 1").fetchone()
        kinds = ["LOCALE_PROVIDER icu ICU_LOCALE 'tr' LOCALE 'C.UTF-8'"] * with_icu + [f"LOCALE '{name}'" for name in libc or ()]
        if not kinds:
            pytest.skip("this server has no Turkish locale")
        for number, kind in enumerate(kinds):
            names.append(f"pytest_turkish_{number}_{connection.info.backend_pid}")
            connection.execute(f"CREATE DATABASE {names[-1]} TEMPLATE template0 ENCODING 'UTF8' {kind}")
    yield names
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_in_a_turkish_locale_everything_is_the_same(database, turkish):
    with quietly(database) as connection:
        expected = shown(connection, cycle(connection, "0"))
    for name in turkish:
        with quietly(name) as connection:
            # There it is a dotless one.
            assert connection.execute("SELECT lower('I')").fetchone()[0] == "ı"
            connection.execute("CREATE EXTENSION phasegate")
            names = cycle(connection, "0")
            assert shown(connection, names) == expected
            connection.execute("SET search_path = new_0, phasegate")
            connection.execute("DELETE FROM phase_gate_requirements")
            connection.execute("INSERT INTO tickets (title) VALUES ('a')")
            connection.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")
            connection.execute("UPDATE tasks SET status = 'completed', assigned_agent_id = 'ada', result = '{\"summary\": \"s\"}'")
            connection.execute("UPDATE tickets SET phase_id = 'PHASE_DESIGN'")
            assert found(connection, "new_0") == []
            assert "requirements_phase" in connection.execute("SELECT context FROM tickets").fetchone()[0]
            # Phases of one's own.
            connection.execute("SELECT create_workspace('own', phases => '{IDLE,IN_WORK,BITTI}')")
            assert found(connection, "own") == []


@pytest.mark.parametrize("version", OLD)
@pytest.mark.parametrize("locale", ["plain", "turkish"])
def test_old_workspaces_are_upgraded_under_all_of_them(version, locale, empty, request):
    name = request.getfixturevalue("turkish")[0] if locale == "turkish" else empty()
    with psycopg.connect(dbname=name, autocommit=True) as connection:
        connection.execute(f"GRANT CREATE ON DATABASE {name} TO version_keeper")
    restore_into_this_version(name, kept(version))
    with connect(name) as connection:
        for setting in ODD:
            connection.execute(f"SET {setting}")
        workspaces = [row[0] for row in connection.execute("SELECT schema FROM phasegate.workspaces ORDER BY 1").fetchall()]
        assert workspaces
        for workspace in workspaces:
            connection.execute("SELECT phasegate.upgrade_workspace(%s)", [workspace])
            assert found(connection, workspace) == []
        # Their casts were implicit.
        assert connection.execute("SELECT DISTINCT castcontext::text FROM pg_catalog.pg_cast JOIN pg_catalog.pg_type t ON t.oid = casttarget WHERE typname = 'phase'").fetchall() == [("a",)]
