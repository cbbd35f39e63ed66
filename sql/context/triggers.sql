-- Fires after zz_phasegate_keep, which checks the answer's shape. Without a WHEN clause as in sql/gates/triggers.sql.

CREATE OR REPLACE TRIGGER zz_phasegate_summary_given
    BEFORE UPDATE ON {ws}.tasks
    FOR EACH ROW EXECUTE FUNCTION phasegate.summary_given();
