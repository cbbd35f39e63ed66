"""docs/how-to/postgrest.md: its statements, and those that PostgREST sends, as its source tells them, with its settings."""

import json
import re
import uuid

import psycopg
import pytest
from psycopg import sql

from serving import ROOT, make_workspace

PAGE = (ROOT / "docs/how-to/postgrest.md").read_text("utf-8")
EXTRA = re.search(r'^db-extra-search-path = "(.*)"$', PAGE, re.M).group(1)

# A call with named parameters out of a JSON body.
CALL = """
WITH pgrst_source AS (SELECT {returned} FROM (SELECT %(body)s::json AS json_data) pgrst_payload,
  LATERAL (SELECT {names} FROM json_to_record(pgrst_payload.json_data) AS _({types})) pgrst_body,
  LATERAL {call} )
SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total,
       coalesce({aggregated}, '[]') AS body,
       nullif(current_setting('response.headers', true), '') AS response_headers,
       nullif(current_setting('response.status', true), '') AS response_status
  FROM (SELECT {name}.* FROM pgrst_source AS {name}) _postgrest_t"""
UPDATE = """
WITH pgrst_source AS (UPDATE "shop"."tickets" SET "phase_id" = "pgrst_body"."phase_id"
  FROM (SELECT %(body)s::json AS json_data) pgrst_payload,
       LATERAL (SELECT "phase_id" FROM json_to_record(pgrst_payload.json_data) AS _("phase_id" "shop"."phase") LIMIT 1) pgrst_body
  WHERE "shop"."tickets"."id" = %(id)s RETURNING "shop"."tickets".*)
SELECT '' AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]') AS body
  FROM (SELECT "tickets".* FROM "pgrst_source" AS "tickets") _postgrest_t"""
READ = """
WITH pgrst_source AS (SELECT "shop"."tickets".* FROM "shop"."tickets" WHERE "shop"."tickets"."phase_id" = %(phase)s)
SELECT null::bigint AS total_result_set, pg_catalog.count(_postgrest_t) AS page_total, coalesce(json_agg(_postgrest_t), '[]')::text AS body
  FROM (SELECT * FROM pgrst_source) _postgrest_t"""
FUNCTIONS = """
SELECT p.proname, p.provolatile, p.proretset, t.typtype = 'c' OR (t.typname = 'record'),
       coalesce(ARRAY(SELECT a.name FROM unnest(p.proargnames) WITH ORDINALITY AS a (name, n) WHERE a.n <= p.pronargs), '{}'),
       ARRAY(SELECT format_type(a, NULL) FROM unnest(p.proargtypes::oid[]) AS a), p.pronargdefaults
  FROM pg_proc p JOIN pg_type t ON t.oid = p.prorettype
 WHERE p.pronamespace = 'phasegate'::regnamespace AND p.proname !~ '^_' AND t.typname NOT IN ('trigger', 'event_trigger') AND p.prokind = 'f'"""


class PostgREST:
    """Sends what PostgREST would send for a request."""

    def __init__(self, database):
        self.connection = psycopg.connect(dbname=database, user="regress_authenticator")
        with psycopg.connect(dbname=database) as owner:
            self.functions = {row[0]: row[1:] for row in owner.execute(FUNCTIONS)}

    def begin(self, schema, role, claims, read_only):
        self.connection.read_only = read_only
        self.connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        self.connection.execute(
            "select set_config('search_path', %s, true), set_config('role', %s, true), set_config('request.jwt.claims', %s, true),"
            " set_config('request.method', 'POST', true), set_config('request.path', '/', true), set_config('request.headers', '{}', true),"
            " set_config('request.cookies', '{}', true)",
            [f'"{schema}", "{EXTRA}"', role, json.dumps(claims | {"role": role})])
        self.connection.execute('select "api"."begin"()')

    def statement(self, name, arguments, schema="phasegate"):
        _, returns_set, composite, names, types, _ = self.functions[name]
        given = [(one, kind) for one, kind in zip(names, types) if one in arguments]
        call = f'"{schema}"."{name}"({", ".join(f"{quoted(one)} := pgrst_body.{quoted(one)}" for one, _ in given)})'
        scalar = not composite
        text = CALL
        if not given:
            text = text.replace("(SELECT %(body)s::json AS json_data) pgrst_payload,\n  LATERAL (SELECT {names} FROM json_to_record(pgrst_payload.json_data) AS _({types})) pgrst_body,\n  LATERAL {call}", "{call}")
        return text.format(
            returned="pgrst_call.pgrst_scalar" if scalar else "*", names=", ".join(quoted(one) for one, _ in given),
            types=", ".join(f"{quoted(one)} {kind}" for one, kind in given), name=quoted(name),
            call=f"(SELECT {call} pgrst_scalar) pgrst_call" if scalar else f"{call} pgrst_call",
            aggregated="json_agg(_postgrest_t.pgrst_scalar)" if scalar and returns_set else "(json_agg(_postgrest_t.pgrst_scalar) -> 0)" if scalar
            else "json_agg(_postgrest_t)" if returns_set else "(json_agg(_postgrest_t) -> 0)")

    def rpc(self, name, role, claims=None, schema="phasegate", method="POST", **arguments):
        volatility = self.functions[name][0]
        self.begin(schema, role, claims or {}, method == "GET" or volatility != "v")
        try:
            row = self.connection.execute(self.statement(name, arguments, schema), {"body": json.dumps(arguments)}).fetchone()
            self.connection.commit()
            return row[2]
        except psycopg.Error:
            self.connection.rollback()
            raise

    def send(self, statement, role, schema="shop", read_only=False, claims=None, **values):
        self.begin(schema, role, claims or {}, read_only)
        try:
            row = self.connection.execute(statement, values).fetchone()
            self.connection.commit()
            return row[2] if isinstance(row[2], list) else json.loads(row[2])
        except psycopg.Error:
            self.connection.rollback()
            raise


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


@pytest.fixture
def postgrest(database):
    make_workspace(database)
    with psycopg.connect(dbname=database, autocommit=True) as owner:
        roles = ["regress_authenticator", "regress_web_manager", "regress_web_agent"]
        try:
            owner.execute("CREATE ROLE regress_authenticator LOGIN NOINHERIT")
            for level in ("manager", "agent"):
                owner.execute(f"CREATE ROLE regress_web_{level}; GRANT regress_web_{level} TO regress_authenticator")
                owner.execute("SELECT phasegate.grant_access('shop', %s, %s)", [f"regress_web_{level}", level])
            for text in re.findall(r"^```sql\n(.*?)^```$", PAGE, re.M | re.S):
                owner.execute(text)
            postgrest = PostgREST(database)
            yield postgrest
            postgrest.connection.close()
        finally:
            for role in roles:
                owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")


MANAGER, AGENT = "regress_web_manager", "regress_web_agent"


def test_every_function_can_be_called(postgrest):
    """With all of its arguments, and with those alone that have no default."""
    for name, (_, _, _, names, types, defaults) in postgrest.functions.items():
        for arguments in (names, names[:len(names) - defaults]):
            assert "" not in names, f"{name} has an argument without a name"
            postgrest.begin("phasegate", MANAGER, {}, True)
            statement = postgrest.statement(name, dict.fromkeys(arguments)).replace("%(body)s", "$1")
            postgrest.connection.execute(sql.SQL("PREPARE {} AS ").format(sql.Identifier(f"p_{uuid.uuid4().hex}")).as_string() + statement)
            postgrest.connection.rollback()
    assert len(postgrest.functions) > 40


def test_requests_of_the_page(postgrest):
    with psycopg.connect(dbname=postgrest.connection.info.dbname, autocommit=True) as owner:
        one = str(owner.execute("INSERT INTO shop.tickets (title) VALUES ('x') RETURNING id").fetchone()[0])
    ada = {"sub": "ada"}
    moved = postgrest.rpc("transition_ticket", MANAGER, ada, ticket_id=one, to_phase="PHASE_REQUIREMENTS")
    assert (moved["current_phase"], moved["transitioned_by"]) == ("PHASE_REQUIREMENTS", "ada")
    assert [ticket["id"] for ticket in postgrest.send(READ, MANAGER, read_only=True, phase="PHASE_REQUIREMENTS")] == [one]
    assert postgrest.rpc("ticket_context", AGENT, method="GET", ticket_id=one)["ticket_id"] == one
    assert [entry["transitioned_by"] for entry in postgrest.rpc("get_phase_history", AGENT, method="GET", ticket_id=one)] == ["postgres", "ada"]
    (task,) = postgrest.rpc("claim_task", AGENT, ada, agent_id="ada", capabilities=["analysis"])
    assert task["ticket_title"] == "x"
    assert postgrest.rpc("claim_task", AGENT, ada, agent_id="ada", capabilities=["none"]) == []
    attempt = postgrest.rpc("try_transition_ticket", MANAGER, ada, ticket_id=one, to_phase="PHASE_DESIGN")
    assert attempt["error_code"] == "gate_not_passed" and attempt["blocking_reasons"]
    blocked = postgrest.send(UPDATE, MANAGER, claims=ada, body=json.dumps({"phase_id": "PHASE_BLOCKED"}), id=one)
    assert blocked[0]["phase_id"] == "PHASE_BLOCKED"


def test_errors_have_the_sqlstates_of_the_page(postgrest):
    nobody = str(uuid.uuid4())
    ada = {"sub": "ada"}
    with psycopg.connect(dbname=postgrest.connection.info.dbname, autocommit=True) as owner:
        one = str(owner.execute("INSERT INTO shop.tickets (title) VALUES ('x') RETURNING id").fetchone()[0])
    for state, code, name, role, arguments in [
        ("23514", "invalid_transition", "transition_ticket", MANAGER, {"ticket_id": one, "to_phase": "PHASE_DONE"}),
        ("22P02", "unknown_phase", "transition_ticket", MANAGER, {"ticket_id": one, "to_phase": "PHASE_NONE"}),
        ("22023", "invalid_argument", "claim_task", AGENT, {"agent_id": "ada", "kinds": ["play"]}),
        ("42501", "permission_denied", "transition_ticket", AGENT, {"ticket_id": one, "to_phase": "PHASE_REQUIREMENTS"}),
        ("55000", "phase_changed", "transition_ticket", MANAGER, {"ticket_id": one, "to_phase": "PHASE_REQUIREMENTS", "expected_phase": "PHASE_DONE"}),
        ("P0002", "ticket_not_found", "ticket_context", AGENT, {"ticket_id": nobody}),
    ]:
        with pytest.raises(psycopg.Error) as error:
            postgrest.rpc(name, role, ada, **arguments)
        # What PostgreSQL refuses itself has no code.
        assert error.value.sqlstate == state and error.value.diag.constraint_name in (code, *[None] * (code == "permission_denied"))
        assert re.search(rf"^\|[^|]*{state}[^|]*\|[^|]*`{code}`", PAGE, re.M), code
    # A forged name is refused.
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgrest.rpc("claim_task", AGENT, ada, agent_id="eve")


def test_wrapper_passes_code_and_status_on(postgrest):
    for role, agent, claims, code, status in [
        (AGENT, "ada", {"sub": "ada"}, "task_not_found", 404), (AGENT, "eve", {"sub": "ada"}, None, None)]:
        with pytest.raises(psycopg.Error) as error:
            postgrest.rpc("complete_task", role, claims, schema="api", task_id=str(uuid.uuid4()), agent_id=agent)
        assert error.value.sqlstate == "PGRST"
        message, detail = json.loads(error.value.diag.message_primary), json.loads(error.value.diag.message_detail)
        assert {"code", "message"} <= message.keys() and {"status", "headers"} <= detail.keys()
        if code:
            assert (message["code"], detail["status"]) == (code, status)
