//! `upgrade_workspace`: brings a workspace of an older shape to the present one.

use super::alone::Work;
use super::own_triggers::{drop_triggers, enabled_always};
use super::shape::{TABLES, VIEWS};
use super::site::{self, Site};
use super::steps::{run, steps};
use super::{adopt, citus, create, distribute, owner, survey, tickets_table};
use crate::error::Error;
use crate::notice::notice;
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::role::Rights;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier};
use crate::pg::value::{Type, Value};
use crate::pg::{cache, catalog};
use crate::stamp::{Fit, Stamp};

/// Upgrades the workspace, and gives the steps that were done with the shape that each made; none where it is current.
///
/// Everybody else is kept from the workspace's tables until the transaction ends, so that nobody meets it half
/// changed, nor holds a lock that a later statement of this would wait for while they wait for it.
pub fn upgrade(name: &str) -> Result<Vec<(i32, &'static str)>> {
    cache::accept_invalidations();
    let _session = Session::open()?;
    site::require_same_version()?;
    let (mut site, owner) = find(name)?;
    let mut done = Vec::new();
    if stamp(&site, name)?.fit() == Fit::Current {
        return Ok(done);
    }
    Work::Defining(site.schema).alone();
    let _rights = Rights::of(owner);
    // Views first: whoever reads one holds it while it waits for the tables.
    VIEWS
        .iter()
        .chain(&TABLES)
        .filter_map(|relation| site.table(relation))
        .for_each(|relation| lock::table(relation, Purpose::Changing));
    owner::hold(&site, owner)?;
    adopt::require_owner(&site, owner)?;
    // Somebody else may have done it meanwhile.
    let found = stamp(&site, name)?;
    if found.fit() == Fit::Current {
        return Ok(done);
    }
    let _making = distribute::making();
    let mut always = enabled_always(&site)?;
    if citus::is_distributed(site.schema)? {
        distribute::require_coordinator(name)?;
        (site, always) = distribute::bring_back(&site)?;
    } else {
        drop_triggers(&site)?;
    }
    for (to, step) in steps(found.shape) {
        notice(format!(
            "workspace \"{name}\", to shape {to}: {}",
            step.change
        ));
        run(&site, step)?;
        done.push((to, step.change));
    }
    let labels = survey::labels_there(&site)?;
    create::make(&site, &always, &labels, true)?;
    if found.shape < 3 {
        grant_new(&site)?;
    }
    if site.is_distributed {
        distribute::tell_casts(&site)?;
    }
    Ok(done)
}

/// Grants on what shape 3 brought what roles have on its like, so that who works in the workspace goes on.
fn grant_new(site: &Site) -> Result<()> {
    let _pinned = Pinned::search_path();
    site::run_each(
        "SELECT format('GRANT %s ON %s TO %s%s', x.privilege_type, n.oid::regclass,
                       CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
                       CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
           FROM (VALUES ('phases', 'phase_transitions', '{SELECT,INSERT,UPDATE,DELETE}'::text[]),
                        ('configuration_history', 'phase_transitions', '{SELECT}'),
                        ('overdue_tickets', 'phase_board', '{SELECT}'), ('phase_metrics', 'phase_board', '{SELECT}')) AS g (new, old, privileges)
           JOIN pg_class n ON n.relnamespace = $1 AND n.relname = g.new
           JOIN pg_class o ON o.relnamespace = $1 AND o.relname = g.old
          CROSS JOIN LATERAL aclexplode(o.relacl) x
          WHERE x.grantee <> o.relowner AND x.privilege_type = ANY (g.privileges)
          ORDER BY 1",
        &[(Type::Oid, Value::Oid(site.schema))],
    )
}

/// The schema and the owner of its `tickets`; refuses unless the caller has the owner's rights.
fn find(name: &str) -> Result<(Site, u32)> {
    let no_workspace = || Error::not_a_workspace(name);
    let schema = catalog::schema_by_name(name).ok_or_else(no_workspace)?;
    let tickets = tickets_table::to_be(schema)?;
    let site = Site::held(schema, quote_identifier(name)?, tickets)?;
    let owner = site::owner_of(&site)?.ok_or_else(no_workspace)?;
    Ok((site, owner))
}

/// The workspace's stamp, which must be of a shape that can be upgraded.
fn stamp(site: &Site, name: &str) -> Result<Stamp> {
    let stamp = site.stamp().ok_or_else(|| Error::not_a_workspace(name))?;
    match stamp.fit() {
        Fit::TooOld | Fit::Behind | Fit::Current => Ok(stamp),
        Fit::Ahead | Fit::TooNew => Err(Error::workspace_newer(name, stamp.shape)),
    }
}
