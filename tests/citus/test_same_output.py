"""A script prints on the node that has the workspace what it prints on a plain server: a day's work, and the SQL and the isolation
tests, run by their own runners and compared with their own expected output."""

import difflib
import os
import pathlib
import re
import subprocess

import pytest

from fleet import DATABASE, program

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
# It has all workspaces; each other would take part in making them.
WORKERS = NODE = 1

# A test makes and drops its workspace as if on the node: the coordinator does it.
ON_THE_COORDINATOR = """
    CREATE SCHEMA fixture;
    CREATE FUNCTION fixture.make(name text) RETURNS void LANGUAGE sql SET citus.enable_schema_based_sharding = on
    AS 'SELECT phasegate.create_workspace(name)';
"""
ON_THE_NODE = """
    CREATE SCHEMA fixture;
    CREATE FUNCTION fixture.ask(command text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    DECLARE
        answer record;
    BEGIN
        SELECT * INTO answer FROM run_command_on_coordinator(command);
        IF NOT answer.success THEN
            RAISE '%', answer.result;
        END IF;
    END $$;
    CREATE FUNCTION fixture.create_workspace(name text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM fixture.ask(format('SELECT fixture.make(%L)', name));
        EXECUTE format('CREATE CAST (text AS %I.phase) WITH INOUT AS ASSIGNMENT', name);
        EXECUTE format('CREATE CAST (varchar AS %I.phase) WITH INOUT AS ASSIGNMENT', name);
    END $$;
    CREATE FUNCTION fixture.shard(shell regclass) RETURNS text LANGUAGE sql AS $$
        SELECT shard_name::text FROM citus_shards WHERE table_name = shell
    $$;
"""
# What else a test makes is the node's alone.
MADE_ON_THE_NODE = "-c citus.enable_ddl_propagation=off"

# Tables that Citus has are named with a number.
NUMBERED = re.compile(r"(?<=[a-z])_1\d{5}\b")

RUNNERS = {"regress": ("sql", "regress/pg_regress"), "isolation": ("specs", "isolation/pg_isolation_regress")}


def of(suite):
    folder, _ = RUNNERS[suite]
    return sorted(file.stem for file in (ROOT / "tests" / suite / folder).iterdir())


@pytest.fixture(scope="module")
def node(fleet):
    """The worker."""
    for number, made in ((0, ON_THE_COORDINATOR), (NODE, ON_THE_NODE)):
        fleet.execute(number, "SET citus.enable_ddl_propagation = off;" + made)
    return fleet.nodes[NODE]


def printed(node, suite, name, replaced, folder):
    """What a test prints, that is given with some of its words replaced, and printed without."""
    inputs, runner = RUNNERS[suite]
    pgxs = subprocess.run([os.environ["PG_CONFIG"], "--pgxs"], check=True, stdout=subprocess.PIPE, text=True).stdout
    file, = (ROOT / "tests" / suite / inputs).glob(f"{name}.*")
    text = file.read_text("utf-8")
    for word, other in replaced.items():
        text = text.replace(word, other)
    for made in (inputs, "expected"):
        (folder / made).mkdir()
    (folder / inputs / file.name).write_text(text, "utf-8")
    # The runner wants one. It is not compared by it.
    (folder / "expected" / f"{name}.out").touch()
    env = node.env()
    subprocess.run([pathlib.Path(pgxs.strip()).parents[1] / "test" / runner, f"--inputdir={folder}", f"--outputdir={folder}",
                    f"--bindir={os.environ['PHASEGATE_BINDIR']}", f"--host={env['PGHOST']}", f"--port={env['PGPORT']}", f"--user={env['PGUSER']}",
                    f"--dbname={DATABASE}", "--use-existing", name],
                   env=os.environ | {"PGOPTIONS": MADE_ON_THE_NODE}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
    result = (folder / "results" / f"{name}.out").read_text("utf-8")
    for word, other in replaced.items():
        result = result.replace(other, word)
    return NUMBERED.sub("", result)


def require_same(suite, name, result):
    expected = [file.read_text("utf-8") for ending in ("", "_[0-9]") for file in (ROOT / "tests" / suite / "expected").glob(f"{name}{ending}.out")]
    if result not in expected:
        lines = [text.splitlines() for text in (expected[0], result)]
        pytest.fail("\n".join(difflib.unified_diff(*lines, "plain", "on the node", lineterm="")), pytrace=False)


# Isolation tests of what only the coordinator may do, as granting access, or that need a workspace of another owner or around a
# table of another schema, or put a table of their own into it.
COORDINATORS = """
    access_granted_twice_at_once adopt_one_table_for_two_workspaces archive_holds_what_others_come_to_refer_to
    archive_looks_again_at_what_it_waited_for security_old_snapshot_hides_no_trigger security_partition_given_away_meanwhile
    security_trigger_made_while_a_move_waits workspace_made_twice_at_once workspace_table_of_tickets_is_renamed workspace_upgraded_while_others_work
""".split()


@pytest.mark.parametrize("name", sorted(set(of("isolation")) - set(COORDINATORS)))
def test_an_isolation_test_prints_the_same(node, tmp_path, name):
    replaced = {
        "SELECT phasegate.create_workspace('acme');": "SELECT fixture.create_workspace('acme');",
        "SELECT FROM phasegate.create_workspace('acme');": "SELECT FROM fixture.create_workspace('acme');",
        "DROP SCHEMA acme CASCADE;": "DO $$ BEGIN PERFORM fixture.ask('DROP SCHEMA acme CASCADE'); END $$;",
        # On the table that has the rows, which Citus names with a number.
        "CREATE TRIGGER aa_wait BEFORE UPDATE ON tickets FOR EACH ROW WHEN (OLD.title = '400') EXECUTE FUNCTION wait();":
            "DO $$ BEGIN EXECUTE format('CREATE TRIGGER aa_wait BEFORE UPDATE ON %s FOR EACH ROW WHEN (OLD.title = ''400'') "
            "EXECUTE FUNCTION wait()', fixture.shard('acme.tickets')); END $$;",
        **{f"TRUNCATE {table};": f"SET citus.enable_ddl_propagation = on; TRUNCATE {table}; SET citus.enable_ddl_propagation = off;"
           for table in ("phase_transitions", "phase_gate_artifacts")},
    }
    require_same("isolation", name, printed(node, "isolation", name, replaced, tmp_path))


def test_a_script_prints_the_same(fleet):
    fleet.create("one")
    plain = fleet.nodes[0]
    with plain.connect(autocommit=True) as connection:
        connection.execute("CREATE DATABASE plain")
    with plain.connect("plain", autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
        connection.execute("SELECT phasegate.create_workspace('one')")
    script = ("-X", "-q", "-f", str(ROOT / "tests/citus/same_script.sql"))
    expected = program("psql", plain, "plain", *script)
    assert len(expected.splitlines()) > 200 and "ERROR" in expected
    assert program("psql", fleet.nodes[fleet.node_of("one")], DATABASE, *script) == expected


# SQL tests that neither make tables, triggers, columns or grants of their own in the workspace, which is the coordinator's, nor
# write what Citus itself refuses, as volatile functions in an UPDATE and parameters of SQL functions.
REGRESSION = """
    phases_added_has_its_gate artifacts_all_current_are_handed_on moves_all_edges moves_blocked_and_back
    gates_blocked_skips_none gates_evidence_handed_in_early_counts gates_results_on_record gates_hostile_evidence
    phases_overdue_tickets phases_diagram queue_claim queue_fencing queue_retry moves_back
    gates_requirements_are_checked_on_save summaries_requested summaries_text_is_measured_not_declared
    context_updated_twice_is_once gates_verdicts_are_stored_once gates_of_the_seed reviews_approvals_of_several
    summaries_fit_their_budget tasks_result_contract tasks_texts_come_out_as_they_went_in workspaces_called_as_rows
""".split()

# What a test leaves.
OWN = """
    SELECT 'ROUTINE', oid::regprocedure::text FROM pg_proc p
     WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL
    SELECT 'TABLE', oid::regclass::text FROM pg_class c
     WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""


@pytest.mark.parametrize("name", REGRESSION)
def test_a_regression_test_prints_the_same(fleet, node, tmp_path, name):
    replaced = {
        "SELECT phasegate.create_workspace(": "SELECT fixture.create_workspace(",
        "SELECT create_workspace(": 'SELECT fixture."create_workspace"(',
    }
    try:
        require_same("regress", name, printed(node, "regress", name, replaced, tmp_path))
    finally:
        for schema, in fleet.execute(0, "SELECT schemaid::regnamespace::text FROM pg_dist_schema"):
            fleet.execute(0, f"DROP SCHEMA {schema} CASCADE")
        for kind, name in fleet.execute(NODE, OWN):
            fleet.execute(NODE, f"SET citus.enable_ddl_propagation = off; DROP {kind} IF EXISTS {name} CASCADE")
