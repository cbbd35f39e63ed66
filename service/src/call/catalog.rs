//! The functions of the extension, as the database's catalog has them.

use crate::database::{Access, Database, Who};
use crate::error::Failure;
use tokio_postgres::Row;

/// Those that are members of the extension and can be called; triggers and the like are not.
const FUNCTIONS: &str = "SELECT n.nspname::text, p.proname::text, \
        coalesce(p.proargnames[1:p.pronargs], '{}')::text[], \
        ARRAY(SELECT pg_catalog.format_type(a.type, NULL) FROM pg_catalog.unnest(p.proargtypes) WITH ORDINALITY AS a (type, place) \
               ORDER BY a.place)::text[], \
        p.pronargdefaults::int4, \
        pg_catalog.pg_get_function_arguments(p.oid), pg_catalog.pg_get_function_result(p.oid), \
        pg_catalog.obj_description(p.oid, 'pg_proc'), p.proretset, t.typtype::text, p.prorettype = 'void'::pg_catalog.regtype, \
        p.provolatile = 'v' \
   FROM pg_catalog.pg_extension e \
   JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid \
        AND d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.deptype = 'e' \
   JOIN pg_catalog.pg_proc p ON p.oid = d.objid \
   JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
   JOIN pg_catalog.pg_type t ON t.oid = p.prorettype \
  WHERE e.extname = 'phasegate' AND p.prokind = 'f' AND left(p.proname::text, 1) <> '_' \
    AND p.prorettype NOT IN ('trigger'::pg_catalog.regtype, 'event_trigger'::pg_catalog.regtype, 'internal'::pg_catalog.regtype) \
  ORDER BY p.proname, p.pronargs";

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Whether it may be left out.
    pub has_default: bool,
}

/// A function that can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it takes.
    pub parameters: Vec<Parameter>,
    /// The same, as PostgreSQL writes it.
    pub signature: String,
    /// What it gives, as PostgreSQL writes it.
    pub result: String,
    /// What the catalog's comment says of it.
    pub comment: String,
    /// Whether it gives rows.
    pub is_set: bool,
    /// Whether what it gives has columns.
    pub is_composite: bool,
    /// Whether it gives nothing.
    pub is_void: bool,
    /// Whether it may write.
    pub writes: bool,
}

impl Function {
    fn read(row: &Row) -> Result<Function, tokio_postgres::Error> {
        let names: Vec<String> = row.try_get(2)?;
        let kinds: Vec<String> = row.try_get(3)?;
        let defaults = usize::try_from(row.try_get::<_, i32>(4)?).unwrap_or_default();
        let required = kinds.len().saturating_sub(defaults);
        let type_of_type: String = row.try_get(9)?;
        let result: String = row.try_get(6)?;
        Ok(Function {
            schema: row.try_get(0)?,
            name: row.try_get(1)?,
            parameters: names
                .into_iter()
                .zip(kinds)
                .enumerate()
                .map(|(place, (name, kind))| Parameter {
                    name,
                    kind,
                    has_default: place >= required,
                })
                .collect(),
            signature: row.try_get(5)?,
            is_composite: type_of_type == "c" || result.starts_with("TABLE("),
            result,
            comment: row.try_get::<_, Option<String>>(7)?.unwrap_or_default(),
            is_set: row.try_get(8)?,
            is_void: row.try_get(10)?,
            writes: row.try_get(11)?,
        })
    }

    /// The statement that calls it with these parameters, each row as JSON.
    pub fn statement(&self, given: &[&Parameter]) -> Result<String, Failure> {
        let mut arguments = Vec::with_capacity(given.len());
        for (place, parameter) in given.iter().enumerate() {
            let name = crate::database::identifier(&parameter.name)?;
            arguments.push(format!("{name} => ${}::{}", place + 1, parameter.kind));
        }
        let value = if self.is_void {
            "'null'::text"
        } else {
            "pg_catalog.to_json(r)::text"
        };
        let (schema, name) = (
            crate::database::identifier(&self.schema)?,
            crate::database::identifier(&self.name)?,
        );
        Ok(format!(
            "SELECT {value} FROM {schema}.{name}({}) AS r",
            arguments.join(", ")
        ))
    }

    /// Its help.
    pub fn help(&self) -> String {
        let signature = if self.signature.is_empty() {
            "()".to_owned()
        } else {
            format!("(\n    {})", self.signature.replace(", ", ",\n    "))
        };
        let words: Vec<String> = self
            .parameters
            .iter()
            .map(|parameter| {
                let word = format!("{}=...", parameter.name);
                if parameter.has_default {
                    format!("[{word}]")
                } else {
                    word
                }
            })
            .collect();
        format!(
            "{}\n\n{}{signature}\n    -> {}\n\nUsage: phasegate call {} {}\n",
            self.comment,
            self.name,
            self.result,
            self.name,
            words.join(" ")
        )
    }
}

/// All of them, by name.
pub async fn functions(database: &Database) -> Result<Vec<Function>, Failure> {
    let rows = database
        .rows(&Who::default(), Access::Read, FUNCTIONS, &[])
        .await?;
    if rows.is_empty() {
        return Err(Failure::usage(
            "this database does not have the extension phasegate: CREATE EXTENSION phasegate",
        ));
    }
    rows.iter()
        .map(|row| Function::read(row).map_err(|error| Failure::of(&error)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_names_its_arguments_and_their_types() {
        let parameter = |name: &str, kind: &str, has_default| Parameter {
            name: name.to_owned(),
            kind: kind.to_owned(),
            has_default,
        };
        let function = Function {
            schema: "phasegate".to_owned(),
            name: "f".to_owned(),
            parameters: vec![
                parameter("ticket_id", "uuid", false),
                parameter("words", "text[]", true),
            ],
            signature: "ticket_id uuid, words text[] DEFAULT NULL::text[]".to_owned(),
            result: "SETOF text".to_owned(),
            comment: "Does it.".to_owned(),
            is_set: true,
            is_composite: false,
            is_void: false,
            writes: false,
        };
        let given: Vec<&Parameter> = function.parameters.iter().collect();
        assert_eq!(
            function.statement(&given).unwrap(),
            "SELECT pg_catalog.to_json(r)::text FROM \"phasegate\".\"f\"(\"ticket_id\" => $1::uuid, \"words\" => $2::text[]) AS r"
        );
        let help = function.help();
        assert!(help.starts_with("Does it.\n\nf(\n    ticket_id uuid,\n    words text[]"));
        assert!(help.ends_with("Usage: phasegate call f ticket_id=... [words=...]\n"));
    }
}
