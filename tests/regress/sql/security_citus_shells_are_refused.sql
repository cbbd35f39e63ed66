-- Where Citus has distributed a workspace, nothing is done with the empty shells. Its catalogs are enough to say so: here they
-- are made by hand. What Citus itself does with a workspace is tried in tests/citus.
SELECT phasegate.create_workspace('acme');
INSERT INTO acme.tickets (id, title) VALUES ('00000000-0000-7000-8000-00000000000a', 'a');
SELECT phasegate.distribute_workspace('acme');
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
CREATE TABLE pg_catalog.pg_dist_shard (logicalrelid regclass, shardid bigint);
CREATE TABLE pg_catalog.pg_dist_placement (shardid bigint, groupid integer);
CREATE TABLE pg_catalog.pg_dist_local_group (groupid integer);
INSERT INTO pg_dist_local_group VALUES (1);
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
SELECT distribute_workspace('acme');
-- A workspace is not made half.
SET citus.enable_schema_based_sharding = on;
SELECT create_workspace('other');
SET citus.enable_schema_based_sharding = off;
SELECT create_workspace('other');
-- Its schema is placed as a whole, on another node.
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_schema (schemaid oid, colocationid integer);
INSERT INTO pg_dist_schema VALUES ('acme'::regnamespace, 7);
INSERT INTO pg_dist_shard SELECT oid, 100 + row_number() OVER (ORDER BY relname) FROM pg_class WHERE relnamespace = 'acme'::regnamespace AND relkind = 'r';
INSERT INTO pg_dist_placement SELECT shardid, 2 FROM pg_dist_shard;
CREATE FUNCTION pg_catalog.lock_shard_metadata(mode int, shards bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN RAISE NOTICE 'shard % is held with lock % by %', shards, mode, current_user; END $$;
\c
SET search_path = acme, phasegate;
SELECT get_current_phase('00000000-0000-7000-8000-00000000000a');
UPDATE tickets SET title = 'c';
SELECT count(*) FROM check_workspace();
SELECT create_workspace('acme');
SELECT grant_access('acme', 'postgres', 'reader');
SELECT detach_workspace('acme');
-- It is here, in tables beside those of our names.
SET allow_system_table_mods = on;
UPDATE pg_dist_local_group SET groupid = 2;
SELECT format('ALTER TABLE %s RENAME TO %I', logicalrelid, split_part(logicalrelid::text, '.', 2) || '_' || shardid),
       format('CREATE TABLE acme.%I (LIKE acme.%I)', split_part(logicalrelid::text, '.', 2), split_part(logicalrelid::text, '.', 2) || '_' || shardid)
  FROM (SELECT 'acme.' || relname AS logicalrelid, shardid FROM pg_dist_shard JOIN pg_class ON pg_class.oid = logicalrelid ORDER BY shardid) s
\gexec
GRANT SELECT ON pg_catalog.pg_dist_schema, pg_catalog.pg_dist_shard, pg_catalog.pg_dist_placement, pg_catalog.pg_dist_local_group TO PUBLIC;
UPDATE pg_dist_shard SET logicalrelid = ('acme.' || regexp_replace(relname, '_\d+$', ''))::regclass FROM pg_class WHERE pg_class.oid = logicalrelid;
\c
SET search_path = acme, phasegate;
CREATE ROLE citus_agent;
GRANT USAGE ON SCHEMA acme TO citus_agent;
GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA acme TO citus_agent;
SET ROLE citus_agent;
BEGIN;
SELECT get_current_phase('00000000-0000-7000-8000-00000000000a');
-- What is held once is held until the transaction, or what is rolled back of it, ends.
SAVEPOINT a;
SELECT transition_ticket('00000000-0000-7000-8000-00000000000a', 'PHASE_REQUIREMENTS') IS NOT NULL AS moved;
ROLLBACK TO a;
SELECT transition_ticket('00000000-0000-7000-8000-00000000000a', 'PHASE_REQUIREMENTS') IS NOT NULL AS moved;
COMMIT;
SELECT id, phase_id FROM tickets_112;
SELECT count(*) FROM tickets;
SELECT task_type FROM tasks_110;
RESET ROLE;
SELECT count(*) FROM phase_history_106;
-- It is moved.
UPDATE pg_dist_placement SET groupid = 1;
\c
SET search_path = acme, phasegate;
UPDATE tickets_112 SET phase_id = 'PHASE_BLOCKED';
SELECT get_current_phase('00000000-0000-7000-8000-00000000000a');
SET client_min_messages = warning;
DROP SCHEMA acme CASCADE;
DROP ROLE citus_agent;
SET allow_system_table_mods = on;
DELETE FROM pg_extension WHERE extname = 'citus';
DROP FUNCTION pg_catalog.lock_shard_metadata;
DROP TABLE pg_catalog.pg_dist_partition, pg_catalog.pg_dist_schema, pg_catalog.pg_dist_shard, pg_catalog.pg_dist_placement, pg_catalog.pg_dist_local_group;
