-- What tasks_keep keeps it sees after a user's own BEFORE triggers; what follows from a statement is settled
-- before a user's own AFTER triggers. All rules about a row on its way into the table are one trigger's, and what follows
-- from an UPDATE is one trigger's a statement: each further one costs a claim or a completion a hundredth.

CREATE OR REPLACE TRIGGER zz_phasegate_new
    BEFORE INSERT ON {ws}.tasks
    FOR EACH ROW EXECUTE FUNCTION phasegate._tasks_keep();

-- Without a WHEN clause, which the server parses anew for every statement: for so many columns that takes
-- longer than calling the function, which first looks whether anything of phasegate's changes.
CREATE OR REPLACE TRIGGER zz_phasegate_keep
    BEFORE UPDATE ON {ws}.tasks
    FOR EACH ROW EXECUTE FUNCTION phasegate._tasks_keep();

CREATE OR REPLACE TRIGGER aa_phasegate_linked
    AFTER INSERT ON {ws}.tasks
    FOR EACH ROW WHEN (NEW.dependencies IS NOT NULL)
    EXECUTE FUNCTION phasegate._tasks_note();

CREATE OR REPLACE TRIGGER aa_phasegate_deleted
    AFTER DELETE ON {ws}.tasks
    FOR EACH ROW WHEN (OLD.status <> 'completed')
    EXECUTE FUNCTION phasegate._tasks_note();

CREATE OR REPLACE TRIGGER aa_phasegate_settle
    AFTER INSERT OR UPDATE OR DELETE ON {ws}.tasks
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tasks_settle();

CREATE OR REPLACE TRIGGER zz_phasegate_check
    BEFORE INSERT OR UPDATE ON {ws}.task_templates
    FOR EACH ROW EXECUTE FUNCTION phasegate._templates_check();

CREATE OR REPLACE TRIGGER aa_phasegate_fit
    AFTER INSERT OR UPDATE OR DELETE ON {ws}.task_templates
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._templates_fit();
