-- What psql shows of a workspace's type, tables, columns and views: a statement for each that has no comment yet, so
-- that one of the owner's own stays. A column that stands in a result type of the extension has the same comment there.
SELECT CASE WHEN d.column_name IS NULL
            THEN format('COMMENT ON %s %s.%I IS %L',
                        CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, c.relnamespace::regnamespace, c.relname, d.comment)
            ELSE format('COMMENT ON COLUMN %s.%I.%I IS %L', c.relnamespace::regnamespace, c.relname, a.attname, d.comment) END
  FROM (VALUES
    ('tickets', NULL, 'The tickets. Columns of your own may be added.'),
    ('tickets', 'id', 'A UUID; by default one of version 7.'),
    ('tickets', 'title', '1 to 500 characters.'),
    ('tickets', 'description', 'What the ticket is about.'),
    ('tickets', 'phase_id', 'The phase that the ticket is in. Changing it moves the ticket, where the rules allow that.'),
    ('tickets', 'previous_phase_id', 'The phase before the last move. Set by phasegate.'),
    ('tickets', 'priority', 'LOW, MEDIUM, HIGH or CRITICAL.'),
    ('tickets', 'context', 'What the phases left so far have produced, an object with a key a phase.'),
    ('tickets', 'context_summary', 'The context as text, within a budget of tokens.'),
    ('tickets', 'phase_entered_at', 'When the ticket entered its phase. Set by phasegate.'),
    ('tickets', 'created_at', 'When the row was inserted.'),
    ('tickets', 'updated_at', 'When the phase was last changed, or the row by an UPDATE that names this column. Set by phasegate.'),

    ('phase_history', NULL, 'One row a move and one for each ticket''s start, append-only. Written by phasegate.'),
    ('phase_history', 'id', 'A UUID version 7; rows of one ticket sort by it in the order of their moves.'),
    ('phase_history', 'ticket_id', 'The ticket.'),
    ('phase_history', 'from_phase', 'The phase left; NULL for the ticket''s start.'),
    ('phase_history', 'to_phase', 'The phase entered.'),
    ('phase_history', 'transition_reason', 'Why, as the caller or the setting phasegate.reason said.'),
    ('phase_history', 'transitioned_by', 'Who, as the caller or the setting phasegate.actor said; else the session''s role.'),
    ('phase_history', 'artifacts', 'What the caller of transition_ticket handed over for the record.'),
    ('phase_history', 'created_at', 'When the ticket was moved. Strictly increases within a ticket.'),
    ('phase_history', 'db_role', 'The role that the session was opened as.'),
    ('phase_history', 'gate_result_id', 'The result of the gate that the move passed, in phase_gate_results.'),

    ('phase_transitions', NULL, 'Configuration: the moves that are allowed.'),
    ('phase_transitions', 'from_phase', 'The phase left.'),
    ('phase_transitions', 'to_phase', 'The phase entered.'),
    ('phase_transitions', 'requires_gate', 'Whether the gate of the phase left has to pass.'),

    ('task_templates', NULL, 'Configuration: the tasks that a ticket gets when it enters a phase.'),
    ('task_templates', 'id', 'A UUID version 7.'),
    ('task_templates', 'phase_id', 'The phase whose entry generates the task.'),
    ('task_templates', 'task_type', 'What kind of work it is; other templates of the phase depend on it by this name.'),
    ('task_templates', 'template_description', 'The task''s description, with variables such as {ticket_title}.'),
    ('task_templates', 'default_priority', 'LOW, MEDIUM, HIGH or CRITICAL; NULL means MEDIUM.'),
    ('task_templates', 'required_capabilities', 'What an agent must be capable of, an array of strings.'),
    ('task_templates', 'dependencies_template', 'The task types that have to be completed before, an array of strings.'),
    ('task_templates', 'is_active', 'Whether entering the phase generates the task.'),
    ('task_templates', 'created_at', 'When the row was inserted.'),

    ('tasks', NULL, 'The queue: work, reviews and requests for summaries, each of one ticket.'),
    ('tasks', 'id', 'A UUID; by default one of version 7.'),
    ('tasks', 'ticket_id', 'The ticket.'),
    ('tasks', 'phase_id', 'The phase of the ticket that the task belongs to.'),
    ('tasks', 'kind', 'work, review or summary.'),
    ('tasks', 'task_type', 'What kind of work it is, as the template says.'),
    ('tasks', 'description', 'What is to be done.'),
    ('tasks', 'priority', 'LOW, MEDIUM, HIGH or CRITICAL. Higher ones are claimed first.'),
    ('tasks', 'status', 'pending, assigned, running, completed, failed or cancelled.'),
    ('tasks', 'required_capabilities', 'What an agent must be capable of to be offered the task, an array of strings.'),
    ('tasks', 'dependencies', 'The tasks that have to be completed before: {"depends_on": [ids]}.'),
    ('tasks', 'pending_dependencies', 'How many of those are not completed. Set by phasegate.'),
    ('tasks', 'assigned_agent_id', 'The agent that holds the task, or that ended it.'),
    ('tasks', 'attempts', 'How often it was claimed.'),
    ('tasks', 'max_attempts', 'After how many attempts it fails for good.'),
    ('tasks', 'scheduled_at', 'Not to be claimed before.'),
    ('tasks', 'lease_expires_at', 'Until when the agent holds it; afterwards it can be claimed again.'),
    ('tasks', 'result', 'What the agent handed in.'),
    ('tasks', 'error_message', 'What the last attempt failed of, or why the task was cancelled.'),
    ('tasks', 'template_id', 'The template that it was generated from, in task_templates.'),
    ('tasks', 'created_at', 'When the row was inserted. Of one priority, the oldest is claimed first.'),
    ('tasks', 'updated_at', 'When the row was last changed.'),
    ('tasks', 'started_at', 'When the agent started work.'),
    ('tasks', 'completed_at', 'When the task was completed.'),

    ('phase_gate_requirements', NULL, 'Configuration: what each phase''s gate asks for. A phase without a row has no gate.'),
    ('phase_gate_requirements', 'phase_id', 'The phase that is left through the gate.'),
    ('phase_gate_requirements', 'required_artifacts', 'The types of artifacts that have to be there.'),
    ('phase_gate_requirements', 'required_tasks_completed', 'Whether the phase''s tasks have to be completed.'),
    ('phase_gate_requirements', 'validation_criteria', 'Criteria on artifacts: an object with a type''s criteria under the type.'),
    ('phase_gate_requirements', 'requires_review', 'Whether somebody who did not work on the phase has to approve.'),

    ('phase_gate_artifacts', NULL, 'The evidence handed in. Of each type the newest counts.'),
    ('phase_gate_artifacts', 'id', 'A UUID version 7.'),
    ('phase_gate_artifacts', 'ticket_id', 'The ticket.'),
    ('phase_gate_artifacts', 'phase_id', 'The phase that it is evidence for.'),
    ('phase_gate_artifacts', 'artifact_type', 'The name by which gates ask for it.'),
    ('phase_gate_artifacts', 'artifact_path', 'Where it is kept.'),
    ('phase_gate_artifacts', 'artifact_content', 'What criteria look at.'),
    ('phase_gate_artifacts', 'collected_at', 'When it was handed in.'),
    ('phase_gate_artifacts', 'collected_by', 'Who handed it in; may not review the phase.'),
    ('phase_gate_artifacts', 'task_id', 'The task whose result brought it, if one did.'),
    ('phase_gate_artifacts', 'superseded_at', 'When a regression made it stale; then it counts no more.'),

    ('phase_gate_results', NULL, 'Verdicts of gates. Written only by phasegate and the workspace''s owner.'),
    ('phase_gate_results', 'id', 'A UUID version 7.'),
    ('phase_gate_results', 'ticket_id', 'The ticket.'),
    ('phase_gate_results', 'phase_id', 'The phase whose gate it is.'),
    ('phase_gate_results', 'gate_status', 'passed, failed, or pending where only the review is missing.'),
    ('phase_gate_results', 'validation_result', 'What the gate looked at and found.'),
    ('phase_gate_results', 'validated_at', 'When.'),
    ('phase_gate_results', 'validated_by', 'Who asked for the verdict, or gave it in a review.'),
    ('phase_gate_results', 'blocking_reasons', 'Why it did not pass, one sentence each.'),

    ('phase_context', NULL, 'What each phase of a ticket left for the phases after it.'),
    ('phase_context', 'id', 'A UUID version 7.'),
    ('phase_context', 'ticket_id', 'The ticket.'),
    ('phase_context', 'phase_id', 'The phase that left it.'),
    ('phase_context', 'context_data', 'What it left.'),
    ('phase_context', 'context_summary', 'The same as text, within a budget of tokens.'),
    ('phase_context', 'created_at', 'When the phase was first left.'),
    ('phase_context', 'updated_at', 'When the row was last written.'),

    ('phase_board', NULL, 'One row a phase, in their order, PHASE_BLOCKED last.'),
    ('phase_board', 'phase', 'The phase.'),
    ('phase_board', 'tickets', 'How many tickets are in it.'),
    ('phase_board', 'oldest_entered_at', 'When the one that is in it for longest entered it.'),
    ('phase_board', 'open_tasks', 'How many of its tasks are pending, assigned or running.'),
    ('phase_board', 'failed_gates', 'How many of its tickets were last refused by its gate.'),

    ('phase_durations', NULL, 'One row a ticket and visit of a phase.'),
    ('phase_durations', 'ticket_id', 'The ticket.'),
    ('phase_durations', 'phase', 'The phase.'),
    ('phase_durations', 'entered_at', 'When the ticket entered it.'),
    ('phase_durations', 'left_at', 'When the ticket left it; NULL while it is there.'),
    ('phase_durations', 'duration', 'How long it was there, up to now while it is.'),

    ('task_queue', NULL, 'One row a phase and status of tasks.'),
    ('task_queue', 'phase', 'The phase.'),
    ('task_queue', 'status', 'The status.'),
    ('task_queue', 'tasks', 'How many tasks.'),
    ('task_queue', 'oldest', 'When the oldest of them was made.'),
    ('task_queue', 'claimable', 'How many of them could be claimed now by an agent with the capabilities.')
  ) AS d (relation, column_name, comment)
  JOIN pg_class c ON c.relnamespace = $1 AND c.relname = d.relation AND c.relkind IN ('r', 'p', 'v')
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = d.column_name AND NOT a.attisdropped
 WHERE (d.column_name IS NULL OR a.attnum > 0)
   AND NOT EXISTS (SELECT FROM pg_description p
                    WHERE p.classoid = 'pg_class'::regclass AND p.objoid = c.oid AND p.objsubid = coalesce(a.attnum, 0))
UNION ALL
SELECT format('COMMENT ON TYPE %s IS %L', t.oid::regtype,
              'The phases of this workspace, in their order. Its owner adds one with ALTER TYPE ... ADD VALUE.')
  FROM pg_type t
 WHERE t.typnamespace = $1 AND t.typname = 'phase' AND obj_description(t.oid, 'pg_type') IS NULL
