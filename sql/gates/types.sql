-- The types of rows that the functions of gates give. A type cannot be replaced: see sql/upgrade/ for a change of one.

CREATE TYPE phasegate.artifact AS (
    id               uuid,
    ticket_id        uuid,
    phase_id         text,
    artifact_type    text,
    artifact_path    text,
    artifact_content jsonb,
    collected_at     timestamptz,
    collected_by     text,
    task_id          uuid,
    superseded_at    timestamptz
);
COMMENT ON TYPE artifact IS 'A piece of evidence. superseded_at is set when a regression made it stale.';

CREATE TYPE phasegate.gate_result AS (
    id                uuid,
    ticket_id         uuid,
    phase_id          text,
    gate_status       text,
    validation_result jsonb,
    validated_at      timestamptz,
    validated_by      text,
    blocking_reasons  text[]
);
COMMENT ON TYPE gate_result IS 'A stored verdict on a gate: passed, failed, or pending where only the review is missing.';
