-- A statement that names a partition, or a table that tickets is a partition of, fires no statement trigger of tickets.
CREATE OR REPLACE TRIGGER aa_phasegate_written
    AFTER INSERT OR UPDATE ON {tickets}
    FOR EACH ROW EXECUTE FUNCTION phasegate._tickets_write();

-- New rows are noted one by one, and are to be written down together where the statement trigger is to come.
CREATE OR REPLACE TRIGGER aa_phasegate_begin
    BEFORE INSERT ON {tickets}
    FOR EACH STATEMENT EXECUTE FUNCTION phasegate._tickets_write();
