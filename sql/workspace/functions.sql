-- Workspaces: making, listing, checking and leaving them.

CREATE OR REPLACE FUNCTION uuid_v7() RETURNS uuid
    LANGUAGE c VOLATILE PARALLEL SAFE AS 'MODULE_PATHNAME', 'phasegate_uuid_v7';
COMMENT ON FUNCTION uuid_v7() IS
    'A UUID version 7: starts with the time in milliseconds and increases within a session. Default of every id in a workspace.';

CREATE OR REPLACE FUNCTION create_workspace(workspace name DEFAULT pg_catalog.current_schema(), tickets regclass DEFAULT NULL,
                                            phases text[] DEFAULT NULL, defaults boolean DEFAULT true) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_create_workspace';
COMMENT ON FUNCTION create_workspace(name, regclass, text[], boolean) IS
    'Makes the schema a workspace: creates it where it is missing, adopts tables tickets and tasks that are there, or the table named as that of the tickets wherever it is, repairs what is missing. Run again it changes nothing. One that an older version made is for upgrade_workspace.';

CREATE OR REPLACE FUNCTION adoption_report(workspace name, tickets regclass DEFAULT NULL, phases text[] DEFAULT NULL)
    RETURNS TABLE (table_name text, object_name text, problem text, detail text, hint text, affected_rows bigint, examples text[],
                   blocks boolean)
    LANGUAGE c STABLE PARALLEL UNSAFE ROWS 10 AS 'MODULE_PATHNAME', 'phasegate_adoption_report';
COMMENT ON FUNCTION adoption_report(name, regclass, text[]) IS
    'The obstacles to adopting or repairing existing tables with create_workspace, one row per problem, with counts and examples; with blocks false what is worth knowing. Changes nothing.';

CREATE OR REPLACE FUNCTION _adopt_step(workspace name, tickets regclass, phases text[], defaults boolean, state text) RETURNS text
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_adopt_step';
COMMENT ON FUNCTION _adopt_step(name, regclass, text[], boolean, text) IS
    'A step of adopt_workspace, and what the next one is to be told; NULL when all is done.';

-- Without SET: a procedure that has it cannot commit. Every name is qualified.
CREATE OR REPLACE PROCEDURE adopt_workspace(workspace name, tickets regclass DEFAULT NULL, phases text[] DEFAULT NULL,
                                            defaults boolean DEFAULT true)
    LANGUAGE plpgsql AS $$
DECLARE
    state pg_catalog.text;
BEGIN
    LOOP
        state := phasegate._adopt_step(workspace, tickets, phases, defaults, state);
        COMMIT;
        EXIT WHEN state IS NULL;
    END LOOP;
END $$;
COMMENT ON PROCEDURE adopt_workspace(name, regclass, text[], boolean) IS
    'As create_workspace, for long tables: in many transactions, so that others wait for moments only. Called again with the same arguments it goes on where it stopped.';

CREATE OR REPLACE FUNCTION distribute_workspace(workspace name) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_distribute_workspace';
COMMENT ON FUNCTION distribute_workspace(name) IS
    'Has Citus place the workspace, with its rows and history, on a node as a whole. On the coordinator; the workspace is locked until the transaction ends. One that is distributed stays as it is.';

CREATE OR REPLACE FUNCTION detach_workspace(workspace name, for_good boolean DEFAULT false) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_detach_workspace';
COMMENT ON FUNCTION detach_workspace(name, boolean) IS
    'Drops phasegate''s triggers and views from the workspace. All tables and rows stay; create_workspace takes it back. For good, ids no longer come from the extension either, so that nothing of the workspace needs it.';

CREATE OR REPLACE FUNCTION upgrade_workspace(workspace name)
    RETURNS TABLE (shape integer, change text)
    LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', 'phasegate_upgrade_workspace';
COMMENT ON FUNCTION upgrade_workspace(name) IS
    'Brings a workspace that an older version made to the shape of this one: one row per step, none where it is current. Tables are locked until the transaction ends. Needs the rights of the owner.';

CREATE OR REPLACE FUNCTION check_workspace(workspace name DEFAULT NULL)
    RETURNS TABLE (check_name text, violations bigint, example text)
    LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'phasegate_check_workspace';
COMMENT ON FUNCTION check_workspace(name) IS
    'Looks for states that the rules exclude, one row per check; all zero on a healthy workspace. NULL means the workspace on the search_path.';

CREATE OR REPLACE FUNCTION grant_access(workspace name, role name, level text) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_grant_access';
COMMENT ON FUNCTION grant_access(name, name, text) IS
    'Grants a role a level of access, with ordinary GRANTs that the caller must be allowed to make: reader, agent, reviewer or manager, each with those before it.';

CREATE OR REPLACE FUNCTION revoke_access(workspace name, role name, level text DEFAULT NULL) RETURNS void
    LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'phasegate_revoke_access';
COMMENT ON FUNCTION revoke_access(name, name, text) IS
    'Revokes a level of access and those above it; those below stay. NULL means all. Rights that no level gives, and columns granted by hand, stay.';

-- Which workspace holds its tickets in a table says the foreign key of its phase_history.
CREATE OR REPLACE VIEW phasegate.workspaces AS
SELECT coalesce(h.nspname, n.nspname) AS schema,
       pg_catalog.pg_get_userbyid(c.relowner) AS owner,
       pg_catalog.split_part(pg_catalog.encode(t.tgargs, 'escape'), E'\\000',
                             CASE WHEN t.tgnargs OPERATOR(pg_catalog.>) 1 THEN 2 ELSE 1 END) AS version,
       greatest(c.reltuples, 0)::pg_catalog.int8 AS tickets,
       pg_catalog.format('%I.%I', n.nspname, c.relname) AS ticket_table
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
  JOIN pg_catalog.pg_trigger t ON t.tgrelid OPERATOR(pg_catalog.=) c.oid
  LEFT JOIN (SELECT DISTINCT ON (k.confrelid) k.confrelid, hn.nspname
               FROM pg_catalog.pg_constraint k
               JOIN pg_catalog.pg_class hc ON hc.oid OPERATOR(pg_catalog.=) k.conrelid
                                          AND hc.relname OPERATOR(pg_catalog.=) 'phase_history'
               JOIN pg_catalog.pg_attribute a ON a.attrelid OPERATOR(pg_catalog.=) hc.oid
                                             AND a.attname OPERATOR(pg_catalog.=) 'ticket_id'
               JOIN pg_catalog.pg_namespace hn ON hn.oid OPERATOR(pg_catalog.=) hc.relnamespace
               JOIN pg_catalog.pg_class rc ON rc.oid OPERATOR(pg_catalog.=) k.confrelid
              WHERE k.contype OPERATOR(pg_catalog.=) 'f'::pg_catalog."char" AND k.conkey OPERATOR(pg_catalog.=) ARRAY[a.attnum]
              ORDER BY k.confrelid, hc.relowner OPERATOR(pg_catalog.=) rc.relowner DESC,
                       EXISTS (SELECT FROM pg_catalog.pg_trigger o
                                WHERE o.tgrelid OPERATOR(pg_catalog.=) hc.oid
                                  AND o.tgfoid OPERATOR(pg_catalog.=) 'phasegate._append_only'::pg_catalog.regproc) DESC,
                       k.oid) h ON h.confrelid OPERATOR(pg_catalog.=) c.oid
 WHERE t.tgparentid OPERATOR(pg_catalog.=) 0::pg_catalog.oid
   AND (t.tgfoid OPERATOR(pg_catalog.=) 'phasegate._tickets_decide'::pg_catalog.regproc
        OR t.tgfoid OPERATOR(pg_catalog.=) 'phasegate.tickets_decide'::pg_catalog.regproc)
 ORDER BY coalesce(h.nspname, n.nspname);
COMMENT ON VIEW phasegate.workspaces IS
    'One row a workspace: its schema, owner, the version of its shape, about how many tickets it holds, and where.';

COMMENT ON COLUMN phasegate.workspaces.schema IS 'The workspace''s name.';
COMMENT ON COLUMN phasegate.workspaces.owner IS 'The owner of its tickets.';
COMMENT ON COLUMN phasegate.workspaces.version IS 'The version of its shape.';
COMMENT ON COLUMN phasegate.workspaces.tickets IS 'About how many tickets it holds, as of the last ANALYZE.';
COMMENT ON COLUMN phasegate.workspaces.ticket_table IS 'The table that holds them.';
