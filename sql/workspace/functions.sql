-- Workspaces: making, listing, checking and leaving them.

CREATE OR REPLACE FUNCTION uuid_v7() RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_uuid_v7';
COMMENT ON FUNCTION uuid_v7() IS
    'A UUID version 7: starts with the time in milliseconds and increases within a session. Default of every id in a workspace.';

CREATE OR REPLACE FUNCTION create_workspace(workspace name DEFAULT pg_catalog.current_schema()) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_create_workspace';
COMMENT ON FUNCTION create_workspace(name) IS
    'Makes the schema a workspace: creates it where it is missing, adopts tables tickets and tasks that are there, repairs what is missing. Run again it changes nothing. One that an older version made is for upgrade_workspace.';

CREATE OR REPLACE FUNCTION detach_workspace(workspace name) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_detach_workspace';
COMMENT ON FUNCTION detach_workspace(name) IS
    'Drops phasegate''s triggers and views from the workspace. All tables and rows stay; create_workspace takes it back.';

CREATE OR REPLACE FUNCTION upgrade_workspace(workspace name)
    RETURNS TABLE (shape integer, change text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'phasegate_upgrade_workspace';
COMMENT ON FUNCTION upgrade_workspace(name) IS
    'Brings a workspace that an older version made to the shape of this one: one row a step, none where it is current. Tables are locked until the transaction ends. Needs the rights of the owner.';

CREATE OR REPLACE FUNCTION check_workspace(workspace name DEFAULT NULL)
    RETURNS TABLE (check_name text, violations bigint, example text)
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_check_workspace';
COMMENT ON FUNCTION check_workspace(name) IS
    'Looks for states that the rules exclude, one row a check; all zero on a healthy workspace. NULL means the workspace on the search_path.';

CREATE OR REPLACE FUNCTION grant_access(workspace name, role name, level text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_grant_access';
COMMENT ON FUNCTION grant_access(name, name, text) IS
    'Grants a role a level of access, with ordinary GRANTs that the caller must be allowed to make: reader, agent, reviewer or manager, each with those before it.';

CREATE OR REPLACE FUNCTION revoke_access(workspace name, role name, level text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_revoke_access';
COMMENT ON FUNCTION revoke_access(name, name, text) IS
    'Revokes a level of access and those above it; those below stay. NULL means all. Rights that no level gives, and columns granted by hand, stay.';

CREATE OR REPLACE VIEW phasegate.workspaces AS
SELECT n.nspname AS schema,
       pg_catalog.pg_get_userbyid(c.relowner) AS owner,
       pg_catalog.split_part(pg_catalog.encode(t.tgargs, 'escape'), E'\\000',
                             CASE WHEN t.tgnargs OPERATOR(pg_catalog.>) 1 THEN 2 ELSE 1 END) AS version,
       greatest(c.reltuples, 0)::pg_catalog.int8 AS tickets
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  JOIN pg_catalog.pg_trigger t ON t.tgrelid OPERATOR(pg_catalog.=) c.oid
 WHERE c.relname OPERATOR(pg_catalog.=) 'tickets'
   AND (t.tgfoid OPERATOR(pg_catalog.=) 'phasegate._tickets_decide'::pg_catalog.regproc
        OR t.tgfoid OPERATOR(pg_catalog.=) 'phasegate.tickets_decide'::pg_catalog.regproc)
 ORDER BY n.nspname;
COMMENT ON VIEW phasegate.workspaces IS
    'One row a workspace: its schema, owner, the version of its shape, and about how many tickets it holds.';

COMMENT ON COLUMN phasegate.workspaces.schema IS 'The workspace''s name.';
COMMENT ON COLUMN phasegate.workspaces.owner IS 'The owner of its tickets.';
COMMENT ON COLUMN phasegate.workspaces.version IS 'The version of its shape.';
COMMENT ON COLUMN phasegate.workspaces.tickets IS 'About how many tickets it holds, as of the last ANALYZE.';
