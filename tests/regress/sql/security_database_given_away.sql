-- Whoever owns the database may make objects in public: names in the owner's triggers are looked at anew when that role changes.
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE ROLE regress_owner;
CREATE ROLE regress_other;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO regress_owner', current_database()); END $$;
CREATE SCHEMA theirs AUTHORIZATION regress_other;
GRANT USAGE ON SCHEMA theirs TO PUBLIC;
SET ROLE regress_other;
CREATE FUNCTION theirs.evil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'evil runs as %', current_user; RETURN NEW; END $$;
SET ROLE regress_owner;
SELECT phasegate.create_workspace('public');
CREATE TABLE public.log (text text);
CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (NEW.to_phase::text); RETURN NEW; END $$;
CREATE TRIGGER audit BEFORE INSERT ON phase_history FOR EACH ROW EXECUTE FUNCTION public.audit();
INSERT INTO tickets (title, phase_id) VALUES ('one', 'PHASE_REQUIREMENTS'), ('two', 'PHASE_REQUIREMENTS');
SELECT * FROM public.log;
RESET ROLE;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO regress_other', current_database()); END $$;
SET ROLE regress_other;
DROP TABLE public.log;
CREATE TABLE public.log (text text);
GRANT ALL ON public.log TO PUBLIC;
CREATE TRIGGER evil BEFORE INSERT ON public.log FOR EACH ROW EXECUTE FUNCTION theirs.evil();
SET ROLE regress_owner;
INSERT INTO tickets (title, phase_id) VALUES ('three', 'PHASE_REQUIREMENTS');
RESET ROLE;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), current_user); END $$;
DROP OWNED BY regress_owner, regress_other CASCADE;
DROP ROLE regress_owner, regress_other;
