//! The C symbols that the SQL functions of `sql/*/functions.sql` name: one line each, and nothing else.

use crate::context::{functions as context, llm};
use crate::gates::{functions as gates, triggers as gates_triggers};
use crate::tasks::{
    claim, functions as tasks, generation_functions as generation, many, triggers as tasks_triggers,
};
use crate::workflow::{
    advance, archive, decide, force, functions as workflow, triggers as workflow_triggers, write,
};
use crate::workspace::{
    adopting, append_only, configuration_history, functions as workspace, phases, triggers_made,
};

crate::c_functions! { crate::pg::call::run:
    phasegate_create_workspace / pg_finfo_phasegate_create_workspace => workspace::create_workspace;
    phasegate_adopt_step / pg_finfo_phasegate_adopt_step => workspace::adopt_step;
    phasegate_adoption_report / pg_finfo_phasegate_adoption_report => workspace::adoption_report;
    phasegate_distribute_workspace / pg_finfo_phasegate_distribute_workspace => workspace::distribute_workspace;
    phasegate_detach_workspace / pg_finfo_phasegate_detach_workspace => workspace::detach_workspace;
    phasegate_upgrade_workspace / pg_finfo_phasegate_upgrade_workspace => workspace::upgrade_workspace;
    phasegate_check_workspace / pg_finfo_phasegate_check_workspace => workspace::check_workspace;
    phasegate_grant_access / pg_finfo_phasegate_grant_access => workspace::grant_access;
    phasegate_revoke_access / pg_finfo_phasegate_revoke_access => workspace::revoke_access;
    phasegate_trigger_made / pg_finfo_phasegate_trigger_made => triggers_made::look;

    phasegate_transition_ticket / pg_finfo_phasegate_transition_ticket => workflow::transition_ticket;
    phasegate_try_transition_ticket / pg_finfo_phasegate_try_transition_ticket => workflow::try_transition_ticket;
    phasegate_transition_tickets / pg_finfo_phasegate_transition_tickets => workflow::transition_tickets;
    phasegate_force_transition_ticket / pg_finfo_phasegate_force_transition_ticket => force::force_transition_ticket;
    phasegate_archive_tickets / pg_finfo_phasegate_archive_tickets => archive::archive_tickets;
    phasegate_advance_tickets / pg_finfo_phasegate_advance_tickets => advance::advance_tickets;
    phasegate_can_transition_ticket / pg_finfo_phasegate_can_transition_ticket => workflow::can_transition_ticket;
    phasegate_block_ticket / pg_finfo_phasegate_block_ticket => workflow::block_ticket;
    phasegate_unblock_ticket / pg_finfo_phasegate_unblock_ticket => workflow::unblock_ticket;
    phasegate_can_transition / pg_finfo_phasegate_can_transition => workflow::can_transition;
    phasegate_get_valid_transitions / pg_finfo_phasegate_get_valid_transitions => workflow::get_valid_transitions;
    phasegate_get_phase_history / pg_finfo_phasegate_get_phase_history => workflow::get_phase_history;
    phasegate_get_current_phase / pg_finfo_phasegate_get_current_phase => workflow::get_current_phase;
    phasegate_phase_diagram / pg_finfo_phasegate_phase_diagram => workflow::phase_diagram;
    phasegate_aggregate_phase_context / pg_finfo_phasegate_aggregate_phase_context => context::aggregate_phase_context;
    phasegate_summarize_context / pg_finfo_phasegate_summarize_context => context::summarize_context;
    phasegate_summarize_structured / pg_finfo_phasegate_summarize_structured => context::summarize_structured;
    phasegate_extract_key_points / pg_finfo_phasegate_extract_key_points => context::extract_key_points;
    phasegate_get_context_for_phase / pg_finfo_phasegate_get_context_for_phase => context::get_context_for_phase;
    phasegate_update_ticket_context / pg_finfo_phasegate_update_ticket_context => context::update_ticket_context;
    phasegate_ticket_context / pg_finfo_phasegate_ticket_context => context::ticket_context;
    phasegate_context_summary / pg_finfo_phasegate_context_summary => context::context_summary;
    phasegate_summarize_using_llm / pg_finfo_phasegate_summarize_using_llm => llm::summarize_using_llm;
    phasegate_count_tokens / pg_finfo_phasegate_count_tokens => context::count_tokens;

    phasegate_add_artifact / pg_finfo_phasegate_add_artifact => gates::add_artifact;
    phasegate_collect_artifacts / pg_finfo_phasegate_collect_artifacts => gates::collect_artifacts;
    phasegate_check_gate_requirements / pg_finfo_phasegate_check_gate_requirements => gates::check_gate_requirements;
    phasegate_gate_status / pg_finfo_phasegate_gate_status => gates::gate_status;
    phasegate_validate_phase_completion / pg_finfo_phasegate_validate_phase_completion => gates::validate_phase_completion;
    phasegate_validate_gate / pg_finfo_phasegate_validate_gate => gates::validate_gate;
    phasegate_get_templates_for_phase / pg_finfo_phasegate_get_templates_for_phase => generation::get_templates_for_phase;
    phasegate_generate_phase_tasks / pg_finfo_phasegate_generate_phase_tasks => generation::generate_phase_tasks;
    phasegate_generate_task_from_template / pg_finfo_phasegate_generate_task_from_template => generation::generate_task_from_template;
    phasegate_claim_task / pg_finfo_phasegate_claim_task => claim::claim_task;
    phasegate_claim_tasks / pg_finfo_phasegate_claim_tasks => claim::claim_tasks;
    phasegate_start_task / pg_finfo_phasegate_start_task => tasks::start_task;
    phasegate_heartbeat_task / pg_finfo_phasegate_heartbeat_task => tasks::heartbeat_task;
    phasegate_complete_task / pg_finfo_phasegate_complete_task => tasks::complete_task;
    phasegate_complete_tasks / pg_finfo_phasegate_complete_tasks => many::complete_tasks;
    phasegate_fail_task / pg_finfo_phasegate_fail_task => tasks::fail_task;
    phasegate_cancel_task / pg_finfo_phasegate_cancel_task => tasks::cancel_task;
    phasegate_release_expired_tasks / pg_finfo_phasegate_release_expired_tasks => tasks::release_expired_tasks;
    phasegate_took_part / pg_finfo_phasegate_took_part => tasks::took_part;
    phasegate_has_approved / pg_finfo_phasegate_has_approved => gates::has_approved;

    phasegate_uuid_v7 / pg_finfo_phasegate_uuid_v7 => workflow::uuid_v7;
}

crate::c_functions! { crate::pg::trigger::run:
    phasegate_trigger_configuration_changed / pg_finfo_phasegate_trigger_configuration_changed => configuration_history::changed;
    phasegate_trigger_adopting / pg_finfo_phasegate_trigger_adopting => adopting::keep;
    phasegate_trigger_owner_only / pg_finfo_phasegate_trigger_owner_only => append_only::owner_only;
    phasegate_trigger_append_only / pg_finfo_phasegate_trigger_append_only => append_only::append_only;
    phasegate_trigger_phases_check / pg_finfo_phasegate_trigger_phases_check => phases::check;
    phasegate_trigger_artifact_changes / pg_finfo_phasegate_trigger_artifact_changes => gates_triggers::artifact_changes;
    phasegate_trigger_requirements_check / pg_finfo_phasegate_trigger_requirements_check => gates_triggers::requirements_check;
    phasegate_trigger_tasks_added / pg_finfo_phasegate_trigger_tasks_added => gates_triggers::tasks_added;
    phasegate_trigger_task_withdrawn / pg_finfo_phasegate_trigger_task_withdrawn => gates_triggers::task_withdrawn;
    phasegate_trigger_task_completed / pg_finfo_phasegate_trigger_task_completed => gates_triggers::task_completed;
    phasegate_trigger_tickets_start / pg_finfo_phasegate_trigger_tickets_start => workflow_triggers::start;
    phasegate_trigger_tickets_decide / pg_finfo_phasegate_trigger_tickets_decide => decide::decide;
    phasegate_trigger_tickets_record / pg_finfo_phasegate_trigger_tickets_record => workflow_triggers::record;
    phasegate_trigger_tickets_write / pg_finfo_phasegate_trigger_tickets_write => write::write;
    phasegate_trigger_tickets_deleted / pg_finfo_phasegate_trigger_tickets_deleted => append_only::ticket_deleted;
    phasegate_trigger_tasks_keep / pg_finfo_phasegate_trigger_tasks_keep => tasks_triggers::keep;
    phasegate_trigger_tasks_note / pg_finfo_phasegate_trigger_tasks_note => tasks_triggers::note;
    phasegate_trigger_tasks_settle / pg_finfo_phasegate_trigger_tasks_settle => tasks_triggers::settle;
    phasegate_trigger_templates_check / pg_finfo_phasegate_trigger_templates_check => tasks_triggers::check_template;
    phasegate_trigger_templates_fit / pg_finfo_phasegate_trigger_templates_fit => tasks_triggers::check_templates;
}

// The trigger functions of version 0.2.0.
crate::c_functions! { crate::pg::trigger::run:
    phasegate_configuration_changed / pg_finfo_phasegate_configuration_changed => workspace::outdated;
    phasegate_owner_only / pg_finfo_phasegate_owner_only => workspace::outdated;
    phasegate_artifact_changes / pg_finfo_phasegate_artifact_changes => workspace::outdated;
    phasegate_requirements_check / pg_finfo_phasegate_requirements_check => workspace::outdated;
    phasegate_tasks_added / pg_finfo_phasegate_tasks_added => workspace::outdated;
    phasegate_task_withdrawn / pg_finfo_phasegate_task_withdrawn => workspace::outdated;
    phasegate_verdict_check / pg_finfo_phasegate_verdict_check => workspace::outdated;
    phasegate_task_completed / pg_finfo_phasegate_task_completed => workspace::outdated;
    phasegate_summary_given / pg_finfo_phasegate_summary_given => workspace::outdated;
    phasegate_tickets_start / pg_finfo_phasegate_tickets_start => workspace::outdated;
    phasegate_tickets_decide / pg_finfo_phasegate_tickets_decide => workspace::outdated;
    phasegate_tickets_record / pg_finfo_phasegate_tickets_record => workspace::outdated;
    phasegate_tickets_write / pg_finfo_phasegate_tickets_write => workspace::outdated;
    phasegate_history_append_only / pg_finfo_phasegate_history_append_only => workspace::outdated;
    phasegate_tasks_keep / pg_finfo_phasegate_tasks_keep => workspace::outdated;
    phasegate_tasks_note / pg_finfo_phasegate_tasks_note => workspace::outdated;
    phasegate_tasks_settle / pg_finfo_phasegate_tasks_settle => workspace::outdated;
    phasegate_templates_check / pg_finfo_phasegate_templates_check => workspace::outdated;
    phasegate_templates_fit / pg_finfo_phasegate_templates_fit => workspace::outdated;
}
