"""A database as a team has it after a while, what is in it, and whether it still works: for tests that move it elsewhere.

It has two workspaces. One was created, its name needs quoting, and it was changed afterwards: phases, edges, templates,
gates. One was adopted from tables that an application had. There are tickets in every phase and tasks in every state,
the application's own columns, triggers and policies, and roles with different rights.
"""

import contextlib
import re
import uuid

import psycopg
import pytest

SHOP = 'Shop "1" {ws} Straße'
DESK = "helpdesk"
ROLES = ["Owner", "app", "agent", "reviewer", "reader"]

# @SHOP@ and @Owner@ stand for quoted names. Statements are sent one by one: an enum's new label can be used by the next.
STATEMENTS = """
GRANT CREATE ON DATABASE @database@ TO @Owner@;
-- Rights on the extension's own functions are dumped too.
REVOKE EXECUTE ON FUNCTION phasegate.create_workspace FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phasegate.create_workspace TO @Owner@;
SET ROLE @Owner@;
SELECT phasegate.create_workspace('@SHOP_NAME@');
CREATE SCHEMA helpdesk;
CREATE TABLE helpdesk.tickets (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), number integer GENERATED ALWAYS AS IDENTITY, title varchar(300), phase_id varchar(50) DEFAULT 'PHASE_REQUIREMENTS',
    "Assigned to" text, loud text GENERATED ALWAYS AS (upper(title)) STORED, CHECK (phase_id LIKE 'PHASE_%'));
INSERT INTO helpdesk.tickets (title, phase_id, "Assigned to") SELECT 'found in ' || p, p, 'carla'
  FROM unnest('{PHASE_BACKLOG,PHASE_REQUIREMENTS,PHASE_DESIGN,PHASE_IMPLEMENTATION,PHASE_TESTING,PHASE_DEPLOYMENT,PHASE_DONE,PHASE_BLOCKED}'::text[]) p;
CREATE TABLE helpdesk.tasks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ticket_id uuid NOT NULL, phase_id text NOT NULL, status text, note text, lease_expires_at timestamptz);
INSERT INTO helpdesk.tasks (ticket_id, phase_id, status, note, lease_expires_at) SELECT id, phase_id, 'running', 'begun before', now() + interval '1 hour' FROM helpdesk.tickets WHERE phase_id = 'PHASE_TESTING';
CREATE TABLE helpdesk.comments (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ticket_id uuid REFERENCES helpdesk.tickets ON DELETE CASCADE, body text);
INSERT INTO helpdesk.comments (ticket_id, body) SELECT id, E'tab\\t, newline\\n, "quote"' FROM helpdesk.tickets;
SELECT phasegate.create_workspace('helpdesk');

-- Phases of one's own: before others, among them, after them.
ALTER TYPE @SHOP@.phase ADD VALUE 'PHASE_IDEA' BEFORE 'PHASE_BACKLOG';
ALTER TYPE @SHOP@.phase ADD VALUE 'PHASE_SECURITY_REVIEW' AFTER 'PHASE_TESTING';
ALTER TYPE @SHOP@.phase ADD VALUE 'Phase "archived"';
SET search_path = @SHOP@, phasegate;
INSERT INTO phase_transitions VALUES ('PHASE_IDEA', 'PHASE_BACKLOG', false), ('PHASE_TESTING', 'PHASE_SECURITY_REVIEW', true),
    ('PHASE_SECURITY_REVIEW', 'PHASE_DEPLOYMENT', true), ('PHASE_DONE', 'Phase "archived"', false);
DELETE FROM phase_transitions WHERE from_phase = 'PHASE_TESTING' AND to_phase = 'PHASE_DEPLOYMENT';
UPDATE task_templates SET is_active = false WHERE task_type = 'design_architecture';
INSERT INTO task_templates (phase_id, task_type, template_description, required_capabilities, dependencies_template)
VALUES ('PHASE_REQUIREMENTS', 'agree', 'Agree on: {ticket_title}', '["analysis"]', '["analyze_requirements", "create_requirements_doc"]'),
       ('PHASE_SECURITY_REVIEW', 'model_threats', 'Threats to: {ticket_title} \\{x\\}', '["security"]', NULL);
DELETE FROM phase_gate_requirements WHERE phase_id = 'PHASE_IMPLEMENTATION';
UPDATE phase_gate_requirements SET required_artifacts = '{notes}', validation_criteria = '{"notes": {"min_length": 3}}', requires_review = true WHERE phase_id = 'PHASE_REQUIREMENTS';
INSERT INTO phase_gate_requirements VALUES ('PHASE_SECURITY_REVIEW', '{threat_model}', true, '{"threat_model": {"jsonpath": "$.open == 0"}}', false);

-- The application's own: columns, a view that needs the casts, triggers in every state, an index, row security.
ALTER TABLE tickets ADD COLUMN "Due date" date DEFAULT '2030-01-01', ADD COLUMN hidden_in varchar(50) DEFAULT 'PHASE_DONE',
    ADD COLUMN words integer GENERATED ALWAYS AS (array_length(string_to_array(title, ' '), 1)) STORED;
ALTER TABLE tasks ADD COLUMN effort interval DEFAULT '1 hour';
CREATE INDEX tickets_open ON tickets (phase_entered_at) WHERE phase_id <> 'PHASE_DONE';
CREATE FUNCTION ends(phase phase) RETURNS boolean LANGUAGE sql AS $$ SELECT $1::text = 'PHASE_DONE' $$;
CREATE VIEW ending AS SELECT id FROM tickets WHERE ends(hidden_in::phase);
CREATE TABLE audit (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, fired text, op text, tab text, title text);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
    INSERT INTO @SHOP@.audit (fired, op, tab, title) VALUES (TG_NAME, TG_OP, TG_TABLE_NAME, to_jsonb(NEW) ->> 'title'); RETURN NEW; END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION audit();
CREATE TRIGGER audit_off AFTER INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION audit();
ALTER TABLE tickets DISABLE TRIGGER audit_off;
CREATE TRIGGER audit_replica AFTER INSERT OR UPDATE ON tickets FOR EACH ROW EXECUTE FUNCTION audit();
ALTER TABLE tickets ENABLE REPLICA TRIGGER audit_replica;
CREATE TRIGGER audit_always AFTER INSERT ON phase_history FOR EACH ROW EXECUTE FUNCTION audit();
ALTER TABLE phase_history ENABLE ALWAYS TRIGGER audit_always;
CREATE TRIGGER "Audit all" AFTER INSERT OR UPDATE ON tasks FOR EACH STATEMENT EXECUTE FUNCTION audit();
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON tickets TO @app@, @reviewer@, @reader@ USING (true);
CREATE POLICY shown ON tickets TO @agent@ USING (phase_id <> hidden_in::phase);

-- Grants, and what is granted on tables to come.
GRANT USAGE ON SCHEMA @SHOP@, helpdesk TO @app@, @agent@, @reviewer@, @reader@;
GRANT SELECT ON ALL TABLES IN SCHEMA @SHOP@ TO @app@, @agent@, @reviewer@, @reader@;
GRANT INSERT, UPDATE (title, description, priority, phase_id, hidden_in) ON tickets TO @app@;
GRANT UPDATE ON tasks TO @agent@, @reviewer@;
GRANT INSERT ON phase_gate_artifacts TO @agent@ WITH GRANT OPTION;
GRANT INSERT ON phase_gate_results TO @reviewer@;
REVOKE SELECT ON phase_gate_results FROM @reader@;
GRANT SELECT, INSERT, UPDATE ON helpdesk.tickets TO @app@;
ALTER DEFAULT PRIVILEGES IN SCHEMA @SHOP@ GRANT SELECT ON TABLES TO @reader@;
ALTER DEFAULT PRIVILEGES GRANT SELECT, UPDATE ON TABLES TO @app@;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- Tickets that start in every phase, and a finished and a blocked one that were imported.
INSERT INTO tickets (title, phase_id, previous_phase_id, description)
SELECT 'starts in ' || p, p, CASE WHEN p = 'PHASE_BLOCKED' THEN 'PHASE_TESTING' END::phase, 'Größe € \\ 1' FROM unnest(enum_range(NULL::phase)) p;
-- Two tickets go through a reviewed gate, with what each phase produced folded in; one of them regresses.
INSERT INTO tickets (title, priority) SELECT 'worked on ' || n, 'HIGH' FROM generate_series(1, 4) n;
SET phasegate.actor = 'planner';
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title LIKE 'worked on %';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'ada', result = '{"summary": "Read it.", "context": {"key_decisions": ["Keep it"], "risks": ["None \\u00fc"]},
    "artifacts": [{"type": "notes", "path": "a/b", "content": {"text": "long enough"}}], "outputs": {"n": 1.50}}'
 WHERE ticket_id IN (SELECT id FROM tickets WHERE title IN ('worked on 1', 'worked on 2')) AND task_type <> 'agree';
UPDATE tasks SET status = 'completed', assigned_agent_id = 'ada' WHERE ticket_id IN (SELECT id FROM tickets WHERE title IN ('worked on 1', 'worked on 2')) AND task_type = 'agree';
SELECT validate_gate(id) FROM tickets WHERE title LIKE 'worked on %';
SELECT complete_task(id, 'vera', '{"approved": true}') FROM claim_tasks('vera', 2, '{validation}', kinds => '{review}');
UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE title IN ('worked on 1', 'worked on 2');
SELECT add_artifact(id, 'tests', artifact_content => '{"n": 1}') FROM tickets WHERE title = 'starts in PHASE_TESTING';
UPDATE tickets SET phase_id = 'PHASE_IMPLEMENTATION' WHERE title = 'starts in PHASE_TESTING';
SELECT summarize_using_llm(id) FROM tickets WHERE title = 'worked on 1';
SELECT block_ticket(id, 'waits') FROM tickets WHERE title = 'worked on 4';
INSERT INTO tickets (title) VALUES ('goes');
DELETE FROM tickets WHERE title = 'goes';
INSERT INTO tickets (title, phase_id) SELECT 'more in testing ' || n, 'PHASE_TESTING' FROM generate_series(1, 3) n;
RESET phasegate.actor;
-- Tasks that are held, given up, tried again later, cancelled.
SELECT claim_task('bob', '{analysis,documentation}', lease => '1 day');
SELECT start_task(id, 'bob') FROM claim_task('bob', '{documentation}', lease => '1 day');
SELECT fail_task(id, 'eve', 'the wiki is down') FROM claim_task('eve', '{testing}');
UPDATE tasks SET scheduled_at = '2100-01-01' WHERE scheduled_at IS NOT NULL;
SELECT fail_task(id, 'eve', 'it cannot be done', retry => false) FROM claim_task('eve', '{testing}');
SELECT cancel_task(id, 'no more') FROM tasks WHERE status = 'pending' AND task_type = 'run_tests' LIMIT 1;
UPDATE helpdesk.tickets SET phase_id = 'PHASE_BLOCKED' WHERE phase_id = 'PHASE_DESIGN';
RESET search_path;
RESET ROLE
"""


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Populated:
    """A populated database: its name, its roles, and what to ask of it."""

    def __init__(self):
        suffix = uuid.uuid4().hex[:12]
        self.database = None
        self.roles = {role: f"pytest {role} {suffix}" for role in ROLES}

    @classmethod
    def in_cluster(cls, cluster):
        """In the database postgres of a cluster of one's own, with which all of it goes."""
        made = cls()
        with cluster.connect(autocommit=True) as connection:
            connection.execute("CREATE EXTENSION phasegate")
            made.make_roles(connection)
            made.fill(connection)
        return made

    def role(self, role):
        return quoted(self.roles[role])

    def make_roles(self, connection):
        for role in ROLES:
            connection.execute(f"CREATE ROLE {self.role(role)} LOGIN")

    def drop_roles(self, connection):
        """After the databases that they own things in are gone."""
        for role in ROLES:
            connection.execute(f"DROP ROLE IF EXISTS {self.role(role)}")

    def fill(self, connection):
        """In a database that has the extension, after make_roles."""
        self.database = connection.info.dbname
        text = STATEMENTS.replace("@database@", quoted(self.database))
        text = text.replace("@SHOP_NAME@", SHOP.replace("'", "''")).replace("@SHOP@", quoted(SHOP))
        for role in ROLES:
            text = text.replace(f"@{role}@", self.role(role))
        for statement in re.split(r";\n(?!    )", text):
            connection.execute(statement)
        self.require_variety(connection)

    def require_variety(self, connection):
        """That there is something of everything, or a test that moves it would prove nothing."""
        connection.execute(f"SET search_path = {quoted(SHOP)}")
        for table in tables(connection):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0 or table.startswith("helpdesk."), table
        for columns, wanted in [
                ("phase_id FROM tickets", set(connection.execute("SELECT unnest(enum_range(NULL::phase))"))),
                ("status FROM tasks", {("pending",), ("assigned",), ("running",), ("completed",), ("failed",), ("cancelled",)}),
                ("kind FROM tasks", {("work",), ("review",), ("summary",)}),
                ("gate_status FROM phase_gate_results", {("passed",), ("failed",), ("pending",)}),
                ("superseded_at IS NULL FROM phase_gate_artifacts", {(True,), (False,)}),
                ("context IS NULL FROM tickets", {(True,), (False,)}),
                ("pending_dependencies = 0 FROM tasks", {(True,), (False,)}),
                ("scheduled_at IS NULL FROM tasks", {(True,), (False,)})]:
            assert set(connection.execute(f"SELECT DISTINCT {columns}")) == wanted, columns
        connection.execute("RESET search_path")
        assert violations(connection) == []

    @contextlib.contextmanager
    def acting(self, connection, role):
        connection.execute(f"SET ROLE {self.role(role)}")
        yield
        connection.execute("RESET ROLE")

    def go_on(self, connection):
        """What the workspaces' users do next works, is refused where it was, and leaves what it always leaves."""
        def one(sql, *arguments):
            return connection.execute(sql, arguments).fetchone()

        def refused(error, match, sql, *arguments):
            with pytest.raises(error, match=match):
                connection.execute(sql, arguments)

        denied = psycopg.errors.InsufficientPrivilege
        assert violations(connection) == []
        connection.execute(f"SET search_path = {quoted(SHOP)}, phasegate")
        audits = one("SELECT count(*) FROM audit WHERE fired = 'audit'")[0]
        with self.acting(connection, "app"):
            ticket, = one("INSERT INTO tickets (title) VALUES ('goes on') RETURNING id")
            # The casts are there: drivers send typed strings.
            connection.execute("UPDATE tickets SET phase_id = %s::varchar WHERE id = %s", ["PHASE_REQUIREMENTS", ticket])
            refused(psycopg.errors.CheckViolation, "invalid phase transition", "UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE id = %s", ticket)
            refused(psycopg.errors.ObjectNotInPrerequisiteState, "phase gate not passed", "UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE id = %s", ticket)
            refused(denied, "permission denied for table phase_history", "INSERT INTO phase_history (ticket_id, to_phase) VALUES (%s, 'PHASE_DONE')", ticket)
            refused(denied, "permission denied for table task_templates", "DELETE FROM task_templates")
            refused(denied, "permission denied for function create_workspace", "SELECT create_workspace('mine')")
            assert one("SELECT array_agg(p) FROM get_valid_transitions('PHASE_TESTING') p")[0] == ["PHASE_IMPLEMENTATION", "PHASE_SECURITY_REVIEW", "PHASE_BLOCKED"]
            assert one("SELECT transition_ticket(id, 'Phase \"archived\"') IS NOT NULL FROM tickets WHERE title = 'starts in PHASE_DONE'")[0]
            assert one("SELECT (unblock_ticket(id)).current_phase FROM tickets WHERE title = 'worked on 4'")[0] == "PHASE_REQUIREMENTS"
        assert [row[0] for row in connection.execute("SELECT to_phase::text FROM phase_history WHERE ticket_id = %s ORDER BY created_at", [ticket])] == ["PHASE_BACKLOG", "PHASE_REQUIREMENTS"]
        assert one("SELECT count(*), count(*) FILTER (WHERE pending_dependencies = 2) FROM tasks WHERE ticket_id = %s", ticket) == (3, 1)
        assert one("SELECT count(*) FROM audit WHERE fired = 'audit'")[0] == audits + 4
        assert one("SELECT count(*) FROM audit WHERE fired IN ('audit_off', 'audit_replica')")[0] == 0
        with self.acting(connection, "agent"):
            refused(denied, "permission denied for table tickets", "UPDATE tickets SET phase_id = 'PHASE_DESIGN'")
            assert one("SELECT count(*) FROM tickets WHERE phase_id = 'PHASE_DONE'")[0] == 0
            # Held tasks stay held, under the attempt they are held by.
            refused(psycopg.errors.ObjectNotInPrerequisiteState, "task is not held", "SELECT heartbeat_task(id, 'eve') FROM tasks WHERE status = 'running'")
            assert one("SELECT heartbeat_task(id, 'bob', attempt => attempts) > now() FROM tasks WHERE status = 'running'")[0]
            task, owner = one("SELECT id, assigned_agent_id FROM claim_task('eve', '{analysis,documentation}')")
            connection.execute("SELECT complete_task(%s, 'eve', '{\"artifacts\": [{\"type\": \"notes\", \"path\": \"c\"}]}')", [task])
        assert one("SELECT count(*) FROM phase_gate_artifacts WHERE task_id = %s", task)[0] == 1
        with self.acting(connection, "reader"):
            refused(denied, "permission denied for table phase_gate_results", "SELECT * FROM phase_gate_results")
        with self.acting(connection, "Owner"):
            refused(denied, "append-only", "DELETE FROM phase_history")
            connection.execute("CREATE TABLE later AS SELECT 1 AS n")
            connection.execute("SELECT create_workspace(current_schema())")
        with self.acting(connection, "reader"):
            assert one("SELECT n FROM later")[0] == 1
        connection.execute("SET search_path = helpdesk, phasegate")
        with self.acting(connection, "app"):
            moved = connection.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE phase_id = 'PHASE_BACKLOG'").rowcount
            assert moved == 1
            connection.execute("INSERT INTO tickets (title) VALUES ('new')")
            assert one("SELECT phase_id::text, number, loud FROM tickets WHERE title = 'new'") == ("PHASE_REQUIREMENTS", 9, "NEW")
        assert violations(connection) == []
        connection.execute("RESET search_path")


def violations(connection):
    return connection.execute("""
        SELECT w.schema, c.check_name, c.violations, c.example
          FROM phasegate.workspaces w, phasegate.check_workspace(w.schema) c WHERE c.violations <> 0 ORDER BY 1, 2""").fetchall()


def tables(connection, schemas=(SHOP, DESK)):
    return [row[0] for row in connection.execute("""
        SELECT format('%%I.%%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
         WHERE relkind = 'r' AND nspname = ANY (%s) ORDER BY 1""", [list(schemas)])]


def rows(connection, schemas=(SHOP, DESK)):
    """Every row of every table, in the order of its key, byte for byte as COPY writes it."""
    found = {}
    for table in tables(connection, schemas):
        key, = connection.execute("""
            SELECT string_agg(format('%%I', attname), ', ' ORDER BY place)
              FROM pg_index, unnest(indkey) WITH ORDINALITY k (attnum, place) JOIN pg_attribute a USING (attnum)
             WHERE indrelid = %s::regclass AND attrelid = indrelid AND indisprimary""", [table]).fetchone()
        with connection.cursor().copy(f"COPY (SELECT * FROM {table} ORDER BY {key or 1}) TO STDOUT") as copy:
            found[table] = b"".join(bytes(part) for part in copy)
    assert found
    return found


DEFINITIONS = """
WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname = ANY (%(schemas)s)),
     grants (what, acl) AS (
         SELECT 'schema ' || nspname, nspacl FROM pg_namespace WHERE nspname = ANY (%(schemas)s || '{phasegate}'::text[])
          UNION ALL SELECT 'relation ' || c.oid::regclass, relacl FROM pg_class c JOIN ours n ON n.oid = relnamespace
          UNION ALL SELECT format('column %%s.%%s', attrelid::regclass, attname), attacl FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN ours n ON n.oid = relnamespace
          UNION ALL SELECT 'function ' || p.oid::regprocedure, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = ANY (%(schemas)s || '{phasegate}'::text[])
          UNION ALL SELECT format('default of %%s in %%s for %%s', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype), defaclacl FROM pg_default_acl)
SELECT format('grant on %%s: %%s', what, (SELECT array_agg(item::text ORDER BY item::text) FROM unnest(acl) item)) AS definition FROM grants WHERE acl IS NOT NULL
 UNION ALL SELECT format('%%s, enabled %%s', pg_get_triggerdef(t.oid), tgenabled) FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN ours n ON n.oid = relnamespace WHERE NOT tgisinternal
 UNION ALL SELECT format('%%s %%s %%s', conrelid::regclass, conname, pg_get_constraintdef(k.oid)) FROM pg_constraint k JOIN ours n ON n.oid = connamespace WHERE contype <> 'n'
 UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = ANY (%(schemas)s)
 UNION ALL SELECT format('relation %%s %%s, owner %%s, row security %%s %%s, %%s', c.oid::regclass, relkind, relowner::regrole, relrowsecurity, relforcerowsecurity, reloptions)
             FROM pg_class c JOIN ours n ON n.oid = relnamespace
 UNION ALL SELECT pg_get_viewdef(c.oid) FROM pg_class c JOIN ours n ON n.oid = relnamespace WHERE relkind = 'v'
 UNION ALL SELECT format('%%s label %%s %%s', enumtypid::regtype, row_number() OVER (PARTITION BY enumtypid ORDER BY enumsortorder), enumlabel)
             FROM pg_enum JOIN pg_type t ON t.oid = enumtypid JOIN ours n ON n.oid = typnamespace
 UNION ALL SELECT format('cast %%s to %%s %%s', castsource::regtype, casttarget::regtype, castcontext) FROM pg_cast c JOIN pg_type t ON t.oid = casttarget JOIN ours n ON n.oid = typnamespace
 UNION ALL SELECT format('policy %%s on %%s for %%s to %%s: %%s', polname, polrelid::regclass, polcmd, polroles::regrole[], pg_get_expr(polqual, polrelid)) FROM pg_policy JOIN pg_class c ON c.oid = polrelid JOIN ours n ON n.oid = relnamespace
 UNION ALL SELECT format('%%s.%%s %%s %%s, not null %%s, identity %%s, generated %%s', attrelid::regclass, attname, format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid), attnotnull, attidentity, attgenerated)
             FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN ours n ON n.oid = relnamespace
             LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND NOT attisdropped
 UNION ALL SELECT format('schema %%s, owner %%s', nspname, nspowner::regrole) FROM pg_namespace WHERE nspname = ANY (%(schemas)s || '{phasegate}'::text[])
 UNION ALL SELECT format('workspace %%s of %%s, shape %%s', schema, owner, version) FROM phasegate.workspaces
 UNION ALL SELECT format('extension %%s %%s', extname, extversion) FROM pg_extension
"""


def definitions(connection, schemas=(SHOP, DESK)):
    """What the schemas' objects are, one a line, as the catalogs have it."""
    found = connection.execute(DEFINITIONS, {"schemas": list(schemas)}).fetchall()
    # PostgreSQL writes the casts of  varchar IN (...)  differently once their text was parsed again.
    return sorted(re.sub(r"::(text|character varying)(\[\])?|[()]", "", row[0]) for row in found)
