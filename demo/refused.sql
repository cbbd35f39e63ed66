-- The statement before this file must have been refused with the SQLSTATE in :expected. ON_ERROR_STOP must be
-- on again where this is included, or its own failure would not stop the script.
\set refused :ERROR
\if :refused
select case when :'LAST_ERROR_SQLSTATE' = :'expected' then 'as expected' end as outcome \gset refused_
\else
\set refused_outcome ''
\endif
select :'refused_outcome' = 'as expected' as refused_as_expected \gset
\if :refused_as_expected
\echo
\else
do $$ begin raise exception 'the demo expected an error here'; end $$;
\endif
