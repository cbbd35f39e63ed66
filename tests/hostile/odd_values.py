"""Values that break careless code, by type and name: as SQL, which is evaluated once, in the database.

A name that starts with "good" is a value that some function accepts.
"""

TICKETS = ["backlog", "requirements", "design", "testing", "ready", "blocked", "deployment", "done"]
TASKS = ["pending", "waiting", "held", "running", "retried", "completed", "failed", "cancelled", "review", "summary", "unanswered"]


def ticket_id(name):
    return f"00000000-0000-7000-8000-0000000000{TICKETS.index(name):02x}"


def task_id(name):
    return f"00000000-0000-7000-8000-00000000a0{TASKS.index(name):02x}"


TEMPLATE = "00000000-0000-7000-8000-00000000b000"


def literal(text):
    return "'" + text.replace("'", "''") + "'"


TEXTS = {
    "null": "NULL",
    "empty": "''",
    "space": "' '",
    "statement": literal("'\"; DROP TABLE tickets; -- $1 %s {ws} {ticket_id} \\"),
    "unicode": literal("Größe 票 👩‍👩‍👧 e\u0301 \u202eright to left\u202c \ufeff\u200b\u2028 \U0010ffff"),
    "controls": "E'\\x01\\x1b[31m\\x7f\\r\\n\\t\\x08'",
    "over255": "repeat('ü', 256)",
    "good phase": "'PHASE_REQUIREMENTS'", "good level": "'reader'",
    "good next phase": "'PHASE_DEPLOYMENT'",
    "good blocked": "'PHASE_BLOCKED'",
    "lower phase": "'phase_design'",
    "good agent": "'ada'",
    "good text": "'some words'",
    "good format": "'dot'",
    "good added phase": literal("phase '\"\\ é"),
    "quoted": literal('"; drop table tickets; --'),
    "backslashes": literal("\\ \\\\ \\x00 \\u0000 \\n \\"),
    "border": "repeat('x', 62) || 'ü'",
    "megabyte": "repeat('x', 1000000)",
    "megabyte of words": "repeat(E'ab \"c\\\\d\" ü\\n', 70000)",
}

JSONS = {
    "null": "NULL",
    "json null": "'null'",
    "good empty": "'{}'",
    "array": "'[]'",
    "string": "'\"\"'",
    "true": "'true'",
    "zero": "'0'",
    "huge number": "('{\"percentage\": ' || '1' || repeat('0', 100000) || ', \"length\": 1e100000, \"failed\": -1e-10000}')::jsonb",
    "huge scalar": "'1e100000'",
    # As deep as the server itself reads; phasegate reads 127 levels.
    "deep arrays": "odd.nested(odd.deepest(), '[', '', ']')::jsonb",
    "deep objects": "odd.nested(odd.deepest() / 2, '{\"a\":', '1', '}')::jsonb",
    "deep within": "('{\"summary\": \"s\", \"context\": {\"key_decisions\": ' || odd.nested(odd.deepest() / 2, '[', '', ']') || '}}')::jsonb",
    "127 levels": "('{\"context\": {\"a\": ' || odd.nested(125, '[', '', ']') || '}}')::jsonb",
    "128 levels": "('{\"context\": {\"a\": ' || odd.nested(126, '[', '', ']') || '}}')::jsonb",
    "many keys": "(SELECT jsonb_object_agg('key' || n, n) FROM generate_series(1, 100000) n)",
    "many elements": "(SELECT jsonb_build_object('key_decisions', jsonb_agg('d' || n)) FROM generate_series(1, 50000) n)",
    "long key": "jsonb_build_object(repeat('k', 1000000), 1)",
    "odd keys": r"""'{"": 1, " ": [], "\\u0000": "\\u0000", "\u0001": "\ud83d\ude00", "'';--": {"\"": null}, "__proto__": 1}'""",
    # As the JSON library writes numbers to itself.
    "number key": r"""'{"$serde_json::private::Number": "1", "context": {"a": {"$serde_json::private::Number": "x"}}}'""",
    "good result": """'{"summary": "done", "context": {"key_decisions": ["a"], "risks": "r"}, "outputs": [1], "artifacts": [{"type": "log", "path": "p", "content": {"x": 1}}]}'""",
    "good results": literal('[{"task_id": "%s", "result": {"summary": "done"}}, {"task_id": "%s"}, {"task_id": "no"}]' % (task_id("held"), task_id("completed"))) + "::jsonb",
    "ill results": """'[null, 1, [], "x", {}, {"task_id": null}, {"task_id": "x", "attempt": "y", "result": []}]'""",
    "ill result": """'{"summary": 1, "context": [], "artifacts": {"type": 1}, "outputs": null}'""",
    "ill artifacts": """'{"artifacts": [{"type": null}, {"path": "p"}, 1, null, [], {"type": ""}]}'""",
    "many artifacts": "(SELECT jsonb_build_object('artifacts', jsonb_agg(jsonb_build_object('type', 'a' || n))) FROM generate_series(1, 5000) n)",
    "good verdict": """'{"approved": true, "feedback": "", "blocking_reasons": []}'""",
    "ill verdict": """'{"approved": "yes", "blocking_reasons": [null, 1]}'""",
    "good artifacts": """'[{"id": null, "type": "x"}]'""",
    "good context": """'{"requirements_phase": {"key_decisions": ["a", {"decision": "b"}], "summary": "s", "risks": [1, null]}, "summary": "all"}'""",
    "ill context": """'{"requirements_phase": [1, [2, {}]], "design_phase": null, "nowhere_phase": {"x": true}, "summary": {}, "_phase": 1}'""",
    "good criteria": """'{"test_results": {"all_passed": true}}'""",
    "good strings": "'[\"a\", \"testing\"]'",
    "good depends on": literal('{"depends_on": ["%s"]}' % task_id("completed")) + "::jsonb",
}

TEXT_ARRAYS = {
    "null": "NULL",
    "good empty": "'{}'",
    "good capabilities": "'{analysis,testing,validation,summarization}'",
    "good phases": "'{PHASE_REQUIREMENTS,PHASE_TESTING}'",
    "good kinds": "'{work}'",
    "one null": "'{NULL}'",
    "some nulls": "'{work,NULL,testing}'",
    "two dimensions": "'{{work,review},{summary,work}}'",
    "six dimensions": "'{{{{{{work}}}}}}'",
    "from zero": "'[0:1]={work,review}'",
    "from minus five": "'[-5:-4]={PHASE_TESTING,PHASE_DESIGN}'",
    "at the end": "'[2147483646:2147483646]={work}'",
    "many": "array_fill('testing'::text, ARRAY[100000])",
    "many different": "(SELECT array_agg('c' || n) FROM generate_series(1, 100000) n)",
    "hostile": "ARRAY['', '''; DROP TABLE tickets; --', '\"', E'\\\\', '{', 'ü票', 'NULL']",
    "megabyte": "ARRAY[repeat('x', 1000000)]",
}

UUIDS = {
    "null": "NULL",
    **{f"good {name} ticket": f"'{ticket_id(name)}'" for name in TICKETS},
    **{f"good {name} task": f"'{task_id(name)}'" for name in TASKS},
    "good template": f"'{TEMPLATE}'",
    "unknown": "'00000000-0000-7000-8000-ffffffffffff'",
    "nil": "'00000000-0000-0000-0000-000000000000'",
    "highest": "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
}

READY, TESTING = ticket_id("ready"), ticket_id("testing")
UUID_ARRAYS = {
    "null": "NULL",
    "good empty": "'{}'",
    "good tickets": f"'{{{','.join(ticket_id(name) for name in TICKETS)}}}'",
    "twice": f"'{{{READY},{READY},{READY}}}'",
    "one null": "'{NULL}'",
    "some nulls": f"'{{{READY},NULL}}'",
    "two dimensions": f"'{{{{{READY},{TESTING}}},{{{TESTING},{READY}}}}}'",
    "from zero": f"'[0:1]={{{READY},{TESTING}}}'",
    "from minus five": f"'[-5:-5]={{{READY}}}'",
    "unknown": "'{00000000-0000-7000-8000-ffffffffffff}'",
    "many": f"array_fill('{READY}'::uuid, ARRAY[100000])",
    "many unknown": "(SELECT array_agg(md5(n::text)::uuid) FROM generate_series(1, 100000) n)",
}

INTEGERS = {
    "null": "NULL", "zero": "0", "good one": "1", "minus one": "-1", "good two": "2", "good many": "2000",
    "largest": "2147483647", "smallest": "(-2147483648)",
}

LARGE_INTEGERS = {**INTEGERS, "largest": "9223372036854775807", "smallest": "(-9223372036854775808)"}
TRANSACTIONS = {"null": "NULL", "good own": "pg_current_xact_id()", "none": "'0'", "first": "'3'", "largest": "'18446744073709551615'"}

INTERVALS = {
    "null": "NULL", "good": "'5 minutes'", "zero": "'0'", "negative": "'-1 second'", "good shortest": "'1 microsecond'",
    "good months": "'1 month -1 day'", "longest": "'178000000 years'", "most negative": "'-178000000 years'",
    "beyond time": "'292000 years'",
}
INFINITE_INTERVALS = {"infinity": "'infinity'", "minus infinity": "'-infinity'"}  # from PostgreSQL 17 on

NAMES = {
    "null": "NULL", "empty": "''", "good present": "current_schema()", "good other": "'acme'", "good role": "'pg_monitor'", "unknown": "'nowhere'",
    "keyword": "'select'", "63 bytes": "repeat('x', 63)", "border": "(repeat('x', 62) || 'ü')", "two bytes": "repeat('ü', 40)",
    "quotes": literal("\"'`$$ %I {ws} {shape}"), "backslash": literal("\\"), "controls": "E'\\x01\\n\\r'", "space": "' '",
    "pg_catalog": "'pg_catalog'", "pg_temp": "'pg_temp'", "pg_temp_3": "'pg_temp_3'", "pg_toast": "'pg_toast'",
    "information_schema": "'information_schema'", "phasegate": "'phasegate'", "public": "'public'",
    "upper": "'PG_acme'", "dot": "'acme.tickets'", "star": "'*'", "unicode": literal("票\u202e\u200b"),
}

TIMES = {
    "null": "NULL", "good now": "now()", "infinity": "'infinity'", "minus infinity": "'-infinity'", "epoch": "'epoch'",
    "earliest": "'4714-11-24 00:00:00+00 BC'", "latest": "'294276-12-31 23:59:59.999999+00'", "next year": "now() + interval '1 year'",
}

# Tried alone, with usual values in the other arguments: large ones, and variations of another.
ALONE = {
    "space", "controls", "lower phase", "good format", "good added phase", "quoted", "backslashes", "border", "megabyte", "megabyte of words", "huge number", "huge scalar", "deep arrays", "deep objects",
    "deep within", "127 levels", "128 levels", "many keys", "many elements", "long key", "number key", "many artifacts", "ill artifacts", "ill verdict",
    "many", "many different", "many unknown", "six dimensions", "at the end",
}
# Of the others, there is one like these.
COLUMN_UUIDS = {"null", "good backlog ticket", "good ready ticket", "good held task", "unknown", "nil", "highest"}


def values_of(server_version):
    """{type: {name: SQL}} for a server of that version; an array's type is written as its elements' with []."""
    return {
        "text": TEXTS,
        "jsonb": JSONS,
        "text[]": TEXT_ARRAYS,
        "uuid": UUIDS,
        "uuid[]": UUID_ARRAYS,
        "integer": INTEGERS,
        "bigint": LARGE_INTEGERS,
        "xid8": TRANSACTIONS,
        "interval": {**INTERVALS, **(INFINITE_INTERVALS if server_version >= 170000 else {})},
        "name": NAMES,
        "regclass": {"null": "NULL", "unknown": "4294967295", "a view": "'pg_catalog.pg_roles'", "of the server": "'pg_catalog.pg_class'"},
        "boolean": {"null": "NULL", "true": "true", "false": "false"},
        "timestamp with time zone": TIMES,
    }
