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
        deadline = time.monotonic() + 30
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
UPDATE phases SET due_after = '0' WHERE phase_id = 'PHASE_REQUIREMENTS';
"""


def test_metrics_say_what_the_views_say(connect, scrape):
    owner = connect(autocommit=True)
    owner.execute("DO $$ BEGIN CREATE ROLE exporter LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    owner.execute(SCENE)
    owner.execute("GRANT USAGE ON SCHEMA shop TO exporter")
    owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA shop TO exporter")
    try:
        metrics = scrape()
    finally:
        owner.execute("DROP OWNED BY exporter")
    for phase, tickets, open_tasks, failed in owner.execute("SELECT phase::text, tickets, open_tasks, failed_gates FROM phase_board").fetchall():
        assert at(metrics, "phasegate_phase_tickets", phase=phase) == tickets
        assert at(metrics, "phasegate_phase_open_tasks", phase=phase) == open_tasks
        assert at(metrics, "phasegate_phase_failed_gates", phase=phase) == failed
    for phase, status, tasks, claimable in owner.execute("SELECT phase::text, status, tasks, claimable FROM task_queue").fetchall():
        assert at(metrics, "phasegate_queue_tasks", phase=phase, status=status) == tasks
        assert at(metrics, "phasegate_queue_claimable", phase=phase, status=status) == claimable
    assert at(metrics, "phasegate_overdue_tickets", phase="PHASE_REQUIREMENTS") == 2
    assert at(metrics, "phasegate_leases_held") == 1
    assert at(metrics, "phasegate_leases_expired") == 0
    assert at(metrics, "phasegate_moves_last_hour", from_phase="", to_phase="PHASE_BACKLOG") == 5
    assert at(metrics, "phasegate_moves_last_hour", from_phase="PHASE_BACKLOG", to_phase="PHASE_REQUIREMENTS") == 3
    assert at(metrics, "phasegate_gates_last_hour", phase="PHASE_REQUIREMENTS", status="failed") == 1
    assert at(metrics, "phasegate_stay_left_last_day", phase="PHASE_BACKLOG") == 3
    assert at(metrics, "phasegate_stay_median_seconds", phase="PHASE_BACKLOG") >= 0

    # Every metric of the file came, and the dashboard asks for none that is not there.
    names = {name for name, _ in metrics}
    described = yaml.safe_load(QUERIES.read_text())
    assert names == {f"{query}_{column}" for query, parts in described.items() for metric in parts["metrics"]
                     for column, what in metric.items() if what["usage"] != "LABEL"}
    asked = {name for panel in DASHBOARD["panels"] for target in panel["targets"] for name in re.findall(r"phasegate_\w+", target["expr"])}
    assert asked <= names
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
