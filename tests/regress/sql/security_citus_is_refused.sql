-- Where Citus has distributed a workspace's tables, nothing is done with the empty shells. Its catalogs are enough to say so.
SELECT phasegate.create_workspace('acme');
INSERT INTO acme.tickets (id, title) VALUES ('00000000-0000-7000-8000-00000000000a', 'a');
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) SELECT 99999, 'citus', 10, 'pg_catalog'::regnamespace, false, '0';
RESET allow_system_table_mods;
\c
SET search_path = acme, phasegate;
-- Not distributed: as without Citus.
SELECT get_current_phase('00000000-0000-7000-8000-00000000000a');
UPDATE tickets SET title = 'b';
INSERT INTO pg_dist_partition VALUES ('acme.phase_history');
\c
SET search_path = acme, phasegate;
SELECT get_current_phase('00000000-0000-7000-8000-00000000000a');
UPDATE tickets SET title = 'c';
SELECT count(*) FROM check_workspace();
-- A workspace is not made half.
SET citus.enable_schema_based_sharding = on;
SELECT create_workspace('other');
SET citus.enable_schema_based_sharding = off;
SELECT create_workspace('other');
SET allow_system_table_mods = on;
DELETE FROM pg_extension WHERE extname = 'citus';
DROP TABLE pg_catalog.pg_dist_partition;
