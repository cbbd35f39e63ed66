"""The metrics of monitoring/, through a real postgres_exporter, and the dashboard that shows them."""

import json
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest
import yaml

ROOT = pathlib.Path(os.environ["PHASEGATE_ROOT"])
QUERIES = ROOT / "monitoring/postgres_exporter.yaml"
DASHBOARD = json.loads((ROOT / "monitoring/grafana-dashboard.json").read_text())


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def scrape(database):
    """scrape() gives the exporter's metrics as {(name, frozenset of labels): value}."""
    program = subprocess.run([ROOT / "pgrx-config/exporter.sh"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    port = free_port()
    source = (f"postgresql:///{database}?host={os.environ['PGHOST']}&port={os.environ['PGPORT']}&user=exporter"
              "&sslmode=disable&options=-csearch_path%3Dshop%2Cphasegate")
    exporter = subprocess.Popen(
        [program, f"--web.listen-address=127.0.0.1:{port}", f"--extend.query-path={QUERIES}", "--disable-default-metrics",
         "--disable-settings-metrics", "--no-collector.database", "--no-collector.bgwriter"],
        env={"DATA_SOURCE_NAME": source}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def read():
        deadline = time.monotonic() + 120
        while True:
            assert exporter.poll() is None, "the exporter has ended"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    lines = answer.read().decode().splitlines()
                break
            except urllib.error.URLError:
                assert time.monotonic() < deadline, "the exporter does not answer"
                time.sleep(0.05)
        metrics = {}
        for line in lines:
            found = re.fullmatch(r"(phasegate_\w+)\{(.*)\} (\S+)", line)
            if found:
                labels = re.findall(r'(\w+)="([^"]*)"', found[2])
                metrics[found[1], frozenset(label for label in labels if label[0] != "server")] = float(found[3])
        return metrics

    yield read
    exporter.terminate()
    exporter.wait()


def at(metrics, name, **labels):
    return metrics[name, frozenset({"workspace": "shop", **labels}.items())]


SCENE = """
SELECT phasegate.create_workspace('shop');
SET search_path = shop, phasegate;
INSERT INTO tickets (title) SELECT 'ticket ' || n FROM generate_series(1, 5) n;
UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title IN ('ticket 1', 'ticket 2', 'ticket 3');
UPDATE tickets SET phase_id = 'PHASE_BLOCKED' WHERE title = 'ticket 3';
SELECT claim_task('ada', '{analysis}');
SELECT validate_gate(id) FROM tickets WHERE title = 'ticket 1';
SELECT fail_task(id, 'ada', 'no', retry => false) FROM claim_task('ada', '{analysis}');
SELECT complete_task(id, 'eve') FROM claim_tasks('eve', 2, '{documentation}');
SELECT force_transition_ticket(id, 'PHASE_DONE', 'enough') FROM tickets WHERE title = 'ticket 4';
UPDATE phases SET due_after = '0' WHERE phase_id = 'PHASE_REQUIREMENTS';
"""


def test_metrics_say_what_the_views_say(connect, scrape):
    owner = connect(autocommit=True)
    owner.execute("DO $$ BEGIN CREATE ROLE exporter LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    owner.execute(SCENE)
    owner.execute("GRANT USAGE ON SCHEMA shop TO exporter")
    owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO exporter")
    owner.execute("ANALYZE tasks")
    try:
        metrics = scrape()
    finally:
        owner.execute("DROP OWNED BY exporter")
    for phase, tickets, open_tasks, failed in owner.execute("SELECT phase::text, tickets, open_tasks, failed_gates FROM phase_board").fetchall():
        assert at(metrics, "phasegate_phase_tickets", phase=phase) == tickets
        assert at(metrics, "phasegate_phase_open_tasks", phase=phase) == open_tasks
        assert at(metrics, "phasegate_phase_failed_gates", phase=phase) == failed
        assert at(metrics, "phasegate_phase_is_estimate", phase=phase) == 0
    assert at(metrics, "phasegate_forced_last_day") == 1
    assert at(metrics, "phasegate_finished_tasks_estimate", status="completed") == 2
    for phase, status, tasks, claimable in owner.execute(
            "SELECT phase::text, status, tasks, claimable FROM task_queue WHERE status <> 'completed'").fetchall():
        assert at(metrics, "phasegate_queue_tasks", phase=phase, status=status) == tasks
        assert at(metrics, "phasegate_queue_claimable", phase=phase, status=status) == claimable
    assert at(metrics, "phasegate_overdue_tickets", phase="PHASE_REQUIREMENTS") == 2
    assert at(metrics, "phasegate_leases_held") == 1
    assert at(metrics, "phasegate_leases_expired") == 0
    assert at(metrics, "phasegate_moves_last_hour", from_phase="", to_phase="PHASE_BACKLOG") == 5
    assert at(metrics, "phasegate_moves_last_hour", from_phase="PHASE_BACKLOG", to_phase="PHASE_REQUIREMENTS") == 3
    assert at(metrics, "phasegate_gates_last_hour", phase="PHASE_REQUIREMENTS", status="failed") == 1
    assert at(metrics, "phasegate_stay_left_last_day", phase="PHASE_BACKLOG") == 4
    assert at(metrics, "phasegate_stay_median_seconds", phase="PHASE_BACKLOG") >= 0

    # Every metric of the file came, and the dashboard asks for none that is not there.
    names = {name for name, _ in metrics}
    described = yaml.safe_load(QUERIES.read_text())
    assert names == {f"{query}_{column}" for query, parts in described.items() for metric in parts["metrics"]
                     for column, what in metric.items() if what["usage"] != "LABEL"}
    asked = {name for panel in DASHBOARD["panels"] for target in panel["targets"] for name in re.findall(r"phasegate_\w+", target["expr"])}
    assert asked <= names
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


LARGE = """
SET session_replication_role = replica;
INSERT INTO tickets (id, title, description, phase_id, phase_entered_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, 'ticket ' || n, repeat('What is to be done. ', 10), (CASE WHEN n % 500 = 0 THEN 'PHASE_DESIGN' ELSE 'PHASE_DONE' END)::phase, now() - n * interval '1 minute'
  FROM generate_series(1, 120000) n;
INSERT INTO phase_history (ticket_id, to_phase, created_at) SELECT id, phase_id, phase_entered_at FROM tickets;
INSERT INTO phase_gate_results (id, ticket_id, phase_id, gate_status)
SELECT lpad(to_hex(n), 32, '0')::uuid, lpad(to_hex(n), 32, '0')::uuid, 'PHASE_DESIGN', 'failed' FROM generate_series(1, 120000) n;
INSERT INTO tasks (ticket_id, phase_id, status, agents, completed_at)
SELECT id, 'PHASE_DESIGN', CASE phase_id WHEN 'PHASE_DONE' THEN 'completed' ELSE 'pending' END, '{}', CASE phase_id WHEN 'PHASE_DONE' THEN now() END FROM tickets;
RESET session_replication_role;
UPDATE phases SET due_after = '1 day' WHERE kind = 'work';
"""


# A hundred thousand moves and verdicts in the last hour, evenly.
BUSY = """
SET session_replication_role = replica;
INSERT INTO phase_history (ticket_id, from_phase, to_phase, created_at)
SELECT lpad(to_hex(n), 32, '0')::uuid, 'PHASE_DESIGN', 'PHASE_IMPLEMENTATION', now() - n * interval '36 ms' FROM generate_series(1, 100000) n;
INSERT INTO phase_gate_results (id, ticket_id, phase_id, gate_status, validated_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n), 19, '0'))::uuid, lpad(to_hex(n), 32, '0')::uuid, 'PHASE_DESIGN',
       CASE n % 4 WHEN 0 THEN 'failed' ELSE 'passed' END, at
  FROM generate_series(1, 100000) n, LATERAL (SELECT now() - n * interval '36 ms' AS at) x;
RESET session_replication_role;
VACUUM ANALYZE tickets, tasks, phase_history, phase_gate_results;
"""


def rows_read(plan):
    """How many rows each scan of a plan has read."""
    if "Relation Name" in plan:
        removed = sum(plan.get(key, 0) for key in plan if key.startswith("Rows Removed by"))
        yield plan["Relation Name"], (plan["Actual Rows"] + removed) * plan["Actual Loops"]
    for child in plan.get("Plans", []):
        yield from rows_read(child)


def test_no_metric_reads_what_is_finished(connect):
    """Of 120,000 tickets 240 are open; two days of moves are 2,880."""
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('shop')")
    connection.execute("SET search_path = shop, phasegate")
    connection.execute(LARGE)
    connection.execute("VACUUM ANALYZE tickets, tasks, phase_history, phase_gate_results")
    [jit_above_cost] = connection.execute("SELECT boot_val::float8 FROM pg_settings WHERE name = 'jit_above_cost'").fetchone()
    for name, described in yaml.safe_load(QUERIES.read_text()).items():
        [[plan]] = connection.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + described["query"]).fetchone()
        for table, rows in rows_read(plan["Plan"]):
            assert rows < 5000, f"{name} reads {rows} rows of {table}"
        # Nor would it be compiled first, which takes longer than the query, with 1,500,000 tickets.
        assert plan["Plan"]["Total Cost"] * 1_500_000 / 120_000 < jit_above_cost, f"{name} is planned to cost {plan['Plan']['Total Cost']}"
    counted = {phase: (tickets, is_estimate) for phase, tickets, is_estimate in connection.execute("SELECT phase::text, tickets, is_estimate FROM phase_metrics")}
    assert counted["PHASE_DESIGN"] == (240, False) and counted["PHASE_BACKLOG"] == (0, False)
    done, is_estimate = counted["PHASE_DONE"]
    assert is_estimate and abs(done - 119_760) < 2000
    board = dict(connection.execute("SELECT phase::text, (open_tasks, failed_gates) FROM phase_board").fetchall())
    assert board == dict(connection.execute("SELECT phase::text, (open_tasks, failed_gates) FROM phase_metrics").fetchall())


def test_metrics_show_no_more_than_row_security_lets_see(connect):
    """Open tasks and refused tickets are counted where the tickets are seen, though the policy is on tickets alone."""
    owner = connect(autocommit=True)
    owner.execute("DO $$ BEGIN CREATE ROLE exporter LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    owner.execute(SCENE)
    owner.execute("UPDATE tickets SET phase_id = 'PHASE_REQUIREMENTS' WHERE title = 'ticket 5'")
    owner.execute("GRANT USAGE ON SCHEMA shop TO exporter")
    owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO exporter")
    question = "SELECT tickets, open_tasks, failed_gates FROM {} WHERE phase = 'PHASE_REQUIREMENTS'"
    try:
        seen = {}
        for policy in ("", "ALTER TABLE tickets ENABLE ROW LEVEL SECURITY; CREATE POLICY last ON tickets TO exporter USING (title = 'ticket 5')",
                       "DROP POLICY last ON tickets"):
            owner.execute(policy or "SELECT")
            owner.execute("SET ROLE exporter")
            seen[policy[:4]] = [owner.execute(question.format(view)).fetchone() for view in ("phase_metrics", "phase_board")]
            owner.execute("RESET ROLE")
    finally:
        owner.execute("RESET ROLE; DROP OWNED BY exporter")
    assert seen == {"": [(3, 5, 1)] * 2, "ALTE": [(1, 2, 0)] * 2, "DROP": [(0, 0, 0)] * 2}


def test_no_metric_reads_all_that_happened(connect):
    """What a time has brought is counted, and where that is much it is told from the newest of it."""
    connection = connect(autocommit=True)
    connection.execute("SELECT phasegate.create_workspace('shop')")
    connection.execute("SET search_path = shop, phasegate")
    connection.execute(LARGE)
    for statement in BUSY.split(";"):
        connection.execute(statement)
    found = {}
    for name, described in yaml.safe_load(QUERIES.read_text()).items():
        [[plan]] = connection.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + described["query"]).fetchone()
        for table, rows in rows_read(plan["Plan"]):
            assert rows <= 20_000, f"{name} reads {rows} rows of {table}"
        found[name] = connection.execute(described["query"]).fetchall()
    [[moves, is_estimate]] = [row[3:] for row in found["phasegate_moves"] if row[2] == "PHASE_IMPLEMENTATION"]
    assert is_estimate == 1 and abs(moves - 100_000) < 10_000
    verdicts = {status: (count, is_estimate) for _, _, status, count, is_estimate in found["phasegate_gates"]}
    assert {status: is_estimate for status, (_, is_estimate) in verdicts.items()} == {"failed": 1, "passed": 1}
    assert abs(verdicts["failed"][0] - 25_000) < 1_000 and abs(verdicts["passed"][0] - 75_000) < 1_500
