"""Writes docs/reference.md: what the catalog of a database with a workspace, and the source, say about themselves."""

import json
import os
import pathlib
import re

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
ROOMS = {
    "workspace": "Workspaces", "workflow": "Workflow", "tasks": "Tasks", "gates": "Gates", "context": "Context",
}
BEGINNING = """# Reference

Every function, type, table, view, trigger, setting and error, with the comments that psql shows too: `\\df+ phasegate.*`,
`\\dT+ phasegate.*`, `\\d+ tickets`, `\\dv+`. It is written from the catalog by `tests/docs/reference.py`, and a test keeps it
so. What to use it for is in the [README](../README.md).
"""


def table(head, rows):
    def cell(value):
        return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")

    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell(value) for value in line) + " |\n" for line in lines)


def code(value):
    return f"`{value}`" if value else ""


def arguments(text):
    text = re.sub(r"::\w+(\[\])?", "", text).replace('"current_schema"()', "current_schema()")
    return text.replace("'00:05:00'", "'5 minutes'")


# --- functions -----------------------------------------------------------------------------------

FUNCTIONS = """
    SELECT proname, pg_get_function_arguments(oid), pg_get_function_result(oid), provolatile, obj_description(oid, 'pg_proc')
      FROM pg_proc
     WHERE pronamespace = 'phasegate'::regnamespace AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND NOT starts_with(proname, '_')"""
VOLATILITY = {"i": "Immutable", "s": "Stable", "v": "Volatile"}


def functions(connection):
    found = {row[0]: row for row in connection.execute(FUNCTIONS)}
    text = "\n## Functions\n\nAn argument with a default can be left out; arguments can be named, as in `reason => 'Sprint 12'`.\n"
    for room, title in ROOMS.items():
        text += f"\n### {title}\n"
        source = (ROOT / "sql" / room / "functions.sql").read_text("utf-8")
        for name in re.findall(r"^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) (\w+)\(", source, re.M):
            if name not in found:
                continue  # a trigger function, or one that only phasegate calls
            _, given, result, volatility, comment = found.pop(name)
            given = re.sub(r"\bIN (?=\w+ )", "", given)
            signature = f"{name}({arguments(given)})"
            if len(signature) > 100:
                signature = f"{name}(\n    " + re.sub(r", (?=\w+ \w+)", ",\n    ", arguments(given)) + ")"
            if result is None:
                text += f"\n#### {name}\n\n```\nCALL {signature}\n```\n\n{comment}\n"
                continue
            text += f"\n#### {name}\n\n```\n{signature}\n    → {result}\n```\n\n{comment} {VOLATILITY[volatility]}.\n"
    assert not found, f"functions that no room's functions.sql makes: {sorted(found)}"
    return text


# --- types, tables and views ---------------------------------------------------------------------

COLUMNS = """
    SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)
      FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
     WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
RELATIONS = """
    SELECT oid, relname,
           CASE relkind WHEN 'c' THEN obj_description(reltype, 'pg_type') ELSE obj_description(oid, 'pg_class') END
      FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = %s ORDER BY relname"""


def relations(connection, title, schema, kind, note=""):
    text = f"\n## {title}\n{note}"
    for oid, name, comment in connection.execute(RELATIONS, (schema, kind)).fetchall():
        columns = connection.execute(COLUMNS, (oid,)).fetchall()
        text += f"\n### {name}\n\n{comment}\n\n"
        if kind == "r":
            text += table(["Column", "Type", "Default", "Description"], (
                [code(column), type_ + (", not null" if required else ""), code(default), about]
                for column, type_, required, default, about in columns))
        else:
            text += table(["Column", "Type", "Description"], ([code(column), type_, about] for column, type_, _, _, about in columns))
    return text


def phases(connection):
    labels = connection.execute("SELECT unnest(enum_range(NULL::phase))::text").fetchall()
    (comment,) = connection.execute("SELECT obj_description('phase'::regtype, 'pg_type')").fetchone()
    return f"\n## The type phase\n\n{comment} A new workspace has:\n\n" + "".join(f"- `{label}`\n" for (label,) in labels)


# --- triggers ------------------------------------------------------------------------------------

TRIGGERS = """
    SELECT c.relname, t.tgname,
           CASE WHEN t.tgtype & 2 <> 0 THEN 'BEFORE' ELSE 'AFTER' END || ' ' ||
           array_to_string(ARRAY[CASE WHEN t.tgtype & 4 <> 0 THEN 'INSERT' END, CASE WHEN t.tgtype & 16 <> 0 THEN 'UPDATE' END,
                                 CASE WHEN t.tgtype & 8 <> 0 THEN 'DELETE' END, CASE WHEN t.tgtype & 32 <> 0 THEN 'TRUNCATE' END],
                           ' OR ') ||
           CASE WHEN t.tgtype & 1 <> 0 THEN ', each row' ELSE ', each statement' END ||
           CASE t.tgenabled WHEN 'A' THEN ', also when replicated' ELSE '' END,
           p.proname, regexp_replace(obj_description(p.oid, 'pg_proc'), '^Trigger on [a-z_]+: ', '')
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
     WHERE c.relnamespace = 'shop'::regnamespace AND NOT t.tgisinternal
     ORDER BY c.relname, t.tgname"""


def triggers(connection):
    text = "\n## Triggers of a workspace\n\nOf one table and event, they fire in the order of their names, yours among them.\n\n"
    rows = ([code(relation), code(name), when, code(function), about]
            for relation, name, when, function, about in connection.execute(TRIGGERS))
    return text + table(["Table", "Trigger", "Fires", "Function", "What it does"], rows)


# --- tasks ---------------------------------------------------------------------------------------

SCENE = """
    DELETE FROM phase_gate_requirements;
    INSERT INTO phase_gate_requirements (phase_id, required_artifacts, validation_criteria, requires_review)
    VALUES ('PHASE_DESIGN', '{architecture_document}', '{"architecture_document": {"min_length": 20}}', true);
    INSERT INTO tickets (title, phase_id) VALUES ('Apple Pay on the cart page', 'PHASE_BACKLOG');
    INSERT INTO tasks (ticket_id, phase_id, task_type, description, status, assigned_agent_id, result)
    SELECT id, phase_id, 'interview', 'Ask support', 'completed', 'ada',
           '{"summary": "Asked support", "context": {"key_decisions": ["On devices that support it"]}}' FROM tickets;
    SELECT transition_ticket(id, 'PHASE_REQUIREMENTS') FROM tickets;
    UPDATE tasks SET status = 'cancelled' WHERE status = 'pending';
    SELECT transition_ticket(id, 'PHASE_DESIGN') FROM tickets"""
# What is to be claimed, what is done before, who claims it how, and what is handed in.
TASKS = [
    ("work", "A result may have all of these keys or none, or be NULL; others are kept. `context` becomes part of what the phase hands on, "
             "`artifacts` are evidence for its gate.", None, "claim_task('dino', '{design}')",
     {"summary": "Drew the flow of a payment", "context": {"design_decisions": ["The sheet asks for the address"]},
      "artifacts": [{"type": "architecture_document", "path": "docs/apple-pay.md", "content": {"text": "How a payment goes its way"}}],
      "outputs": {"pages": 2}}),
    ("review", "`approved` must be there. The row's `context` has under `review` what is to be judged.", "SELECT validate_gate(id) FROM tickets",
     "claim_task('vera', '{validation}')", {"approved": False, "feedback": "Good, but one case is missing", "blocking_reasons": ["What if the card is refused?"]}),
    ("rework", "A task of kind `work` that a rejected review makes. The row's `context` has under `review` what the reviewer said.", None,
     "claim_task('dino', '{design}')", {"summary": "Refused cards lead back to the cart"}),
    ("summary", "`summary` must be there, and keep the budget that was asked for. The row's `context` is what is to be summarized.",
     "SELECT summarize_using_llm(id, 200) FROM tickets", "claim_task('sam', '{summarization}')", {"summary": "Apple Pay is offered on devices that support it."}),
]


def tasks(connection):
    """One claimed row and one result for each kind of task, as they come; ids and times are made up."""
    ids = {}

    def id_of(found):
        return ids.setdefault(found[0], f"00000000-0000-7000-8000-{len(ids) + 1:012}")

    text = """
## Tasks as agents get them

A row of `claim_task` as JSON, and what `complete_task` takes for it, for each kind of task and for rework.
"""
    with connection.transaction(force_rollback=True):
        connection.execute(SCENE)
        for name, about, before, claim, result in TASKS:
            if before:
                connection.execute(before)
            task, row = connection.execute(f"SELECT c.id, jsonb_pretty(to_jsonb(c)) FROM {claim} c").fetchone()
            row = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", id_of, row)
            row = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+[+-][0-9:]+", "2026-01-05T09:00:00+00:00", row)
            text += f"\n### {name}\n\n{about}\n\n```sql\nSELECT to_jsonb(c) FROM {claim} c;\n```\n```json\n{row}\n```\n\nIts result:\n\n```json\n{json.dumps(result, indent=4)}\n```\n"
            agent = re.search(r"'(\w+)'", claim)[1]
            [status] = connection.execute("SELECT status FROM complete_task(%s, %s, %s)", [task, agent, json.dumps(result)]).fetchone()
            assert status == "completed"
    return text


# --- settings ------------------------------------------------------------------------------------

SETTINGS = """
    SELECT name, vartype, coalesce(boot_val, ''), coalesce(unit, ''), context, enumvals, short_desc, coalesce(extra_desc, '')
      FROM pg_settings WHERE name LIKE 'phasegate.%' ORDER BY name"""
WHO = {"user": "everybody", "superuser": "superusers"}


def settings(connection):
    rows = []
    for name, type_, default, unit, context, values, about, more in connection.execute(SETTINGS):
        type_ = type_ if values is None else ", ".join(values)
        rows.append([code(name), type_, code(default + (unit and f" {unit}")) or "empty", WHO[context], f"{about} {more}".strip()])
    return "\n## Settings\n\n" + table(["Setting", "Values", "Default", "Who may set it", "Description"], rows)


# --- errors --------------------------------------------------------------------------------------

LITERAL = r'(?:format(?:_args)?!\(\s*)?"((?:[^"\\]|\\.)*)"'
RAISED = re.compile(r"(?:Error::new|\bfault)\(\s*Code::(\w+),\s*&?" + LITERAL)
ARGUMENT = re.compile(r"Error::invalid_argument\(\s*&?" + LITERAL)
# The errors of the rules become PostgreSQL's with their Display as the message.
RULES = re.compile(r"^impl fmt::Display for (\w+)Error \{\n(.*?)^\}", re.M | re.S)
RULE = re.compile(r'(?:write!\(\s*f,\s*|write_str\(\s*|=> )"((?:[^"\\]|\\.)*)"')
CODE_OF_RULE = {
    "Dependency": "InvalidTemplate", "Template": "InvalidTemplate", "Link": "InvalidDependencies",
    "Capability": "InvalidCapabilities", "Contract": "InvalidResult",
}
# Those whose code or text stands elsewhere.
CHOSEN = {
    ("TicketNotFound", "ticket not found"), ("TaskNotFound", "task not found"), ("TemplateNotFound", "template not found"),
    ("ResultTooLarge", "result is too large"), ("ArtifactTooLarge", "artifact_content is too large"),
    ("ValueTooLarge", "… is too large"), ("RoleNotFound", 'role "…" does not exist'), ("PermissionDenied", "permission denied for table …"),
}
CODE = re.compile(r'((?:\s+/// .*\n)+)\s+(\w+): "(\w{5})" "(\w+)",')


def sources():
    """The Rust files by path, without their unit tests."""
    for path in sorted(ROOT.glob("src/**/*.rs")):
        if not path.stem.endswith("tests"):
            yield path, path.read_text("utf-8").split("#[cfg(test)]")[0]


def codes():
    """The words that the errors carry: name in the source, SQLSTATE, word, meaning."""
    source = (ROOT / "src/error.rs").read_text("utf-8").split("\ncodes! {")[1].split("\n}")[0]
    return [(name, state, word, " ".join(line.strip(" /") for line in about.strip().splitlines()))
            for about, name, state, word in CODE.findall(source)]


def messages():
    """The primary messages of the source: pairs of a name of Code and the message, with … for what varies."""
    found = set(CHOSEN)
    for path, text in sources():
        found |= set(RAISED.findall(text))
        found |= {("InvalidArgument", message) for message in ARGUMENT.findall(text)}
        found |= {(CODE_OF_RULE[rule], message) for rule, body in RULES.findall(text) for message in RULE.findall(body)}
    return sorted({(name, re.sub(r"\{[^{}]*\}", "…", message.replace('\\"', '"'))) for name, message in found})


def errors(_connection):
    text = """
## Errors

Those that phasegate itself raises carry a code, by which programs tell them apart, in the field CONSTRAINT NAME: `diag.constraint_name` in
psycopg, `err.constraint` in node-postgres, `getServerErrorMessage().getConstraint()` in JDBC, `CONSTRAINT_NAME` of GET STACKED DIAGNOSTICS.
Messages may be worded anew, codes stay; `…` stands for a value. Where a table or column is meant, the fields TABLE NAME and COLUMN NAME name
it. PostgreSQL's own errors pass through unchanged, with theirs: the constraint that they name is one of the table's.

"""
    found = messages()
    return text + table(["Code", "SQLSTATE", "Meaning", "Messages"], (
        [code(word), state, about, "; ".join(code(message) for name_, message in found if name_ == name)]
        for name, state, word, about in codes()))


def reference(connection):
    """The whole document. The connection's database has the extension, and its search_path a new workspace "shop"."""
    return "".join([
        BEGINNING,
        functions(connection),
        relations(connection, "Types of results", "phasegate", "c", "\nPhases in them are text.\n"),
        tasks(connection),
        relations(connection, "Tables of a workspace", "shop", "r"),
        relations(connection, "Views of a workspace", "shop", "v"),
        relations(connection, "Views of the extension", "phasegate", "v"),
        phases(connection),
        triggers(connection),
        settings(connection),
        errors(connection),
    ])
