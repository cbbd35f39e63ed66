-- They fire after tasks_keep, which checks the answer's shape. On UPDATE without a WHEN clause as in sql/gates/triggers.sql.

CREATE OR REPLACE TRIGGER zz_phasegate_summary_added
    BEFORE INSERT ON {ws}.tasks
    FOR EACH ROW WHEN (NEW.kind = 'summary' AND NEW.result IS NOT NULL)
    EXECUTE FUNCTION phasegate._summary_given();

CREATE OR REPLACE TRIGGER zz_phasegate_summary_given
    BEFORE UPDATE ON {ws}.tasks
    FOR EACH ROW EXECUTE FUNCTION phasegate._summary_given();
