"""Tables that people have, each odd in one way: what a schema is made of before it is adopted.

In each statement {t} stands for the table of the tickets, {s} for its schema, which is the workspace's too.
"""

PLAIN = """
    CREATE TABLE {t} (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), title text NOT NULL, state text DEFAULT 'open', phase_id {type},
                      changed timestamptz, number serial);
    INSERT INTO {t} (title, phase_id) VALUES ('a', 'PHASE_DESIGN'), ('b', NULL), ('c', 'PHASE_BACKLOG');
"""
NUMBERED = """
    CREATE TABLE {t} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, title text NOT NULL, state text DEFAULT 'open', phase_id {type},
                      changed timestamptz, number serial);
    INSERT INTO {t} (title, phase_id) VALUES ('a', 'PHASE_DESIGN'), ('b', NULL), ('c', 'PHASE_BACKLOG');
"""
# The same, to which other tables refer by the column that adoption would add.
KEYED = NUMBERED + "ALTER TABLE {t} ADD COLUMN ticket_uuid uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE;"
# Of a table in which no phase is NULL.
FILLED = "UPDATE {t} SET phase_id = 'PHASE_BACKLOG' WHERE phase_id IS NULL; "
HISTORY = """
    CREATE TABLE {s}.phase_history (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ticket_id uuid NOT NULL, from_phase varchar(50), to_phase varchar(50) NOT NULL,
        transition_reason text, transitioned_by varchar(255), artifacts jsonb, created_at timestamptz NOT NULL DEFAULT now());
"""
TASKS = """
    CREATE TABLE {s}.tasks (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), ticket_id uuid NOT NULL, phase_id varchar(50) NOT NULL, task_type varchar(100) NOT NULL,
        status varchar(50) NOT NULL DEFAULT 'pending');
    INSERT INTO {s}.tasks (ticket_id, phase_id, task_type) SELECT {key}, 'PHASE_DESIGN', 'x' FROM {t} WHERE phase_id = 'PHASE_DESIGN';
"""

# What is done to a table with a column phase_id of text, of varchar, and of varchar(50).
ODDITIES = {
    "nothing": "",
    "unlogged": "ALTER TABLE {t} SET UNLOGGED",
    "check that wants NULL": "ALTER TABLE {t} ADD CHECK (phase_id IS NULL OR state = 'open' AND title <> 'b')",
    "check that wants NULL of some": "UPDATE {t} SET state = 'draft' WHERE phase_id IS NULL; ALTER TABLE {t} ADD CHECK ((state = 'draft') = (phase_id IS NULL))",
    "check of words": "ALTER TABLE {t} ADD CHECK (phase_id IN ('PHASE_DESIGN', 'PHASE_BACKLOG', 'x'))",
    "check of other words": FILLED + "UPDATE {t} SET phase_id = 'PHASE_DESIGN'; ALTER TABLE {t} ADD CHECK (phase_id IN ('PHASE_DESIGN', 'x'))",
    "check by pattern": "ALTER TABLE {t} ADD CHECK (phase_id LIKE 'PHASE%' AND phase_id ~ '^P' AND length(phase_id) > 3)",
    "check by coalesce": "ALTER TABLE {t} ADD CHECK (coalesce(phase_id, '') <> 'x' AND coalesce(phase_id, 'y'::varchar) <> 'x')",
    "check by nullif and case": "ALTER TABLE {t} ADD CHECK (nullif(phase_id, 'x') IS NULL OR CASE phase_id WHEN 'y' THEN false ELSE true END)",
    "check with a collation": 'ALTER TABLE {t} ADD CHECK (phase_id COLLATE "C" > \'A\')',
    "check by another's function": "CREATE FUNCTION {s}.f(varchar) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'; ALTER TABLE {t} ADD CHECK ({s}.f(phase_id))",
    "check of a row": "ALTER TABLE {t} ADD CHECK ((phase_id, state) <> ('x', 'y'))",
    "check of two columns": "ALTER TABLE {t} ADD CHECK (phase_id <> state AND phase_id IS DISTINCT FROM title)",
    "check of the whole row": "ALTER TABLE {t} ADD CHECK ({n}.*::text <> '')",
    "check not valid": "ALTER TABLE {t} ADD CHECK (title <> 'a') NOT VALID",
    "check not valid of the phase": "ALTER TABLE {t} ADD CHECK (phase_id <> 'PHASE_DESIGN') NOT VALID",
    "check of a subscript": "ALTER TABLE {t} ADD CHECK ((ARRAY[phase_id])[1] <> 'x')",
    "default of an expression": "ALTER TABLE {t} ALTER COLUMN phase_id SET DEFAULT 'PHASE_' || 'BACKLOG'",
    "default that is no phase": "ALTER TABLE {t} ALTER COLUMN phase_id SET DEFAULT 'x'",
    "default of an expression that is no phase": "ALTER TABLE {t} ALTER COLUMN phase_id SET DEFAULT lower('PHASE_BACKLOG')",
    "not null": FILLED + "ALTER TABLE {t} ALTER COLUMN phase_id SET NOT NULL",
    "unique with another": "ALTER TABLE {t} ADD UNIQUE (phase_id, number)",
    "unique and deferred": "ALTER TABLE {t} ADD UNIQUE (phase_id, number) DEFERRABLE INITIALLY DEFERRED",
    "another unique and deferred": "ALTER TABLE {t} ADD UNIQUE (number) DEFERRABLE INITIALLY DEFERRED",
    "unique index": "CREATE UNIQUE INDEX ON {t} (phase_id, title)",
    "index with a condition": "CREATE INDEX ON {t} (title) WHERE phase_id = 'PHASE_DESIGN'",
    "index of an expression": "CREATE INDEX ON {t} (lower(phase_id))",
    "index that includes": "CREATE INDEX ON {t} (title) INCLUDE (phase_id)",
    "hash index": "CREATE INDEX ON {t} USING hash (phase_id)",
    "index of the whole row": "CREATE INDEX ON {t} (({n}.* IS NULL))",
    "exclusion": "ALTER TABLE {t} ADD EXCLUDE USING btree (phase_id WITH =, number WITH =)",
    "states elsewhere": "CREATE TABLE {s}.states (name {type} PRIMARY KEY); INSERT INTO {s}.states SELECT DISTINCT phase_id FROM {t} WHERE phase_id IS NOT NULL;"
                        "ALTER TABLE {t} ADD FOREIGN KEY (phase_id) REFERENCES {s}.states",
    "referred to": "ALTER TABLE {t} ADD UNIQUE (number, phase_id); CREATE TABLE {s}.notes (number int, phase_id {type}, FOREIGN KEY (number, phase_id) REFERENCES {t} (number, phase_id))",
    "view": "CREATE VIEW {s}.v AS SELECT phase_id FROM {t}",
    "view of the whole row": "CREATE VIEW {s}.v AS SELECT {n} FROM {t}",
    "materialized view": "CREATE MATERIALIZED VIEW {s}.v AS SELECT phase_id FROM {t}",
    "function of the server's": "CREATE FUNCTION {s}.n() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(phase_id) FROM {t}; END",
    "row type elsewhere": "CREATE TABLE {s}.copies (old {t})",
    "row type in a type": "CREATE TYPE {s}.pair AS (a {t}, n int); CREATE TABLE {s}.copies (old {s}.pair)",
    "row type in a domain": "CREATE DOMAIN {s}.old AS {t}; CREATE TABLE {s}.copies (old {s}.old)",
    "statistics": "CREATE STATISTICS {s}.st ON phase_id, title FROM {t}",
    "trigger of a column": "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER f BEFORE UPDATE OF phase_id ON {t} FOR EACH ROW EXECUTE FUNCTION {s}.f()",
    "trigger with a condition": "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER f BEFORE UPDATE ON {t} FOR EACH ROW WHEN (OLD.phase_id <> NEW.phase_id) EXECUTE FUNCTION {s}.f()",
    "trigger of the whole row": "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER f BEFORE UPDATE ON {t} FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION {s}.f()",
    "trigger that raises": "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; CREATE TRIGGER f BEFORE UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION {s}.f()",
    "trigger that always raises": "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; CREATE TRIGGER f BEFORE UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION {s}.f(); ALTER TABLE {t} ENABLE ALWAYS TRIGGER f",
    "deferred trigger": "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER f AFTER INSERT OR UPDATE ON {t} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {s}.f()",
    "policy": "CREATE POLICY p ON {t} USING (phase_id <> 'x')",
    "row security forced": "ALTER TABLE {t} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON {t} USING (title <> 'b')",
    "rule instead": "CREATE RULE r AS ON UPDATE TO {t} DO INSTEAD NOTHING",
    "rule also": "CREATE TABLE {s}.log (n int); CREATE RULE r AS ON UPDATE TO {t} DO ALSO INSERT INTO {s}.log VALUES (1)",
    "rule of inserts": "CREATE RULE r AS ON INSERT TO {t} WHERE (NEW.title = 'no') DO INSTEAD NOTHING",
    "generated from it": "ALTER TABLE {t} ADD COLUMN loud text GENERATED ALWAYS AS (upper(phase_id)) STORED",
    "typed table": "CREATE TYPE {s}.k AS (id uuid, title text); DROP TABLE {t} CASCADE; CREATE TABLE {t} OF {s}.k (PRIMARY KEY (id)); INSERT INTO {t} VALUES (gen_random_uuid(), 'a')",
    "published without a key": "ALTER TABLE {t} DROP CONSTRAINT {n}_pkey; CREATE PUBLICATION {s} FOR TABLE {t}",
    "published": "CREATE PUBLICATION {s} FOR TABLE {t}",
    "replica identity nothing": "ALTER TABLE {t} REPLICA IDENTITY NOTHING; CREATE PUBLICATION {s} FOR TABLE {t}",
    "replica identity of the phase": FILLED + "ALTER TABLE {t} ALTER COLUMN phase_id SET NOT NULL; CREATE UNIQUE INDEX identity ON {t} (phase_id, number); ALTER TABLE {t} REPLICA IDENTITY USING INDEX identity",
    "clustered by the phase": "CREATE INDEX by_phase ON {t} (phase_id); ALTER TABLE {t} CLUSTER ON by_phase",
    "column beside taken": "ALTER TABLE {t} ADD COLUMN phasegate_phase_id text",
    "constraint names taken": "ALTER TABLE {t} ADD CONSTRAINT phasegate_phase_id_is_filled CHECK (true), ADD CONSTRAINT phasegate_phase_entered_at_not_null CHECK (true)",
    "trigger name taken": "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER \"~phasegate_adopting\" BEFORE INSERT OR UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION {s}.f()",
    "trigger names of ours taken": "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER phasegate_decide BEFORE INSERT OR UPDATE ON {t} FOR EACH ROW EXECUTE FUNCTION {s}.f()",
    "index names taken": "CREATE INDEX phasegate_tickets_ticket_uuid_key ON {t} (title); CREATE INDEX tickets_ticket_uuid_key ON {t} (title)",
    "key names taken": "ALTER TABLE {t} ADD CONSTRAINT tickets_priority_check CHECK (true), ADD CONSTRAINT tickets_title_check CHECK (true), ADD CONSTRAINT tickets_ticket_uuid_key UNIQUE (number)",
    "names of keys to come taken": "CREATE TABLE {s}.phase_history_pkey (); CREATE TABLE {s}.tasks_pkey (); CREATE TABLE {s}.phases_pkey (); CREATE TABLE {s}.phases_context_key_key ()",
    "type named as a table to come": "CREATE TYPE {s}.phase_history AS ENUM ('a')",
    "type named as a view to come": "CREATE TYPE {s}.phase_board AS ENUM ('a')",
    "domain named as a table to come": "CREATE DOMAIN {s}.phases AS text",
    "array type named as a table to come": "CREATE TYPE {s}._tasks AS ENUM ('a')",
    "sequence named as a table to come": "CREATE SEQUENCE {s}.phase_context",
    "index named as a table to come": "CREATE INDEX phase_context ON {t} (title)",
    "type named phase": "CREATE TYPE {s}.phase AS (a int)",
    "key of another type": "ALTER TABLE {t} ADD COLUMN ticket_uuid text",
    "key with gaps": "ALTER TABLE {t} ADD COLUMN ticket_uuid uuid",
    "key twice": "ALTER TABLE {t} ADD COLUMN ticket_uuid uuid DEFAULT '00000000-0000-0000-0000-000000000001'",
    "entered and NULL by a check": "ALTER TABLE {t} ADD COLUMN phase_entered_at timestamptz CHECK (phase_entered_at IS NULL)",
    "entered with gaps": "ALTER TABLE {t} ADD COLUMN phase_entered_at timestamptz; UPDATE {t} SET phase_entered_at = 'infinity' WHERE title = 'a'",
    "created without an end": "ALTER TABLE {t} ADD COLUMN created_at timestamptz; UPDATE {t} SET created_at = '-infinity' WHERE title = 'a'",
    "created by a check": "ALTER TABLE {t} ADD COLUMN created_at timestamptz CHECK (created_at < '2020-01-01')",
    "priority with a check beside": "ALTER TABLE {t} ADD COLUMN priority varchar(20), ADD CHECK (priority IS NULL OR state = 'x')",
    "priority short": "ALTER TABLE {t} ADD COLUMN priority varchar(3)",
    "context of another kind": "ALTER TABLE {t} ADD COLUMN context json, ADD COLUMN context_summary varchar(20), ADD COLUMN ticket_context text",
    "columns generated": "ALTER TABLE {t} ADD COLUMN updated_at timestamptz GENERATED ALWAYS AS (changed) STORED, ADD COLUMN priority text GENERATED ALWAYS AS (state) STORED",
    "identity of a column of ours": "ALTER TABLE {t} ADD COLUMN previous_phase_id int GENERATED ALWAYS AS IDENTITY",
    "titles NULL": "ALTER TABLE {t} ALTER COLUMN title DROP NOT NULL; UPDATE {t} SET title = NULL",
    "titles empty": "UPDATE {t} SET title = ''",
    "titles of a domain": "CREATE DOMAIN {s}.words AS text CHECK (VALUE <> ''); ALTER TABLE {t} ALTER COLUMN title TYPE {s}.words",
    "phases of a domain": "CREATE DOMAIN {s}.words AS text; ALTER TABLE {t} ALTER COLUMN phase_id TYPE {s}.words",
    "phases of an own enum": "CREATE TYPE {s}.st AS ENUM ('PHASE_BACKLOG', 'PHASE_DESIGN', 'z'); ALTER TABLE {t} ALTER COLUMN phase_id DROP DEFAULT, ALTER COLUMN phase_id TYPE {s}.st USING phase_id::{s}.st",
    "phases of fixed length": "ALTER TABLE {t} ALTER COLUMN phase_id TYPE char(20)",
    "collation not deterministic": "CREATE COLLATION {s}.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false); ALTER TABLE {t} ALTER COLUMN phase_id TYPE {type} COLLATE {s}.ci",
    "partition of another": "DROP TABLE {t} CASCADE; CREATE TABLE {s}.whole (id uuid, title text NOT NULL, phase_id {type}) PARTITION BY HASH (id); CREATE TABLE {t} PARTITION OF {s}.whole FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
                            "ALTER TABLE {t} ADD PRIMARY KEY (id); INSERT INTO {t} VALUES (gen_random_uuid(), 'a')",
    "partitioned": "DROP TABLE {t} CASCADE; CREATE TABLE {t} (id uuid PRIMARY KEY, title text NOT NULL, phase_id {type}) PARTITION BY HASH (id); CREATE TABLE {s}.part PARTITION OF {t} FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
                   "INSERT INTO {t} VALUES (gen_random_uuid(), 'a')",
    "partition unlogged": "DROP TABLE {t} CASCADE; CREATE TABLE {t} (id uuid PRIMARY KEY, title text NOT NULL, phase_id {type}) PARTITION BY HASH (id); CREATE UNLOGGED TABLE {s}.part PARTITION OF {t} FOR VALUES WITH (MODULUS 1, REMAINDER 0);"
                          "INSERT INTO {t} VALUES (gen_random_uuid(), 'a')",
    "partitioned by the phase": "DROP TABLE {t} CASCADE; CREATE TABLE {t} (id uuid, title text NOT NULL, phase_id {type}, PRIMARY KEY (id, phase_id)) PARTITION BY LIST (phase_id); CREATE TABLE {s}.part PARTITION OF {t} DEFAULT",
    "many columns": "DO $$ BEGIN EXECUTE (SELECT 'ALTER TABLE {t} ' || string_agg(format('ADD COLUMN c%s int', n), ', ') FROM generate_series(1, 1590) n); END $$",
    "columns dropped": "ALTER TABLE {t} DROP COLUMN changed, DROP COLUMN number",
    "in an extension's way": "COMMENT ON TABLE {t} IS 'it''s \"mine\"'",
    "granted": "GRANT SELECT (phase_id), UPDATE (phase_id) ON {t} TO PUBLIC",
    "column with options": "ALTER TABLE {t} ALTER COLUMN phase_id SET STATISTICS 100, ALTER COLUMN phase_id SET (n_distinct = 5), ALTER COLUMN phase_id SET STORAGE EXTERNAL",
    "tasks": TASKS,
    "tasks unlogged": TASKS + "ALTER TABLE {s}.tasks SET UNLOGGED",
    "tasks with a rule": TASKS + "CREATE RULE r AS ON UPDATE TO {s}.tasks DO INSTEAD NOTHING",
    "tasks with a view": TASKS + "CREATE VIEW {s}.v AS SELECT * FROM {s}.tasks",
    "tasks whose row is used": TASKS + "CREATE TABLE {s}.copies (old {s}.tasks)",
    "tasks with a check": TASKS + "ALTER TABLE {s}.tasks ADD CHECK (coalesce(phase_id, '') <> 'x'), ADD CHECK (task_type <> 'x') NOT VALID",
    "tasks with deferred keys": TASKS + "ALTER TABLE {s}.tasks ADD FOREIGN KEY (ticket_id) REFERENCES {t} ({key}) DEFERRABLE INITIALLY DEFERRED",
    "tasks with a list of agents": TASKS + "CREATE TABLE {s}.agents (name varchar(255) PRIMARY KEY); ALTER TABLE {s}.tasks ADD COLUMN assigned_agent_id varchar(255) REFERENCES {s}.agents",
    "tasks with a short agent": TASKS + "ALTER TABLE {s}.tasks ADD COLUMN assigned_agent_id varchar(10)",
    "tasks with row security": TASKS + "ALTER TABLE {s}.tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "tasks published without a key": TASKS + "ALTER TABLE {s}.tasks REPLICA IDENTITY NOTHING; CREATE PUBLICATION {s} FOR TABLE {s}.tasks",
    "history": HISTORY,
    "history unlogged": HISTORY + "ALTER TABLE {s}.phase_history SET UNLOGGED",
    "history with a rule": HISTORY + "CREATE RULE r AS ON INSERT TO {s}.phase_history DO INSTEAD NOTHING",
    "history with row security": HISTORY + "CREATE POLICY p ON {s}.phase_history USING (true); ALTER TABLE {s}.phase_history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
    "history with users": HISTORY + "CREATE TABLE {s}.users (name varchar(255) PRIMARY KEY); ALTER TABLE {s}.phase_history ADD FOREIGN KEY (transitioned_by) REFERENCES {s}.users",
    "history with short names": HISTORY + "ALTER TABLE {s}.phase_history ALTER COLUMN transitioned_by TYPE varchar(3), ALTER COLUMN transition_reason TYPE varchar(4)",
    "history with a check": HISTORY + "ALTER TABLE {s}.phase_history ADD CHECK (transition_reason <> 'adopted'), ADD CHECK (from_phase IS NOT NULL)",
    "history with a unique index": HISTORY + "CREATE UNIQUE INDEX ON {s}.phase_history (transition_reason)",
    "history with a trigger": HISTORY + "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; CREATE TRIGGER f BEFORE INSERT ON {s}.phase_history FOR EACH ROW EXECUTE FUNCTION {s}.f()",
    "history with a trigger that skips": HISTORY + "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE TRIGGER f BEFORE INSERT ON {s}.phase_history FOR EACH ROW EXECUTE FUNCTION {s}.f()",
    "history with a deferred trigger": HISTORY + "CREATE FUNCTION {s}.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER f AFTER INSERT ON {s}.phase_history DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {s}.f()",
    "history partitioned": "CREATE TABLE {s}.phase_history (id uuid NOT NULL, ticket_id uuid NOT NULL, from_phase varchar(50), to_phase varchar(50) NOT NULL, transition_reason text, transitioned_by varchar(255), artifacts jsonb,"
                           "created_at timestamptz NOT NULL DEFAULT now()) PARTITION BY RANGE (created_at)",
    "history with times without an end": HISTORY + "INSERT INTO {s}.phase_history (ticket_id, from_phase, to_phase, created_at) SELECT {key}, 'PHASE_BACKLOG', 'PHASE_DESIGN', 'infinity' FROM {t} WHERE phase_id = 'PHASE_DESIGN'",
    "history from long ago": HISTORY + "INSERT INTO {s}.phase_history (ticket_id, from_phase, to_phase, created_at) SELECT {key}, 'PHASE_BACKLOG', 'PHASE_DESIGN', '-infinity' FROM {t} WHERE phase_id = 'PHASE_DESIGN'",
    "history of moves alone": HISTORY + "INSERT INTO {s}.phase_history (ticket_id, from_phase, to_phase) SELECT {key}, 'PHASE_BACKLOG', 'PHASE_DESIGN' FROM {t} WHERE phase_id = 'PHASE_DESIGN'",
    "configuration history that is another's": "CREATE TABLE {s}.configuration_history (id int)",
}
