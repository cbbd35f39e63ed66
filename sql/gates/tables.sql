-- Evidence, verdicts, and what each phase's gate asks for.

CREATE TABLE IF NOT EXISTS {ws}.phase_gate_artifacts (
    id                uuid PRIMARY KEY DEFAULT phasegate.uuid_v7(),
    ticket_id         uuid NOT NULL REFERENCES {tickets} ({ticket.id}) ON DELETE CASCADE,
    phase_id          {phase} NOT NULL,
    artifact_type     varchar(100) NOT NULL,
    artifact_path     text,
    artifact_content  jsonb,
    collected_at      timestamptz NOT NULL DEFAULT now(),
    collected_by      varchar(255),
    task_id           uuid,
    superseded_at     timestamptz,
    db_role           name,
    acting_role       name
);
CREATE INDEX IF NOT EXISTS phase_gate_artifacts_ticket_phase
    ON {ws}.phase_gate_artifacts (ticket_id, phase_id);

CREATE TABLE IF NOT EXISTS {ws}.phase_gate_results (
    id                uuid PRIMARY KEY DEFAULT phasegate.uuid_v7(),
    ticket_id         uuid NOT NULL REFERENCES {tickets} ({ticket.id}) ON DELETE CASCADE,
    phase_id          {phase} NOT NULL,
    gate_status       varchar(50) NOT NULL
                      CONSTRAINT phase_gate_results_status_check CHECK (gate_status = ANY ('{passed,failed,pending}')),
    validation_result jsonb,
    validated_at      timestamptz NOT NULL DEFAULT now(),
    validated_by      varchar(255),
    blocking_reasons  text[],
    db_role           name DEFAULT session_user,
    acting_role       name DEFAULT current_user
);
CREATE INDEX IF NOT EXISTS phase_gate_results_ticket_phase
    ON {ws}.phase_gate_results (ticket_id, phase_id);

-- Configuration: a phase without a row here has no gate.
CREATE TABLE IF NOT EXISTS {ws}.phase_gate_requirements (
    phase_id                 {phase} PRIMARY KEY,
    required_artifacts       text[] NOT NULL DEFAULT '{}',
    required_tasks_completed boolean NOT NULL DEFAULT false,
    validation_criteria      jsonb,
    requires_review          boolean NOT NULL DEFAULT false,
    required_approvals       integer NOT NULL DEFAULT 1
                             CONSTRAINT phase_gate_requirements_approvals_check CHECK (required_approvals >= 1),
    rework                   boolean NOT NULL DEFAULT true,
    max_rework               integer NOT NULL DEFAULT 3
                             CONSTRAINT phase_gate_requirements_rework_check CHECK (max_rework >= 0)
);
