-- The types of rows that the functions of tasks give. A type cannot be replaced: see sql/upgrade/ for a change of one.

CREATE TYPE phasegate.task_template AS (
    id                    uuid,
    phase_id              text,
    task_type             text,
    template_description  text,
    default_priority      text,
    required_capabilities jsonb,
    dependencies_template jsonb,
    is_active             boolean,
    created_at            timestamptz
);
COMMENT ON TYPE task_template IS 'A row of task_templates.';

CREATE TYPE phasegate.task AS (
    id                    uuid,
    ticket_id             uuid,
    phase_id              text,
    kind                  text,
    task_type             text,
    description           text,
    priority              text,
    status                text,
    required_capabilities jsonb,
    dependencies          jsonb,
    pending_dependencies  integer,
    assigned_agent_id     text,
    attempts              integer,
    max_attempts          integer,
    scheduled_at          timestamptz,
    lease_expires_at      timestamptz,
    result                jsonb,
    error_message         text,
    template_id           uuid,
    created_at            timestamptz,
    updated_at            timestamptz,
    started_at            timestamptz,
    completed_at          timestamptz
);
COMMENT ON TYPE task IS 'A row of tasks.';

CREATE TYPE phasegate.task_attempt AS (
    task_id    uuid,
    completed  boolean,
    error_code text
);
COMMENT ON TYPE task_attempt IS
    'What came of a result that was handed in with others. error_code is NULL, or the code of the error that it would have been by itself.';

CREATE TYPE phasegate.claimed_task AS (
    id                    uuid,
    ticket_id             uuid,
    phase_id              text,
    kind                  text,
    task_type             text,
    description           text,
    priority              text,
    status                text,
    required_capabilities jsonb,
    dependencies          jsonb,
    pending_dependencies  integer,
    assigned_agent_id     text,
    attempts              integer,
    max_attempts          integer,
    scheduled_at          timestamptz,
    lease_expires_at      timestamptz,
    result                jsonb,
    error_message         text,
    template_id           uuid,
    created_at            timestamptz,
    updated_at            timestamptz,
    started_at            timestamptz,
    completed_at          timestamptz,
    attempt               integer,
    ticket_title          text,
    context               jsonb,
    context_summary       text
);
COMMENT ON TYPE claimed_task IS
    'A task that an agent has just claimed, with what it needs to know of the ticket. attempt is what tells this claim from a later one.';
