-- The workflow: moving tickets, and reading where they are and were.

CREATE OR REPLACE FUNCTION transition_ticket(
    ticket_id uuid, to_phase text, reason text DEFAULT NULL, transitioned_by text DEFAULT NULL,
    artifacts jsonb DEFAULT NULL, expected_phase text DEFAULT NULL)
    RETURNS transition
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_transition_ticket';
COMMENT ON FUNCTION transition_ticket(uuid, text, text, text, jsonb, text) IS
    'Moves a ticket to a phase, or raises and says why it cannot. With expected_phase it moves only from there.';

CREATE OR REPLACE FUNCTION try_transition_ticket(
    ticket_id uuid, to_phase text, reason text DEFAULT NULL, transitioned_by text DEFAULT NULL,
    artifacts jsonb DEFAULT NULL, expected_phase text DEFAULT NULL)
    RETURNS transition_attempt
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_try_transition_ticket';
COMMENT ON FUNCTION try_transition_ticket(uuid, text, text, text, jsonb, text) IS
    'Moves a ticket like transition_ticket, but answers a refusal in error_code and blocking_reasons instead of raising.';

CREATE OR REPLACE FUNCTION transition_tickets(
    ticket_ids uuid[], to_phase text, reason text DEFAULT NULL, transitioned_by text DEFAULT NULL)
    RETURNS SETOF transition_attempt
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1000 AS 'MODULE_PATHNAME', 'phasegate_transition_tickets';
COMMENT ON FUNCTION transition_tickets(uuid[], text, text, text) IS
    'Moves many tickets in one statement: those that can, do; the others are reported. One row an id, in the order given.';

CREATE OR REPLACE FUNCTION can_transition_ticket(ticket_id uuid, to_phase text)
    RETURNS transition_check
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_can_transition_ticket';
COMMENT ON FUNCTION can_transition_ticket(uuid, text) IS
    'Whether the ticket could move to the phase now, and if not, why. Writes nothing.';

CREATE OR REPLACE FUNCTION block_ticket(ticket_id uuid, reason text, transitioned_by text DEFAULT NULL)
    RETURNS transition
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_block_ticket';
COMMENT ON FUNCTION block_ticket(uuid, text, text) IS 'Moves a ticket into PHASE_BLOCKED, saying why.';

CREATE OR REPLACE FUNCTION unblock_ticket(ticket_id uuid, reason text DEFAULT NULL, transitioned_by text DEFAULT NULL)
    RETURNS transition
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_unblock_ticket';
COMMENT ON FUNCTION unblock_ticket(uuid, text, text) IS 'Moves a blocked ticket back to the phase it was blocked in.';

CREATE OR REPLACE FUNCTION can_transition(from_phase text, to_phase text) RETURNS boolean
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_can_transition';
COMMENT ON FUNCTION can_transition(text, text) IS 'Whether the workspace has this edge in phase_transitions.';

CREATE OR REPLACE FUNCTION get_valid_transitions(current_phase text) RETURNS SETOF text
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 5 AS 'MODULE_PATHNAME', 'phasegate_get_valid_transitions';
COMMENT ON FUNCTION get_valid_transitions(text) IS
    'The phases that a ticket in this phase can move to, in sequence order, PHASE_BLOCKED last.';

CREATE OR REPLACE FUNCTION get_phase_history(ticket_id uuid) RETURNS SETOF history_entry
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10 AS 'MODULE_PATHNAME', 'phasegate_get_phase_history';
COMMENT ON FUNCTION get_phase_history(uuid) IS 'Where the ticket has been, oldest first.';

CREATE OR REPLACE FUNCTION get_current_phase(ticket_id uuid) RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_get_current_phase';
COMMENT ON FUNCTION get_current_phase(uuid) IS 'The phase that the ticket is in.';

CREATE OR REPLACE FUNCTION phase_diagram(format text DEFAULT 'mermaid') RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_phase_diagram';
COMMENT ON FUNCTION phase_diagram(text) IS
    'The workspace''s phases and edges as text: a Mermaid stateDiagram-v2 (mermaid) or Graphviz (dot); gated edges are marked.';
