-- Templates, and the tasks that are generated from them or added by hand.

CREATE TABLE IF NOT EXISTS {ws}.task_templates (
    id                    uuid PRIMARY KEY DEFAULT phasegate.uuid_v7(),
    phase_id              {phase} NOT NULL,
    task_type             varchar(100) NOT NULL,
    template_description  text NOT NULL,
    default_priority      varchar(20) DEFAULT 'MEDIUM'
                          CONSTRAINT task_templates_priority_check
                          CHECK (default_priority = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}')),
    required_capabilities jsonb,
    dependencies_template jsonb,
    is_active             boolean NOT NULL DEFAULT true,
    created_at            timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS task_templates_phase ON {ws}.task_templates (phase_id);

CREATE TABLE IF NOT EXISTS {ws}.tasks (
    id                    uuid PRIMARY KEY DEFAULT phasegate.uuid_v7(),
    ticket_id             uuid NOT NULL REFERENCES {tickets} ({ticket.id}) ON DELETE CASCADE,
    phase_id              {phase} NOT NULL,
    kind                  text NOT NULL DEFAULT 'work'
                          CONSTRAINT tasks_kind_check CHECK (kind = ANY ('{work,review,summary}')),
    task_type             varchar(100),
    description           text,
    priority              varchar(20) NOT NULL DEFAULT 'MEDIUM'
                          CONSTRAINT tasks_priority_check CHECK (priority = ANY ('{LOW,MEDIUM,HIGH,CRITICAL}')),
    status                varchar(50) NOT NULL DEFAULT 'pending'
                          CONSTRAINT tasks_status_check
                          CHECK (status = ANY ('{pending,assigned,running,completed,failed,cancelled}')),
    required_capabilities jsonb,
    dependencies          jsonb,
    pending_dependencies  integer NOT NULL DEFAULT 0,
    assigned_agent_id     varchar(255),
    attempts              integer NOT NULL DEFAULT 0,
    max_attempts          integer NOT NULL DEFAULT 3,
    scheduled_at          timestamptz,
    lease_expires_at      timestamptz,
    result                jsonb,
    error_message         text,
    template_id           uuid,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    started_at            timestamptz,
    completed_at          timestamptz,
    on_hold               boolean NOT NULL DEFAULT false,
    agents                varchar(255)[] NOT NULL DEFAULT '{}',
    db_role               name,
    acting_role           name
)
-- Each claim leaves a dead entry at the head of the queue's index: after 10,000 of them a claim takes half as long again. The
-- server's own settings would wait for a fifth of all tasks.
WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000);
CREATE INDEX IF NOT EXISTS tasks_ticket ON {ws}.tasks (ticket_id, phase_id);

-- What an agent can claim, in the order in which it is claimed. Tasks that are held, finished, blocked by
-- dependencies, on hold or to be claimed later are not in it, so that they cost a claim nothing.
CREATE INDEX IF NOT EXISTS tasks_claimable
    ON {ws}.tasks ((array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::text[], priority::text)), created_at, id)
    WHERE status = 'pending' AND pending_dependencies = 0 AND scheduled_at IS NULL AND NOT on_hold;
-- The same tasks by what an agent must be to claim them: those that are alike stand together, in their order. For
-- claims that the beginning of the queue does not fit. The predicate means the same in other words, so that a
-- statement can use only the index that it is meant for.
CREATE INDEX IF NOT EXISTS tasks_claimable_groups
    ON {ws}.tasks (kind, phase_id, (coalesce(jsonb_hash_extended(required_capabilities, 0), 0)),
                   (array_position('{CRITICAL,HIGH,MEDIUM,LOW}'::text[], priority::text)), created_at, id)
    WHERE coalesce(status = 'pending' AND pending_dependencies = 0 AND scheduled_at IS NULL AND NOT on_hold, false);
-- When a lease runs out, or the time of a task to be claimed later comes; a task has one of the two at most.
-- A claim looks at the beginning of it.
CREATE INDEX IF NOT EXISTS tasks_due
    ON {ws}.tasks ((coalesce(lease_expires_at, scheduled_at))) WHERE coalesce(lease_expires_at, scheduled_at) IS NOT NULL;
-- Who waits for a task that is completed: few, and all of its ticket.
CREATE INDEX IF NOT EXISTS tasks_dependent ON {ws}.tasks (ticket_id) WHERE dependencies IS NOT NULL;
-- What is to be done or looked at, for the board and metrics: few of the tasks that there are.
CREATE INDEX IF NOT EXISTS tasks_open ON {ws}.tasks (phase_id, ticket_id) WHERE status = ANY ('{pending,assigned,running,failed}');
