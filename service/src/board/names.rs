//! How the workspace's tables and columns are called, and what the caller may do: asked once a page.

use super::live::MARK;
use super::query::{Params, Reading};
use crate::error::Failure;
use crate::serve::tickets_table::Tickets;
use serde::Deserialize;

/// The names that statements of the board are filled with, and what the caller may do.
#[derive(Debug, Clone)]
pub struct Names {
    tickets: Tickets,
    told: Told,
}

/// What the database says of the workspace and the caller.
#[derive(Debug, Clone, Deserialize)]
struct Told {
    workspace: String,
    role: String,
    actor: Option<String>,
    mark: String,
    now: f64,
    reviews: i64,
    may: Rights,
}

/// What the caller may do, as the database's privileges say it; a control is shown where it is true.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Rights {
    /// Move tickets, ask for verdicts and reviews.
    pub move_tickets: bool,
    /// Add tickets.
    pub add_tickets: bool,
    /// Hand in evidence.
    pub add_artifacts: bool,
    /// Give verdicts.
    pub review: bool,
    /// Retry and cancel tasks.
    pub tasks: bool,
    /// Add tasks, from templates too.
    pub add_tasks: bool,
    /// Move a ticket past its gate.
    pub force: bool,
}

/// $1 the table of tickets, $2 and $3 its columns for phase and title
const TOLD: &str = "
SELECT json_build_object(
    'workspace', (SELECT n.nspname FROM pg_class h JOIN pg_namespace n ON n.oid = h.relnamespace WHERE h.oid = to_regclass('phase_history')),
    'role', current_user,
    'actor', coalesce(nullif(current_setting('phasegate.actor', true), ''), nullif(current_setting('phasegate.agent', true), '')),
    'mark', {mark},
    'now', extract(epoch FROM clock_timestamp())::float8,
    'reviews', (SELECT count(*) FROM (SELECT FROM tasks t
                                       WHERE t.kind = 'review'
                                         AND coalesce(t.status = 'pending' AND t.pending_dependencies = 0
                                                      AND t.scheduled_at IS NULL AND NOT t.on_hold, false)
                                       LIMIT 100) waiting),
    'may', json_build_object(
        'move_tickets', coalesce(has_column_privilege($1::regclass, $2, 'UPDATE')
            AND has_function_privilege(to_regproc('phasegate.transition_ticket'), 'EXECUTE'), false),
        'add_tickets', coalesce(has_column_privilege($1::regclass, $3, 'INSERT'), false),
        'add_artifacts', coalesce(has_column_privilege(to_regclass('phase_gate_artifacts'), 'artifact_type', 'INSERT')
            AND has_function_privilege(to_regproc('phasegate.add_artifact'), 'EXECUTE'), false),
        'review', coalesce(has_any_column_privilege(to_regclass('phase_gate_results'), 'INSERT')
            AND has_column_privilege(to_regclass('tasks'), 'status', 'UPDATE')
            AND has_column_privilege(to_regclass('tasks'), 'result', 'UPDATE'), false),
        'tasks', coalesce(has_column_privilege(to_regclass('tasks'), 'status', 'UPDATE')
            AND has_function_privilege(to_regproc('phasegate.cancel_task'), 'EXECUTE'), false),
        'add_tasks', coalesce(has_table_privilege(to_regclass('tasks'), 'INSERT')
            AND has_function_privilege(to_regproc('phasegate.generate_phase_tasks'), 'EXECUTE'), false),
        'force', coalesce(has_column_privilege(to_regclass('phase_history'), 'forced', 'INSERT')
            AND has_function_privilege(to_regproc('phasegate.force_transition_ticket'), 'EXECUTE'), false))
  )::text";

impl Names {
    /// Asks the database. A schema that is no workspace, or that the caller may not use, is an error of the database's.
    pub async fn ask(reading: &Reading) -> Result<Names, Failure> {
        let tickets = reading.tickets().await?;
        let params = Params::new().text(Some(&tickets.table));
        let params = params
            .text(Some(&bare(&tickets.column("phase_id"))))
            .text(Some(&bare(&tickets.column("title"))));
        let told = reading.one(&TOLD.replace("{mark}", MARK), params).await?;
        Ok(Names { tickets, told })
    }

    /// The workspace's name.
    pub fn workspace(&self) -> &str {
        &self.told.workspace
    }

    /// The role that acts.
    pub fn role(&self) -> &str {
        &self.told.role
    }

    /// The database's clock.
    pub fn now(&self) -> f64 {
        self.told.now
    }

    /// Tells this state of the workspace from later ones.
    pub fn mark(&self) -> &str {
        &self.told.mark
    }

    /// Reviews that wait to be taken; at most 100 are counted.
    pub fn reviews(&self) -> i64 {
        self.told.reviews
    }

    /// What the caller may do.
    pub fn may(&self) -> Rights {
        self.told.may
    }

    /// The name that is recorded of what the caller does.
    pub fn me(&self) -> &str {
        self.told.actor.as_deref().unwrap_or(&self.told.role)
    }

    /// Puts names into a statement: `{tickets}`, `{phase}`, `{t.COLUMN}`, a column of the tickets with alias t, and
    /// `{title}`, `{description}`, `{priority}`, as INSERT names them.
    pub fn fill(&self, statement: &str) -> String {
        let mut text = String::with_capacity(statement.len() + 256);
        let mut rest = statement;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((name, after)) = after.split_once('}') else {
                text.push('{');
                rest = after;
                continue;
            };
            match self.named(name) {
                Some(value) => text.push_str(&value),
                // An array literal or the like.
                None => {
                    text.push('{');
                    text.push_str(name);
                    text.push('}');
                }
            }
            rest = after;
        }
        text.push_str(rest);
        text
    }

    fn named(&self, name: &str) -> Option<String> {
        match name {
            "tickets" => Some(self.tickets.table.clone()),
            "phase" => Some(self.tickets.phase.clone()),
            "title" | "description" | "priority" => Some(self.tickets.column(name)),
            "t.id" => Some(format!("t.{}", self.tickets.id)),
            _ => Some(format!(
                "t.{}",
                self.tickets.column(name.strip_prefix("t.")?)
            )),
        }
    }
}

/// A quoted name without its quotes.
fn bare(name: &str) -> String {
    match name
        .strip_prefix('"')
        .and_then(|name| name.strip_suffix('"'))
    {
        Some(inner) => inner.replace("\"\"", "\""),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_filled_with_names_and_arrays_stay() {
        let tickets = serde_json::from_value(serde_json::json!({
            "schema": "flow", "table": "public.issues", "key": 1, "id": "ticket_uuid", "phase": "flow.phase",
            "columns": {"priority": "ticket_priority"},
        }))
        .unwrap();
        let told = serde_json::from_value(serde_json::json!({
            "workspace": "flow", "role": "r", "actor": null, "now": 0.0, "mark": "m", "reviews": 0,
            "may": {"move_tickets": true, "add_tickets": false, "add_artifacts": false, "review": false,
                "tasks": false, "add_tasks": false, "force": false},
        }))
        .unwrap();
        let names = Names { tickets, told };
        let text = names
            .fill("SELECT {t.id}, '{a,b}' FROM {tickets} t WHERE {t.priority} = $1::{phase} {");
        assert_eq!(
            text,
            "SELECT t.ticket_uuid, '{a,b}' FROM public.issues t WHERE t.ticket_priority = $1::flow.phase {"
        );
        assert_eq!(
            (names.me(), bare("\"a\"\"b\"").as_str(), bare("a").as_str()),
            ("r", "a\"b", "a")
        );
    }
}
