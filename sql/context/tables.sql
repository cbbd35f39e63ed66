-- What each phase of a ticket left for the phases after it.

CREATE TABLE IF NOT EXISTS {ws}.phase_context (
    id                uuid PRIMARY KEY DEFAULT phasegate.uuid_v7(),
    ticket_id         uuid NOT NULL REFERENCES {tickets} ({ticket.id}) ON DELETE CASCADE,
    phase_id          {phase} NOT NULL,
    context_data      jsonb NOT NULL,
    context_summary   text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (ticket_id, phase_id)
);
