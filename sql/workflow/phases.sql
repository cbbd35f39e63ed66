-- Configuration: what each phase means. A label of the enum without a row is a phase of kind work.
CREATE TABLE IF NOT EXISTS {ws}.phases (
    phase_id          {phase} PRIMARY KEY,
    kind              text NOT NULL DEFAULT 'work'
                      CONSTRAINT phases_kind_check CHECK (kind = ANY ('{start,work,blocked,final,abandoned}')),
    context_key       text NOT NULL UNIQUE,
    due_after         interval,
    description       text
);
CREATE UNIQUE INDEX IF NOT EXISTS phases_one_start ON {ws}.phases (kind) WHERE kind = 'start';
CREATE UNIQUE INDEX IF NOT EXISTS phases_one_blocked ON {ws}.phases (kind) WHERE kind = 'blocked';
