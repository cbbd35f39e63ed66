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

CREATE OR REPLACE FUNCTION force_transition_ticket(
    ticket_id uuid, to_phase text, reason text, transitioned_by text DEFAULT NULL)
    RETURNS transition
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_force_transition_ticket';
COMMENT ON FUNCTION force_transition_ticket(uuid, text, text, text) IS
    'Moves a ticket past the rules: from any phase to any, whatever its gate says. It stays on record as forced, with the gate''s verdict. Needs INSERT of the column forced of phase_history, which the owner has and may grant.';

CREATE OR REPLACE FUNCTION advance_tickets(
    max_tickets integer DEFAULT 100, transitioned_by text DEFAULT NULL, phases text[] DEFAULT NULL)
    RETURNS SETOF transition_attempt
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 100 AS 'MODULE_PATHNAME', 'phasegate_advance_tickets';
COMMENT ON FUNCTION advance_tickets(integer, text, text[]) IS
    'Moves the tickets on whose work is done and whose gate passes, and asks for the reviews that alone are missing; gives what was done. Never out of the phase that tickets start in, nor where more than one phase is ahead. NULL phases mean all.';

CREATE OR REPLACE FUNCTION can_transition_ticket(ticket_id uuid, to_phase text)
    RETURNS transition_check
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_can_transition_ticket';
COMMENT ON FUNCTION can_transition_ticket(uuid, text) IS
    'Whether the ticket could move to the phase now, and if not, why. Writes nothing.';

CREATE OR REPLACE FUNCTION block_ticket(ticket_id uuid, reason text, transitioned_by text DEFAULT NULL)
    RETURNS transition
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_block_ticket';
COMMENT ON FUNCTION block_ticket(uuid, text, text) IS 'Moves a ticket into the phase of kind blocked, saying why.';

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
    'The phases that a ticket in this phase can move to, in sequence order, abandoned and blocked ones last.';

CREATE OR REPLACE FUNCTION get_phase_history(ticket_id uuid) RETURNS SETOF history_entry
    LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10 AS 'MODULE_PATHNAME', 'phasegate_get_phase_history';
COMMENT ON FUNCTION get_phase_history(uuid) IS
    'Where the ticket has been, oldest first; of an archived one too, if the caller may read ticket_archive.';

CREATE OR REPLACE FUNCTION get_current_phase(ticket_id uuid) RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_get_current_phase';
COMMENT ON FUNCTION get_current_phase(uuid) IS 'The phase that the ticket is in.';

CREATE OR REPLACE FUNCTION archive_tickets(
    finished_before timestamptz, max_tickets integer DEFAULT 1000, delete boolean DEFAULT NULL)
    RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_archive_tickets';
COMMENT ON FUNCTION archive_tickets(timestamptz, integer, boolean) IS
    'Moves tickets that were finished before then into ticket_archive, with all that belongs to them; gives how many. Rows of an adopted table stay, unless delete is true. Those that other rows refer to are left and counted in a NOTICE. Needs the rights of the owner.';

CREATE OR REPLACE FUNCTION phase_diagram(format text DEFAULT 'mermaid') RETURNS text
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_phase_diagram';
COMMENT ON FUNCTION phase_diagram(text) IS
    'The workspace''s phases and edges as text: a Mermaid stateDiagram-v2 (mermaid) or Graphviz (dot); gated edges are marked.';

-- The columns of the types. One that stands in a table of the workspace has the same comment there.
COMMENT ON COLUMN transition.ticket_id IS 'The ticket.';
COMMENT ON COLUMN transition.previous_phase IS 'The phase left.';
COMMENT ON COLUMN transition.current_phase IS 'The phase that the ticket is in now.';
COMMENT ON COLUMN transition.transitioned_at IS 'When it was moved; NULL where it was in that phase already.';
COMMENT ON COLUMN transition.transitioned_by IS 'Who moved it.';

COMMENT ON COLUMN transition_attempt.ticket_id IS 'The ticket.';
COMMENT ON COLUMN transition_attempt.transitioned IS 'Whether it was moved.';
COMMENT ON COLUMN transition_attempt.previous_phase IS 'The phase left; where it was not moved, the phase that it is in.';
COMMENT ON COLUMN transition_attempt.current_phase IS 'The phase that the ticket is in now.';
COMMENT ON COLUMN transition_attempt.transitioned_at IS 'When it was moved.';
COMMENT ON COLUMN transition_attempt.transitioned_by IS 'Who moved it.';
COMMENT ON COLUMN transition_attempt.error_code IS 'Why not: invalid_transition, gate_not_passed, phase_changed, ticket_not_found, or from advance_tickets review_requested, or move_failed where an error kept the ticket, as of a trigger of yours; else NULL.';
COMMENT ON COLUMN transition_attempt.blocking_reasons IS 'The same in sentences.';

COMMENT ON COLUMN transition_check.can_transition IS 'Whether the ticket could move now.';
COMMENT ON COLUMN transition_check.blocking_reasons IS 'Why not, one sentence each.';

COMMENT ON COLUMN history_entry.id IS 'A UUID version 7; rows of one ticket sort by it in the order of their moves.';
COMMENT ON COLUMN history_entry.ticket_id IS 'The ticket.';
COMMENT ON COLUMN history_entry.from_phase IS 'The phase left; NULL for the ticket''s start.';
COMMENT ON COLUMN history_entry.to_phase IS 'The phase entered.';
COMMENT ON COLUMN history_entry.transition_reason IS 'Why, as the caller or the setting phasegate.reason said.';
COMMENT ON COLUMN history_entry.transitioned_by IS 'Who, as the caller or the setting phasegate.actor said; else the role that acted.';
COMMENT ON COLUMN history_entry.artifacts IS 'What the caller of transition_ticket handed over for the record.';
COMMENT ON COLUMN history_entry.created_at IS 'When the ticket was moved. Strictly increases within a ticket.';
COMMENT ON COLUMN history_entry.db_role IS 'The role that the session was opened as.';
COMMENT ON COLUMN history_entry.gate_result_id IS 'The result of the gate that the move passed, in phase_gate_results.';
COMMENT ON COLUMN history_entry.forced IS 'Whether the move was forced past the rules.';
