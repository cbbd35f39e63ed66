-- The extension can be dropped where nothing uses it, and created again.
SELECT extname, nspname AS schema FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'phasegate';
DROP EXTENSION phasegate;
CREATE EXTENSION phasegate;
-- Its schema is its own, so another one is refused.
DROP EXTENSION phasegate;
CREATE SCHEMA elsewhere;
CREATE EXTENSION phasegate SCHEMA elsewhere;
-- It is trusted: whoever may create objects in the database may create it.
CREATE ROLE regress_extension_owner;
SELECT format('GRANT CREATE ON DATABASE %I TO regress_extension_owner', current_database()) \gexec
SET ROLE regress_extension_owner;
CREATE EXTENSION phasegate;
RESET ROLE;
DROP OWNED BY regress_extension_owner;
DROP ROLE regress_extension_owner;
