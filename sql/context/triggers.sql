-- Fires after zz_phasegate_keep, which checks the answer's shape.

CREATE OR REPLACE TRIGGER zz_phasegate_summary_given
    BEFORE UPDATE ON {ws}.tasks
    FOR EACH ROW WHEN (NEW.kind = 'summary' AND NEW.status = 'completed' AND OLD.status <> 'completed')
    EXECUTE FUNCTION phasegate.summary_given();
