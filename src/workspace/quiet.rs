//! Writing rows of an application's table while its own triggers do not fire.

use super::found::Table;
use super::site::Site;
use super::{owner, relatives, run_once};
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::spi::run_script;
use crate::pg::value::{Type, Value};

/// Writes while the table's own triggers do not fire.
pub(super) fn quietly(
    site: &Site,
    table: &Table,
    write: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let quiet = Quiet::of(site, table)?;
    write()?;
    quiet.end()
}

/// A table whose own triggers do not fire for what is written here. Until the transaction ends nobody else writes it.
struct Quiet {
    /// The statements that put them back.
    again: Vec<String>,
}

impl Quiet {
    /// The triggers are looked at, and then listed, when nobody can make one any more.
    fn of(site: &Site, table: &Table) -> Result<Self> {
        lock::table(table.oid, Purpose::Defining);
        let mut all = relatives::descendants(table.oid)?;
        all.iter()
            .for_each(|oid| lock::table(*oid, Purpose::Defining));
        all.insert(0, table.oid);
        owner::hold_to_write(site, table.name)?;
        let mut quiet = Quiet { again: Vec::new() };
        for oid in all {
            quiet.silence(oid)?;
        }
        Ok(quiet)
    }

    fn silence(&mut self, oid: u32) -> Result<()> {
        // Triggers of INSERT, 4, and UPDATE, 16.
        let rows = run_once(
            "SELECT format('ALTER TABLE ONLY %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname),
                    format('ALTER TABLE ONLY %s ENABLE %s TRIGGER %I', t.tgrelid::regclass,
                           CASE t.tgenabled WHEN 'A' THEN 'ALWAYS' WHEN 'R' THEN 'REPLICA' ELSE '' END, t.tgname)
               FROM pg_trigger t
              WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 20 <> 0
              ORDER BY t.tgname",
            &[(Type::Oid, Value::Oid(oid))],
        )?;
        let pairs: Vec<(String, String)> = rows
            .iter()
            .filter_map(|row| Some((row.text(1)?, row.text(2)?)))
            .collect();
        for (off, on) in pairs {
            run_script(&off)?;
            self.again.push(on);
        }
        Ok(())
    }

    fn end(self) -> Result<()> {
        self.again.iter().try_for_each(|one| run_script(one))
    }
}
