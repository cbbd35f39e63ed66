"""How fast a distributed workspace is, beside one of a plain server. Only when asked: its name does not begin with "test_".

Server, coordinator and worker are on one machine: what a ratio tells is how much more there is to do, not what several machines do.
"""

import os
import re
import subprocess

import pytest

from bench.rounds import ROUNDS, interleaved
from bench.workspaces import TICKET
from fleet import DATABASE, SETTINGS, Fleet

# As many sessions, or one a workspace.
SESSIONS = 8
SHARE = 100
SECONDS = 4
# More than are claimed in that time; in each workspace so many more, since sessions are not equally quick.
TASKS, MORE = 16_000, 2_000
WORKER = 1

# There and back, so that each is where it was whenever time is up; no two sessions have tickets in common.
NEXT = f"\\set n :client_id * {SHARE} + random(1, {SHARE})\n"
UPDATE, MOVE, READ, CLAIM = "`UPDATE` that moves a ticket", "`transition_ticket`", "`get_current_phase`", "`claim_task`, `complete_task`"
SCRIPTS = {
    UPDATE: NEXT + "".join(f"UPDATE tickets SET phase_id = '{phase}' WHERE id = {TICKET};\n" for phase in ("PHASE_TESTING", "PHASE_IMPLEMENTATION")),
    MOVE: NEXT + "".join(f"SELECT transition_ticket({TICKET}, '{phase}');\n" for phase in ("PHASE_TESTING", "PHASE_IMPLEMENTATION")),
    READ: NEXT + f"SELECT get_current_phase({TICKET});\n",
    CLAIM: "SELECT id, attempt FROM claim_task('ada', '{implementation}') \\gset\nSELECT complete_task(:id, 'ada', '{}', :attempt);\n",
}

FREE = ["DELETE FROM phase_gate_requirements", "DELETE FROM task_templates", "UPDATE phase_transitions SET requires_gate = false"]
LOAD = f"""INSERT INTO tickets (id, title, phase_id)
           SELECT {TICKET.replace(":n", "n")}, 't' || n, 'PHASE_IMPLEMENTATION' FROM generate_series(1, {SESSIONS * SHARE}) n"""
FILL = f"""INSERT INTO tasks (ticket_id, phase_id, task_type, required_capabilities)
           SELECT {TICKET.replace(":n", f"(1 + n %% {SESSIONS * SHARE})")}, 'PHASE_IMPLEMENTATION', 'implement_feature', '["implementation"]'
             FROM generate_series(1, %s - (SELECT count(*) FROM tasks WHERE status = 'pending')) n"""


@pytest.fixture(scope="module")
def places(make_module_cluster):
    """A plain server, and a coordinator with the one worker that has all workspaces."""
    settings = {"autovacuum": "off", "checkpoint_timeout": "1d", "max_wal_size": "64GB", "jit": "off"}
    fleet = Fleet(lambda **others: make_module_cluster(**others | settings), workers=1)
    plain = make_module_cluster(**{name: value for name, value in SETTINGS.items() if "citus" not in f"{name}{value}"} | settings)
    with plain.connect(autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    with plain.connect(DATABASE, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION phasegate")
    yield {"plain": plain, "through the coordinator": fleet.nodes[0], "on the node": fleet.nodes[WORKER]}, fleet
    fleet.close()


def rate(server, script, workspaces):
    """How many scripts a second all sessions run; the first second, in which they connect and plan, does not count."""
    command = [os.path.join(os.environ["PHASEGATE_BINDIR"], "pgbench"), "--no-vacuum", "--protocol=prepared", f"--file={script}",
               f"--client={max(1, SESSIONS // len(workspaces))}", f"--time={SECONDS}", "--progress=1", DATABASE]
    running = [subprocess.Popen(command, env=os.environ | server.env() | {"PGOPTIONS": f"-c search_path={name},phasegate"}, text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for name in workspaces]
    total = 0
    for process, printed in [(process, process.communicate()[0]) for process in running]:
        seconds = [float(each) for each in re.findall(r"^progress: .* s, ([\d.]+) tps", printed, re.M)][1:]
        assert process.returncode == 0 and seconds and "aborted" not in printed, printed
        total += sum(seconds) / len(seconds)
    return total


def make(places, fleet, workspaces):
    for name in workspaces:
        fleet.create(name)
        assert fleet.node_of(name) == WORKER
    for place in ("plain", "on the node"):
        with places[place].connect(DATABASE, autocommit=True) as connection:
            for name in workspaces:
                if place == "plain":
                    connection.execute("SELECT phasegate.create_workspace(%s)", [name])
                connection.execute(f"SET search_path = {name}, phasegate")
                for statement in (*FREE, LOAD):
                    connection.execute(statement)


def tidy(places, workspaces):
    """What autovacuum would do; and what was claimed is replaced."""
    for place in ("plain", "on the node"):
        with places[place].connect(DATABASE, autocommit=True) as connection:
            for name in workspaces:
                connection.execute(f"SET search_path = {name}, phasegate")
                connection.execute(FILL, [MORE + TASKS // len(workspaces)])
            connection.execute("VACUUM (ANALYZE)")


@pytest.mark.parametrize("count", [1, 8, 64])
def test_ratios(places, tmp_path, count):
    places, fleet = places
    workspaces = [f"w{count}_{number}" for number in range(count)]
    make(places, fleet, workspaces)
    tidy(places, workspaces)
    steps = {}
    for number, (what, text) in enumerate(SCRIPTS.items()):
        script = tmp_path / f"{number}.sql"
        script.write_text(text, "utf-8")
        steps[what] = {place: lambda _, server=places[place], script=script: rate(server, script, workspaces)
                       for place in places if what == UPDATE or place != "through the coordinator"}
    figures = interleaved(steps, lambda: tidy(places, workspaces))
    print(f"\n| workspaces: {count}, rounds: {ROUNDS} | | scripts a second, plain | ratio: median (least .. greatest) |\n|---|---|---|---|")
    for what, sides in figures.items():
        plain = sides.pop("plain")
        for place, found in sides.items():
            ratios = sorted(ours / theirs for ours, theirs in zip(found, plain, strict=True))
            print(f"| {what} | {place} | {sorted(plain)[len(plain) // 2]:,.0f} | "
                  f"{ratios[len(ratios) // 2]:.2f} ({ratios[0]:.2f} .. {ratios[-1]:.2f}) |")
    assert [fleet.violations(name) for name in workspaces[:1]] == [[]]
