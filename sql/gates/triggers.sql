-- Evidence changes only while its ticket is held, so that a transition sees the change or was decided before it.

CREATE OR REPLACE TRIGGER zz_phasegate_evidence
    BEFORE INSERT OR DELETE ON {ws}.phase_gate_artifacts
    FOR EACH ROW EXECUTE FUNCTION phasegate._artifact_changes();

CREATE OR REPLACE TRIGGER zz_phasegate_evidence_edited
    BEFORE UPDATE ON {ws}.phase_gate_artifacts
    FOR EACH ROW
    WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION phasegate._artifact_changes();

CREATE OR REPLACE TRIGGER zz_phasegate_check
    BEFORE INSERT OR UPDATE ON {ws}.phase_gate_requirements
    FOR EACH ROW EXECUTE FUNCTION phasegate._requirements_check();

CREATE OR REPLACE TRIGGER zz_phasegate_work_added
    AFTER INSERT ON {ws}.tasks
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tasks_added();

CREATE OR REPLACE TRIGGER zz_phasegate_evidence_deleted
    BEFORE DELETE ON {ws}.tasks
    FOR EACH ROW EXECUTE FUNCTION phasegate._task_withdrawn();

CREATE OR REPLACE TRIGGER zz_phasegate_collect_added
    AFTER INSERT ON {ws}.tasks
    FOR EACH ROW WHEN (NEW.kind = 'work' AND NEW.status = 'completed' AND NEW.result ? 'artifacts')
    EXECUTE FUNCTION phasegate._task_completed();
