-- The schema that everything of the extension is in. It is a member of the extension and belongs to the superuser whose
-- rights the script runs with, so that nobody else can put functions there that callers would take for the extension's:
-- not who creates the extension, which a role that is no superuser may, nor who made a schema of this name before, which
-- is refused. The extension itself is of pg_catalog, as it has to be of some schema that is there already.
--
-- DROP EXTENSION leaves workspaces: they are no members. It is refused while one is in use, and with CASCADE takes what depends
-- on the extension: triggers (sql/*/triggers.sql) and the default of ids, phasegate.uuid_v7() (sql/*/tables.sql). Tables, rows,
-- casts, views and the type phase stay. After detach_workspace(..., for_good => true) nothing depends on it any more.

CREATE SCHEMA phasegate;
SET LOCAL search_path = phasegate, pg_temp;
