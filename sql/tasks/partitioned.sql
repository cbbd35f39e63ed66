-- A statement that names a partition, or a table that tasks is a partition of, fires no statement trigger of tasks.
CREATE OR REPLACE TRIGGER aa_phasegate_settled
    AFTER INSERT OR UPDATE OR DELETE ON {ws}.tasks
    FOR EACH ROW EXECUTE FUNCTION phasegate._tasks_settle();
