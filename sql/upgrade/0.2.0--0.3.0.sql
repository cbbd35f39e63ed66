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
