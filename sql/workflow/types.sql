-- The types of the workflow's results. A type cannot be replaced: see sql/upgrade/ for a change of one.

CREATE TYPE phasegate.transition AS (
    ticket_id       uuid,
    previous_phase  text,
    current_phase   text,
    transitioned_at timestamptz,
    transitioned_by text
);
COMMENT ON TYPE transition IS
    'A move that was made. transitioned_at is NULL where the ticket was in that phase already and nothing was done.';

CREATE TYPE phasegate.transition_attempt AS (
    ticket_id        uuid,
    transitioned     boolean,
    previous_phase   text,
    current_phase    text,
    transitioned_at  timestamptz,
    transitioned_by  text,
    error_code       text,
    blocking_reasons text[]
);
COMMENT ON TYPE transition_attempt IS
    'What came of asking a ticket to move. error_code is NULL, invalid_transition, gate_not_passed, phase_changed, ticket_not_found, or from advance_tickets review_requested or move_failed.';

CREATE TYPE phasegate.transition_check AS (
    can_transition   boolean,
    blocking_reasons text[]
);
COMMENT ON TYPE transition_check IS 'Whether a ticket could move now, and if not, why, one sentence each.';

CREATE TYPE phasegate.history_entry AS (
    id                uuid,
    ticket_id         uuid,
    from_phase        text,
    to_phase          text,
    transition_reason text,
    transitioned_by   text,
    artifacts         jsonb,
    created_at        timestamptz,
    db_role           text,
    gate_result_id    uuid,
    forced            boolean
);
COMMENT ON TYPE history_entry IS 'One row of a ticket''s history; from_phase is NULL for its start.';
