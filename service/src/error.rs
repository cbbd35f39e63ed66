//! What can go wrong, as values: a refusal by the database with all of its fields, a database that cannot be reached,
//! and what the caller got wrong.

use std::fmt;
use tokio_postgres::error::SqlState;

/// An error that the server raised, field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// phasegate's own code, such as `gate_not_passed`; for PostgreSQL's errors the constraint, if one was violated.
    pub code: Option<String>,
    /// The five characters of the SQLSTATE.
    pub sqlstate: String,
    /// The primary message.
    pub message: String,
    /// DETAIL.
    pub detail: Option<String>,
    /// HINT.
    pub hint: Option<String>,
    /// The table that it is about.
    pub table: Option<String>,
    /// The column that it is about.
    pub column: Option<String>,
}

impl Refusal {
    /// Whether the code is this one.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// What phasegate gives as the reasons of a refused move: after its first line the DETAIL has one a line.
    pub fn blocking_reasons(&self) -> Vec<String> {
        match (&self.code, &self.detail) {
            (Some(code), Some(detail)) if code == "gate_not_passed" => detail
                .lines()
                .skip(1)
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(String::from)
                .collect(),
            (Some(code), Some(detail)) if code == "invalid_transition" => vec![detail.clone()],
            _ => Vec::new(),
        }
    }

    /// Whether the same transaction may well succeed when it is tried again: it lost against another one.
    pub fn is_passing(&self) -> bool {
        self.sqlstate == SqlState::T_R_DEADLOCK_DETECTED.code()
            || self.sqlstate == SqlState::T_R_SERIALIZATION_FAILURE.code()
    }
}

/// Why a request, a command or the program itself could not do what was asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The server raised an error; the transaction was rolled back.
    Refused(Box<Refusal>),
    /// The database could not be reached, or takes no connections now. Nothing was done.
    Away(String),
    /// The connection was lost after a statement that writes was sent: whether it was committed is not known.
    Unknown(String),
    /// All connections of the pool are taken, and none was given back in time. Nothing was done.
    Busy,
    /// Arguments or settings cannot be used.
    Usage(String),
    /// The database is there, and may not be used like this.
    Misconfigured(String),
}

impl Failure {
    /// Arguments or settings cannot be used, for this reason.
    pub fn usage(reason: impl Into<String>) -> Failure {
        Failure::Usage(reason.into())
    }

    /// What a driver's error means, where nothing had been written yet.
    pub fn of(error: &tokio_postgres::Error) -> Failure {
        let Some(raised) = error.as_db_error() else {
            return Failure::Away(chain(error));
        };
        let refusal = Refusal {
            code: raised.constraint().map(String::from),
            sqlstate: raised.code().code().to_owned(),
            message: raised.message().to_owned(),
            detail: raised.detail().map(String::from),
            hint: raised.hint().map(String::from),
            table: raised.table().map(String::from),
            column: raised.column().map(String::from),
        };
        // Classes 08 and 57P: the server goes down, comes up, or a pooler has lost it. 53300: it takes no more connections.
        let state = refusal.sqlstate.as_str();
        if state.starts_with("08")
            || (state.starts_with("57P") && state != "57P05")
            || state == "53300"
        {
            return Failure::Away(refusal.message);
        }
        Failure::Refused(Box::new(refusal))
    }

    /// The whole of it as text, for terminals and logs. It has no password: the driver's errors carry none.
    pub fn in_words(&self) -> String {
        match self {
            Failure::Refused(refusal) => {
                let mut text = refusal.message.clone();
                if let Some(code) = &refusal.code {
                    text.push_str(&format!(" ({code}, SQLSTATE {})", refusal.sqlstate));
                } else {
                    text.push_str(&format!(" (SQLSTATE {})", refusal.sqlstate));
                }
                for (name, value) in [("DETAIL", &refusal.detail), ("HINT", &refusal.hint)] {
                    if let Some(value) = value {
                        text.push_str(&format!("\n{name}:  {value}"));
                    }
                }
                text
            }
            Failure::Away(reason) => format!("the database cannot be reached: {reason}"),
            Failure::Unknown(reason) => {
                format!("the connection was lost, whether it was done is not known: {reason}")
            }
            Failure::Busy => "all connections to the database are taken".to_owned(),
            Failure::Usage(reason) | Failure::Misconfigured(reason) => reason.clone(),
        }
    }

    /// The status with which the program ends: 1 refused, 2 arguments or settings, 3 the database cannot be reached.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Refused(_) => 1,
            Failure::Usage(_) | Failure::Misconfigured(_) => 2,
            Failure::Away(_) | Failure::Unknown(_) | Failure::Busy => 3,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.in_words())
    }
}

impl std::error::Error for Failure {}

/// An error with what caused it, in one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_of_a_gate_are_the_lines_after_the_first() {
        let refusal = Refusal {
            code: Some("gate_not_passed".to_owned()),
            detail: Some("Ticket 1 cannot leave.\nfirst\n  second\n".to_owned()),
            ..Refusal::default()
        };
        assert_eq!(refusal.blocking_reasons(), ["first", "second"]);
    }
}
