-- PostgreSQL fires triggers of one event in the order of their names. The decision comes after a user's own
-- BEFORE triggers, so that it sees the row as it will be; the record comes before a user's own AFTER STATEMENT triggers.

CREATE OR REPLACE TRIGGER zz_phasegate_start
    BEFORE INSERT ON {tickets}
    FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_start();

-- Without a WHEN clause, which the server parses anew for every statement: that takes longer than calling the
-- function, which first looks whether anything of phasegate's changes.
CREATE OR REPLACE TRIGGER zz_phasegate_decide
    BEFORE UPDATE ON {tickets}
    FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_decide('{needs}', '{shape}');

CREATE OR REPLACE TRIGGER aa_phasegate_started
    AFTER INSERT ON {tickets}
    FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_record();

CREATE OR REPLACE TRIGGER aa_phasegate_write
    AFTER INSERT OR UPDATE ON {tickets}
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tickets_write();

-- In capitals, which sort before the triggers of foreign keys (RI_...): what it keeps the cascade is about to delete.
CREATE OR REPLACE TRIGGER "AA_phasegate_deleted"
    AFTER DELETE ON {tickets}
    FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_deleted();

CREATE OR REPLACE TRIGGER zz_phasegate_check
    BEFORE INSERT OR UPDATE OR DELETE ON {ws}.phases
    FOR EACH ROW EXECUTE FUNCTION phasegate._phases_check();

CREATE OR REPLACE TRIGGER phasegate_owner_only
    BEFORE INSERT ON {ws}.phase_history
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._owner_only();
CREATE OR REPLACE TRIGGER phasegate_owner_only
    BEFORE INSERT ON {ws}.configuration_history
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._owner_only();
CREATE OR REPLACE TRIGGER phasegate_owner_only
    BEFORE INSERT ON {ws}.ticket_archive
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._owner_only();
CREATE OR REPLACE TRIGGER phasegate_owner_only
    BEFORE INSERT OR UPDATE OR DELETE ON {ws}.phase_gate_results
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._owner_only();
-- Row by row, so that a verdict is given in nobody else's name.
CREATE OR REPLACE TRIGGER phasegate_named
    BEFORE INSERT OR UPDATE ON {ws}.phase_gate_results
    FOR EACH ROW EXECUTE FUNCTION phasegate._owner_only();

CREATE OR REPLACE TRIGGER phasegate_append_only
    BEFORE UPDATE OR DELETE ON {ws}.phase_history
    FOR EACH ROW EXECUTE FUNCTION phasegate._append_only();
CREATE OR REPLACE TRIGGER phasegate_append_only
    BEFORE UPDATE OR DELETE ON {ws}.configuration_history
    FOR EACH ROW EXECUTE FUNCTION phasegate._append_only();
CREATE OR REPLACE TRIGGER phasegate_append_only
    BEFORE UPDATE OR DELETE ON {ws}.ticket_archive
    FOR EACH ROW EXECUTE FUNCTION phasegate._append_only();
-- AFTER TRUNCATE, when all tables that the statement names are empty: only with the tickets may these be emptied.
CREATE OR REPLACE TRIGGER phasegate_not_truncated
    AFTER TRUNCATE ON {ws}.phase_history
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._append_only();
CREATE OR REPLACE TRIGGER phasegate_not_truncated
    AFTER TRUNCATE ON {ws}.configuration_history
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._append_only();
CREATE OR REPLACE TRIGGER phasegate_not_truncated
    AFTER TRUNCATE ON {ws}.ticket_archive
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._append_only();

-- ALWAYS, and row by row: the sessions of a logical subscriber keep configuration too, and the worker that applies
-- changes fires no trigger that is not ALWAYS, and none of a statement's but TRUNCATE's.
CREATE OR REPLACE TRIGGER zz_phasegate_configured
    AFTER INSERT OR UPDATE OR DELETE ON {ws}.phases
    FOR EACH ROW EXECUTE FUNCTION phasegate._configuration_changed();
CREATE OR REPLACE TRIGGER zz_phasegate_emptied
    AFTER TRUNCATE ON {ws}.phases
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._configuration_changed();
ALTER TABLE {ws}.phases ENABLE ALWAYS TRIGGER zz_phasegate_configured;
ALTER TABLE {ws}.phases ENABLE ALWAYS TRIGGER zz_phasegate_emptied;
CREATE OR REPLACE TRIGGER zz_phasegate_configured
    AFTER INSERT OR UPDATE OR DELETE ON {ws}.phase_transitions
    FOR EACH ROW EXECUTE FUNCTION phasegate._configuration_changed();
CREATE OR REPLACE TRIGGER zz_phasegate_emptied
    AFTER TRUNCATE ON {ws}.phase_transitions
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._configuration_changed();
ALTER TABLE {ws}.phase_transitions ENABLE ALWAYS TRIGGER zz_phasegate_configured;
ALTER TABLE {ws}.phase_transitions ENABLE ALWAYS TRIGGER zz_phasegate_emptied;
CREATE OR REPLACE TRIGGER zz_phasegate_configured
    AFTER INSERT OR UPDATE OR DELETE ON {ws}.task_templates
    FOR EACH ROW EXECUTE FUNCTION phasegate._configuration_changed();
CREATE OR REPLACE TRIGGER zz_phasegate_emptied
    AFTER TRUNCATE ON {ws}.task_templates
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._configuration_changed();
ALTER TABLE {ws}.task_templates ENABLE ALWAYS TRIGGER zz_phasegate_configured;
ALTER TABLE {ws}.task_templates ENABLE ALWAYS TRIGGER zz_phasegate_emptied;
CREATE OR REPLACE TRIGGER zz_phasegate_configured
    AFTER INSERT OR UPDATE OR DELETE ON {ws}.phase_gate_requirements
    FOR EACH ROW EXECUTE FUNCTION phasegate._configuration_changed();
CREATE OR REPLACE TRIGGER zz_phasegate_emptied
    AFTER TRUNCATE ON {ws}.phase_gate_requirements
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._configuration_changed();
ALTER TABLE {ws}.phase_gate_requirements ENABLE ALWAYS TRIGGER zz_phasegate_configured;
ALTER TABLE {ws}.phase_gate_requirements ENABLE ALWAYS TRIGGER zz_phasegate_emptied;
