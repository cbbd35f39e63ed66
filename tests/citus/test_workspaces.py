"""Workspaces that Citus places: made, changed and left from the coordinator, at work on their node, refused elsewhere."""

import psycopg
import pytest

from fleet import refusal, until

CALLS = ["SELECT claim_task('ada', '{analysis}')", "SELECT transition_ticket(id, 'PHASE_BLOCKED') FROM (VALUES (gen_random_uuid())) t (id)",
         "SELECT check_workspace()", "SELECT get_valid_transitions('PHASE_BACKLOG')"]

IMPORT = """INSERT INTO phase_history (ticket_id, from_phase, to_phase, created_at)
            SELECT id, 'PHASE_DESIGN', 'PHASE_TESTING', '2020-01-01' FROM tickets WHERE title = 't5'"""


def fill(fleet, name):
    connection = fleet.connect(fleet.node_of(name), name)
    connection.execute("INSERT INTO tickets (title) SELECT 't' || n FROM generate_series(1, 20) n")
    connection.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")
    return connection


def rows(fleet, name):
    return [fleet.execute(0, f"SELECT count(*), md5(string_agg(to_jsonb(t)::text, ',' ORDER BY to_jsonb(t)::text)) FROM {name}.{table} t")
            for table in ["tickets", "tasks", "phase_history", "phases", "phase_transitions", "configuration_history"]]


def test_made_on_the_coordinator_and_found_on_its_node_alone(fleet):
    fleet.create("acme")
    node = fleet.node_of("acme")
    assert node != 0
    connection = fill(fleet, "acme")
    assert connection.execute("SELECT count(*) FROM phase_history").fetchone() == (40,)
    assert connection.execute("SELECT count(*) FROM claim_tasks('ada', 5, '{analysis}')").fetchone() == (5,)
    assert fleet.violations("acme") == []
    for other in fleet.others(node):
        elsewhere = fleet.connect(other, "acme")
        assert {refusal(elsewhere.execute, call) for call in CALLS} == {"workspace_elsewhere"}
        # A statement by the plain name is Citus' to send.
        elsewhere.execute("UPDATE acme.tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 't1'")
        elsewhere.execute("UPDATE acme.tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 't1'")
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="workspace \"acme\" is on another node") as refused:
        fleet.connect(0, "acme").execute(CALLS[0])
    # What HINT says gives the node.
    query = refused.value.diag.message_hint.split(": ", 1)[1].rstrip(".")
    assert fleet.execute(0, query) == [("127.0.0.1", int(fleet.nodes[node].env()["PGPORT"]))]
    assert fleet.violations("acme") == []


def test_a_worker_makes_none(fleet):
    worker = fleet.connect(1)
    worker.execute("SET citus.enable_schema_based_sharding = on")
    with pytest.raises(psycopg.Error, match="not allowed on this node|only be made or changed on the coordinator"):
        worker.execute("SELECT phasegate.create_workspace('nowhere')")
    fleet.create("made")
    for call in ["create_workspace('made')", "detach_workspace('made')", "grant_access('made', 'postgres', 'reader')", "distribute_workspace('made')"]:
        assert refusal(worker.execute, f"SELECT phasegate.{call}") == "workspace_elsewhere", call


def test_tickets_of_another_schema_are_refused(fleet):
    connection = fleet.connect(0)
    connection.execute("CREATE TABLE public.issues (id uuid PRIMARY KEY, title text NOT NULL)")
    connection.execute("SET citus.enable_schema_based_sharding = on")
    assert refusal(connection.execute, "SELECT phasegate.create_workspace('flow', tickets => 'public.issues')") == "workspace_distributed"
    connection.execute("DROP TABLE public.issues")


def test_configuration_is_seen_by_warm_sessions_whichever_node_it_is_changed_through(fleet):
    fleet.create("configured")
    node = fleet.node_of("configured")
    warm = [fleet.connect(node, "configured") for _ in range(2)]

    def seen():
        return [tuple(edge for edge, in connection.execute("SELECT get_valid_transitions('PHASE_BACKLOG')")) for connection in warm]

    first = seen()
    for changer in range(len(fleet.nodes)):
        phase = ["PHASE_DESIGN", "PHASE_IMPLEMENTATION", "PHASE_TESTING", "PHASE_DEPLOYMENT"][changer]
        fleet.execute(changer, "INSERT INTO configured.phase_transitions VALUES ('PHASE_BACKLOG', %s::text::configured.phase)", [phase])
        assert all(phase in edges for edges in seen()), changer
        fleet.execute(changer, "DELETE FROM configured.phase_transitions WHERE to_phase = %s::text::configured.phase AND from_phase = 'PHASE_BACKLOG'", [phase])
        assert seen() == first
    # Rolled back it is not seen.
    with fleet.connect(0) as connection, connection.transaction(force_rollback=True):
        connection.execute("DELETE FROM configured.phase_transitions")
    assert seen() == first
    # What a session knows of the time before goes along with a move, and back.
    target = node % 3 + 1
    moved = fleet.connect(target, "configured")
    assert refusal(moved.execute, "SELECT get_valid_transitions('PHASE_BACKLOG')") == "workspace_elsewhere"
    fleet.move("configured", target)
    fleet.execute(0, "DELETE FROM configured.phase_transitions WHERE from_phase = 'PHASE_BACKLOG'")
    assert moved.execute("SELECT get_valid_transitions('PHASE_BACKLOG')").fetchall() == []
    assert {refusal(connection.execute, "SELECT get_valid_transitions('PHASE_BACKLOG')") for connection in warm} == {"workspace_elsewhere"}
    fleet.move("configured", node)
    assert seen() == [(), ()]
    assert refusal(moved.execute, "SELECT get_valid_transitions('PHASE_BACKLOG')") == "workspace_elsewhere"


def test_one_with_rows_and_history_is_distributed(fleet):
    connection = fleet.connect(0)
    connection.execute("SELECT phasegate.create_workspace('grown')")
    connection.execute("SET search_path = grown, phasegate")
    connection.execute("INSERT INTO tickets (title) SELECT 't' || n FROM generate_series(1, 300) n")
    connection.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS'")
    connection.execute("SELECT complete_task(id, 'ada') FROM claim_tasks('ada', 40, '{analysis}')")
    connection.execute("UPDATE phase_transitions SET requires_gate = false")
    connection.execute("ALTER TABLE tickets ENABLE ALWAYS TRIGGER aa_phasegate_write")
    before = rows(fleet, "grown")
    connection.execute("SELECT distribute_workspace('grown')")
    fleet.make_casts("grown")
    assert rows(fleet, "grown") == before
    assert fleet.violations("grown") == []
    assert refusal(connection.execute, CALLS[0]) == "workspace_elsewhere"
    there = fleet.connect(fleet.node_of("grown"), "grown")
    assert there.execute("SELECT count(*) FROM claim_tasks('eve', 10, '{analysis}')").fetchone() == (10,)
    shown = "SELECT tgenabled::text FROM pg_trigger WHERE tgname ~ '^aa_phasegate_write_' AND tgrelid::regclass::text ~ '^(grown.)?tickets_'"
    assert fleet.execute(fleet.node_of("grown"), shown) == [("A",)]
    # Once more it changes nothing.
    connection.execute("SELECT distribute_workspace('grown')")
    assert fleet.violations("grown") == []


@pytest.mark.parametrize("in_steps", [False, True])
def test_tables_that_are_there_are_adopted(fleet, in_steps):
    name = f"adopted_{int(in_steps)}"
    connection = fleet.connect(0)
    connection.execute("SET citus.enable_schema_based_sharding = " + ("off" if in_steps else "on"))
    connection.execute(f"CREATE SCHEMA {name}")
    connection.execute(f"CREATE TABLE {name}.tickets (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text NOT NULL, phase_id text DEFAULT 'PHASE_BACKLOG', own int)")
    connection.execute(f"INSERT INTO {name}.tickets (title, phase_id, own) SELECT 't' || n, 'PHASE_DESIGN', n FROM generate_series(1, 50) n")
    connection.execute("SET citus.enable_schema_based_sharding = on")
    connection.execute(f"CALL phasegate.adopt_workspace('{name}')" if in_steps else f"SELECT phasegate.create_workspace('{name}')")
    fleet.make_casts(name)
    assert fleet.node_of(name) != 0
    assert fleet.execute(0, f"SELECT count(*), sum(own) FROM {name}.tickets WHERE phase_id = 'PHASE_DESIGN'") == [(50, 1275)]
    assert fleet.execute(0, f"SELECT count(*) FROM {name}.phase_history WHERE transition_reason = 'adopted'") == [(50,)]
    assert fleet.violations(name) == []


def test_what_is_missing_is_put_back(fleet):
    fleet.create("broken")
    fill(fleet, "broken")
    history = fleet.execute(0, "SELECT * FROM broken.phase_history ORDER BY id")
    connection = fleet.connect(0)
    connection.execute("SET citus.enable_unsafe_triggers = on")
    connection.execute("DROP TRIGGER zz_phasegate_keep ON broken.tasks")
    connection.execute("ALTER TABLE broken.tickets DROP COLUMN description")
    assert [row[0] for row in fleet.violations("broken")] == ["structure_is_whole"]
    connection.execute("SELECT phasegate.create_workspace('broken')")
    assert fleet.violations("broken") == []
    assert fleet.execute(0, "SELECT * FROM broken.phase_history ORDER BY id") == history
    # And again it changes nothing: the tables stay where they are, and what they are.
    shards = "SELECT table_name::text, shardid FROM citus_shards WHERE table_name::text ~ '^broken' ORDER BY 1"
    before = fleet.execute(0, shards)
    connection.execute("SELECT phasegate.create_workspace('broken')")
    assert fleet.execute(0, shards) == before


def test_an_older_shape_is_upgraded(fleet):
    fleet.create("aged")
    fill(fleet, "aged")
    history = fleet.execute(0, "SELECT * FROM aged.phase_history ORDER BY id")
    connection = fleet.connect(0)
    connection.execute("SET citus.enable_unsafe_triggers = on")
    # As far as anybody can tell it is of shape 2: the steps to the present one find their work done.
    connection.execute("CREATE OR REPLACE TRIGGER zz_phasegate_decide BEFORE UPDATE ON aged.tickets FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide('2', '2')")
    there = fleet.connect(fleet.node_of("aged"), "aged")
    assert refusal(there.execute, CALLS[0]) == "workspace_older"
    assert [shape for shape, in connection.execute("SELECT shape FROM phasegate.upgrade_workspace('aged')")] == [3]
    assert fleet.violations("aged") == []
    assert fleet.execute(0, "SELECT * FROM aged.phase_history ORDER BY id") == history


def test_detached_and_taken_back(fleet):
    fleet.create("left_alone")
    connection = fill(fleet, "left_alone")
    fleet.execute(0, "SELECT phasegate.detach_workspace('left_alone')")
    assert refusal(connection.execute, CALLS[0]) == "no_workspace"
    connection.execute("UPDATE tickets SET phase_id = 'PHASE_DONE' WHERE title = 't1'")
    fleet.execute(0, "SELECT phasegate.create_workspace('left_alone')")
    assert fleet.violations("left_alone") == []
    assert fleet.execute(0, "SELECT to_phase::text FROM left_alone.phase_history JOIN left_alone.tickets t ON t.id = ticket_id WHERE title = 't1' ORDER BY phase_history.created_at DESC LIMIT 1") == [("PHASE_DONE",)]
    fleet.execute(0, "SELECT phasegate.detach_workspace('left_alone', for_good => true)")
    defaults = fleet.execute(0, "SELECT DISTINCT column_default FROM information_schema.columns WHERE table_schema = 'left_alone' AND column_name = 'id'")
    assert defaults == [("gen_random_uuid()",)]


def test_grants_and_row_security_hold_on_the_node(fleet):
    fleet.create("guarded")
    fill(fleet, "guarded")
    node = fleet.node_of("guarded")
    owner = fleet.connect(0)
    owner.execute("CREATE ROLE citus_clerk")
    try:
        owner.execute("SELECT phasegate.grant_access('guarded', 'citus_clerk', 'agent')")
        owner.execute("ALTER TABLE guarded.tickets ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE POLICY but_one ON guarded.tickets USING (title <> 't1')")
        clerk = fleet.connect(node, "guarded")
        clerk.execute("SET ROLE citus_clerk")
        assert clerk.execute("SELECT count(*) FROM tickets").fetchone() == (19,)
        assert clerk.execute("SELECT count(*) FROM claim_tasks('ada', 100, '{analysis}')").fetchone() == (19,)
        assert refusal(clerk.execute, "UPDATE tickets SET phase_id = 'PHASE_BLOCKED'").startswith("permission denied for table tickets")
        assert refusal(clerk.execute, IMPORT).startswith("permission denied for table phase_history")
        owner.execute("SELECT phasegate.revoke_access('guarded', 'citus_clerk')")
        assert refusal(clerk.execute, "SELECT * FROM guarded.tickets") is not None
    finally:
        owner.execute("DROP SCHEMA guarded CASCADE")
        owner.execute("DROP ROLE citus_clerk")


def test_history_of_before_is_imported(fleet):
    """On record is a node that took part, and its transaction."""
    fleet.create("imported")
    owner = fill(fleet, "imported")
    (ticket,), = fleet.execute(0, "SELECT id FROM imported.tickets WHERE title = 't6'")

    def transactions():
        return dict(fleet.execute(node, "SELECT (pg_control_system()).system_identifier, pg_current_xact_id()::text::bigint")[0]
                    for node in range(len(fleet.nodes)))

    before = transactions()
    for node in range(len(fleet.nodes)):
        connection = fleet.connect(node, "imported")
        connection.execute(IMPORT)
        connection.execute("INSERT INTO phase_history (ticket_id, from_phase, to_phase) VALUES (%s, 'PHASE_DESIGN', 'PHASE_TESTING')", [ticket])
    after = transactions()
    found = fleet.execute(0, "SELECT cluster, xid::text::bigint FROM imported.phase_history WHERE from_phase = 'PHASE_DESIGN'")
    assert len(found) == 2 * len(fleet.nodes)
    assert [(cluster, xid) for cluster, xid in found if not before[cluster] < xid < after[cluster]] == []
    assert refusal(owner.execute, "UPDATE phase_history SET cluster = 2") == "history_append_only"


def test_a_call_holds_the_workspace_where_it_is(fleet):
    """By the very lock that Citus takes before it moves it."""
    fleet.create("held")
    node = fleet.node_of("held")
    connection = fill(fleet, "held")
    (shard,), = fleet.execute(0, "SELECT shardid FROM citus_shards WHERE table_name = 'held.tickets'::regclass")
    ours = "SELECT locktype, classid, objid, objsubid, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' ORDER BY 1, 2, 3, 4"
    with connection.transaction():
        connection.execute("SELECT lock_shard_metadata(5, ARRAY[%s])", [shard])
        its = connection.execute(ours).fetchall()
    assert len(its) == 1
    for statement in ["SELECT get_valid_transitions('PHASE_BACKLOG')", f"UPDATE held.tickets_{shard} SET title = 'u' WHERE title = 't1'"]:
        with connection.transaction():
            connection.execute(statement)
            assert its[0] in connection.execute(ours).fetchall(), statement
    # Who comes while it is moved waits, and then is told where it is not any more.
    mover = fleet.connect(node)
    with mover.transaction():
        mover.execute("SELECT lock_shard_metadata(7, ARRAY[%s])", [shard])
        connection.execute("SET lock_timeout = '50ms'")
        for statement in ["SELECT get_valid_transitions('PHASE_BACKLOG')", f"UPDATE held.tickets_{shard} SET title = 'v' WHERE title = 't2'"]:
            with pytest.raises(psycopg.errors.LockNotAvailable):
                connection.execute(statement)


def test_a_statement_by_the_name_of_a_shard_that_was_moved_is_refused(fleet):
    fleet.create("roaming")
    connection = fill(fleet, "roaming")
    node = fleet.node_of("roaming")
    (shard,), = fleet.execute(0, "SELECT shardid FROM citus_shards WHERE table_name = 'roaming.tickets'::regclass")
    # Citus drops what it has moved later; until then the old rows are there.
    fleet.execute(0, "ALTER SYSTEM SET citus.defer_shard_delete_interval = -1")
    fleet.execute(0, "SELECT pg_reload_conf()")
    try:
        fleet.move("roaming", node % 3 + 1)
        assert refusal(connection.execute, f"UPDATE roaming.tickets_{shard} SET phase_id = 'PHASE_BLOCKED'") in ("workspace_elsewhere", f'relation "roaming.tickets_{shard}" does not exist')
    finally:
        fleet.execute(0, "ALTER SYSTEM RESET citus.defer_shard_delete_interval")
        fleet.execute(0, "SELECT pg_reload_conf()")


def test_a_call_is_sent_to_the_node_by_a_query_over_the_table(fleet):
    fleet.create("sent")
    fill(fleet, "sent")
    connection = fleet.connect(0)
    connection.execute("SET citus.propagate_set_commands = 'local'")
    with connection.transaction():
        connection.execute("SET LOCAL search_path = sent, phasegate")
        connection.execute("SET LOCAL phasegate.actor = 'zoe'")
        moved = connection.execute("SELECT x.current_phase FROM sent.tickets t, transition_ticket(t.id, 'PHASE_BLOCKED') x WHERE t.title = 't3'").fetchall()
    assert moved == [("PHASE_BLOCKED",)]
    assert fleet.execute(0, "SELECT transitioned_by FROM sent.phase_history WHERE to_phase = 'PHASE_BLOCKED'") == [("zoe",)]


def test_a_history_is_not_emptied(fleet):
    fleet.create("kept")
    fill(fleet, "kept")
    for node in range(len(fleet.nodes)):
        assert refusal(fleet.connect(node).execute, "TRUNCATE kept.phase_history") in ("history_append_only", "workspace_elsewhere"), node
    assert fleet.execute(0, "SELECT count(*) FROM kept.phase_history") == [(40,)]


def test_a_node_that_is_added_later_has_all_of_it(fleet):
    fleet.create("older")
    fill(fleet, "older")
    node = fleet.add_node()
    connection = fleet.connect(node, "older")
    assert refusal(connection.execute, CALLS[0]) == "workspace_elsewhere"
    fleet.make_casts("older")
    fleet.move("older", node)
    assert connection.execute("SELECT count(*) FROM claim_tasks('ada', 5, '{analysis}')").fetchone() == (5,)
    until(lambda: fleet.violations("older") == [])
