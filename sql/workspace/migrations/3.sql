-- To shape 3. Columns of tickets and tasks, new tables, indexes and triggers are made with all that is missing. A default
-- that is the same for all rows that are there is added without writing them: their moves have the upgrade's own xid, so
-- that who reads by it gets them first, in the order of their ids.
ALTER TABLE IF EXISTS {ws}.phase_history
    ADD COLUMN IF NOT EXISTS acting_role name,
    ADD COLUMN IF NOT EXISTS forced boolean NOT NULL DEFAULT false,
    ADD COLUMN IF NOT EXISTS xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    ADD COLUMN IF NOT EXISTS cluster bigint NOT NULL DEFAULT {cluster};
ALTER TABLE IF EXISTS {ws}.phase_history
    ALTER COLUMN acting_role SET DEFAULT current_user,
    ALTER COLUMN cluster SET DEFAULT (pg_control_system()).system_identifier + 0;
ALTER TABLE IF EXISTS {ws}.phase_gate_requirements
    ADD COLUMN IF NOT EXISTS required_approvals integer NOT NULL DEFAULT 1
        CONSTRAINT phase_gate_requirements_approvals_check CHECK (required_approvals >= 1),
    ADD COLUMN IF NOT EXISTS rework boolean NOT NULL DEFAULT true,
    ADD COLUMN IF NOT EXISTS max_rework integer NOT NULL DEFAULT 3
        CONSTRAINT phase_gate_requirements_rework_check CHECK (max_rework >= 0);
ALTER TABLE IF EXISTS {ws}.phase_gate_artifacts
    ADD COLUMN IF NOT EXISTS db_role name,
    ADD COLUMN IF NOT EXISTS acting_role name;
ALTER TABLE IF EXISTS {ws}.phase_gate_results
    ADD COLUMN IF NOT EXISTS db_role name,
    ADD COLUMN IF NOT EXISTS acting_role name;
ALTER TABLE IF EXISTS {ws}.phase_gate_results
    ALTER COLUMN db_role SET DEFAULT session_user,
    ALTER COLUMN acting_role SET DEFAULT current_user;
-- The queue's indexes are made anew: tasks on hold are not in them.
DROP INDEX IF EXISTS {ws}.tasks_claimable, {ws}.tasks_claimable_groups;
