"""Mixed load by clients that remember what they were told: for the tests that kill the server, and the soak.

Each client has tickets of its own, which it makes, moves, blocks and documents, and works everybody's tasks.
Before it sends an operation it notes the facts that the operation must leave behind, all of them or none
(mixed_load_check.py reads them back). What it then does depends on its random numbers, and on which tasks the
others have left it.
"""

import collections
import dataclasses
import random
import uuid
from collections.abc import Callable

import psycopg

BLOCKED = "PHASE_BLOCKED"
SEQUENCE = [f"PHASE_{name}" for name in ["BACKLOG", "REQUIREMENTS", "DESIGN", "IMPLEMENTATION", "TESTING", "DEPLOYMENT", "DONE"]]
CAPABILITIES = ["analysis", "documentation", "design", "implementation", "testing", "deployment", "validation", "summarization"]

# The log says who held which attempt, in the transactions that did it: a task that is held twice breaks its key.
SETUP = """
SELECT phasegate.create_workspace('acme');
SET search_path = acme, phasegate;
UPDATE phase_gate_requirements SET requires_review = true WHERE phase_id = 'PHASE_TESTING';
INSERT INTO task_templates (phase_id, task_type, template_description, required_capabilities, dependencies_template)
VALUES ('PHASE_TESTING', 'report_tests', 'Report on the tests of: {ticket_title}', '["testing"]', '["run_tests"]');
CREATE TABLE log (task uuid, attempt integer, status text, agent text, PRIMARY KEY (task, attempt, status));
CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO acme.log VALUES (NEW.id, NEW.attempts, NEW.status, NEW.assigned_agent_id);
    RETURN NULL;
END $$;
CREATE TRIGGER log AFTER UPDATE ON tasks FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION log();
"""

TASK_TYPES = {
    "PHASE_REQUIREMENTS": ["analyze_requirements", "create_requirements_doc"],
    "PHASE_DESIGN": ["design_architecture"],
    "PHASE_IMPLEMENTATION": ["implement_feature"],
    "PHASE_TESTING": ["write_tests", "run_tests", "report_tests"],
    "PHASE_DEPLOYMENT": ["deploy_feature"],
}
GATES = ["PHASE_REQUIREMENTS", "PHASE_IMPLEMENTATION", "PHASE_TESTING"]

# The artifacts that the gates ask for come with the results of these tasks.
ARTIFACTS = {
    "create_requirements_doc": {"requirements_document": {"length": 600, "sections": ["Scope", "Acceptance criteria"]}},
    "implement_feature": {"code_changes": {"has_tests": True}, "test_coverage": {"percentage": 91}},
    "run_tests": {"test_results": {"all_passed": True}, "test_evidence": {"log": "ok"}},
}


class Lost(Exception):
    """The connection broke: whether the operation at hand happened, nobody said."""


@dataclasses.dataclass
class Ticket:
    id: uuid.UUID
    phase: str
    title: str
    previous: str = None
    entered: set = dataclasses.field(default_factory=set)
    # Phases whose context may have been folded in.
    folded: set = dataclasses.field(default_factory=set)
    # Current artifacts that its client handed in, and their phases.
    evidence: dict = dataclasses.field(default_factory=dict)
    asked: bool = False

    @property
    def left(self):
        return self.previous if self.phase == BLOCKED else self.phase

    def next(self):
        place = SEQUENCE.index(self.phase) + 1 if self.phase in SEQUENCE else len(SEQUENCE)
        return SEQUENCE[place] if place < len(SEQUENCE) else None


@dataclasses.dataclass
class Held:
    """A task that a client holds."""
    id: uuid.UUID
    ticket: uuid.UUID
    phase: str
    kind: str
    type: str
    attempt: int
    lease: object
    status: str = "assigned"
    unfit: bool = False


@dataclasses.dataclass
class Alternative:
    """What an operation may leave: facts that were not there before, and what the client then knows."""
    new: set
    apply: Callable = lambda: None


@dataclasses.dataclass
class Operation:
    """Something sent to the server. Each of its parts leaves one of its alternatives, or all of them nothing."""
    tag: str
    what: str
    parts: list
    # For answers whose facts cannot be foreseen: finds out from the state what happened.
    resolve: Callable = None
    # Whether it may have happened although no answer came: not before a transaction's COMMIT was sent.
    sent: bool = True

    def facts(self):
        return {fact for part in self.parts for alternative in part for fact in alternative.new}


class Client:
    """A client of workspace acme. `told` hears of every acknowledged operation."""

    def __init__(self, number, seed, told=lambda: None):
        self.number, self.seed, self.told = number, seed, told
        self.agent = f"agent-{number}"
        self.tickets = {}
        self.held = {}
        self.added = []
        self.claimed = set()
        self.there = {}
        self.not_there = {}
        self.doubt = None
        self.refusal = None
        self.refused = collections.Counter()
        self.settled = collections.Counter()
        self.connection = None
        self.count = 0

    def work(self, connection, number):
        """Works until the connection breaks; `number` tells this stretch of work from others."""
        self.begin(connection, number)
        try:
            while True:
                self.step()
        except Lost:
            pass

    def begin(self, connection, number):
        self.connection, self.round = connection, number
        self.chance = random.Random(f"{self.seed}/{self.number}/{number}")

    def step(self):
        self.chance.choices(list(OPERATIONS), OPERATIONS.values())[0](self)

    # --- sending ---------------------------------------------------------------------------------------------

    def go(self, what, run, parts=(), refusals=(), chosen=None, resolve=None):
        """Sends an operation. The answer, or None where it was refused (`self.refusal` has the SQLSTATE)."""
        operation = self.doubt = Operation(self.tag, what, list(parts), resolve)
        self.refusal = None
        try:
            answer = run(operation)
            alternatives = chosen(answer) if chosen else [part[0] for part in operation.parts]
        except psycopg.Error as error:
            # 57P01: a process that saw that the server's first one is gone, before its own end came.
            if error.sqlstate in (None, "57P01"):
                raise Lost from error
            if error.sqlstate not in (*refusals, "40001"):
                raise
            self.doubt, self.refusal = None, error.sqlstate
            self.refused[error.sqlstate] += 1
            # These two a later operation may well leave.
            its_own = [fact for fact in operation.facts() if fact[0] not in ("context", "superseded")]
            self.not_there.update(dict.fromkeys(its_own, f"{self.tag} {what}, refused"))
            if self.connection.info.transaction_status:
                self.roll_back()
            return None
        self.doubt = None
        for alternative in alternatives:
            self.take(operation, alternative)
        self.told()
        return answer

    def roll_back(self):
        try:
            self.connection.execute("ROLLBACK")
        except psycopg.OperationalError as error:
            raise Lost from error

    def take(self, operation, alternative):
        """An alternative came true."""
        for fact in alternative.new:
            self.there[fact] = f"{operation.tag} {operation.what}"
            # Refused once, and tried again.
            self.not_there.pop(fact, None)
        alternative.apply()

    def sql(self, text, *arguments):
        def run(_):
            cursor = self.connection.execute(text, arguments)
            return cursor.fetchall() if cursor.description else []
        return run

    def transaction(self, *statements):
        """Statements with their arguments, in one transaction; one that begins with ! is rolled back alone."""
        def run(operation):
            operation.sent = False
            self.connection.execute("BEGIN")
            for text, *arguments in statements:
                if text.startswith("!"):
                    self.connection.execute("SAVEPOINT s")
                self.connection.execute(text.removeprefix("!"), arguments)
                if text.startswith("!"):
                    self.connection.execute("ROLLBACK TO SAVEPOINT s")
            operation.sent = True
            self.connection.execute("COMMIT")
            return True
        return run

    @property
    def tag(self):
        return f"{self.agent}.{self.round}.{self.count}"

    def pick(self, wanted=lambda ticket: True):
        """A ticket of its own; starts an operation by counting it."""
        self.count += 1
        found = [ticket for ticket in self.tickets.values() if wanted(ticket)]
        return self.chance.choice(found) if found else None

    def pick_some(self, wanted):
        self.pick()
        phases = sorted({ticket.phase for ticket in self.tickets.values() if wanted(ticket)})
        if not phases:
            return []
        phase = self.chance.choice(phases)
        return [ticket for ticket in self.tickets.values() if ticket.phase == phase and wanted(ticket)][:12]

    def new_id(self):
        return uuid.UUID(int=self.chance.getrandbits(128), version=4)

    # --- what operations leave -------------------------------------------------------------------------------

    def moved(self, ticket, to):
        """What a move leaves."""
        tag, left, before = self.tag, ticket.left, ticket.phase
        rank = SEQUENCE.index(to) - SEQUENCE.index(left) if to != BLOCKED else 0
        new = {("history", ticket.id, tag, before, to)}
        if rank > 0 and left in GATES:
            new |= {("result", ticket.id, left, tag, "passed"), ("gated", ticket.id, tag)}
        if rank and to not in ticket.entered:
            new |= {("generated", ticket.id, tag, kind) for kind in TASK_TYPES.get(to, [])}
        if rank > 0 and left not in ticket.folded and left in ticket.evidence.values():
            new.add(("context", ticket.id, left))
        redone = SEQUENCE[SEQUENCE.index(to):SEQUENCE.index(left) + 1] if rank < 0 else []
        stale = [artifact for artifact, phase in ticket.evidence.items() if phase in redone]
        new |= {("superseded", artifact) for artifact in stale}

        def apply():
            ticket.phase, ticket.previous = to, before
            ticket.entered.add(to)
            if rank > 0:
                ticket.folded.add(left)
            for artifact in stale:
                del ticket.evidence[artifact]
        return Alternative(new, apply)

    def stayed(self, ticket, status):
        """What a refusal that is an answer leaves: the gate's result."""
        return Alternative({("result", ticket.id, ticket.left, self.tag, status)})

    def born(self, ticket):
        new = {("ticket", ticket.id)} | {("generated", ticket.id, self.tag, kind) for kind in TASK_TYPES.get(ticket.phase, [])}

        def apply():
            ticket.entered.add(ticket.phase)
            self.tickets[ticket.id] = ticket
        return Alternative(new | {("history", ticket.id, self.tag, None, ticket.phase)}, apply)

    def handed_in(self, ticket, artifact):
        phase = ticket.left
        return Alternative({("artifact", artifact), ("evidence", ticket.id, phase, "notes", self.tag)},
                           lambda: ticket.evidence.update({artifact: phase}))

    def named(self):
        """Makes the direct UPDATE or INSERT that follows in the transaction this operation's."""
        return ("SELECT set_config('phasegate.actor', %s, true), set_config('phasegate.reason', %s, true)", self.tag, self.tag)

    # --- tickets ---------------------------------------------------------------------------------------------

    def create(self):
        self.pick()
        many = self.chance.random() < 0.3
        phase = self.chance.choice(["PHASE_BACKLOG", "PHASE_REQUIREMENTS", "PHASE_DESIGN"])
        tickets = [Ticket(self.new_id(), phase, self.tag) for _ in range(self.chance.randint(4, 10) if many else 1)]
        self.go("create", self.transaction(self.named(), (
            "INSERT INTO tickets (id, title, phase_id, priority) SELECT unnest(%s::uuid[]), %s, %s::phase, %s",
            [ticket.id for ticket in tickets], self.tag, phase, self.chance.choice(["LOW", "MEDIUM", "HIGH", "CRITICAL"]))),
            [[self.born(ticket)] for ticket in tickets])

    def advance(self):
        if ticket := self.pick(Ticket.next):
            self.go("transition_ticket", self.sql(
                "SELECT transition_ticket(%s, %s, %s, %s, expected_phase => %s)", ticket.id, ticket.next(), self.tag, self.tag, ticket.phase),
                [[self.moved(ticket, ticket.next())]], ["55000"])

    def advance_directly(self):
        if ticket := self.pick(Ticket.next):
            self.go("UPDATE phase_id", self.transaction(
                self.named(), ("UPDATE tickets SET phase_id = %s::phase WHERE id = %s", ticket.next(), ticket.id)),
                [[self.moved(ticket, ticket.next())]], ["55000"])

    def advance_many(self):
        tickets = self.pick_some(Ticket.next)
        if not tickets:
            return
        to = tickets[0].next()
        parts = [[self.moved(ticket, to), self.stayed(ticket, "failed"), self.stayed(ticket, "pending")] for ticket in tickets]

        def chosen(answer):
            statuses = dict(self.connection.execute(
                "SELECT ticket_id, gate_status FROM phase_gate_results WHERE validated_by = %s AND gate_status <> 'passed'", [tag]).fetchall())
            for (id, moved), part in zip(answer, parts):
                yield part[0 if moved else 1 if statuses.get(id) == "failed" else 2]
        tag = self.tag
        self.go("transition_tickets", self.sql(
            "SELECT ticket_id, transitioned FROM transition_tickets(%s::uuid[], %s, %s, %s)", [ticket.id for ticket in tickets], to, tag, tag),
            parts, chosen=lambda answer: list(chosen(answer)))

    def update_many(self):
        """One UPDATE that moves tickets, all or none."""
        if tickets := self.pick_some(lambda ticket: ticket.next() and ticket.phase not in GATES):
            self.go("UPDATE of many", self.transaction(self.named(), (
                "UPDATE tickets SET phase_id = %s::phase WHERE id = ANY (%s)", tickets[0].next(), [ticket.id for ticket in tickets])),
                [[self.moved(ticket, ticket.next())] for ticket in tickets])

    def block(self):
        if ticket := self.pick(lambda ticket: ticket.phase in TASK_TYPES):
            self.go("block_ticket", self.sql("SELECT block_ticket(%s, %s, %s)", ticket.id, self.tag, self.tag),
                    [[self.moved(ticket, BLOCKED)]])

    def unblock(self):
        if ticket := self.pick(lambda ticket: ticket.phase == BLOCKED and ticket.previous != "PHASE_DEPLOYMENT"):
            self.go("unblock_ticket", self.sql("SELECT unblock_ticket(%s, %s, %s)", ticket.id, self.tag, self.tag),
                    [[self.moved(ticket, ticket.previous)]])

    def regress(self):
        """Back to what is done again, also out of PHASE_BLOCKED."""
        if ticket := self.pick(lambda ticket: ticket.phase == "PHASE_TESTING" or ticket.phase == BLOCKED and ticket.previous in SEQUENCE[3:]):
            to = "PHASE_DESIGN" if ticket.phase == BLOCKED else "PHASE_IMPLEMENTATION"
            self.go("regress", self.sql("SELECT transition_ticket(%s, %s, %s, %s)", ticket.id, to, self.tag, self.tag),
                    [[self.moved(ticket, to)]])

    def forbidden(self):
        if ticket := self.pick(lambda ticket: ticket.phase in SEQUENCE[:4]):
            tag = self.tag
            assert self.go("forbidden", self.sql("SELECT transition_ticket(%s, 'PHASE_DONE', %s)", ticket.id, tag), [[Alternative(
                {("history", ticket.id, tag, ticket.phase, "PHASE_DONE")})]], ["23514"]) is None

    def retitle(self):
        if ticket := self.pick():
            def titled(title):
                return Alternative(set(), lambda: setattr(ticket, "title", title))
            tag = self.tag
            self.go("title", self.sql("UPDATE tickets SET title = %s WHERE id = %s", tag, ticket.id), [[titled(tag)]],
                    resolve=lambda state: [titled(tag)] if state.tickets[ticket.id].title == tag else [])

    def together(self):
        """An artifact, a move and an added task in one transaction, after a move that is taken back."""
        if ticket := self.pick(lambda ticket: ticket.phase in ("PHASE_BACKLOG", "PHASE_DESIGN")):
            artifact, task, to = self.new_id(), self.new_id(), ticket.next()
            parts = [[self.handed_in(ticket, artifact)], [Alternative({("task", task)})]]
            ticket.evidence[artifact] = ticket.phase
            parts.append([self.moved(ticket, to)])
            del ticket.evidence[artifact]
            self.not_there[("history", ticket.id, self.tag, ticket.phase, BLOCKED)] = f"{self.tag} together, rolled back to a savepoint"
            self.go("together", self.transaction(
                self.named(),
                ("INSERT INTO phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, artifact_path) VALUES (%s, %s, %s::phase, 'notes', %s)",
                 artifact, ticket.id, ticket.phase, self.tag),
                ("!SELECT try_transition_ticket(%s, %s, %s)", ticket.id, BLOCKED, self.tag),
                ("UPDATE tickets SET phase_id = %s::phase WHERE id = %s", to, ticket.id),
                ("INSERT INTO tasks (id, ticket_id, phase_id, task_type) VALUES (%s, %s, %s::phase, 'added')", task, ticket.id, to)),
                parts)

    # --- evidence --------------------------------------------------------------------------------------------

    def hand_in(self):
        if ticket := self.pick(lambda ticket: ticket.phase in TASK_TYPES):
            artifact = self.new_id()
            self.go("artifact", self.sql(
                "INSERT INTO phase_gate_artifacts (id, ticket_id, phase_id, artifact_type, artifact_path, artifact_content) VALUES (%s, %s, %s::phase, 'notes', %s, '{}')",
                artifact, ticket.id, ticket.phase, self.tag), [[self.handed_in(ticket, artifact)]])

    def validate(self):
        if ticket := self.pick(lambda ticket: ticket.phase in GATES):
            by = f"{self.tag} validates"
            parts = [[Alternative({("result", ticket.id, ticket.phase, by, status)}) for status in ["passed", "failed", "pending"]]]
            self.go("validate_gate", self.sql("SELECT gate_status FROM validate_gate(%s, validated_by => %s)", ticket.id, by), parts,
                    chosen=lambda answer: [one for one in parts[0] if answer[0][0] in next(iter(one.new))])

    def ask_review(self):
        if ticket := self.pick(lambda ticket: ticket.phase == "PHASE_TESTING"):
            self.go("validate_phase_completion", self.sql("SELECT id FROM validate_phase_completion(%s)", ticket.id),
                    chosen=lambda answer: [Alternative({("task", answer[0][0])})])

    def fold(self):
        if ticket := self.pick(lambda ticket: ticket.phase in TASK_TYPES):
            has_evidence = ticket.phase in ticket.evidence.values() and ticket.phase not in ticket.folded
            new = {("context", ticket.id, ticket.phase)} if has_evidence else set()
            phase = ticket.phase
            ticket.folded.add(phase)
            self.go("update_ticket_context", self.sql("SELECT update_ticket_context(%s)", ticket.id), [[Alternative(new)]])

    def ask_summary(self):
        if ticket := self.pick(lambda ticket: ticket.folded and not ticket.asked):
            ticket.asked = True
            self.go("summarize_using_llm", self.sql("SELECT id FROM summarize_using_llm(%s)", ticket.id),
                    chosen=lambda answer: [Alternative({("task", answer[0][0])})])

    # --- tasks -----------------------------------------------------------------------------------------------

    def add_tasks(self):
        """Two tasks, the second waiting for the first, in one INSERT."""
        if ticket := self.pick(lambda ticket: ticket.phase in TASK_TYPES):
            first, second = self.new_id(), self.new_id()
            self.go("add tasks", self.sql(
                "INSERT INTO tasks (id, ticket_id, phase_id, task_type, dependencies) VALUES (%s, %s, %s::phase, 'added', NULL), "
                "(%s, %s, %s::phase, 'added', jsonb_build_array(%s::text))",
                first, ticket.id, ticket.phase, second, ticket.id, ticket.phase, str(first)),
                [[Alternative({("task", first), ("task", second)}, lambda: self.added.append(second))]])

    def cancel(self):
        self.pick()
        if self.added:
            task = self.added.pop(self.chance.randrange(len(self.added)))
            self.go("cancel_task", self.sql("SELECT id, attempts, assigned_agent_id FROM cancel_task(%s, %s)", task, self.tag),
                    refusals=["23514"], chosen=lambda answer: [Alternative({("log", task, answer[0][1], "cancelled", answer[0][2])})])

    def claim(self):
        self.pick()
        if len(self.held) >= 12:
            return
        count = self.chance.choice([1, 1, 1, 5])
        columns = "id, ticket_id, phase_id, kind, task_type, attempt, lease_expires_at"
        text = f"SELECT {columns} FROM claim_task(%s, %s, lease => '1 hour')" if count == 1 else \
            f"SELECT {columns} FROM claim_tasks(%s, {count}, %s, lease => '1 hour')"
        self.go("claim", self.sql(text, self.agent, CAPABILITIES), chosen=lambda answer: [self.holds(*row) for row in answer],
                resolve=self.find_claims)

    def holds(self, task, ticket, phase, kind, type, attempt, lease):
        def apply():
            self.claimed.add((task, attempt))
            self.held[task] = Held(task, ticket, phase, kind, type, attempt, lease)
        return Alternative({("log", task, attempt, "assigned", self.agent)}, apply)

    def find_claims(self, state):
        """The claim that was in doubt: what the log has under this agent's name and no answer told of."""
        for task, attempt, status, agent in state.log:
            if agent == self.agent and status == "assigned" and (task, attempt) not in self.claimed:
                row = state.tasks[task]
                yield self.holds(task, row.ticket, row.phase, row.kind, row.type, attempt, row.lease)

    def pick_task(self, wanted=lambda task: True):
        self.pick()
        found = [task for task in self.held.values() if wanted(task)]
        return self.chance.choice(found) if found else None

    def finish(self, task, status, apply, *more):
        """What it leaves that a held task changes its status; its agent stays known but for one that is pending again."""
        agent = None if status == "pending" else self.agent
        return Alternative({("log", task.id, task.attempt, status, agent), *more}, apply)

    def start(self):
        if task := self.pick_task(lambda task: task.status == "assigned"):
            done = self.finish(task, "running", lambda: setattr(task, "status", "running"))
            if self.go("start_task", self.sql("SELECT start_task(%s, %s, %s)", task.id, self.agent, task.attempt), [[done]], ["55000"]) is None:
                self.drop(task)

    def heartbeat(self):
        if task := self.pick_task():
            def renew(lease):
                return Alternative(set(), lambda: setattr(task, "lease", lease))
            answer = self.go("heartbeat_task", self.sql("SELECT heartbeat_task(%s, %s, '2 hours', %s)", task.id, self.agent, task.attempt),
                             refusals=["55000"], chosen=lambda answer: [renew(answer[0][0])],
                             resolve=lambda state: [renew(max(task.lease, state.tasks[task.id].lease or task.lease))])
            if answer is None:
                self.drop(task)

    def complete(self):
        task = self.pick_task(lambda task: not task.unfit)
        if not task:
            return
        artifacts = {**ARTIFACTS.get(task.type, {}), "log": None}
        result = {
            "work": {"summary": self.tag, "context": {"key_decisions": [self.tag]},
                     "artifacts": [{"type": kind, "path": self.tag, "content": content} for kind, content in artifacts.items()]},
            "review": {"approved": self.chance.random() < 0.9, "feedback": self.tag},
            "summary": {"summary": self.tag},
        }[task.kind]
        kinds = artifacts if task.kind == "work" else []
        done = self.finish(task, "completed", lambda: self.held.pop(task.id),
                           *(("evidence", task.ticket, task.phase, kind, self.tag) for kind in kinds))
        if self.chance.random() < 0.5:
            text = "SELECT complete_task(%s, %s, %s, %s)"
            run = self.sql(text, task.id, self.agent, psycopg.types.json.Jsonb(result), task.attempt)
        else:
            # Says so by its row count where the task is no longer held.
            text = "UPDATE tasks SET status = 'completed', result = coalesce(result, '{}') || %s WHERE id = %s AND assigned_agent_id = %s AND attempts = %s AND status IN ('assigned', 'running') RETURNING id"
            run = self.sql(text, psycopg.types.json.Jsonb(result), task.id, self.agent, task.attempt)
        answer = self.go("complete", run, [[done]], ["55000", "42501"], chosen=lambda answer: [done] if answer else [])
        if answer is None and self.refusal == "42501":
            task.unfit = True
        elif not answer:
            self.drop(task)

    def fail(self):
        task = self.pick_task(lambda task: task.unfit) or self.pick_task(lambda task: self.chance.random() < 0.2)
        if task:
            parts = [[self.finish(task, status, lambda: self.held.pop(task.id)) for status in ["pending", "failed"]]]
            answer = self.go("fail_task", self.sql(
                "SELECT status FROM fail_task(%s, %s, %s, %s, %s)", task.id, self.agent, self.tag, self.chance.random() < 0.9, task.attempt),
                parts, ["55000"], chosen=lambda answer: [parts[0][0 if answer[0][0] == "pending" else 1]])
            if answer is None:
                self.drop(task)

    def drop(self, task):
        """Its adder cancelled it. A transaction that could not be serialized leaves it held."""
        if self.refusal != "40001":
            self.held.pop(task.id, None)

    def checkpoint(self):
        self.pick()
        self.go("CHECKPOINT", self.sql("CHECKPOINT"))


# What clients do, and how often.
OPERATIONS = {
    Client.create: 2, Client.advance: 8, Client.advance_directly: 8, Client.advance_many: 3, Client.update_many: 2,
    Client.block: 3, Client.unblock: 4, Client.regress: 2, Client.forbidden: 1, Client.retitle: 2, Client.together: 3,
    Client.hand_in: 6, Client.validate: 3, Client.ask_review: 2, Client.fold: 2, Client.ask_summary: 1,
    Client.add_tasks: 2, Client.cancel: 1, Client.claim: 22, Client.start: 14, Client.heartbeat: 5, Client.complete: 22,
    Client.fail: 3, Client.checkpoint: 0.2,
}
