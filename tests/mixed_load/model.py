"""The workspace of the load, what a client knows of its tickets and tasks, and what an operation may leave."""

import dataclasses
import uuid
from collections.abc import Callable

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

# How many tickets a client looks after at a time.
MOST_TICKETS = 100

# A task that is no longer held, or no longer there.
GONE = ["55000", "P0002"]

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
