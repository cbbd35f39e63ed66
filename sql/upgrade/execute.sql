-- The last that an update does: EXECUTE is granted on functions of which nobody has said who may call them, be they new or
-- old. What an administrator has revoked or granted stays so.
DO $$
DECLARE
    function text;
BEGIN
    FOR function IN
        SELECT p.oid::pg_catalog.regprocedure::pg_catalog.text
          FROM pg_catalog.pg_proc p
          JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                                     AND d.objid OPERATOR(pg_catalog.=) p.oid AND d.deptype OPERATOR(pg_catalog.=) 'e'
          JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
                                        AND e.extname OPERATOR(pg_catalog.=) 'phasegate'
         WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass AND p.proacl IS NULL
    LOOP
        EXECUTE pg_catalog.format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', function);
    END LOOP;
END $$;
