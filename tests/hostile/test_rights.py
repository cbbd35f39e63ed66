"""Whose rights anything runs with: everything that can be made or replaced in a workspace, with a function that says who runs it.

An owner, or a role that holds the TRIGGER privilege, plants it; then each role calls every function of phasegate and
writes the tables. Nothing that phasegate runs gets more rights than the owner's, and nothing of a TRIGGER holder's gets
the owner's. What a caller's own statement fires runs as the caller, as in PostgreSQL everywhere: OWN says which functions
send one, and to which table.
"""

import re

import psycopg
import pytest

from probing import one_in

TICKET, OTHER, TASK, HELD, TEMPLATE = (f"00000000-0000-7000-8000-0000000000{n:02}" for n in range(1, 6))
OWNER, TRIGGERER, STRANGER = "rights_owner", "rights_triggerer", "rights_stranger"
LEVELS = ["reader", "agent", "reviewer", "manager"]
CALLERS = ["postgres", OWNER, STRANGER] + [f"rights_{level}" for level in LEVELS]
TABLES = ["tickets", "tasks", "phase_history", "phase_transitions", "task_templates", "phase_gate_artifacts",
          "phase_gate_results", "phase_gate_requirements", "phase_context", "phases", "configuration_history", "ticket_archive"]
WITH_ID = [table for table in TABLES if table not in ("phase_transitions", "phases", "ticket_archive")]

# Calls by function; every one that is no trigger function has to be here.
CALLS = {
    "transition_ticket": [f"('{TICKET}', 'PHASE_BLOCKED')", f"('{TICKET}', 'PHASE_IMPLEMENTATION')"],
    "try_transition_ticket": [f"('{TICKET}', 'PHASE_BLOCKED')"],
    "transition_tickets": [f"('{{{TICKET},{OTHER}}}', 'PHASE_BLOCKED')"],
    "can_transition_ticket": [f"('{TICKET}', 'PHASE_IMPLEMENTATION')"],
    "can_transition": ["('PHASE_DESIGN', 'PHASE_BLOCKED')"],
    "get_valid_transitions": ["('PHASE_DESIGN')"],
    "force_transition_ticket": [f"('{TICKET}', 'PHASE_DONE', 'why')"],
    "archive_tickets": ["('infinity')"],
    "block_ticket": [f"('{TICKET}', 'why')"],
    "unblock_ticket": [f"('{OTHER}')"],
    "get_phase_history": [f"('{TICKET}')"],
    "get_current_phase": [f"('{TICKET}')"],
    "phase_diagram": ["('mermaid')"],
    "aggregate_phase_context": [f"('{TICKET}', 'PHASE_DESIGN')"],
    "get_context_for_phase": [f"('{TICKET}', 'PHASE_IMPLEMENTATION')"],
    "update_ticket_context": [f"('{TICKET}', 'PHASE_DESIGN')"],
    "ticket_context": [f"('{TICKET}')"],
    "context_summary": [f"('{TICKET}')"],
    "summarize_using_llm": [f"('{TICKET}')"],
    "request_summary": [f"('{TICKET}')"],
    "summarize_context": ["('{}')"],
    "summarize_structured": ["('{}')"],
    "extract_key_points": ["('{}')"],
    "count_tokens": ["('some words')"],
    "add_artifact": [f"('{TICKET}', 'log')"],
    "collect_artifacts": [f"('{TICKET}')"],
    "check_gate_requirements": [f"('{TICKET}')"],
    "gate_status": [f"('{TICKET}')"],
    "validate_phase_completion": [f"('{TICKET}')"],
    "request_review": [f"('{TICKET}')"],
    "validate_gate": [f"('{TICKET}')"],
    "get_templates_for_phase": ["('PHASE_DESIGN')"],
    "generate_phase_tasks": [f"('{TICKET}', 'PHASE_TESTING')"],
    "generate_task_from_template": [f"('{TICKET}', '{TEMPLATE}')"],
    "claim_task": ["('me')"],
    "claim_tasks": ["('me', 3)"],
    "start_task": [f"('{HELD}', 'holder')"],
    "heartbeat_task": [f"('{HELD}', 'holder')"],
    "complete_task": [f"""('{HELD}', 'holder', '{{"summary": "s", "artifacts": [{{"type": "log"}}]}}')"""],
    "complete_tasks": [f"""('holder', '[{{"task_id": "{HELD}", "result": {{"artifacts": [{{"type": "log"}}]}}}}]')"""],
    "fail_task": [f"('{HELD}', 'holder', 'error')"],
    "cancel_task": [f"('{TASK}')"],
    "release_expired_tasks": ["()"],
    "took_part": [f"('{TICKET}', 'PHASE_DESIGN', 'holder')"],
    "_has_approved": [f"('{TICKET}', 'PHASE_DESIGN', 'holder')"],
    "advance_tickets": ["()"],
    "check_workspace": ["()"],
    "create_workspace": ["(current_schema())"],
    "adoption_report": ["(current_schema())"],
    "_adopt_step": ["(current_schema(), NULL, NULL, true, NULL)"],
    "upgrade_workspace": ["(current_schema())"],
    "detach_workspace": ["(current_schema())"],
    "distribute_workspace": ["(current_schema())"],
    "grant_access": [f"(current_schema(), '{STRANGER}', 'reader')"],
    "revoke_access": [f"(current_schema(), '{STRANGER}')"],
    "uuid_v7": ["()"],
}

# Which tables a function writes by a statement that is as the caller's own.
OWN = {
    "add_artifact": {"phase_gate_artifacts"},
    **dict.fromkeys(["transition_ticket", "try_transition_ticket", "transition_tickets", "force_transition_ticket", "advance_tickets", "block_ticket",
                     "unblock_ticket"], {"tickets"}),
    **dict.fromkeys(["claim_task", "claim_tasks", "start_task", "heartbeat_task", "complete_task", "complete_tasks", "fail_task", "cancel_task",
                     "release_expired_tasks"], {"tasks", "tickets"}),
}

# Statements of the caller's own: what they fire is theirs on the tables that they name or whose columns they read.
STATEMENTS = {
    "INSERT INTO tickets (title) VALUES ('new')": {"tickets"},
    f"UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE id = '{TICKET}'": {"tickets"},
    f"DELETE FROM tickets WHERE id = '{OTHER}'": set(TABLES),
    f"INSERT INTO tasks (ticket_id, phase_id) VALUES ('{TICKET}', 'PHASE_DESIGN')": {"tasks"},
    f"UPDATE tasks SET status = 'cancelled' WHERE id = '{TASK}'": {"tasks"},
    f"INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) VALUES ('{TICKET}', 'PHASE_DESIGN', 'log')": {"phase_gate_artifacts"},
}

SPY = """
CREATE FUNCTION {by}.spy(place text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
    -- INFO reaches the caller whatever is set.
    RAISE INFO 'spy % as % %', place, current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user);
    RETURN true; END $$;
CREATE FUNCTION {by}.spying() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM {by}.spy(TG_TABLE_NAME); RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END; END $$;
"""


def on_all(statement, tables=TABLES):
    return [statement.format(t=table) for table in tables]


# What an owner makes; {t} a table. Each is planted in a workspace of its own.
PLANTS = {
    **{f"view of {t}": [f"ALTER TABLE {t} RENAME TO kept", f"CREATE VIEW {t} AS SELECT * FROM kept WHERE spy('{t}')",
                        f"GRANT ALL ON {t} TO PUBLIC"] for t in one_in(3, TABLES)},
    **{f"foreign table for {t}": [f"ALTER TABLE {t} RENAME TO kept",
                                  f"CREATE FOREIGN TABLE {t} (id uuid) SERVER rights_server"] for t in one_in(3, TABLES[1:] + TABLES[:1])},
    "cast to text": ["CREATE FUNCTION label(phase) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM spy('cast'); RETURN enum_out($1); END $$",
                     "CREATE CAST (phase AS text) WITH FUNCTION label(phase)"],
    "assignment cast to text": ["CREATE FUNCTION label(phase) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM spy('cast'); RETURN enum_out($1); END $$",
                                "CREATE CAST (phase AS text) WITH FUNCTION label(phase) AS ASSIGNMENT"],
    "cast from text": ["DROP CAST (text AS phase)",
                       "CREATE FUNCTION labelled(text) RETURNS phase LANGUAGE plpgsql AS $$ BEGIN PERFORM spy('cast'); RETURN enum_in($1::cstring, 'phase'::regtype); END $$",
                       "CREATE CAST (text AS phase) WITH FUNCTION labelled(text) AS IMPLICIT"],
    "operators": [f"CREATE FUNCTION op{n}({kind}, {kind}) RETURNS boolean LANGUAGE sql AS $$ SELECT spy('operator') $$" for n, kind in enumerate(["phase", "uuid", "text"])]
                 + [f"CREATE OPERATOR {op} (LEFTARG = {kind}, RIGHTARG = {kind}, FUNCTION = op{n})"
                    for n, kind in enumerate(["phase", "uuid", "text"]) for op in ["=", "<>", "<", ">"]],
    "domains": ["CREATE DOMAIN spied AS text CHECK (spy('domain'))", "ALTER TABLE phase_history ALTER transition_reason TYPE spied",
                "ALTER TABLE tickets ADD COLUMN spied spied DEFAULT ''", "ALTER TABLE phase_history ADD COLUMN spied spied DEFAULT ''"],
    "defaults": on_all("ALTER TABLE {t} ADD COLUMN planted boolean DEFAULT spy('{t}')"),
    "generated columns": on_all("ALTER TABLE {t} ADD COLUMN planted boolean GENERATED ALWAYS AS (spy('{t}')) STORED"),
    "policies": on_all("ALTER TABLE {t} ENABLE ROW LEVEL SECURITY") + on_all("ALTER TABLE {t} FORCE ROW LEVEL SECURITY")
                + on_all("CREATE POLICY planted ON {t} USING (spy('{t}')) WITH CHECK (spy('{t}'))"),
    "rules": on_all("CREATE RULE planted AS ON INSERT TO {t} DO ALSO SELECT spy('{t}')"),
    "triggers": on_all("CREATE TRIGGER planted BEFORE INSERT OR UPDATE OR DELETE ON {t} FOR EACH ROW EXECUTE FUNCTION spying()")
                + on_all("CREATE TRIGGER planted_after AFTER INSERT OR UPDATE OR DELETE ON {t} FOR EACH STATEMENT EXECUTE FUNCTION spying()"),
    "conditions": on_all("CREATE TRIGGER planted AFTER INSERT OR UPDATE ON {t} FOR EACH ROW WHEN (spy('{t}')) EXECUTE FUNCTION spying()"),
    "index expressions": on_all("CREATE INDEX ON {t} ((spy('{t}' || id))) WHERE spy('{t}')", WITH_ID),
    "checks": on_all("ALTER TABLE {t} ADD CHECK (spy('{t}') OR {t} IS NULL) NOT VALID"),
    "deferred triggers": on_all("CREATE CONSTRAINT TRIGGER planted AFTER INSERT OR UPDATE ON {t} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION spying()"),
    "statistics": on_all("CREATE STATISTICS planted_{t} ON (spy('{t}' || id)) FROM {t}", WITH_ID),
    "names of ours": ["CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql AS $$ SELECT gen_random_uuid() WHERE spy('function') $$",
                      "CREATE FUNCTION took_part(uuid, text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT spy('function') $$"],
}

# The same by a role that was granted ALL on the tables, in its own schema.
FOREIGN = {
    # Triggers are the owner's to make: these are made while the event trigger that says so is off.
    "triggers of another": on_all("CREATE TRIGGER planted BEFORE INSERT OR UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION theirs.spying()")
                           + on_all("CREATE TRIGGER planted_after AFTER DELETE ON {t} FOR EACH ROW EXECUTE FUNCTION theirs.spying()"),
    "conditions of another": on_all("CREATE TRIGGER planted AFTER INSERT OR UPDATE ON {t} FOR EACH ROW WHEN (theirs.spy('{t}')) EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()"),
    "deferred triggers of another": on_all("CREATE CONSTRAINT TRIGGER planted AFTER INSERT OR UPDATE ON {t} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION theirs.spying()"),
}


@pytest.fixture(scope="module")
def cluster(make_module_cluster):
    cluster = make_module_cluster(restart_after_crash="off", log_min_error_statement="panic")
    with cluster.connect(autocommit=True) as connection:
        for role in [OWNER, TRIGGERER, STRANGER] + [f"rights_{level}" for level in LEVELS]:
            connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute("CREATE FOREIGN DATA WRAPPER rights_wrapper; CREATE SERVER rights_server FOREIGN DATA WRAPPER rights_wrapper")
        connection.execute(f"GRANT USAGE ON FOREIGN SERVER rights_server TO {OWNER}")
        connection.execute(f"GRANT CREATE ON DATABASE postgres TO {OWNER}")
        connection.execute(f"CREATE SCHEMA theirs AUTHORIZATION {TRIGGERER}; GRANT USAGE ON SCHEMA theirs TO PUBLIC")
        connection.execute(f"SET ROLE {TRIGGERER}")
        connection.execute(SPY.format(by="theirs"))
    return cluster


class Workspace:
    """One with something in every table, and what is planted in it."""

    def __init__(self, cluster, name):
        self.cluster, self.name, self.seen = cluster, name, []
        with self.session(OWNER) as connection:
            connection.execute(f"SELECT phasegate.create_workspace('{name}')")
            connection.execute(SPY.format(by=name))
            for level in LEVELS:
                connection.execute(f"SELECT phasegate.grant_access('{name}', 'rights_{level}', '{level}')")
            connection.execute(f"GRANT USAGE ON SCHEMA {name} TO {TRIGGERER}; GRANT ALL ON ALL TABLES IN SCHEMA {name} TO {TRIGGERER}")
            for statement in [
                "UPDATE task_templates SET is_active = phase_id IN ('PHASE_IMPLEMENTATION', 'PHASE_TESTING')",
                f"INSERT INTO task_templates (id, phase_id, task_type, template_description) VALUES ('{TEMPLATE}', 'PHASE_TESTING', 'more', 'x')",
                "DELETE FROM phase_gate_requirements WHERE phase_id = 'PHASE_DESIGN'",
                f"INSERT INTO tickets (id, title, phase_id) VALUES ('{TICKET}', 'a', 'PHASE_DESIGN'), ('{OTHER}', 'b', 'PHASE_DESIGN')",
                f"INSERT INTO tasks (id, ticket_id, phase_id) VALUES ('{HELD}', '{TICKET}', 'PHASE_DESIGN')",
                "SELECT claim_task('holder')",
                f"INSERT INTO tasks (id, ticket_id, phase_id) VALUES ('{TASK}', '{OTHER}', 'PHASE_DESIGN')",
                f"SELECT update_ticket_context('{TICKET}', 'PHASE_DESIGN')",
                f"SELECT transition_ticket('{OTHER}', 'PHASE_BLOCKED')",
            ]:
                connection.execute(statement)

    def session(self, role):
        connection = self.cluster.connect(autocommit=True, options=f"-csearch_path={self.name},phasegate", application_name=role)
        connection.execute(f"SET SESSION AUTHORIZATION {role}")
        connection.add_notice_handler(lambda notice: self.seen.append(notice.message_primary))
        return connection

    def plant(self, role, statements):
        """Gives how many of the statements were accepted."""
        with self.session(role) as connection:
            return sum(self.attempt(connection, statement) is None for statement in statements)

    @staticmethod
    def attempt(connection, statement):
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            assert error.sqlstate and not error.sqlstate.startswith("XX"), (statement, error)
            return error
        return None

    def run(self, connection, statement):
        """Runs it, what is put off to the commit too, and takes it back; gives what the spies said: place, role, whether a superuser."""
        self.seen.clear()
        connection.execute("BEGIN")
        error = self.attempt(connection, statement) or self.attempt(connection, "SET CONSTRAINTS ALL IMMEDIATE")
        connection.execute("ROLLBACK")
        found = (re.fullmatch(r"spy (\w+?)(?:[0-9a-f-]{36})? as (\w+) ([tf])", message) for message in self.seen)
        return error, {spy.groups() for spy in found if spy}


def everything():
    for function, arguments in CALLS.items():
        for given in arguments:
            yield f"SELECT * FROM phasegate.{function}{given}", OWN.get(function, set())
    yield from STATEMENTS.items()


def test_every_function_is_called(cluster):
    with cluster.connect() as connection:
        functions = connection.execute("""SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'phasegate'::regnamespace
                                             AND prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype) AND prokind = 'f'""").fetchall()
    assert {name for name, in functions} == set(CALLS)


@pytest.mark.parametrize("kind", [*PLANTS, *FOREIGN])
def test_never_more_than_the_owners_rights(cluster, kind):
    workspace = Workspace(cluster, "w_" + re.sub(r"\W", "_", kind))
    if kind in FOREIGN:
        assert workspace.plant(TRIGGERER, FOREIGN[kind]) == 0
        with cluster.connect(autocommit=True) as connection:
            connection.execute("ALTER EVENT TRIGGER phasegate_triggers DISABLE")
    planted = workspace.plant(OWNER, PLANTS[kind]) if kind in PLANTS else workspace.plant(TRIGGERER, FOREIGN[kind])
    assert planted > 0
    with cluster.connect(autocommit=True) as connection:
        connection.execute("ALTER EVENT TRIGGER phasegate_triggers ENABLE")
    seen, wrong = set(), []
    for caller in CALLERS:
        with workspace.session(caller) as connection:
            for statement, own in everything():
                _, spies = workspace.run(connection, statement)
                seen |= spies
                for place, role, is_super in spies:
                    if place in own and role == caller:
                        continue
                    # The server deletes what belongs to a row with the rights of the referring table's owner.
                    if statement.startswith("DELETE") and role == OWNER:
                        continue
                    allowed = {OWNER} if caller == "postgres" else {OWNER, caller}
                    if kind in FOREIGN:
                        allowed = set() if caller == "postgres" else {caller} - {OWNER}
                    if is_super == "t" or role not in allowed:
                        wrong.append((caller, statement, place, role))
    assert wrong == []
    # That the spies speak at all is what most of these are about; others are refused, or run nothing of it.
    speaks = {"defaults", "generated columns", "policies", "rules", "triggers", "conditions", "index expressions", "checks", "domains"}
    assert seen or kind not in speaks
    with cluster.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
