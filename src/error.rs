//! The errors a user can meet, in one place: SQLSTATE, primary message, DETAIL and HINT.
//!
//! Rules and rooms return these as values; only [`crate::pg::error`] turns one into a PostgreSQL error.
//! Messages follow PostgreSQL's error style guide: a primary message without a full stop,
//! a DETAIL that names the values involved, a HINT where there is something to do.

use crate::stamp::{OLDEST, SHAPE};
use std::fmt::Display;

/// The SQLSTATE classes phasegate raises by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// 23514: a rule of the workflow forbids the row.
    CheckViolation,
    /// 55000: the object is not in the state that the operation needs.
    NotInPrerequisiteState,
    /// P0002: no row has that id.
    NoDataFound,
    /// 40001: somebody else was faster; retrying may succeed.
    SerializationFailure,
    /// 22P02: text that is no value of its type.
    InvalidText,
    /// 42501: the role may not do this.
    InsufficientPrivilege,
    /// 22023: an argument or configuration value outside what is allowed.
    InvalidParameter,
    /// 22004: NULL where a value is required.
    NullNotAllowed,
    /// 54000: larger than a configured limit.
    LimitExceeded,
    /// 3F000: no workspace where one is needed.
    InvalidSchema,
    /// 42804: a column's type does not fit.
    DatatypeMismatch,
    /// 42704: no object of that name.
    UndefinedObject,
    /// 42710: an object of that name is in the way.
    DuplicateObject,
    /// 0A000: not supported here.
    NotSupported,
    /// XX000: a state that phasegate's own rules exclude.
    Internal,
}

/// One error, ready to be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The SQLSTATE.
    pub code: Code,
    /// The primary message.
    pub message: String,
    /// The values involved.
    pub detail: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Error {
    /// An error with a primary message only.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error {
            code,
            message: message.into(),
            detail: None,
            hint: None,
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

    /// A required argument is NULL.
    pub fn null_argument(name: &str) -> Self {
        Error::new(Code::NullNotAllowed, format!("{name} must not be null"))
    }

    /// An argument is outside what it may be: `what` names it, `detail` gives the value and the allowed ones.
    pub fn invalid_argument(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Error::new(Code::InvalidParameter, what).detail(detail)
    }

    /// `ticket not found` and its kin; `kind` is `ticket`, `task`, `template` or `artifact`.
    pub fn not_found(kind: &str, id: impl Display) -> Self {
        Error::new(Code::NoDataFound, format!("{kind} not found"))
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
        Error::new(Code::CheckViolation, "invalid phase transition").detail(format!(
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
        Error::new(Code::NotInPrerequisiteState, "phase gate not passed")
            .detail(detail)
            .hint("check_gate_requirements shows what the gate looks at; hand in what is missing and try again.")
    }

    /// `expected_phase` was given and the ticket is elsewhere.
    pub fn phase_changed(ticket: impl Display, expected: &str, actual: &str) -> Self {
        Error::new(
            Code::SerializationFailure,
            "ticket is not in the expected phase",
        )
        .detail(format!(
            "Ticket {ticket} was expected in {expected} and is in {actual}."
        ))
        .hint("Read the ticket again and decide anew.")
    }

    /// PostgreSQL's own message for a label that an enum does not have.
    pub fn unknown_phase(label: &str) -> Self {
        Error::new(
            Code::InvalidText,
            format!("invalid input value for enum phase: \"{label}\""),
        )
    }

    /// Nothing on the search_path is a workspace.
    pub fn no_workspace(search_path: &str) -> Self {
        Error::new(
            Code::InvalidSchema,
            "no phasegate workspace in search_path",
        )
        .detail(format!("The search_path is {search_path}."))
        .hint("Put the workspace's schema on the search_path, or make one with SELECT phasegate.create_workspace('name').")
    }

    /// A name was given, and is no workspace's.
    pub fn not_a_workspace(name: &str) -> Self {
        Error::new(
            Code::InvalidSchema,
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
        Error::new(Code::CheckViolation, "invalid task status transition").detail(format!(
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
            Code::NotInPrerequisiteState,
            "task is not held by this agent",
        )
        .detail(format!(
            "Task {task} was asked for by agent {agent}{given}; it is {status}, its holder is {holder}, its attempt {attempt}."
        ))
        .hint("The lease may have run out and another claim been made; drop this work and claim again.")
    }

    /// A value that was read well is larger than a setting allows.
    pub fn too_large(column: &str, size: usize, setting: &str, limit: usize) -> Self {
        Error::new(Code::LimitExceeded, format!("{column} is too large"))
            .detail(format!("It has {size} bytes; {setting} is {limit}."))
    }

    /// The workspace is of a shape that this code does not work with any more.
    pub fn workspace_older(workspace: &str, shape: i32) -> Self {
        Error::new(
            Code::NotInPrerequisiteState,
            format!("workspace \"{workspace}\" is older than the extension"),
        )
        .detail(format!(
            "Its shape is {shape}; this version of phasegate works with shapes {OLDEST} to {SHAPE}."
        ))
        .hint(format!(
            "SELECT phasegate.upgrade_workspace('{}') brings it up to date; where there is no such function, ALTER EXTENSION phasegate UPDATE comes first.",
            workspace.replace('\'', "''")
        ))
    }

    /// A later version has made the workspace what this code cannot work with, or must not change.
    pub fn workspace_newer(workspace: &str, shape: i32) -> Self {
        Error::new(
            Code::NotInPrerequisiteState,
            format!("workspace \"{workspace}\" is newer than the extension"),
        )
        .detail(format!(
            "Its shape is {shape}; this version of phasegate works with shapes {OLDEST} to {SHAPE}."
        ))
        .hint("Install the version that made it and run ALTER EXTENSION phasegate UPDATE; a session opened before that must be opened anew.")
    }

    /// The extension's SQL objects and the library that the session has loaded are of two versions.
    pub fn versions_differ(extension: &str, library: &str) -> Self {
        Error::new(
            Code::NotInPrerequisiteState,
            "the extension and its library are of different versions",
        )
        .detail(format!(
            "The extension is {extension}, the library that this session has loaded is {library}."
        ))
        .hint("ALTER EXTENSION phasegate UPDATE brings the extension to the version that is installed; a session opened before the installation must be opened anew.")
    }

    /// Adoption met a column or object that cannot be used as it is.
    pub fn cannot_adopt(table: &str, detail: impl Into<String>) -> Self {
        Error::new(
            Code::DatatypeMismatch,
            format!("cannot adopt table \"{table}\""),
        )
        .detail(detail)
    }
}
