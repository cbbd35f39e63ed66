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
\echo 'Now only the reviews are missing. advance_tickets asks for them, and would move what is ready:'
select current_phase, transitioned, error_code, blocking_reasons, count(*) as tickets
  from advance_tickets(transitioned_by => 'conductor')
 group by 1, 2, 3, 4;
\echo
\echo 'ada worked on the phase, so no review is offered to it, even with the capability:'
select count(*) as reviews_for_ada from claim_task('ada', '{validation}', kinds => '{review}');
\echo
call pg_temp.review('vera', trouble => 'Customers are charged twice');

\echo
\echo 'The approved ones move on. The rejected one has gone back into the queue, with what the reviewer said:'
select previous_phase, current_phase, count(*) as tickets from advance_tickets(transitioned_by => 'conductor') group by 1, 2;
\x on
select task_type, description, required_capabilities from tasks where ticket_id = :'ticket' and status = 'pending';
\x off
\echo 'Whoever claims it finds the verdict in its context. It is mended, reviewed again, and approved:'
select id as task, attempt, context #> '{review,blocking_reasons}' as blocking_reasons
  from claim_task('dora', '{documentation}') \gset claimed_
select :'claimed_blocking_reasons' as blocking_reasons;
select task_type, status from complete_task(:'claimed_task', 'dora', attempt => :claimed_attempt,
    result => '{"summary": "Refunds go to the card that paid, within 14 days", "context": {"key_decisions": ["Refunds go to the card that paid, within 14 days"]}}');
select error_code from advance_tickets(transitioned_by => 'conductor');
call pg_temp.review('vera');
select previous_phase, current_phase, transitioned_by from advance_tickets(transitioned_by => 'conductor');
