-- Called after each CREATE TRIGGER of the database; the function says what it refuses.
CREATE EVENT TRIGGER phasegate_triggers ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER')
    EXECUTE FUNCTION phasegate._trigger_made();
-- Also where a subscription's worker runs the code of a table's owner.
ALTER EVENT TRIGGER phasegate_triggers ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER phasegate_triggers IS
    'Keeps the TRIGGER privilege on a workspace''s table from being a right to replace or to overrule the triggers that guard it.';
