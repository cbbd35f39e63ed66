-- The demonstration, from an empty database to 24 tickets in PHASE_DONE. Run from the repository's root:
--   psql -X -v ON_ERROR_STOP=1 -f demo/demo.sql

\set QUIET on
\encoding UTF8
\pset footer off
\pset null ''
\pset linestyle unicode
\pset border 1
\set SHOW_CONTEXT never

\ir 1_backlog.sql
\ir 2_queue.sql
\ir 3_gate.sql
\ir 4_detours.sql
\ir 5_done.sql
\ir 6_record.sql
