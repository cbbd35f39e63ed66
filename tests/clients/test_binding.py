"""The eleven ways in which drivers bind a string: into a column of phases all of them go, as text, as varchar and without a type, in text and
in binary. The casts are made for assignments alone: no function or operator is found by them."""

import enum

import psycopg
import pytest
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.types import TypeInfo
from psycopg.types.string import StrBinaryDumper, StrBinaryDumperVarchar, StrDumper, StrDumperUnknown, StrDumperVarchar

DUMPERS = {"unknown": StrDumperUnknown, "text": StrDumper, "varchar": StrDumperVarchar, "binary text": StrBinaryDumper, "binary varchar": StrBinaryDumperVarchar}


class Phase(enum.Enum):
    PHASE_REQUIREMENTS = "PHASE_REQUIREMENTS"


class PhaseDumper(Dumper):
    """As a driver that has learned the type's OID from the catalog."""

    def dump(self, value):
        return value.value.encode()


@pytest.fixture
def connection(database):
    with psycopg.connect(dbname=database, autocommit=True) as connection:
        connection.execute("SELECT phasegate.create_workspace('shop')")
        connection.execute("SET search_path = shop, phasegate")
        connection.execute("INSERT INTO tickets (title) VALUES ('a')")
        connection.execute("CREATE FUNCTION takes(p phase) RETURNS text LANGUAGE sql AS 'SELECT p::text'")
        yield connection


def moves(connection, statement, *parameters, **options):
    """The statement puts the ticket into the phase."""
    connection.execute(statement, parameters, **options)
    assert connection.execute("SELECT phase_id::text FROM tickets WHERE title = 'a'").fetchone() == ("PHASE_REQUIREMENTS",)


@pytest.mark.parametrize("prepare", [False, True])
@pytest.mark.parametrize("kind", DUMPERS)
def test_a_string_is_assigned(connection, kind, prepare):
    connection.adapters.register_dumper(str, DUMPERS[kind])
    moves(connection, "UPDATE tickets SET phase_id = %s", "PHASE_REQUIREMENTS", prepare=prepare)
    connection.execute("INSERT INTO tickets (title, phase_id) VALUES ('b', %s)", ["PHASE_DESIGN"], prepare=prepare)
    connection.execute("INSERT INTO tickets (title, phase_id) SELECT 'c', v.p FROM (VALUES (%s)) v (p)" if kind != "unknown" else
                       "INSERT INTO tickets (title, phase_id) SELECT 'c', %s", ["PHASE_DESIGN"], prepare=prepare)
    connection.cursor().executemany("UPDATE tickets SET phase_id = %s WHERE title = %s", [("PHASE_IMPLEMENTATION", "b"), ("PHASE_BLOCKED", "c")])
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        connection.execute("UPDATE tickets SET phase_id = %s", ["PHASE_LUNCH"], prepare=prepare)


@pytest.mark.parametrize("kind", [kind for kind in DUMPERS if kind != "unknown"])
def test_a_typed_string_finds_no_function_and_no_operator(connection, kind):
    connection.adapters.register_dumper(str, DUMPERS[kind])
    for statement in ["SELECT takes(%s)", "SELECT count(*) FROM tickets WHERE phase_id = %s", "SELECT coalesce(phase_id, %s) FROM tickets"]:
        with pytest.raises(psycopg.errors.UndefinedFunction if "coalesce" not in statement else psycopg.errors.DatatypeMismatch):
            connection.execute(statement, ["PHASE_BACKLOG"])
    assert connection.execute("SELECT takes(%s::phase), (SELECT count(*) FROM tickets WHERE phase_id = %s::phase)", ["PHASE_BACKLOG"] * 2).fetchone() == ("PHASE_BACKLOG", 1)
    assert connection.execute("SELECT count(*) FROM tickets WHERE phase_id = ANY (%s::text[]::phase[])", [["PHASE_BACKLOG"]]).fetchone() == (1,)
    # phasegate's own functions take text.
    [ticket] = connection.execute("SELECT id FROM tickets").fetchone()
    assert connection.execute("SELECT (transition_ticket(%s, %s)).current_phase", [ticket, "PHASE_REQUIREMENTS"]).fetchone() == ("PHASE_REQUIREMENTS",)


def test_the_other_ways(connection):
    # A literal, a concatenation, a PL/pgSQL variable, the type itself, COPY in text and in binary.
    moves(connection, "UPDATE tickets SET phase_id = 'PHASE_' || 'REQUIREMENTS'")
    connection.execute("DO $$ DECLARE p varchar := 'PHASE_BLOCKED'; BEGIN UPDATE shop.tickets SET phase_id = p; p := 'PHASE_REQUIREMENTS'; UPDATE shop.tickets SET phase_id = p; END $$")
    dumper = type("Dumper", (PhaseDumper,), {"oid": TypeInfo.fetch(connection, "phase").oid})
    connection.adapters.register_dumper(Phase, dumper)
    moves(connection, "UPDATE tickets SET phase_id = %s", Phase.PHASE_REQUIREMENTS)
    assert connection.execute("SELECT takes(%s)", [Phase.PHASE_REQUIREMENTS]).fetchone() == ("PHASE_REQUIREMENTS",)
    with connection.cursor().copy("COPY tickets (title, phase_id) FROM STDIN") as copy:
        copy.write_row(("d", "PHASE_DESIGN"))
    with connection.cursor().copy("COPY tickets (title, phase_id) FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(["text", "text"])
        copy.write_row(("e", "PHASE_DESIGN"))
    assert connection.execute("SELECT count(*) FROM tickets WHERE phase_id = 'PHASE_DESIGN'").fetchone() == (2,)
    for binary in [Format.TEXT, Format.BINARY]:
        cursor = connection.cursor(binary=bool(binary))
        assert cursor.execute("SELECT phase_id::text, min(phase_id)::text FROM tickets GROUP BY 1 ORDER BY 1").fetchall()[0] == ("PHASE_DESIGN", "PHASE_DESIGN")
