//! `check_workspace`: looks for states that the rules exclude.

use super::Workspace;
use super::differences::{Differences, differences};
use super::progress;
use super::shape::{TABLES, VIEWS};
use super::{Statement, run_once};
use crate::error::Code;
use crate::notice::notice;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::settings::Pinned;
use crate::pg::value::{Type, Value};
use crate::stamp::SHAPE;

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
        Type::Oid,
        Type::Oid,
        Type::Texts,
        Type::Texts,
    ],
};

/// The one check of those that reads none of the workspace's tables.
const OWNERS: &str = include_str!("../../sql/workspace/check_owners.sql");

/// The one check of a workspace in which tables or columns are missing: no other can be made.
const GAPS: &str = "
    SELECT 'structure_is_whole'::pg_catalog.text, pg_catalog.cardinality($1)::pg_catalog.int8,
           pg_catalog.array_to_string($1[:10], ', ')
           OPERATOR(pg_catalog.||) CASE WHEN pg_catalog.cardinality($1) OPERATOR(pg_catalog.>) 10 THEN ', ...' ELSE '' END";

fn texts<'a>(names: impl Iterator<Item = &'a &'static str>) -> Value<'static> {
    Value::Texts(names.map(|name| Some((*name).to_owned())).collect())
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
        let unused = || (Type::Int, Value::Null);
        let arguments = [
            (Type::Oid, Value::Oid(workspace.schema)),
            unused(),
            unused(),
            unused(),
            (Type::Texts, texts(TABLES.iter().chain(&VIEWS))),
            (Type::Oid, Value::Oid(workspace.tickets)),
            (Type::Oid, Value::Oid(workspace.phase_type)),
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
    // Of an older shape it is the upgrade that is missing.
    let differences = match workspace.stamp.shape == SHAPE {
        true => differences(&workspace.site())?,
        false => Differences::default(),
    };
    if differences.has_gaps {
        let all = differences.all.into_iter().map(Some).collect();
        run_once(GAPS, &[(Type::Texts, Value::Texts(all))])?
            .iter()
            .for_each(|row| take(&row));
        return Ok(());
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
        texts(TABLES.iter().chain(&VIEWS)),
        Value::Oid(workspace.tickets),
        Value::Oid(workspace.phase_type),
        Value::Texts(differences.all.into_iter().map(Some).collect()),
        texts(VIEWS.iter()),
    ];
    workspace.run_by_row(&CHECK, &arguments, |row| {
        if is_long {
            notice(format!("checked {}", row.text(1).unwrap_or_default()));
        }
        take(row);
    })
}
