//! A workspace's views: whether they are as they were made.
//!
//! The server gives back a view's text in words that differ from version to version. So what it keeps of the view is
//! hashed when the view is made, and the hash stands in a comment on the view's rule, which `CREATE OR REPLACE VIEW` leaves as
//! it is. Dumps leave such comments out: a view without one is taken at its columns.

use super::found;
use super::run_once;
use super::shape::VIEWS;
use super::site::{Site, run_each};
use super::structure;
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::value::{Type, Value};

/// Drops views whose columns are not the first of ours: they cannot be replaced, and what was granted on them goes.
pub(super) fn make_room(site: &Site) -> Result<()> {
    for view in VIEWS {
        if let Some(oid) = catalog::table_in(site.schema, view)
            && !begins(site, view, oid)?
        {
            site.script(&format!("DROP VIEW {{ws}}.{view}"))?;
        }
    }
    Ok(())
}

fn has_columns(site: &Site, view: &str, oid: u32) -> Result<bool> {
    Ok(found::columns(oid)?.len() == structure::columns(view).len() && begins(site, view, oid)?)
}

/// Whether the view's columns are ours, or the first of ours.
fn begins(site: &Site, view: &str, oid: u32) -> Result<bool> {
    let ours = structure::columns(view);
    let found = found::columns(oid)?;
    let phase = site.phase_type()?;
    Ok(found.len() <= ours.len()
        && found.iter().zip(&ours).all(|(one, wanted)| {
            one.name == wanted.name && wanted.kind.takes(one.kind, phase, false)
        }))
}

const SEAL: &str = "'phasegate ' || md5(r.ev_action::text)";

/// Whether the view was made by us once.
pub(super) fn is_sealed(view: u32) -> Result<bool> {
    let rows = run_once(
        "SELECT 1 FROM pg_catalog.pg_rewrite r
          WHERE r.ev_class OPERATOR(pg_catalog.=) $1
            AND pg_catalog.starts_with(pg_catalog.obj_description(r.oid, 'pg_rewrite'), 'phasegate ')",
        &[(Type::Oid, Value::Oid(view))],
    )?;
    Ok(!rows.is_empty())
}

/// Writes down what the views are now.
pub(super) fn seal(site: &Site) -> Result<()> {
    run_each(
        &format!(
            "SELECT format('COMMENT ON RULE \"_RETURN\" ON %s IS %L', r.ev_class::regclass, {SEAL})
               FROM pg_rewrite r
               JOIN pg_class c ON c.oid = r.ev_class
              WHERE c.relnamespace = $1 AND c.relname = ANY ($2::name[]) AND r.rulename = '_RETURN'
                AND obj_description(r.oid, 'pg_rewrite') IS DISTINCT FROM {SEAL}
              ORDER BY 1"
        ),
        &[(Type::Oid, Value::Oid(site.schema)), names()],
    )
}

fn names() -> (Type, Value<'static>) {
    (
        Type::Texts,
        Value::Texts(VIEWS.iter().map(|view| Some((*view).to_owned())).collect()),
    )
}

/// The views that are missing or not as they were made.
pub(super) fn differing(site: &Site) -> Result<Vec<&'static str>> {
    let rows = run_once(
        &format!(
            "SELECT c.relname::text FROM pg_rewrite r
               JOIN pg_class c ON c.oid = r.ev_class
              WHERE c.relnamespace = $1 AND c.relname = ANY ($2::name[]) AND r.rulename = '_RETURN' AND c.relkind = 'v'
                AND c.reloptions::text LIKE '%security_invoker=true%'
                AND coalesce(obj_description(r.oid, 'pg_rewrite'), {SEAL}) = {SEAL}"
        ),
        &[(Type::Oid, Value::Oid(site.schema)), names()],
    )?;
    let same: Vec<String> = rows.iter().filter_map(|row| row.text(1)).collect();
    let mut differing = Vec::new();
    for view in VIEWS {
        let is_there = same.iter().any(|one| one == view);
        let oid = catalog::table_in(site.schema, view).filter(|_| is_there);
        let is_same = match oid {
            Some(oid) => has_columns(site, view, oid)?,
            None => false,
        };
        if !is_same {
            differing.push(view);
        }
    }
    Ok(differing)
}
