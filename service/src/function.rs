//! A call of one of the extension's functions, with named arguments: those that were not given are left to the
//! function's own defaults.

use crate::database::Param;
use serde_json::Value;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// A value that can be an argument, with the type that it is sent as.
pub trait Argument: Send {
    /// The value, and its type.
    fn given(self) -> (Box<dyn ToSql + Sync + Send>, Type);
}

macro_rules! arguments {
    ($($rust:ty => $sql:ident,)*) => {
        $(impl Argument for $rust {
            fn given(self) -> (Box<dyn ToSql + Sync + Send>, Type) {
                (Box::new(self), Type::$sql)
            }
        })*
    };
}

arguments! {
    String => TEXT,
    Vec<String> => TEXT_ARRAY,
    Uuid => UUID,
    Vec<Uuid> => UUID_ARRAY,
    Value => JSONB,
    i32 => INT4,
    i64 => INT8,
    bool => BOOL,
}

impl Argument for &str {
    fn given(self) -> (Box<dyn ToSql + Sync + Send>, Type) {
        self.to_owned().given()
    }
}

/// A call of `phasegate.name(a => $1, ...)`, or any other statement, and the values that go with it.
pub struct Function {
    name: &'static str,
    arguments: Vec<String>,
    values: Vec<(Box<dyn ToSql + Sync + Send>, Type)>,
}

impl Function {
    /// A call without arguments yet.
    pub fn new(name: &'static str) -> Function {
        Function {
            name,
            arguments: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Gives an argument.
    pub fn with(self, name: &str, value: impl Argument) -> Function {
        self.cast(name, value, "")
    }

    /// Gives an argument, if there is a value for it.
    pub fn maybe(self, name: &str, value: Option<impl Argument>) -> Function {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Gives an argument as text that the server reads as an interval, if there is one.
    pub fn interval(self, name: &str, value: Option<String>) -> Function {
        match value {
            Some(value) => self.cast(name, value, "::pg_catalog.interval"),
            None => self,
        }
    }

    /// Gives an argument as NULL.
    pub fn null(mut self, name: &str) -> Function {
        self.arguments.push(format!("{name} => NULL"));
        self
    }

    fn cast(mut self, name: &str, value: impl Argument, cast: &str) -> Function {
        let place = self.value(value);
        self.arguments.push(format!("{name} => {place}{cast}"));
        self
    }

    /// Adds a value that the statement uses otherwise than as an argument; gives its place, such as `$3`.
    pub fn value(&mut self, value: impl Argument) -> String {
        self.values.push(value.given());
        format!("${}", self.values.len())
    }

    /// The call as SQL.
    pub fn sql(&self) -> String {
        format!("phasegate.{}({})", self.name, self.arguments.join(", "))
    }

    /// A statement that gives the row of the call as one JSON text.
    pub fn as_row(&self) -> String {
        format!(
            "SELECT pg_catalog.to_jsonb(r)::pg_catalog.text FROM {} AS r",
            self.sql()
        )
    }

    /// A statement that gives the rows of the call as one JSON text, an array, in their order.
    pub fn as_rows(&self) -> String {
        format!(
            "SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(r)), '[]')::pg_catalog.text FROM {} AS r",
            self.sql()
        )
    }

    /// The values, in the order of their places.
    pub fn params(&self) -> Vec<Param<'_>> {
        self.values
            .iter()
            .map(|(value, kind)| (value.as_ref() as &(dyn ToSql + Sync), kind.clone()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_given_is_passed() {
        let call = Function::new("claim_task")
            .with("agent_id", "ada")
            .maybe("capabilities", None::<Vec<String>>)
            .interval("lease", Some("1 minute".to_owned()));
        assert_eq!(
            call.sql(),
            "phasegate.claim_task(agent_id => $1, lease => $2::pg_catalog.interval)"
        );
        assert_eq!(call.params().len(), 2);
    }
}
