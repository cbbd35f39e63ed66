"""From each released version to this one: the extension's own objects, workspaces, and everything in between.

tests/versions/ has what each release left: its extension script, and a database in use. The library is always the
present one: it is installed before anything is updated, so it has to work with the objects of all those versions.
"""

import os
import pathlib
import re
import subprocess

import psycopg
import pytest

VERSIONS = pathlib.Path(os.environ["PHASEGATE_ROOT"]) / "tests" / "versions"
CURRENT = re.search(r'^version = "(.*)"', (VERSIONS.parents[1] / "Cargo.toml").read_text("utf-8"), re.M)[1]
NEWEST = int(re.search(r"^pub const SHAPE: i32 = (\d+);", (VERSIONS.parents[1] / "src" / "stamp.rs").read_text("utf-8"), re.M)[1])
RELEASED = sorted(path.stem.removeprefix("phasegate--") for path in VERSIONS.glob("phasegate--*.sql"))
OLD = [version for version in RELEASED if version != CURRENT]

every_old_version = pytest.mark.parametrize("version", OLD)


def test_there_is_something_to_update_from():
    assert "0.2.0" in OLD


@pytest.fixture(scope="module")
def roles():
    """The roles that the kept databases name: the owner of the workspaces, and somebody who works in one."""
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute("CREATE ROLE version_keeper; CREATE ROLE version_crew")
    yield
    with psycopg.connect(dbname="postgres", autocommit=True) as connection:
        connection.execute("DROP ROLE version_keeper, version_crew")


@pytest.fixture
def empty(roles, empty_database):
    """empty() makes a database without the extension, and gives its name."""

    def make():
        name = empty_database()
        with psycopg.connect(dbname="postgres", autocommit=True) as connection:
            connection.execute(f"GRANT CREATE ON DATABASE {name} TO version_keeper")
        return name

    return make


def connect(name):
    return psycopg.connect(dbname=name, autocommit=True)


def run(tool, *arguments, **kwargs):
    kwargs.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([os.path.join(os.environ["PHASEGATE_BINDIR"], tool), *arguments], check=True, **kwargs)


def restore(name, script):
    run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", name, stdin=None, input=script.encode(), stdout=subprocess.DEVNULL)


def kept(version):
    return (VERSIONS / f"database--{version}.sql").read_text("utf-8")


def restore_into_this_version(name, script):
    """As the page on upgrades says: the extension first, which brings its schema with it, then the dump without that schema."""
    with connect(name) as connection:
        connection.execute("CREATE EXTENSION phasegate")
    assert "CREATE SCHEMA phasegate;" in script
    restore(name, script.replace("CREATE SCHEMA phasegate;", ""))


@pytest.fixture
def old(empty):
    """old(version) is a database as that version left it, its extension still at that version."""
    def make(version):
        name = empty()
        extension = "CREATE EXTENSION IF NOT EXISTS phasegate WITH SCHEMA phasegate"
        assert extension in kept(version)
        restore(name, kept(version).replace(extension, f"{extension} VERSION '{version}'"))
        return name
    return make


# The extension's own objects.

@every_old_version
def test_the_library_has_what_old_objects_call(empty, version):
    """Until ALTER EXTENSION UPDATE, a database's functions are those of the version before."""
    script = (VERSIONS / f"phasegate--{version}.sql").read_text("utf-8")
    symbols = re.findall(r"'MODULE_PATHNAME', '(\w+)'", script)
    assert len(symbols) > 50
    missing = []
    with connect(empty()) as connection:
        for symbol in symbols:
            try:
                connection.execute(f"CREATE FUNCTION pg_temp.{symbol}() RETURNS void LANGUAGE c AS 'phasegate', '{symbol}'")
            except psycopg.errors.UndefinedFunction:
                missing.append(symbol)
    assert missing == []


# What is a member of the extension, each with its definition, comment, owner and rights, and what pg_dump is told of
# those rights. A member of a class that has no definition here shows as such, and is to be added.
MEMBERS = """
SELECT pg_identify_object(d.classid, d.objid, 0)::text AS member,
       concat_ws(E'\\n',
           CASE d.classid
           WHEN 'pg_proc'::regclass THEN
               (SELECT concat_ws(' ', pg_get_functiondef(p.oid), p.probin, p.prosrc, p.prorows, p.procost, p.proowner::regrole, p.proacl)
                  FROM pg_proc p WHERE p.oid = d.objid)
           WHEN 'pg_type'::regclass THEN
               (SELECT concat_ws(' ', t.typtype, t.typowner::regrole, t.typacl,
                                 (SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull), ', ' ORDER BY a.attnum)
                                    FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
                  FROM pg_type t WHERE t.oid = d.objid)
           WHEN 'pg_class'::regclass THEN
               (SELECT concat_ws(' ', c.relkind, c.reloptions, pg_get_viewdef(c.oid), c.relowner::regrole, c.relacl) FROM pg_class c WHERE c.oid = d.objid)
           WHEN 'pg_event_trigger'::regclass THEN
               (SELECT concat_ws(' ', e.evtevent, e.evttags, e.evtfoid::regprocedure, e.evtenabled, e.evtowner::regrole)
                  FROM pg_event_trigger e WHERE e.oid = d.objid)
           WHEN 'pg_namespace'::regclass THEN (SELECT nspname FROM pg_namespace WHERE oid = d.objid)
           ELSE 'not compared: ' || d.classid::regclass
           END,
           obj_description(d.objid, (SELECT relname FROM pg_class WHERE oid = d.classid)),
           (SELECT string_agg(i.initprivs::text, ' ') FROM pg_init_privs i WHERE i.classoid = d.classid AND i.objoid = d.objid)) AS definition
  FROM pg_depend d
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
   AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'phasegate')
UNION ALL
SELECT 'extension', concat_ws(' ', extversion, extowner::regrole, extnamespace::regnamespace, extrelocatable, extconfig, extcondition)
  FROM pg_extension WHERE extname = 'phasegate'
UNION ALL
SELECT 'schema', concat_ws(' ', n.nspowner::regrole, n.nspacl, (SELECT string_agg(i.initprivs::text, ' ') FROM pg_init_privs i WHERE i.objoid = n.oid))
  FROM pg_namespace n WHERE n.nspname = 'phasegate'
UNION ALL
SELECT 'in the schema, and no member: ' || p.oid::regprocedure, ''
  FROM pg_proc p
 WHERE p.pronamespace = 'phasegate'::regnamespace
   AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
"""


def members(connection):
    found = dict(connection.execute(MEMBERS).fetchall())
    assert len(found) > 50
    return found


@pytest.mark.parametrize("creator", ["postgres", "version_keeper"])
@every_old_version
def test_an_updated_extension_is_like_a_new_one(empty, version, creator):
    """Fails where a function, type, comment or right is in a new database and not in an updated one, or differs.

    Functions and views come with every update (pgrx-config/extension-files.sh). All else, such as types, what is dropped,
    and grants on what is new, has to be in sql/upgrade/FORMER--THIS.sql too.
    """
    with connect(empty()) as new, connect(empty()) as updated:
        new.execute(f"SET ROLE {creator}; CREATE EXTENSION phasegate")
        updated.execute(f"SET ROLE {creator}; CREATE EXTENSION phasegate VERSION '{version}'; ALTER EXTENSION phasegate UPDATE")
        expected, found = members(new), members(updated)
        not_updated, left_over = sorted(expected.keys() - found.keys()), sorted(found.keys() - expected.keys())
        # The schema is a member where the extension was made anew, and the extension is of another.
        assert not_updated == ["(schema,,phasegate,phasegate)"]
        assert left_over == []
        for member in expected.keys() & found.keys() - {"extension", "schema"}:
            assert found[member] == expected[member], member
        assert not [member for member, definition in expected.items() if "not compared" in definition or "no member" in member]
        assert expected["extension"].startswith(f"{CURRENT} {creator} ")


@every_old_version
def test_an_update_leaves_what_the_administrator_changed(empty, version):
    with connect(empty()) as connection:
        connection.execute(f"CREATE EXTENSION phasegate VERSION '{version}'")
        connection.execute("REVOKE USAGE ON SCHEMA phasegate FROM PUBLIC; GRANT USAGE ON SCHEMA phasegate TO version_crew")
        connection.execute("REVOKE SELECT ON phasegate.workspaces FROM PUBLIC")
        connection.execute("REVOKE EXECUTE ON FUNCTION phasegate.create_workspace FROM PUBLIC")
        rights = """
            SELECT nspacl::text FROM pg_namespace WHERE nspname = 'phasegate'
             UNION ALL SELECT relacl::text FROM pg_class WHERE oid = 'phasegate.workspaces'::regclass
             UNION ALL SELECT proacl::text FROM pg_proc WHERE oid = 'phasegate.create_workspace'::regproc"""
        before = connection.execute(rights).fetchall()
        connection.execute("ALTER EXTENSION phasegate UPDATE")
        assert connection.execute(rights).fetchall() == before
        assert not [right for right in before if "=U/" in right[0].replace("version_crew=U/", "")]


# Workspaces.

# What a schema consists of, by kind and name. Columns stand where they were added; their order is no matter.
OBJECTS = """
WITH c AS (SELECT * FROM pg_class WHERE relnamespace = %(schema)s::regnamespace)
SELECT 'relation ' || relname, concat_ws(' ', relkind, relowner::regrole, relrowsecurity, relacl) FROM c
UNION ALL SELECT 'options of ' || relname, reloptions::text FROM c WHERE reloptions IS NOT NULL
UNION ALL SELECT 'view ' || relname, pg_get_viewdef(oid) FROM c WHERE relkind = 'v'
UNION ALL SELECT 'index ' || relname, pg_get_indexdef(oid) FROM c WHERE relkind = 'i'
UNION ALL SELECT concat('column ', relname, '.', attname),
       concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attgenerated, attacl,
                 (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum))
  FROM c JOIN pg_attribute ON attrelid = c.oid WHERE relkind IN ('r', 'v') AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT concat('constraint ', relname, '.', conname), pg_get_constraintdef(k.oid) FROM c JOIN pg_constraint k ON conrelid = c.oid
UNION ALL SELECT concat('trigger ', relname, '.', tgname), concat_ws(' ', tgenabled, pg_get_triggerdef(t.oid)) FROM c JOIN pg_trigger t ON tgrelid = c.oid WHERE NOT tgisinternal
UNION ALL SELECT concat('policy ', relname, '.', polname), concat_ws(' ', polcmd, pg_get_expr(polqual, polrelid)) FROM c JOIN pg_policy ON polrelid = c.oid
UNION ALL SELECT concat('comment on ', relname, '.', (SELECT attname FROM pg_attribute WHERE attrelid = c.oid AND attnum = NULLIF(objsubid, 0))), description
  FROM c JOIN pg_description ON classoid = 'pg_class'::regclass AND objoid = c.oid
UNION ALL SELECT 'cast from ' || castsource::regtype, concat_ws(' ', castcontext, castmethod) FROM pg_cast JOIN pg_type t ON t.oid = casttarget WHERE typname = 'phase' AND typnamespace = %(schema)s::regnamespace
UNION ALL SELECT 'type ' || typname, concat_ws(' ', typowner::regrole, typacl) FROM pg_type WHERE typnamespace = %(schema)s::regnamespace AND typtype = 'e'
UNION ALL SELECT 'schema', concat_ws(' ', nspowner::regrole, nspacl) FROM pg_namespace WHERE nspname = %(schema)s::text
"""


def objects(connection, schema):
    with connection.transaction():
        connection.execute("SET LOCAL search_path = pg_catalog")
        found = connection.execute(OBJECTS, {"schema": schema}).fetchall()
    # PostgreSQL writes the casts of a varchar differently once the text was parsed again.

    def plain(definition):
        return re.sub(r"::(text|character varying)(\[\])?|[()]", "", definition).replace(f"{schema}.", "{ws}.")

    return {name: plain(definition) for name, definition in found}


def columns(connection, schema):
    """The columns of every table."""
    return dict(connection.execute("""
        SELECT relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum)
          FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
         WHERE relkind = 'r' AND relnamespace = %s::regnamespace AND attnum > 0 AND NOT attisdropped GROUP BY relname""", [schema]))


def rows(connection, schema, of=None):
    """Every row of every table, in these columns."""
    return {table: sorted(row for row, in connection.execute(f"SELECT ROW({names})::text FROM {schema}.{table}"))
            for table, names in (of or columns(connection, schema)).items()}


def one(connection, statement, parameters=None):
    return connection.execute(statement, parameters).fetchone()[0]


def violations(connection, workspace):
    return {name: count for name, count in connection.execute(
        "SELECT check_name, violations FROM phasegate.check_workspace(%s) WHERE violations > 0", [workspace])}


def shape_of(connection, workspace):
    return int(one(connection, "SELECT version FROM phasegate.workspaces WHERE schema = %s", [workspace]))


def upgrade(connection, workspace):
    return connection.execute("SELECT shape, change FROM phasegate.upgrade_workspace(%s)", [workspace]).fetchall()


def put_right(connection, workspace):
    """As one does with a workspace of which one does not know what version it is of, and what it lacks."""
    shape = shape_of(connection, workspace)
    assert [to for to, _ in upgrade(connection, workspace)] == list(range(shape + 1, NEWEST + 1))
    if shape == NEWEST:
        connection.execute("SELECT phasegate.create_workspace(%s)", [workspace])


def refused_until_upgraded(connection):
    """Nothing of a workspace of an older shape is used, by functions, by triggers, by checks; and nothing of it is changed."""
    connection.execute("RESET ROLE; SET search_path = shop")
    before = rows(connection, "shop")
    for statement in (
        "UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'In PHASE_DESIGN'",
        "INSERT INTO tickets (title) VALUES ('new')",
        "UPDATE tasks SET status = 'cancelled' WHERE status = 'pending'",
        "INSERT INTO phase_gate_artifacts (ticket_id, phase_id, artifact_type) SELECT id, phase_id, 'log' FROM tickets",
        "DELETE FROM tickets",
        "DELETE FROM task_templates",
        "DELETE FROM phase_history",
        "SELECT phasegate.claim_task('ada')",
        "SELECT phasegate.check_workspace()",
        "SELECT phasegate.create_workspace('shop')",
        "SELECT phasegate.detach_workspace('shop')",
    ):
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match='workspace "shop" is older than the extension') as refused:
            connection.execute(statement)
        assert refused.value.diag.constraint_name == "workspace_older"
        assert "SELECT phasegate.upgrade_workspace('shop')" in refused.value.diag.message_hint
    assert rows(connection, "shop") == before


def work(connection, title):
    """One ticket's way in workspace shop, by functions and by statements, done with the rights of version_crew."""
    connection.execute("RESET ROLE; SET search_path = shop, phasegate; SET ROLE version_crew")
    events = one(connection, "SELECT count(*) FROM audit")
    ticket = one(connection, "INSERT INTO tickets (title, assignee) VALUES (%s, 'bo') RETURNING id", [title])
    connection.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE id = %s", [ticket])
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="phase gate not passed"):
        connection.execute("UPDATE tickets SET phase_id = 'PHASE_DESIGN' WHERE id = %s", [ticket])
    with pytest.raises(psycopg.errors.CheckViolation, match="invalid phase transition"):
        connection.execute("SELECT transition_ticket(%s, 'PHASE_DONE')", [ticket])
    assert one(connection, "SELECT error_code FROM try_transition_ticket(%s, 'PHASE_DESIGN')", [ticket]) == "gate_not_passed"
    # The queue, whatever it has to give first.
    task, attempt, agent = connection.execute("SELECT id, attempt, assigned_agent_id FROM claim_task('eve', '{analysis,documentation}')").fetchone()
    connection.execute("SELECT start_task(%s, %s, %s)", [task, agent, attempt])
    assert one(connection, "SELECT heartbeat_task(%s, %s, attempt => %s) > now()", [task, agent, attempt])
    assert one(connection, "SELECT status FROM fail_task(%s, %s, 'no', attempt => %s)", [task, agent, attempt]) in ("pending", "failed")
    connection.execute("""
        UPDATE tasks SET status = 'completed', assigned_agent_id = 'ann', result = '{"summary": "Done.", "context": {"key_decisions": ["Yes"]}}'
         WHERE ticket_id = %s AND status = 'pending'""", [ticket])
    connection.execute("SELECT add_artifact(%s, 'requirements_document', 'r.md', '{\"length\": 900, \"sections\": [\"Scope\", \"Acceptance criteria\"]}')", [ticket])
    assert one(connection, "SELECT gate_status FROM validate_gate(%s)", [ticket]) == "passed"
    assert one(connection, "SELECT current_phase FROM transition_ticket(%s, 'PHASE_DESIGN', 'fine', 'planner')", [ticket]) == "PHASE_DESIGN"
    assert one(connection, "SELECT context -> 'requirements_phase' IS NOT NULL FROM tickets WHERE id = %s", [ticket])
    assert "Yes" in one(connection, "SELECT context_summary(%s)", [ticket])
    connection.execute("SELECT block_ticket(%s, 'waiting')", [ticket])
    connection.execute("SELECT unblock_ticket(%s)", [ticket])
    assert [phase for phase, in connection.execute("SELECT to_phase FROM get_phase_history(%s)", [ticket])] == [
        "PHASE_BACKLOG", "PHASE_REQUIREMENTS", "PHASE_DESIGN", "PHASE_BLOCKED", "PHASE_DESIGN"]
    assert one(connection, "SELECT count(*) FROM tasks WHERE ticket_id = %s AND phase_id = 'PHASE_DESIGN' AND status = 'pending'", [ticket]) == 1
    assert one(connection, "SELECT kind FROM validate_phase_completion(%s)", [ticket]) == "review"
    assert one(connection, "SELECT kind FROM summarize_using_llm(%s)", [ticket]) == "summary"
    assert one(connection, "SELECT gate_status(%s) ->> 'phase_id'", [ticket]) == "PHASE_DESIGN"
    # What the workspace's owner has made of it.
    assert one(connection, "SELECT can_transition('PHASE_TESTING', 'PHASE_SECURITY_REVIEW')")
    assert one(connection, "SELECT loud || assignee FROM tickets WHERE id = %s", [ticket]) == title.upper() + "bo"
    assert one(connection, "SELECT count(*) FROM audit") == events + 5
    assert one(connection, "SELECT count(*) FROM tickets WHERE title LIKE 'Secret%%'") == 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table phase_history"):
        connection.execute("INSERT INTO phase_history (ticket_id, to_phase) VALUES (%s, 'PHASE_DONE')", [ticket])
    connection.execute("RESET ROLE")
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
        connection.execute("DELETE FROM phase_history")
    # Tasks that wait for each other, in the phase that was added.
    ticket = one(connection, "INSERT INTO tickets (title, phase_id) VALUES (%s, 'PHASE_TESTING') RETURNING id", [title])
    connection.execute("UPDATE tickets SET phase_id = 'PHASE_SECURITY_REVIEW' WHERE id = %s", [ticket])
    waits_for = "SELECT pending_dependencies FROM tasks WHERE ticket_id = %s AND task_type = 'close_findings'"
    assert one(connection, waits_for, [ticket]) == 1
    connection.execute("UPDATE tasks SET status = 'completed', assigned_agent_id = 'bo' WHERE ticket_id = %s AND task_type = 'model_threats'", [ticket])
    assert one(connection, waits_for, [ticket]) == 0
    assert "PHASE_SECURITY_REVIEW" in one(connection, "SELECT phase_diagram()")
    assert one(connection, "SELECT sum(tickets) FROM phase_board") == one(connection, "SELECT count(*) FROM tickets")


@every_old_version
def test_a_database_in_use_goes_on(old, version):
    """The library is new, then the extension, then the workspaces; in each state, and in sessions from before, work goes on."""
    name = old(version)
    with connect(name) as connection, connect(name) as warm:
        shape = shape_of(connection, "shop")
        before = {schema: objects(connection, schema) for schema in ("plain", "shop")}
        kept_columns = columns(connection, "shop")
        kept_rows = rows(connection, "shop", kept_columns)
        assert len(kept_rows["phase_history"]) > 20
        charged = one(connection, "SELECT id FROM shop.tickets WHERE title = 'Customers are charged twice'")
        summary = "SELECT phasegate.context_summary(%s)"
        # The extension is what it was, and the library is new: the workspace waits. None is made before the extension is new.
        assert one(connection, "SELECT extversion FROM pg_extension WHERE extname = 'phasegate'") == version
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="the extension and its library are of different versions") as refused:
            connection.execute("SELECT phasegate.create_workspace('other')")
        assert f"The extension is {version}, the library that this session has loaded is {CURRENT}." in refused.value.diag.message_detail
        assert "ALTER EXTENSION phasegate UPDATE" in refused.value.diag.message_hint
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match='workspace "shop" is older than the extension'):
            warm.execute("INSERT INTO shop.tickets (title) VALUES ('new')")

        connection.execute("ALTER EXTENSION phasegate UPDATE")
        assert objects(connection, "plain") == before["plain"]
        assert shape_of(connection, "shop") == shape
        refused_until_upgraded(connection)

        # The owner upgrades; others may not.
        notices = []
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary))
        connection.execute("SET ROLE version_crew")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="must be owner"):
            upgrade(connection, "shop")
        connection.execute("RESET ROLE; SET ROLE version_keeper")
        done = upgrade(connection, "shop")
        assert [to for to, _ in done] == list(range(shape + 1, NEWEST + 1))
        assert notices == [f'workspace "shop", to shape {to}: {change}' for to, change in done]
        assert upgrade(connection, "shop") == [] and len(notices) == len(done)
        assert upgrade(connection, "plain") == done
        connection.execute("SELECT phasegate.create_workspace('fresh')")
        assert upgrade(connection, "fresh") == []
        assert {shape_of(connection, workspace) for workspace in ("shop", "plain", "fresh")} == {NEWEST}

        work(connection, "After the upgrade")
        work(warm, "After the upgrade, in a session from before")
        for workspace in ("shop", "plain", "fresh"):
            assert violations(connection, workspace) == {}

        # It is what a new one is, and what the owner has made of it.
        after = {schema: objects(connection, schema) for schema in ("plain", "shop", "fresh")}
        assert after["plain"] == after["fresh"]
        own = before["shop"].keys() - before["plain"].keys()
        assert {"column tickets.assignee", "column tickets.loud", "column tasks.estimate", "index tickets_open", "trigger tickets.audit",
                "policy tickets.not_secret", "view open_tickets", "relation audit"} <= own
        assert after["shop"].keys() == after["fresh"].keys() | own
        for thing in own:
            assert after["shop"][thing] == before["shop"][thing], thing
        for thing, definition in after["fresh"].items():
            granted = thing == "schema" or thing.startswith("relation ") or thing.startswith("column tickets.")
            expected = before["shop"].get(thing, definition) if granted else definition
            if thing in ("relation phases", "relation configuration_history", "relation overdue_tickets", "relation phase_metrics"):
                # Who could look at their like before can look at them.
                expected += " " + after["shop"][thing].removeprefix(definition).strip()
                assert "version_crew=r/version_keeper" in expected
            assert after["shop"][thing] == expected, thing

        # What was there before, untouched, and tasks that were held all along are finished by their holders.
        now = rows(connection, "shop", kept_columns)
        for table in ("phase_history", "tickets", "phase_gate_results", "phase_gate_artifacts", "phase_context"):
            assert set(kept_rows[table]) <= set(now[table]), table
        connection.execute("SET search_path = shop")
        assert "idempotency key" in one(connection, summary, [charged])
        for agent, was in (("holder", "assigned"), ("runner", "running")):
            task, attempt = connection.execute("SELECT id, attempts FROM tasks WHERE assigned_agent_id = %s AND status = %s", [agent, was]).fetchone()
            assert one(connection, "SELECT status FROM phasegate.complete_task(%s, %s, attempt => %s)", [task, agent, attempt]) == "completed"
        assert violations(connection, "shop") == {}


@every_old_version
def test_a_workspace_that_lacks_things_gets_them(old, version):
    """As a step of a later version finds it, or somebody's hand left it."""
    with connect(old(version)) as connection:
        connection.execute("ALTER EXTENSION phasegate UPDATE; SET ROLE version_keeper")
        connection.execute("""
            SET search_path = plain;
            DROP VIEW phase_board;
            DROP INDEX tasks_due, phase_history_created;
            DROP TABLE phase_context;
            ALTER TABLE tasks DROP COLUMN error_message, DROP CONSTRAINT tasks_kind_check;
            DROP TRIGGER aa_phasegate_settle ON tasks;
            DROP CAST (text AS phase)""")
        put_right(connection, "plain")
        connection.execute("SELECT phasegate.create_workspace('fresh')")
        assert objects(connection, "plain") == objects(connection, "fresh")
        assert violations(connection, "plain") == {}


# Dumps of databases that were not upgraded.

@every_old_version
def test_an_old_dump_is_restored_into_a_new_version(empty, version):
    name = empty()
    restore_into_this_version(name, kept(version))
    with connect(name) as connection:
        assert one(connection, "SELECT extversion FROM pg_extension WHERE extname = 'phasegate'") == CURRENT
        refused_until_upgraded(connection)
        connection.execute("RESET ROLE; SET ROLE version_keeper")
        put_right(connection, "shop")
        work(connection, "Upgraded")
        assert violations(connection, "shop") == {}


@every_old_version
def test_a_dump_of_an_old_workspace_alone_is_restored(old, empty, version, tmp_path):
    """Such a dump has neither the extension nor the casts of the phase type: upgrade_workspace puts them back."""
    source, target = old(version), empty()
    run("pg_dump", "-n", "shop", "-d", source, "-Fc", "-f", tmp_path / "dump")
    with connect(target) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        run("pg_restore", "--exit-on-error", "-d", target, tmp_path / "dump")
        put_right(connection, "shop")
        work(connection, "Moved")
        assert violations(connection, "shop") == {}
        with connect(source) as former:
            former.execute("ALTER EXTENSION phasegate UPDATE")
            put_right(former, "shop")
            assert objects(connection, "shop") == objects(former, "shop")
