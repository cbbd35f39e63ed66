"""Rows of any types, layouts and ways of storage, read by every accessor, and what SQL says of the same values.

What the accessors give is told by the library of fuzz/accessors. `make fuzz` runs this for FUZZ_SECONDS; FUZZ_SEED repeats
what failed. The server's log must show no crash, whatever is read as what.
"""

import json
import os
import pathlib
import random
import re
import time

import psycopg
import pytest

SECONDS = float(os.environ.get("FUZZ_SECONDS") or 60)
SEED = int(os.environ.get("FUZZ_SEED") or 0) or random.randrange(1, 1 << 32)
LIBRARY = pathlib.Path(os.environ["PHASEGATE_TARGET"]) / "debug" / "libphasegate_accessors.so"
CRASH = re.compile(r"PANIC|terminated by signal|panicked|TRAP:", re.I)

# Types, each with what reads it and what SQL says that it gives: as JSON. The rest stands between them, at odd places.
MICROSECONDS = """CASE WHEN {c} = 'infinity' THEN 9223372036854775807 WHEN {c} = '-infinity' THEN -9223372036854775808
                  ELSE (extract(epoch FROM {c}) * 1000000 - 946684800000000)::int8 END"""
READ = {
    "uuid": ("uuid", "{c}::text"), "text": ("text", "{c}"), "varchar": ("text", "{c}"), "varchar(20000)": ("text", "{c}"),
    "text[]": ("texts", "to_jsonb({c})"), "varchar[]": ("texts", "to_jsonb({c})"), "jsonb": ("json", "{c}::text"), "int4": ("int", "{c}"),
    "int8": ("big", "{c}"), "bool": ("bool", "{c}"), "timestamptz": ("time", MICROSECONDS),
}
BESIDE = ['"char"', "int2", "float8", "numeric", "point", "bytea", "bit varying(9)", "inet", "char(5)", "name", "oid", "int4range", "interval", "mood", "xml"]
VARLENA = {"text", "varchar", "varchar(20000)", "text[]", "varchar[]", "jsonb", "numeric", "bytea", "xml"}
FIXED = {"uuid", "int4", "int8", "bool", "timestamptz", '"char"', "int2", "float8", "point", "name", "oid", "interval", "mood"}
# Around the limits of a header of one byte, of what is compressed, of what is stored elsewhere.
LENGTHS = [0, 1, 2, 7, 99, 123, 124, 125, 126, 127, 128, 129, 255, 1900, 2100, 9000, 70000]
STORAGE = ["PLAIN", "EXTERNAL", "EXTENDED", "MAIN"]


def text(rng):
    length = rng.choice(LENGTHS)
    if rng.random() < 0.5:
        return rng.choice(["a", "ä", "€", "𝄞", "\"\\"]) * length
    return "".join(rng.choice("abcdefghij äß€𝄞'\"\\{},\n\t") for _ in range(min(length, 9000)))


def document(rng, depth=0):
    choice = rng.randrange(9 if depth < 5 else 6)
    if choice < 6:
        return [None, True, rng.randrange(-10**30, 10**30), rng.random() * 10.0 ** rng.randrange(-30, 30), text(rng) if depth < 2 else "ß" * rng.randrange(200), "key"][choice]
    items = [document(rng, depth + 1) for _ in range(rng.choice([0, 1, 2, 5, 70]) if depth < 2 else rng.randrange(4))]
    if choice == 6:
        return items
    return {rng.choice(["key", "", "ä" * rng.randrange(60), str(index)]): item for index, item in enumerate(items)}


def value(rng, kind):
    """As text, which the server casts; NULL at times."""
    if rng.random() < 0.15:
        return None
    if kind in ("text", "varchar"):
        return text(rng)
    array = lambda: "{" + ",".join(rng.choice(["NULL", '"' + re.sub(r'(["\\])', r"\\\1", text(rng)[:3000]) + '"']) for _ in range(rng.choice([0, 1, 3, 40]))) + "}"
    return {
        "varchar(20000)": lambda: text(rng)[:20000], "text[]": array, "varchar[]": array,
        "uuid": lambda: "%032x" % rng.getrandbits(128), "jsonb": lambda: json.dumps(document(rng)).replace("\\u0000", ""),
        "int4": lambda: str(rng.choice([0, -1, 2**31 - 1, -(2**31), rng.randrange(10**6)])),
        "int8": lambda: str(rng.choice([0, -1, 2**63 - 1, -(2**63), rng.randrange(10**15)])),
        "bool": lambda: rng.choice("tf"), "timestamptz": lambda: rng.choice(["infinity", "-infinity", "epoch", "2000-01-01", "4713-01-01 BC", "294276-12-31", "2026-07-01 12:34:56.789012+02"]),
        '"char"': lambda: rng.choice("abc"), "int2": lambda: str(rng.randrange(100)), "float8": lambda: "1.5", "numeric": lambda: "9" * rng.choice([1, 50, 900]),
        "point": lambda: "(1,2)", "bytea": lambda: "\\x" + "ab" * rng.choice(LENGTHS), "bit varying(9)": lambda: "1" * rng.randrange(10), "inet": lambda: "::1",
        "char(5)": lambda: "ab", "name": lambda: "n" * rng.randrange(1, 63), "oid": lambda: "4294967295", "int4range": lambda: "[1,5)", "interval": lambda: "1 day",
        "mood": lambda: rng.choice(["glad", "sad"]), "xml": lambda: "<a/>",
    }[kind]()


class Table:
    """A table of random columns, some of which were dropped or came later."""

    def __init__(self, connection, rng):
        self.connection, self.rng = connection, rng
        self.kinds = {}  # by column number
        self.last = 0
        connection.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t () WITH (toast_tuple_target = {rng.choice([128, 2000])})")
        for _ in range(rng.randrange(2, 9)):
            self.add()
        connection.execute("CREATE TRIGGER t BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION read_fired()")

    def add(self, default=False):
        kind = self.rng.choice(list(READ) if self.rng.random() < 0.7 else BESIDE)
        given = value(self.rng, kind) if default else None
        self.last += 1
        column, self.kinds[self.last] = f"c{self.last}", kind
        extra = "" if given is None else " DEFAULT " + self.literal(given) + f"::{kind}"
        if kind == "varchar(20000)" and self.rng.random() < 0.5:
            extra += ' COLLATE "C"'
        self.connection.execute(f"ALTER TABLE t ADD {column} {kind}{extra}")
        if kind in VARLENA:
            # PLAIN has no room for what is large.
            storage = self.rng.choice(STORAGE if kind == "numeric" else STORAGE[1:])
            self.connection.execute(f"ALTER TABLE t ALTER {column} SET STORAGE {storage}")
            if storage in ("EXTENDED", "MAIN") and self.rng.random() < 0.3:
                self.connection.execute(f"ALTER TABLE t ALTER {column} SET COMPRESSION pglz")

    def literal(self, given):
        return "NULL" if given is None else psycopg.sql.Literal(given).as_string(self.connection)

    def change(self):
        if self.kinds and self.rng.random() < 0.5:
            dropped = self.rng.choice(list(self.kinds))
            self.connection.execute(f"ALTER TABLE t DROP c{dropped}")
            del self.kinds[dropped]
        if self.rng.random() < 0.7:
            self.add(default=self.rng.random() < 0.6)


class Reader:
    """A session that has the library, and what it last told."""

    def __init__(self, connection):
        self.connection, self.told = connection, None
        connection.add_notice_handler(self.hear)
        for name, arguments, result in [
            ("read_fired", "", "trigger"), ("read_found", "text", "void"),
            ("read_arguments", "uuid, uuid[], text, int, timestamptz, bool, name, jsonb, text[], oid", "answer"),
        ]:
            connection.execute(f"CREATE FUNCTION {name}({arguments}) RETURNS {result} LANGUAGE c AS '{LIBRARY}', '{name}'")

    def hear(self, diagnostic):
        if diagnostic.message_primary.startswith("["):
            self.told = json.loads(diagnostic.message_primary)

    def run(self, operations, statement, parameters=None):
        self.connection.execute("SELECT set_config('phasegate.reason', %s, false)", ["\n".join(operations)])
        self.told = None
        self.connection.execute(statement, parameters)
        return self.told


@pytest.fixture
def reader(make_cluster):
    cluster = make_cluster(restart_after_crash="off")
    with cluster.connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE fuzz TEMPLATE template0 ENCODING 'UTF8'")
    with cluster.connect("fuzz", autocommit=True) as connection:
        connection.execute("CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE TYPE answer AS (t text, j jsonb)")
        yield Reader(connection)
    assert [line for line in cluster.log().splitlines() if CRASH.search(line)] == []


def said(connection, source, expressions):
    """What SQL says of the row, each as JSON."""
    if not expressions:
        return []
    parts = ", ".join(f"to_jsonb({expression})" for expression in expressions)
    return list(connection.execute(f"SELECT {parts} FROM {source}").fetchone())


def fired_checks(kinds):
    """Operations on the new row, each with the SQL expression for what it gives."""
    for column, kind in kinds.items():
        c = f"c{column}"
        yield f"null {column}", f"{c} IS NULL"
        if kind in READ:
            accessor, expression = READ[kind]
            yield f"{accessor} {column}", expression.format(c=c)
        if kind == "jsonb":
            yield f"has_key {column} key", f"coalesce({c} ? 'key', false)"
            yield f"fits {column}", "true"
        if kind in ("text", "varchar"):
            for limit in (0, 126, 2100):
                yield f"within {column} {limit}", f"coalesce(octet_length({c}), 0) <= {limit}"


def found_checks(kinds):
    for column, kind in kinds.items():
        c = f"c{column}"
        if kind in READ:
            accessor, expression = READ[kind]
            yield f"{'big' if accessor == 'time' else accessor} {column}", expression.format(c=c)
        if kind == "text":
            yield f"size {column}", f"coalesce(octet_length({c}), 0)"
        if kind == "jsonb":
            yield f"size {column}", f"coalesce(pg_column_size({c}::text::jsonb) - 4, 0)"
            yield f"json_that_fits {column}", f"{c}::text"
        if kind == "name":
            yield f"name {column}", f"{c}::text"
        if kind == "oid":
            yield f"oid {column}", f"{c}::int8"
        if kind == "mood":
            yield f"oid {column}", f"(SELECT oid::int8 FROM pg_enum WHERE enumlabel = {c}::text AND enumtypid = 'mood'::regtype)"


def assert_same(checks, told, expected):
    assert told is not None and len(told) == len(checks)
    for (operation, expression), given, wanted in zip(checks, told, expected):
        assert given == wanted, f"{operation}: SQL says of {expression}: {str(wanted)[:300]}, and it gave {str(given)[:300]}"


def put_back(kinds):
    names = {"text": "text", "texts": "varchars", "json": "json"}
    for column, kind in kinds.items():
        if kind in READ and kind != "text[]":
            yield f"put {column} {names.get(READ[kind][0], READ[kind][0])}"


def one_table(reader, rng):
    connection = reader.connection
    table = Table(connection, rng)
    for round in range(rng.randrange(1, 4)):
        # A new row, of values that were not stored yet.
        if table.kinds:
            columns = ", ".join(f"c{column}" for column in table.kinds)
            connection.execute("TRUNCATE t")
            values = ", ".join(f"%s::{kind}" for kind in table.kinds.values())
            checks = list(fired_checks(table.kinds))
            told = reader.run([check[0] for check in checks], f"INSERT INTO t ({columns}) VALUES ({values})", [value(rng, kind) for kind in table.kinds.values()])
            connection.execute("SELECT set_config('phasegate.reason', '', false)")
            expected = said(connection, "t", [check[1] for check in checks])
            assert_same(checks, told, expected)
        table.change()
        if not table.kinds or not connection.execute("SELECT count(*) FROM t").fetchone()[0]:
            continue
        # As a query gives it, out of the table and passed through a materialized row.
        checks = list(found_checks(table.kinds))
        order = {column: place for place, column in enumerate(table.kinds, 1)}
        operations = [re.sub(r" (\d+)", lambda found: f" {order[int(found[1])]}", operation, count=1) for operation, _ in checks]
        columns = ", ".join(f"c{column}" for column in table.kinds)
        for query in (f"SELECT {columns} FROM t", f"WITH r AS MATERIALIZED (SELECT * FROM t) SELECT {columns} FROM r ORDER BY random()"):
            told = reader.run(operations, "SELECT read_found(%s)", [query])
            assert_same(checks, told, said(connection, "t", [check[1] for check in checks]))
        # As an UPDATE has it, old and new: stored, and with columns that came after the row was written.
        connection.execute("SELECT set_config('phasegate.reason', '', false)")
        checks = [(operation, expression) for operation, expression in fired_checks(table.kinds) if not operation.startswith("within")]
        expected = said(connection, "t", [check[1] for check in checks])
        changed = rng.choice(list(table.kinds))
        other = value(rng, table.kinds[changed])
        operations = ["old " + operation for operation, _ in checks] + [f"same {column}" for column in table.kinds]
        before = said(connection, "t", [f"c{column}::text" for column in table.kinds])
        told = reader.run(operations, f"UPDATE t SET c{changed} = %s::{table.kinds[changed]}", [other])
        assert_same(checks, told[: len(checks)], expected)
        after = said(connection, "t", [f"c{column}::text" for column in table.kinds])
        for (column, kind), is_same, old, new in zip(table.kinds.items(), told[len(checks):], before, after):
            assert not is_same or old == new, f"same c{column}: {str(old)[:300]} is {str(new)[:300]}"
            # What has no length of its own may be stored in another way.
            if column != changed and kind in FIXED:
                assert is_same, f"c{column} {kind} was left as it is"
        # Written again with what was read of it, it is what it was.
        told = reader.run([*put_back(table.kinds), "row 1"], f"UPDATE t SET c{changed} = c{changed}")
        assert json.loads(told[-1]) == connection.execute("SELECT to_json(t) FROM t").fetchone()[0]
        assert after == said(connection, "t", [f"c{column}::text" for column in table.kinds])
        wrong_types(reader, rng, table.kinds)


def wrong_types(reader, rng, kinds):
    """Read as what it is not, a column is refused, unless the types are stored alike."""
    connection = reader.connection
    wanted = {"uuid": ["uuid"], "text": ["text", "varchar"], "texts": ["text[]", "varchar[]"], "json": ["jsonb"], "int": ["int4"], "big": ["int8"], "bool": ["bool"]}
    for _ in range(3):
        column, kind = rng.choice(list(kinds.items()))
        accessor = rng.choice(list(wanted))
        if re.sub(r"\(.*", "", kind) in wanted[accessor]:
            continue
        with pytest.raises(psycopg.errors.DatatypeMismatch, match="another type"):
            reader.run([f"{accessor} {column}"], f"UPDATE t SET c{column} = c{column}")
        alike = wanted[accessor] + (["timestamptz"] if accessor == "big" else [])
        is_alike = connection.execute(
            "SELECT %s::regtype = ANY (%s::regtype[]) OR EXISTS (SELECT FROM pg_cast WHERE castsource = %s::regtype AND castmethod = 'b' AND casttarget = ANY (%s::regtype[]))",
            [kind, alike, kind, alike],
        ).fetchone()[0]
        if not is_alike:
            with pytest.raises(psycopg.errors.DatatypeMismatch, match="another type"):
                reader.run([f"{accessor} 1"], "SELECT read_found(%s)", [f"SELECT c{column} FROM t"])


def one_call(reader, rng):
    """Arguments, as literals and as columns of a stored row."""
    kinds = ["uuid", "uuid[]", "text", "int4", "timestamptz", "bool", "name", "jsonb", "text[]", "oid"]
    ids = "{" + ",".join("%032x" % rng.getrandbits(128) for _ in range(rng.choice([0, 1, 50]))) + "}"
    values = [ids if kind == "uuid[]" else value(rng, kind) for kind in kinds]
    values[8] = re.sub("NULL", "none", values[8] or "{}")
    connection = reader.connection
    connection.execute("DROP TABLE IF EXISTS stored; CREATE TABLE stored (" + ", ".join(f"a{place} {kind}" for place, kind in enumerate(kinds)) + ") WITH (toast_tuple_target = 128)")
    connection.execute("INSERT INTO stored VALUES (" + ", ".join(f"%s::{kind}" for kind in kinds) + ")", values)
    wanted = said(connection, "stored", [
        "a0::text", "to_jsonb(a1)", "a2", "a3", MICROSECONDS.format(c="a4"), "a5", "a6::text", "a7::text", "to_jsonb(a8)", "a9::int8",
    ])
    for call, parameters in [
        ("SELECT (read_arguments(a0, a1, a2, a3, a4, a5, a6, a7, a8, a9)).* FROM stored", None),
        ("SELECT (read_arguments(" + ", ".join(f"%s::{kind}" for kind in kinds) + ")).*", values),
    ]:
        reader.told = None
        rows = connection.execute("SELECT t, j::text FROM (" + call + " OFFSET 0) r", parameters).fetchall()
        arguments, beginning, has_key = reader.told
        assert arguments == wanted
        assert rows == [(wanted[2], wanted[7])]
        whole = wanted[2]
        if whole is None or len(whole.encode()) <= 100:
            assert beginning == whole
        else:
            start, mark = beginning.split("… (cut, of ")
            assert whole.startswith(start) and mark == f"{len(whole.encode())} bytes)" and len(beginning.encode()) <= 100
        assert has_key == bool(connection.execute("SELECT coalesce(a7 ? 'key', false) FROM stored").fetchone()[0])


def test_accessors(reader):
    deadline, seed, tables = time.monotonic() + SECONDS, SEED, 0
    while time.monotonic() < deadline or not tables:
        rng = random.Random(seed)
        try:
            one_table(reader, rng)
            one_call(reader, rng)
        except psycopg.errors.ProgramLimitExceeded as error:
            # What is stored as it is may have no room in a page.
            assert "row is too big" in str(error)
        except BaseException:
            print(f"FUZZ_SEED={seed}")
            raise
        seed, tables = seed + 1, tables + 1
    print(f"{tables} tables, from FUZZ_SEED={SEED} on")
