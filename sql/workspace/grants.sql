-- What PUBLIC may use, granted when the extension is created. An update grants nothing again: what an administrator has
-- revoked stays revoked. Grants on what a later version adds belong into sql/upgrade/ as well.

GRANT SELECT ON phasegate.workspaces TO PUBLIC;
-- Every function checks the caller's rights on the workspace's tables, so who may call it is no question.
GRANT USAGE ON SCHEMA phasegate TO PUBLIC;
-- Said of each, so that databases whose owners' default privileges keep functions from PUBLIC work too.
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA phasegate TO PUBLIC;
