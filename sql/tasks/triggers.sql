-- What tasks_keep keeps it sees after a user's own BEFORE triggers; what follows from a statement is settled
-- before a user's own AFTER triggers. An UPDATE that touches none of the columns named here fires nothing for its rows.

CREATE OR REPLACE TRIGGER zz_phasegate_new
    BEFORE INSERT ON {ws}.tasks
    FOR EACH ROW EXECUTE FUNCTION phasegate.tasks_keep();

CREATE OR REPLACE TRIGGER zz_phasegate_keep
    BEFORE UPDATE ON {ws}.tasks
    FOR EACH ROW
    WHEN (OLD.status IS DISTINCT FROM NEW.status
          OR OLD.lease_expires_at IS DISTINCT FROM NEW.lease_expires_at
          OR OLD.assigned_agent_id IS DISTINCT FROM NEW.assigned_agent_id
          OR OLD.attempts IS DISTINCT FROM NEW.attempts
          OR OLD.max_attempts IS DISTINCT FROM NEW.max_attempts
          OR OLD.pending_dependencies IS DISTINCT FROM NEW.pending_dependencies
          OR OLD.scheduled_at IS DISTINCT FROM NEW.scheduled_at
          OR OLD.started_at IS DISTINCT FROM NEW.started_at
          OR OLD.completed_at IS DISTINCT FROM NEW.completed_at
          OR OLD.updated_at IS DISTINCT FROM NEW.updated_at
          OR OLD.id IS DISTINCT FROM NEW.id
          OR OLD.ticket_id IS DISTINCT FROM NEW.ticket_id
          OR OLD.phase_id IS DISTINCT FROM NEW.phase_id
          OR OLD.kind IS DISTINCT FROM NEW.kind
          OR OLD.priority IS DISTINCT FROM NEW.priority
          OR OLD.description IS DISTINCT FROM NEW.description
          OR OLD.dependencies IS DISTINCT FROM NEW.dependencies
          OR OLD.required_capabilities IS DISTINCT FROM NEW.required_capabilities
          OR OLD.result IS DISTINCT FROM NEW.result)
    EXECUTE FUNCTION phasegate.tasks_keep();

CREATE OR REPLACE TRIGGER aa_phasegate_linked
    AFTER INSERT ON {ws}.tasks
    FOR EACH ROW WHEN (NEW.dependencies IS NOT NULL)
    EXECUTE FUNCTION phasegate.tasks_note();

CREATE OR REPLACE TRIGGER aa_phasegate_changed
    AFTER UPDATE ON {ws}.tasks
    FOR EACH ROW
    WHEN (OLD.status <> NEW.status AND NEW.status = 'completed'
          OR OLD.dependencies IS DISTINCT FROM NEW.dependencies)
    EXECUTE FUNCTION phasegate.tasks_note();

CREATE OR REPLACE TRIGGER aa_phasegate_deleted
    AFTER DELETE ON {ws}.tasks
    FOR EACH ROW WHEN (OLD.status <> 'completed')
    EXECUTE FUNCTION phasegate.tasks_note();

CREATE OR REPLACE TRIGGER aa_phasegate_settle
    AFTER INSERT OR UPDATE OR DELETE ON {ws}.tasks
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate.tasks_settle();

CREATE OR REPLACE TRIGGER zz_phasegate_check
    BEFORE INSERT OR UPDATE ON {ws}.task_templates
    FOR EACH ROW EXECUTE FUNCTION phasegate.templates_check();

CREATE OR REPLACE TRIGGER aa_phasegate_fit
    AFTER INSERT OR UPDATE OR DELETE ON {ws}.task_templates
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate.templates_fit();
