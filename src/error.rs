//! The errors a user can meet, in one place: code, primary message, DETAIL and HINT.
//!
//! Rules and rooms return these as values; only [`crate::pg::error`] turns one into a PostgreSQL error.
//! Messages follow PostgreSQL's error style guide: a primary message without a full stop,
//! a DETAIL that names the values involved, a HINT where there is something to do.

use crate::stamp::{OLDEST, SHAPE};
use std::fmt::Display;

macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $name:ident: $state:literal $word:literal,)*) => {
        /// What a refusal is about, in a word that programs read: every error of phasegate carries it in the field
        /// CONSTRAINT NAME, beside its SQLSTATE.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $($(#[doc = $meaning])+ $name,)*
        }

        impl Code {
            /// The word.
            pub fn word(self) -> &'static str {
                match self { $(Code::$name => $word,)* }
            }

            /// The SQLSTATE that goes with it.
            pub fn sqlstate(self) -> &'static str {
                match self { $(Code::$name => $state,)* }
            }
        }
    };
}

codes! {
    /// No edge of `phase_transitions` leads there, or a trigger changed the phase after the move was decided.
    InvalidTransition: "23514" "invalid_transition",
    /// A new ticket is inserted into a phase that none starts in.
    InvalidStart: "23514" "invalid_start",
    /// A gate that the move needs has not passed.
    GateNotPassed: "55000" "gate_not_passed",
    /// `expected_phase` was given, and the ticket is elsewhere.
    PhaseChanged: "55000" "phase_changed",
    /// A trigger left the ticket out of the UPDATE that moves it.
    MoveSuppressed: "55000" "move_suppressed",
    /// There is no phase of kind `blocked` to move the ticket to.
    NoBlockedPhase: "55000" "no_blocked_phase",
    /// Phases that tickets rely on are changed, or all phases removed.
    PhaseInUse: "55000" "phase_in_use",
    /// The column of a phase is fixed.
    PhaseColumnFixed: "23514" "phase_column_fixed",
    /// The ticket is not blocked.
    TicketNotBlocked: "55000" "ticket_not_blocked",
    /// The column of a ticket is fixed.
    TicketColumnFixed: "23514" "ticket_column_fixed",
    /// No visible ticket has the id.
    TicketNotFound: "P0002" "ticket_not_found",
    /// The text is no label of the workspace's phases.
    UnknownPhase: "22P02" "unknown_phase",
    /// A row of an append-only table, such as `phase_history`, would be changed or removed.
    HistoryAppendOnly: "42501" "history_append_only",
    /// Tickets or tasks were written past the triggers that write down what follows.
    NotRecorded: "55000" "not_recorded",
    /// The triggers that decide about moves do not fire in this session.
    TriggersOff: "55000" "triggers_off",
    /// A table of a workspace takes part in INHERITS.
    TableInherits: "55000" "table_inherits",
    /// Something kept a move's row from `phase_history`.
    HistoryNotWritten: "55000" "history_not_written",

    /// No visible task has the id.
    TaskNotFound: "P0002" "task_not_found",
    /// Another agent holds the task, nobody does, or a later attempt is under way.
    TaskNotHeld: "55000" "task_not_held",
    /// The task's status may not change like that.
    InvalidTaskTransition: "23514" "invalid_task_transition",
    /// The column of a task is fixed.
    TaskColumnFixed: "23514" "task_column_fixed",
    /// A task's result breaks the contract.
    InvalidResult: "22023" "invalid_result",
    /// A task's dependencies are not readable, name what there is not, or form a cycle.
    InvalidDependencies: "22023" "invalid_dependencies",
    /// Capabilities are not readable.
    InvalidCapabilities: "22023" "invalid_capabilities",
    /// A template cannot be rendered, or templates do not fit together.
    InvalidTemplate: "22023" "invalid_template",
    /// No template has the id.
    TemplateNotFound: "P0002" "template_not_found",

    /// A gate's requirements cannot be read.
    InvalidRequirements: "22023" "invalid_requirements",
    /// Whoever reviews a phase has worked on it.
    ReviewerTookPart: "42501" "reviewer_took_part",
    /// The reviewer has approved the phase already, and another reviewer has to.
    ReviewerHasApproved: "55000" "reviewer_has_approved",

    /// A name differs from that of the setting `phasegate.agent`.
    OtherAgent: "42501" "other_agent",
    /// The archive of finished tickets is not protected as the tickets are.
    ArchiveUnguarded: "55000" "archive_unguarded",
    /// Something kept finished tickets, or what is left of a deleted one, out of the archive.
    NotArchived: "55000" "not_archived",
    /// A foreign key refers to tickets that are to be archived from a table that the workspace's owner may not safely read.
    ReferredByOther: "42501" "referred_by_other",

    /// A task's result is larger than a setting allows.
    ResultTooLarge: "54000" "result_too_large",
    /// An artifact is larger than a setting allows.
    ArtifactTooLarge: "54000" "artifact_too_large",
    /// Another value is larger than the limit that DETAIL names.
    ValueTooLarge: "54000" "value_too_large",

    /// The server's machine has no memory left for a value.
    OutOfMemory: "53200" "out_of_memory",

    /// A required argument or value is NULL.
    NullArgument: "22004" "null_argument",
    /// An argument, or the value of a column, is outside what is allowed.
    InvalidArgument: "22023" "invalid_argument",
    /// A trigger on a table of a workspace would run another role's code with the rights of the workspace's owner.
    TriggerOfOther: "42501" "trigger_of_other",
    /// A constraint that is put off to the commit would run with a superuser's rights.
    ConstraintDeferred: "42501" "constraint_deferred",
    /// No role has the name.
    RoleNotFound: "42704" "role_not_found",
    /// The role lacks a privilege; the message is PostgreSQL's own.
    PermissionDenied: "42501" "permission_denied",
    /// The role does not own the workspace.
    NotOwner: "42501" "not_owner",
    /// An object of a workspace belongs to another role than the workspace.
    OtherOwner: "42501" "other_owner",

    /// Nothing on the search_path is a workspace.
    NoWorkspace: "3F000" "no_workspace",
    /// The schema, or the schema of the table, is no workspace.
    NotAWorkspace: "3F000" "not_a_workspace",
    /// A table or column of the workspace is missing.
    WorkspaceIncomplete: "55000" "workspace_incomplete",
    /// The table holds the tickets of another workspace.
    TicketsTaken: "55000" "tickets_taken",
    /// The workspace's tables were changed while the call waited for them.
    WorkspaceChanged: "55000" "workspace_changed",
    /// The adoption of the schema's tables was begun and not finished.
    AdoptionUnfinished: "55000" "adoption_unfinished",
    /// Citus has distributed tables of the workspace, or would, in a way that a workspace cannot be.
    WorkspaceDistributed: "0A000" "workspace_distributed",
    /// Citus has the workspace on another node than this.
    WorkspaceElsewhere: "55000" "workspace_elsewhere",
    /// The workspace is to be upgraded first.
    WorkspaceOlder: "55000" "workspace_older",
    /// A later version of the extension made the workspace.
    WorkspaceNewer: "55000" "workspace_newer",
    /// The extension's objects and the loaded library are of two versions.
    VersionsDiffer: "55000" "versions_differ",
    /// A column has another type than a workspace needs.
    WrongColumnType: "42804" "wrong_column_type",
    /// A table of the application's cannot be adopted as it is.
    CannotAdopt: "42804" "cannot_adopt",
    /// An object of a name that a workspace needs is something else.
    NameTaken: "42710" "name_taken",
    /// The database's encoding is not UTF8.
    EncodingNotSupported: "0A000" "encoding_not_supported",
    /// A trigger function was not called by a trigger, or by one of another event, time or level.
    WrongTrigger: "39P01" "wrong_trigger",

    /// A state that phasegate's own rules exclude.
    Internal: "XX000" "internal_error",
}

/// Which object of the database an error is about, for the fields of the same names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// SCHEMA NAME
    pub schema: Option<String>,
    /// TABLE NAME
    pub table: Option<String>,
    /// COLUMN NAME
    pub column: Option<String>,
}

/// One error, ready to be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What it is about.
    pub code: Code,
    /// The primary message.
    pub message: String,
    /// The values involved.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The object that is meant.
    pub place: Box<Place>,
}

impl Error {
    /// An error with a primary message only.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error {
            code,
            message: message.into(),
            detail: None,
            hint: None,
            place: Box::default(),
        }
    }

    /// Adds the DETAIL line.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the HINT line.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Names the table that is meant.
    #[must_use]
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.place.table = Some(name.into());
        self
    }

    /// Names the column that is meant.
    #[must_use]
    pub fn column(mut self, name: impl Into<String>) -> Self {
        self.place.column = Some(name.into());
        self
    }

    /// A trigger function was called by something else.
    pub fn not_fired() -> Self {
        Error::new(
            Code::WrongTrigger,
            "a phasegate trigger function can only be called by a trigger",
        )
    }

    /// A required argument is NULL.
    pub fn null_argument(name: &str) -> Self {
        Error::new(Code::NullArgument, format!("{name} must not be null"))
    }

    /// The elements of an array that may hold no NULL.
    pub fn without_null<T>(elements: Vec<Option<T>>, name: &str) -> Result<Vec<T>, Self> {
        (elements.into_iter().collect::<Option<_>>())
            .ok_or_else(|| Error::null_argument(&format!("an element of {name}")))
    }

    /// PostgreSQL's own message.
    pub fn permission_denied(table: &str) -> Self {
        Error::new(
            Code::PermissionDenied,
            format!("permission denied for table {table}"),
        )
    }

    /// The same of a schema.
    pub fn permission_denied_for_schema(schema: &str) -> Self {
        Error::new(
            Code::PermissionDenied,
            format!("permission denied for schema {schema}"),
        )
    }

    /// An argument is outside what it may be: `what` names it, `detail` gives the value and the allowed ones.
    pub fn invalid_argument(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Error::new(Code::InvalidArgument, what).detail(detail)
    }

    /// What follows from rows of `tickets` or `tasks` was not written down; `named` is the table that was written.
    pub fn not_recorded(table: &str, named: &str) -> Self {
        Error::new(Code::NotRecorded, format!("what follows from changed {table} was not written down"))
            .detail(format!(
                "Rows of table {named} were written, and no trigger fired that writes down what follows from it."
            ))
            .hint("phasegate.create_workspace makes the triggers that partitions and tables with partitions need; triggers that are disabled have to be enabled.")
    }

    /// `ticket not found` and its kin; `kind` is `ticket`, `task` or `template`.
    pub fn not_found(kind: &str, id: impl Display) -> Self {
        let code = match kind {
            "task" => Code::TaskNotFound,
            "template" => Code::TemplateNotFound,
            _ => Code::TicketNotFound,
        };
        Error::new(code, format!("{kind} not found"))
            .detail(format!("No {kind} with id {id} is visible here."))
    }

    /// The edge is not in `phase_transitions`.
    pub fn invalid_transition(
        ticket: impl Display,
        from: &str,
        to: &str,
        allowed: &[&str],
    ) -> Self {
        let allowed = if allowed.is_empty() {
            "none".to_owned()
        } else {
            allowed.join(", ")
        };
        Error::new(Code::InvalidTransition, "invalid phase transition").detail(format!(
            "Ticket {ticket} cannot move from {from} to {to}; allowed from {from}: {allowed}."
        ))
    }

    /// A gate that the move needs has not passed; one blocking reason a line.
    pub fn gate_not_passed(ticket: impl Display, phase: &str, reasons: &[String]) -> Self {
        let mut detail = format!("Ticket {ticket} does not pass the gate of {phase}:");
        for reason in reasons {
            detail.push('\n');
            detail.push_str(reason);
        }
        Error::new(Code::GateNotPassed, "phase gate not passed")
            .detail(detail)
            .hint("check_gate_requirements shows what the gate looks at; hand in what is missing and try again.")
    }

    /// `expected_phase` was given and the ticket is elsewhere.
    pub fn phase_changed(ticket: impl Display, expected: &str, actual: &str) -> Self {
        Error::new(Code::PhaseChanged, "ticket is not in the expected phase")
            .detail(format!(
                "Ticket {ticket} was expected in {expected} and is in {actual}."
            ))
            .hint("Read the ticket again and decide anew.")
    }

    /// PostgreSQL's own message for a label that an enum does not have.
    pub fn unknown_phase(label: &str) -> Self {
        Error::new(
            Code::UnknownPhase,
            format!("invalid input value for enum phase: \"{label}\""),
        )
    }

    /// Nothing on the search_path is a workspace.
    pub fn no_workspace(search_path: &str) -> Self {
        Error::new(
            Code::NoWorkspace,
            "no phasegate workspace in search_path",
        )
        .detail(format!("The search_path is {search_path}."))
        .hint("Put the workspace's schema on the search_path, or make one with SELECT phasegate.create_workspace('name').")
    }

    /// A name was given, and is no workspace's.
    pub fn not_a_workspace(name: &str) -> Self {
        Error::new(
            Code::NotAWorkspace,
            format!("schema \"{name}\" is no phasegate workspace"),
        )
        .hint("phasegate.workspaces lists them; phasegate.create_workspace makes one.")
    }

    /// The task's status may not change like that.
    pub fn invalid_task_move(task: impl Display, from: &str, to: &str, allowed: &[&str]) -> Self {
        let allowed = if allowed.is_empty() {
            "none".to_owned()
        } else {
            allowed.join(", ")
        };
        Error::new(
            Code::InvalidTaskTransition,
            "invalid task status transition",
        )
        .detail(format!(
            "Task {task} cannot move from {from} to {to}; allowed from {from}: {allowed}."
        ))
    }

    /// Somebody else holds the task, nobody does, or a later attempt is under way.
    pub fn not_held(
        task: impl Display,
        agent: &str,
        given: Option<i32>,
        status: &str,
        holder: Option<&str>,
        attempt: i32,
    ) -> Self {
        let given = given.map_or_else(String::new, |given| format!(", attempt {given}"));
        let holder = holder.map_or_else(|| "nobody".to_owned(), |holder| format!("agent {holder}"));
        Error::new(
            Code::TaskNotHeld,
            "task is not held by this agent",
        )
        .detail(format!(
            "Task {task} was asked for by agent {agent}{given}; it is {status}, its holder is {holder}, its attempt {attempt}."
        ))
        .hint("The lease may have run out and another claim been made; drop this work and claim again.")
    }

    /// A result is handed in for a task that nobody holds.
    pub fn unheld_result(task: impl Display, status: &str) -> Self {
        Error::new(
            Code::TaskNotHeld,
            "a task that nobody holds takes no result",
        )
        .detail(format!("Task {task} is {status}, and no agent is named."))
        .hint("Claim it first; only the owner of the workspace brings in results of others.")
        .column("result")
    }

    /// A value that was read well is larger than a setting allows.
    pub fn too_large(column: &str, size: usize, setting: &str, limit: usize) -> Self {
        let code = match column {
            "result" => Code::ResultTooLarge,
            "artifact_content" => Code::ArtifactTooLarge,
            _ => Code::ValueTooLarge,
        };
        Error::new(code, format!("{column} is too large"))
            .detail(format!("It has {size} bytes; {setting} is {limit}."))
            .column(column)
    }

    /// A column, of this name and type, is of another than it is to be read or written as; or there is none.
    pub fn wrong_column(found: Option<(&str, String)>, needed: &str) -> Self {
        let error = Error::new(
            Code::WrongColumnType,
            "a column has another type than a workspace needs",
        );
        let Some((name, kind)) = found else {
            return error.detail(format!("There is no such column; needed is {needed}."));
        };
        error
            .detail(format!(
                "Column \"{name}\" has type {kind}; needed is {needed}."
            ))
            .column(name)
    }

    /// A value is larger than its limit, which is no setting.
    pub fn larger_than(column: &str, size: usize, limit: usize) -> Self {
        Error::too_large(column, size, "the limit", limit)
    }

    /// A lease, or a time to which a task is put off, is further away than the setting allows; in microseconds.
    pub fn longer_lease(what: &str, most: i64) -> Self {
        Error::invalid_argument(
            format!("{what} is longer than phasegate.max_lease"),
            format!("phasegate.max_lease is {} seconds.", most / 1_000_000),
        )
        .hint("Call heartbeat_task while the work goes on; managers may set any time by UPDATE.")
    }

    /// The workspace is of a shape that this code does not work with any more, or must not change by the way.
    pub fn workspace_older(workspace: &str, shape: i32) -> Self {
        Error::new(
            Code::WorkspaceOlder,
            format!("workspace \"{workspace}\" is older than the extension"),
        )
        .detail(format!(
            "Its shape is {shape}; this version of phasegate makes shape {SHAPE}, and works with shapes from {OLDEST} on."
        ))
        .hint(format!(
            "SELECT phasegate.upgrade_workspace('{}') brings it up to date; where there is no such function, ALTER EXTENSION phasegate UPDATE comes first.",
            workspace.replace('\'', "''")
        ))
    }

    /// A later version has made the workspace what this code cannot work with, or must not change.
    pub fn workspace_newer(workspace: &str, shape: i32) -> Self {
        Error::new(
            Code::WorkspaceNewer,
            format!("workspace \"{workspace}\" is newer than the extension"),
        )
        .detail(format!(
            "Its shape is {shape}; this version of phasegate makes shape {SHAPE}."
        ))
        .hint("Install the version that made it and run ALTER EXTENSION phasegate UPDATE; a session opened before that must be opened anew.")
    }

    /// The extension's SQL objects and the library that the session has loaded are of two versions.
    pub fn versions_differ(extension: &str, library: &str) -> Self {
        Error::new(
            Code::VersionsDiffer,
            "the extension and its library are of different versions",
        )
        .detail(format!(
            "The extension is {extension}, the library that this session has loaded is {library}."
        ))
        .hint("ALTER EXTENSION phasegate UPDATE brings the extension to the version that is installed; a session opened before the installation must be opened anew.")
    }

    /// Adoption met a column or object that cannot be used as it is.
    pub fn cannot_adopt(table: &str, detail: impl Into<String>) -> Self {
        Error::new(Code::CannotAdopt, format!("cannot adopt table \"{table}\""))
            .detail(detail)
            .table(table)
    }
}
