"""Many workspaces at work while some of them are moved and a node is added: nothing that was acknowledged is lost."""

import collections
import os
import random
import threading
import uuid

import psycopg

WORKSPACES = int(os.environ.get("PHASEGATE_CITUS_WORKSPACES", "200"))
# These get half of the work, and are the ones that are moved.
BUSY = 20
CLIENTS = 8
MOVES = 10
# What a client is told that is to ask again: where the workspace is, or for the same.
AGAIN = {"workspace_elsewhere", "workspace_changed"}

# What phasegate asks for, for all workspaces: of one that has it already nothing is changed.
CASTS = """SELECT run_command_on_workers(format('CREATE CAST (%s AS %I.phase) WITH INOUT AS ASSIGNMENT', source, schema))
             FROM phasegate.workspaces, unnest('{text,varchar}'::text[]) source"""


class Client(threading.Thread):
    """Makes tickets of its own and moves them, on the workspace's node and through the coordinator."""

    def __init__(self, fleet, number, places):
        super().__init__(name=f"client {number}")
        self.fleet = fleet
        self.random = random.Random(number)
        self.places = places
        self.connections = {}
        self.phases = {}
        self.told = collections.Counter()
        self.strange = []
        self.stopped = threading.Event()

    def run(self):
        while not self.stopped.is_set():
            workspace = f"w{self.random.randrange(BUSY if self.random.random() < 0.5 else WORKSPACES)}"
            try:
                self.work(workspace)
            except psycopg.Error as error:
                self.told[error.diag.constraint_name or error.sqlstate or str(error)] += 1
                if error.diag.constraint_name == "workspace_elsewhere":
                    self.places[workspace] = self.fleet.node_of(workspace)
                elif error.diag.constraint_name not in AGAIN and not (error.sqlstate or "").startswith("40"):
                    self.strange.append(f"{error.sqlstate} {error}")
            except Exception as error:  # of the test's own: seen at the end, not lost with the thread
                self.strange.append(repr(error))

    def at(self, node, workspace):
        if node not in self.connections:
            self.connections[node] = self.fleet.connect(node)
        self.connections[node].execute(f"SET search_path = {workspace}, phasegate")
        return self.connections[node]

    def work(self, workspace):
        here = self.at(self.places[workspace], workspace)
        own = [ticket for ticket in self.phases if ticket[0] == workspace]
        if len(own) < 3:
            ticket = (workspace, str(uuid.UUID(int=self.random.getrandbits(128), version=4)))
            here.execute("INSERT INTO tickets (id, title) VALUES (%s, 't')", [ticket[1]])
            self.phases[ticket] = ["PHASE_BACKLOG"]
            return
        ticket = self.random.choice(own)
        former = self.phases[ticket]
        phase = {"PHASE_BACKLOG": "PHASE_REQUIREMENTS", "PHASE_REQUIREMENTS": "PHASE_BLOCKED", "PHASE_BLOCKED": "PHASE_REQUIREMENTS"}[former[-1]]
        way = self.random.randrange(4)
        if way == 0:
            # Through the coordinator, which knows where it is.
            through = self.at(0, workspace)
            through.execute(f"UPDATE {workspace}.tickets SET phase_id = '{phase}' WHERE id = %s", [ticket[1]])
        elif way == 1:
            # By the plain name on what is, or was, its node.
            here.execute(f"UPDATE tickets SET phase_id = '{phase}' WHERE id = %s", [ticket[1]])
        elif way == 2:
            with here.transaction():
                here.execute("SELECT get_current_phase(%s)", [ticket[1]])
                here.execute("SELECT transition_ticket(%s, %s)", [ticket[1], phase])
        else:
            here.execute("SELECT transition_ticket(%s, %s)", [ticket[1], phase])
        former.append(phase)


def test_nothing_is_lost_while_workspaces_are_moved(fleet):
    coordinator = fleet.connect(0)
    coordinator.execute("SET citus.enable_schema_based_sharding = on")
    for number in range(WORKSPACES):
        coordinator.execute("SELECT phasegate.create_workspace(%s)", [f"w{number}"])
    coordinator.execute(CASTS)
    places = {f"w{number}": fleet.node_of(f"w{number}") for number in range(WORKSPACES)}
    assert set(places.values()) == {1, 2, 3}

    clients = [Client(fleet, number, places) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    try:
        for number in range(MOVES):
            if number == MOVES // 2:
                added = fleet.add_node()
                fleet.execute(0, CASTS)
            workspace = f"w{number}"
            fleet.move(workspace, added if number >= MOVES // 2 else fleet.node_of(workspace) % 3 + 1)
    finally:
        for client in clients:
            client.stopped.set()
        for client in clients:
            client.join()

    told = sum((client.told for client in clients), collections.Counter())
    moves = sum(len(phases) - 1 for client in clients for phases in client.phases.values())
    print(f"{moves} moves of {sum(len(client.phases) for client in clients)} tickets were acknowledged; refusals: {dict(told)}")
    assert [error for client in clients for error in client.strange] == []
    assert told["workspace_elsewhere"] > 0
    wanted = {ticket: phases for client in clients for ticket, phases in client.phases.items()}
    found = collections.defaultdict(list)
    for workspace in places:
        for ticket, phase in fleet.execute(0, f"SELECT ticket_id::text, to_phase::text FROM {workspace}.phase_history ORDER BY created_at, id"):
            found[workspace, ticket].append(phase)
    assert found == wanted
    for workspace in places:
        assert fleet.violations(workspace) == [], workspace
