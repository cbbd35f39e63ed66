"""Whatever table people have: adoption_report says what is in the way, and then nothing is changed; or nothing is, and both ways of
adopting it come to their end, after which the workspace is whole and the application's statements go on working."""

import os
import uuid

import psycopg
import pytest

from odd_tables import KEYED, NUMBERED, ODDITIES, PLAIN
from probing import ALL_CASES

SHOWN = """
    SELECT c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = to_regnamespace(%(s)s)
    UNION ALL
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), convalidated, NULL FROM pg_constraint WHERE connamespace = to_regnamespace(%(s)s)
    UNION ALL
    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(t.oid), NULL, tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
     WHERE relnamespace = to_regnamespace(%(s)s) AND NOT tgisinternal
    ORDER BY 1, 2, 3
"""


def adopt(connection, schema, way):
    """What was refused, or nothing."""
    statement = {"at once": "SELECT phasegate.create_workspace(%s)", "in steps": "CALL phasegate.adopt_workspace(%s)"}[way]
    try:
        connection.execute(statement, [schema])
        return None
    except psycopg.Error as error:
        return error


def goes_on(connection, schema):
    assert connection.execute("SELECT check_name, violations, example FROM phasegate.check_workspace(%s) WHERE violations > 0", [schema]).fetchall() == []
    connection.execute("SELECT phasegate.create_workspace(%s)", [schema])


def made(connection, schema, script):
    connection.execute(f"CREATE SCHEMA {schema}")
    names = {"t": f"{schema}.tickets", "n": "tickets", "s": schema}
    for text in script:
        for name, value in names.items():
            text = text.replace("{" + name + "}", value)
        connection.execute(text)


def tried(connection, schema, script, ways):
    """The outcome in words, which the ways share; what neither is fails."""
    made(connection, schema, script)
    before = connection.execute(SHOWN, {"s": schema}).fetchall()
    report = connection.execute("SELECT DISTINCT problem FROM phasegate.adoption_report(%s) WHERE blocks ORDER BY 1", [schema]).fetchall()
    assert connection.execute(SHOWN, {"s": schema}).fetchall() == before, "reported, and changed"
    for place, way in enumerate(ways):
        if not report and place > 0:
            connection.execute(f"DROP SCHEMA {schema} CASCADE; DROP PUBLICATION IF EXISTS {schema}")
            made(connection, schema, script)
        error = adopt(connection, schema, way)
        if report:
            assert error is not None, f"reported, and adopted {way}: {report}"
            assert connection.execute(SHOWN, {"s": schema}).fetchall() == before, f"refused {way}, and changed"
        else:
            assert error is None, f"not reported, and fails {way}: {error}"
            goes_on(connection, schema)
    return "refused: " + ", ".join(row[0] for row in report) if report else "adopted"


# On which table, of which type phase_id is, and which way it is adopted, goes round; with PHASEGATE_ALL_CASES on all.
WAYS = ["at once", "in steps"]
BASES = [("plain", "text"), ("numbered", "varchar"), ("plain", "varchar(50)"), ("numbered", "text")]
TABLES = {"plain": (PLAIN, "id"), "numbered": (NUMBERED, "ticket_uuid"), "keyed": (KEYED, "ticket_uuid")}


def cases():
    for number, (oddity, text) in enumerate(ODDITIES.items()):
        for base, kind in BASES if ALL_CASES else [BASES[number % len(BASES)]]:
            yield oddity, "keyed" if "{key}" in text and base == "numbered" else base, kind


@pytest.fixture
def owner(database):
    """An ordinary role that may make schemas, and nothing else."""
    role = f"odd_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(dbname=database, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role}")
        connection.execute(f"GRANT CREATE ON DATABASE {database} TO {role}")
        connection.execute(f"SET ROLE {role}")
        connection.execute("SET client_min_messages = error")
        yield connection
        connection.execute(f"RESET ROLE; DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def test_odd_tables_are_adopted_or_refused_by_name(owner):
    wrong = []
    only = os.environ.get("PHASEGATE_ODDITIES") or ""
    for number, (oddity, base, kind) in enumerate(case for case in cases() if only in case[0]):
        table, key = TABLES[base]
        script = [text.replace("{type}", kind).replace("{key}", key) for text in (table, ODDITIES[oddity]) if text]
        try:
            ways = WAYS if ALL_CASES else [WAYS[number // len(BASES) % len(WAYS)]]
            outcome = tried(owner, f"odd_{number}", script, ways)
        except (AssertionError, psycopg.Error) as error:
            outcome = f"{type(error).__name__} {error}".replace("\n", " / ")
            wrong.append((oddity, base, kind, outcome))
        print(f"{oddity} | {base} {kind} | {outcome[:400]}")
        owner.execute(f"DROP SCHEMA IF EXISTS odd_{number} CASCADE; DROP PUBLICATION IF EXISTS odd_{number}")
    assert not wrong, "\n".join(map(str, wrong))
