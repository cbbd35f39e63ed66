\echo
\echo '=== 3. A gate asks for evidence'
\echo
\echo 'PHASE_REQUIREMENTS shall be reviewed by somebody who did not work on it. Configuration is rows:'
\echo '  update phase_gate_requirements set requires_review = true where phase_id = ''PHASE_REQUIREMENTS'';'
update phase_gate_requirements set requires_review = true where phase_id = 'PHASE_REQUIREMENTS';

\echo
\echo 'The ticket with the short document may not go on to PHASE_DESIGN:'
\echo
\set expected 55000
\set ON_ERROR_STOP off
select transition_ticket(:'ticket', 'PHASE_DESIGN', transitioned_by => 'ada');
\set ON_ERROR_STOP on
\ir refused.sql

\echo 'The complete document is handed in: add_artifact(ticket, ''requirements_document'', ...)'
select a.artifact_type, a.artifact_path, length(a.artifact_content ->> 'text') as characters, a.collected_by
  from tickets t,
       pg_temp.result_of('create_requirements_doc', 'good', t.title) r,
       add_artifact(t.id, r #>> '{artifacts,0,type}', r #>> '{artifacts,0,path}', r #> '{artifacts,0,content}',
                    collected_by => 'dora') a
 where t.id = :'ticket';

\echo
\echo 'Now only the review is missing. validate_gate puts one into the queue, for each of the tickets:'
select g.gate_status, g.blocking_reasons, count(*) as tickets
  from tickets t, validate_gate(t.id) g
 group by 1, 2;
\echo
\echo 'ada worked on the phase, so no review is offered to it, even with the capability:'
select count(*) as reviews_for_ada from claim_task('ada', '{validation}', kinds => '{review}');
\echo
call pg_temp.review('vera');

\echo
\echo 'The gate passes, for this ticket by hand and for the others in one statement:'
select previous_phase, current_phase, transitioned_by
  from transition_ticket(:'ticket', 'PHASE_DESIGN', 'Requirements approved', 'ada');
select m.current_phase, count(*) filter (where m.transitioned) as moved, count(*) filter (where not m.transitioned) as refused
  from (select array_agg(id order by id) as ids from tickets where phase_id = 'PHASE_REQUIREMENTS') t,
       transition_tickets(t.ids, 'PHASE_DESIGN', 'Requirements approved', 'planner') m
 group by 1;
