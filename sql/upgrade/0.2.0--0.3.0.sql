-- What this update does before it replaces all functions and views: new and changed types, dropped functions, grants
-- on what is new.

-- 0.2.0 left the schema to whoever created the extension. What others have put there would be taken for the extension's.
-- DROP EXTENSION ... CASCADE, CREATE EXTENSION and create_workspace for each workspace make it a member of the extension too.
SET LOCAL search_path = pg_catalog, pg_temp;
DO $$
DECLARE
    strangers text;
    grantee text;
BEGIN
    SELECT string_agg(pg_describe_object(d.classid, d.objid, d.objsubid), ', ' ORDER BY d.classid, d.objid)
      INTO strangers
      FROM pg_depend d
     WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = 'phasegate'::regnamespace AND d.deptype = 'n'
       AND NOT (d.classid = 'pg_extension'::regclass
                AND d.objid = (SELECT e.oid FROM pg_extension e WHERE e.extname = 'phasegate'))
       AND NOT EXISTS (SELECT FROM pg_depend m
                        WHERE m.classid = d.classid AND m.objid = d.objid AND m.deptype = 'e'
                          AND m.refclassid = 'pg_extension'::regclass
                          AND m.refobjid = (SELECT e.oid FROM pg_extension e WHERE e.extname = 'phasegate'));
    IF strangers IS NOT NULL THEN
        RAISE EXCEPTION 'schema "phasegate" holds what is not the extension''s'
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = strangers,
                  HINT = 'Drop these objects or move them to another schema. Callers may have run them.';
    END IF;
    ALTER SCHEMA phasegate OWNER TO CURRENT_USER;
    FOR grantee IN
        SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
          FROM pg_namespace n, aclexplode(n.nspacl) a
         WHERE n.nspname = 'phasegate' AND a.privilege_type = 'CREATE' AND a.grantee <> n.nspowner
    LOOP
        EXECUTE format('REVOKE CREATE ON SCHEMA phasegate FROM %s CASCADE', grantee);
    END LOOP;
END $$;
SET LOCAL search_path = phasegate, pg_temp;

CREATE TYPE phasegate.task_attempt AS (
    task_id    uuid,
    completed  boolean,
    error_code text
);
COMMENT ON TYPE phasegate.task_attempt IS
    'What came of a result that was handed in with others. error_code is NULL, or the code of the error that it would have been by itself.';
ALTER TYPE phasegate.history_entry ADD ATTRIBUTE forced boolean;
COMMENT ON TYPE transition_attempt IS
    'What came of asking a ticket to move. error_code is NULL, invalid_transition, gate_not_passed, phase_changed, ticket_not_found, or from advance_tickets review_requested or move_failed.';

-- create_workspace and detach_workspace have more arguments. Who may call them, where that was said, may call them still.
CREATE FUNCTION create_workspace(workspace name, tickets regclass, phases text[], defaults boolean) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_create_workspace';
CREATE FUNCTION detach_workspace(workspace name, for_good boolean) RETURNS void
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_detach_workspace';
DO $$
DECLARE
    change text;
BEGIN
    FOR change IN
        WITH replaced (old, new) AS (
            VALUES ('phasegate.create_workspace(name)'::pg_catalog.regprocedure,
                    'phasegate.create_workspace(name, regclass, text[], boolean)'::pg_catalog.regprocedure),
                   ('phasegate.detach_workspace(name)', 'phasegate.detach_workspace(name, boolean)'))
        SELECT pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', r.new)
          FROM replaced r
          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) r.old
         WHERE p.proacl IS NOT NULL
        UNION ALL
        SELECT pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %s%s', r.new,
                                 CASE WHEN a.grantee OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'PUBLIC'
                                      ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END,
                                 CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
          FROM replaced r
          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) r.old
         CROSS JOIN LATERAL pg_catalog.aclexplode(p.proacl) a
         WHERE a.grantee OPERATOR(pg_catalog.<>) p.proowner
    LOOP
        EXECUTE change;
    END LOOP;
END $$;
DROP FUNCTION create_workspace(name), detach_workspace(name);

CREATE FUNCTION _trigger_made() RETURNS event_trigger
    LANGUAGE c AS 'MODULE_PATHNAME', 'phasegate_trigger_made';
CREATE EVENT TRIGGER phasegate_triggers ON ddl_command_end WHEN TAG IN ('CREATE TRIGGER')
    EXECUTE FUNCTION phasegate._trigger_made();
-- Also where a subscription's worker runs the code of a table's owner.
ALTER EVENT TRIGGER phasegate_triggers ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER phasegate_triggers IS
    'Keeps the TRIGGER privilege on a workspace''s table from being a right to replace or to overrule the triggers that guard it.';
