-- Phases and what they mean, where each ticket has been, and the moves there are.

-- Append-only: one row per move, the first with from_phase NULL.
-- cluster + 0: a field of what a function gives is, by itself, nothing that Citus can send to a shard.
CREATE TABLE IF NOT EXISTS {ws}.phase_history (
    id                uuid PRIMARY KEY DEFAULT phasegate.uuid_v7(),
    ticket_id         uuid NOT NULL REFERENCES {tickets} ({ticket.id}) ON DELETE CASCADE,
    from_phase        {phase},
    to_phase          {phase} NOT NULL,
    transition_reason text,
    transitioned_by   varchar(255),
    artifacts         jsonb,
    created_at        timestamptz NOT NULL DEFAULT now(),
    db_role           name NOT NULL DEFAULT session_user,
    gate_result_id    uuid,
    acting_role       name DEFAULT current_user,
    forced            boolean NOT NULL DEFAULT false,
    xid               xid8 NOT NULL DEFAULT pg_current_xact_id(),
    cluster           bigint NOT NULL DEFAULT (pg_control_system()).system_identifier + 0
);
CREATE INDEX IF NOT EXISTS phase_history_ticket ON {ws}.phase_history (ticket_id, created_at, id);
CREATE INDEX IF NOT EXISTS phase_history_created ON {ws}.phase_history (created_at);
-- For who reads all moves in an order in which none is missed: rows of this cluster whose transaction is over.
CREATE INDEX IF NOT EXISTS phase_history_xid ON {ws}.phase_history (xid, id);
-- Few, and looked for among many by whoever watches the workspace.
CREATE INDEX IF NOT EXISTS phase_history_forced ON {ws}.phase_history (created_at) WHERE forced;
-- A ticket starts once. Rows loaded with the triggers on would give each ticket a second start: that is an error.
CREATE UNIQUE INDEX IF NOT EXISTS phase_history_one_start ON {ws}.phase_history (ticket_id) WHERE from_phase IS NULL;

-- Configuration: the edges of the state machine.
CREATE TABLE IF NOT EXISTS {ws}.phase_transitions (
    from_phase        {phase} NOT NULL,
    to_phase          {phase} NOT NULL,
    requires_gate     boolean NOT NULL DEFAULT false,
    PRIMARY KEY (from_phase, to_phase),
    CONSTRAINT phase_transitions_not_to_itself CHECK (from_phase <> to_phase)
);

-- Append-only: who changed the configuration.
CREATE TABLE IF NOT EXISTS {ws}.configuration_history (
    id                uuid PRIMARY KEY DEFAULT phasegate.uuid_v7(),
    at                timestamptz NOT NULL DEFAULT now(),
    table_name        text NOT NULL,
    operation         text NOT NULL,
    old               jsonb,
    new               jsonb,
    actor             text,
    db_role           name NOT NULL DEFAULT session_user,
    acting_role       name DEFAULT current_user
);
CREATE INDEX IF NOT EXISTS configuration_history_at ON {ws}.configuration_history (at);

-- Append-only: what is left of tickets that are gone. An id may come back, and go again: it is no key.
CREATE TABLE IF NOT EXISTS {ws}.ticket_archive (
    ticket_id         uuid NOT NULL,
    title             text,
    finished_at       timestamptz,
    archived_at       timestamptz NOT NULL DEFAULT now(),
    deleted           boolean NOT NULL DEFAULT false,
    document          jsonb
);
CREATE INDEX IF NOT EXISTS ticket_archive_ticket ON {ws}.ticket_archive (ticket_id);
CREATE INDEX IF NOT EXISTS ticket_archive_archived ON {ws}.ticket_archive (archived_at);
