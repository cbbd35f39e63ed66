-- The tickets, where they are not in a table that was there before.

-- The server reads the text of each CHECK anew in every statement that writes to the table. One array takes it half of
-- the time that a list of values does.
CREATE TABLE IF NOT EXISTS {ws}.tickets (
    id                uuid PRIMARY KEY DEFAULT phasegate.uuid_v7(),
    title             text NOT NULL CONSTRAINT tickets_title_check CHECK (char_length(title) BETWEEN 1 AND 500),
    description       text,
    phase_id          {phase} NOT NULL DEFAULT {start},
    previous_phase_id {phase},
    priority          varchar(20) NOT NULL DEFAULT 'MEDIUM'
                      CONSTRAINT tickets_priority_check CHECK (priority = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}')),
    context           jsonb,
    context_summary   text,
    phase_entered_at  timestamptz NOT NULL DEFAULT now(),
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
