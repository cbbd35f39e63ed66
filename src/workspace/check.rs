//! `check_workspace`: looks for states that the rules exclude.

use super::Workspace;
use super::progress;
use super::shape::TABLES;
use crate::error::Code;
use crate::pg::error::{Result, notice};
use crate::pg::rows::Row;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Statement, quote_identifier, run_once};
use crate::pg::value::{Type, Value};
use crate::stamp::{NEEDS, SHAPE};

static CHECK: Statement = Statement {
    sql: concat!(
        include_str!("../../sql/workspace/check.sql"),
        include_str!("../../sql/workspace/check_owners.sql"),
        include_str!("../../sql/workspace/check_rest.sql")
    ),
    parameters: &[
        Type::Oid,
        Type::Int,
        Type::Int,
        Type::Texts,
        Type::Texts,
        Type::Texts,
        Type::Texts,
        Type::Texts,
        Type::Text,
    ],
};

/// The one check of those that reads none of the workspace's tables.
const OWNERS: &str = include_str!("../../sql/workspace/check_owners.sql");

/// Something that a workspace consists of.
struct Part {
    table: &'static str,
    kind: &'static str,
    name: &'static str,
    /// Without casts to text, parentheses and spaces.
    definition: String,
}

/// All that a workspace consists of.
fn parts() -> impl Iterator<Item = Part> {
    include_str!("../../sql/workspace/structure.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let mut fields = line.splitn(4, " | ").map(str::trim);
            Some(Part {
                table: fields.next()?,
                kind: fields.next()?,
                name: fields.next()?,
                definition: plain(fields.next().unwrap_or_default()),
            })
        })
}

fn plain(definition: &str) -> String {
    let mut plain = definition
        .replace("{needs}", &NEEDS.to_string())
        .replace("{shape}", &SHAPE.to_string());
    if plain.starts_with("character varying") && !plain.contains("[]") {
        let end = plain.find(" NOT NULL").or_else(|| plain.find(" DEFAULT"));
        plain.replace_range(..end.unwrap_or(plain.len()), "text");
    }
    for cast in [
        "::text[]",
        "::character varying[]",
        "::text",
        "::character varying",
    ] {
        plain = plain.replace(cast, "");
    }
    plain.retain(|letter| !"() ".contains(letter));
    plain
}

fn structure(of: impl Fn(&Part) -> String) -> Value<'static> {
    Value::Texts(parts().map(|part| Some(of(&part))).collect())
}

/// Hands over one row a check, as soon as it is done: its name, the violations found, and an example. Where the
/// history is long, says how far it is. Needs an open session; reads with the caller's rights.
///
/// Where tables belong to several roles, only that is told: nothing reads them.
pub fn check(workspace: &Workspace, take: impl Fn(&Row<'_>)) -> Result<()> {
    if let Err(error) = workspace.require_one_owner() {
        if error.code != Code::OtherOwner {
            return Err(error);
        }
        let names = TABLES.map(|table| Some(table.to_owned())).to_vec();
        let unused = || (Type::Int, Value::Null);
        let arguments = [
            (Type::Oid, Value::Oid(workspace.schema)),
            unused(),
            unused(),
            unused(),
            (Type::Texts, Value::Texts(names)),
        ];
        run_once(OWNERS, &arguments)?
            .iter()
            .for_each(|row| take(&row));
        return Ok(());
    }
    let _pinned = Pinned::wording();
    let is_long = progress::is_long_check(workspace.schema)?;
    if is_long {
        notice(format!("checking workspace \"{}\"", workspace.name));
    }
    let configuration = workspace.configuration()?;
    let phases = &configuration.phases;
    let keys = phases
        .listed()
        .map(|phase| Some(phases.context_key(phase).to_owned()));
    let arguments = [
        Value::Oid(workspace.schema),
        Value::Int(workspace.stamp.shape),
        Value::Int(SHAPE),
        Value::Texts(keys.collect()),
        structure(|part| part.table.to_owned()),
        structure(|part| part.kind.to_owned()),
        structure(|part| part.name.to_owned()),
        structure(|part| part.definition.clone()),
        Value::Text(format!("{}.", quote_identifier(&workspace.name)?).into()),
    ];
    workspace.run_by_row(&CHECK, &arguments, 1, |row| {
        if is_long {
            notice(format!("checked {}", row.text(1).unwrap_or_default()));
        }
        take(row);
        true
    })
}
