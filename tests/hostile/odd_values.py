"""Values that break careless code, by type: as SQL, so that a large one is not sent with every call.

A name that starts with "good" is a value that some function accepts. Calls refer to a value as odd.TYPE('name').
"""

DEEP = 1500  # levels; a server's default stack takes more, and JSON that phasegate reads may have 127

TICKETS = ["backlog", "requirements", "design", "testing", "ready", "blocked", "deployment", "done"]
TASKS = ["pending", "waiting", "held", "running", "retried", "completed", "failed", "cancelled", "review", "summary", "unanswered"]


def ticket_id(name):
    return f"00000000-0000-7000-8000-0000000000{TICKETS.index(name):02x}"


def task_id(name):
    return f"00000000-0000-7000-8000-00000000a0{TASKS.index(name):02x}"


TEMPLATE = "00000000-0000-7000-8000-00000000b000"


def literal(text):
    return "'" + text.replace("'", "''") + "'"


HOSTILE_TEXTS = {
    "empty": "''",
    "statement": literal("'; DROP TABLE tickets; --"),
    "quoted": literal('"; drop table tickets; --'),
    "quotes": literal("\"'`´$$ $1 %s %I {ws} {ticket_id} {} \\'"),
    "backslashes": literal("\\ \\\\ \\x00 \\u0000 \\n \\"),
    "unicode": literal("Größe 票 👩‍👩‍👧 e\u0301 \u202eright to left\u202c \ufeff\u200b\u2028 \U0010ffff"),
    "controls": "E'\\x01\\x1b[31m\\x7f\\r\\n\\t\\x08'",
    "space": "' '",
    "border": "repeat('x', 62) || 'ü'",
    "over255": "repeat('ü', 256)",
    "megabyte": "repeat('x', 1000000)",
    "megabyte of words": "repeat(E'ab \"c\\\\d\" ü\\n', 70000)",
}

TEXTS = {
    "null": "NULL",
    **HOSTILE_TEXTS,
    "good phase": "'PHASE_REQUIREMENTS'",
    "good next phase": "'PHASE_DEPLOYMENT'",
    "good blocked": "'PHASE_BLOCKED'",
    "good added phase": literal("phase '\"\\ é"),
    "lower phase": "'phase_design'",
    "good agent": "'ada'",
    "good text": "'some words'",
    "good format": "'dot'",
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
    "deep arrays": f"(repeat('[', {DEEP}) || repeat(']', {DEEP}))::jsonb",
    "deep objects": f"(repeat('{{\"a\":', {DEEP}) || '1' || repeat('}}', {DEEP}))::jsonb",
    "deep within": f"('{{\"summary\": \"s\", \"context\": {{\"key_decisions\": ' || repeat('[', {DEEP}) || repeat(']', {DEEP}) || '}}}}')::jsonb",
    "127 levels": "('{\"context\": {\"a\": ' || repeat('[', 125) || repeat(']', 125) || '}}')::jsonb",
    "128 levels": "('{\"context\": {\"a\": ' || repeat('[', 126) || repeat(']', 126) || '}}')::jsonb",
    "many keys": "(SELECT jsonb_object_agg('key' || n, n) FROM generate_series(1, 100000) n)",
    "many elements": "(SELECT jsonb_build_object('key_decisions', jsonb_agg('d' || n)) FROM generate_series(1, 50000) n)",
    "long key": "jsonb_build_object(repeat('k', 1000000), 1)",
    "odd keys": "'{\"\": 1, \" \": [], \"\\\\u0000\": \"\\\\u0000\", \"\\u0001\": \"\\ud83d\\ude00\", \"'';--\": {\"\\\"\": null}, \"__proto__\": 1, \"$serde_json::private::Number\": \"x\"}'",
    "odd number key": "'{\"$serde_json::private::Number\": \"1\", \"context\": {\"a\": {\"$serde_json::private::RawValue\": \"{\"}}}'",
    "good result": """'{"summary": "done", "context": {"key_decisions": ["a"], "risks": "r"}, "outputs": [1], "artifacts": [{"type": "log", "path": "p", "content": {"x": 1}}]}'""",
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

BOUNDS = ["[0:1]={a,b}", "[-5:-4]={testing,analysis}"]

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

INTERVALS = {
    "null": "NULL", "good": "'5 minutes'", "zero": "'0'", "negative": "'-1 second'", "good shortest": "'1 microsecond'",
    "good months": "'1 month -1 day'", "longest": "'178000000 years'", "most negative": "'-178000000 years'",
    "largest": "'2147483647 months 2147483647 days 9223372036854775807 microseconds'", "beyond time": "'292000 years'",
}
INFINITE_INTERVALS = {"infinity": "'infinity'", "minus infinity": "'-infinity'"}  # from PostgreSQL 17 on

NAMES = {
    "null": "NULL", "empty": "''", "good present": "current_schema()", "good other": "'acme'", "unknown": "'nowhere'",
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

# Large values, which take a while: each is tried alone, the other arguments having usual values.
LARGE = {
    "megabyte", "megabyte of words", "huge number", "deep arrays", "deep objects", "deep within", "many keys", "many elements", "long key",
    "many artifacts", "many", "many different", "many unknown",
}

# By the name of the type; what is not here (a workspace's phase) is made by values_of.
VALUES = {
    "text": TEXTS,
    "character varying": TEXTS,
    "jsonb": JSONS,
    "text[]": TEXT_ARRAYS,
    "uuid": UUIDS,
    "uuid[]": UUID_ARRAYS,
    "integer": INTEGERS,
    "interval": INTERVALS,
    "name": NAMES,
    "boolean": {"null": "NULL", "true": "true", "false": "false"},
    "timestamp with time zone": TIMES,
}


def values_of(server_version):
    """{type: {name: SQL}} for a server of that version."""
    values = dict(VALUES)
    if server_version >= 170000:
        values["interval"] = {**INTERVALS, **INFINITE_INTERVALS}
    return values
