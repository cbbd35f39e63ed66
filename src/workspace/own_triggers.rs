//! The triggers of ours that stand on a workspace: those for partitioned tables, which fire for replicated rows, all of them.

use super::run_once;
use super::site::{Site, run_each};
use super::table_triggers::is_of_extension;
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::settings::Pinned;
use crate::pg::spi::run_script;
use crate::pg::value::{Type, Value};

/// Triggers FOR EACH ROW that do what one FOR EACH STATEMENT does, where statements may name a table above or below.
struct RowTrigger {
    table: &'static str,
    names: &'static [&'static str],
    make: &'static str,
}

const ROW_TRIGGERS: [RowTrigger; 2] = [
    RowTrigger {
        table: "tickets",
        names: &["aa_phasegate_written", "aa_phasegate_begin"],
        make: include_str!("../../sql/workflow/partitioned.sql"),
    },
    RowTrigger {
        table: "tasks",
        names: &["aa_phasegate_settled"],
        make: include_str!("../../sql/tasks/partitioned.sql"),
    },
];

impl RowTrigger {
    /// Makes them where the table is partitioned or a partition; elsewhere they would cost for nothing.
    fn make(&self, site: &Site) -> Result<()> {
        let Some(table) = site.table(self.table) else {
            return Ok(());
        };
        let is_partitioned = catalog::relation(table).is_some_and(|found| found.kind == b'p');
        if is_partitioned || catalog::is_partition(table) {
            return site.script(self.make);
        }
        let table = site.name_of(self.table)?;
        self.names
            .iter()
            .try_for_each(|name| run_script(&format!("DROP TRIGGER IF EXISTS {name} ON {table}")))
    }
}

/// Makes those that partitioned tables and partitions need, and drops them elsewhere.
pub(super) fn row_triggers(site: &Site) -> Result<()> {
    ROW_TRIGGERS
        .iter()
        .try_for_each(|row_trigger| row_trigger.make(site))
}

/// A trigger that also fires for replicated rows: its table, as an OID in words, and its own name.
pub(super) type Always = (String, String);

/// The triggers of ours that also fire for replicated rows, because the owner wants it so.
pub(super) fn enabled_always(site: &Site) -> Result<Vec<Always>> {
    let rows = run_once(
        concat!(
            "SELECT c.oid::pg_catalog.text, t.tgname::pg_catalog.text
               FROM pg_catalog.pg_trigger t
               JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid
              WHERE (c.relnamespace OPERATOR(pg_catalog.=) $1 OR c.oid OPERATOR(pg_catalog.=) $2)
                AND NOT t.tgisinternal AND t.tgenabled OPERATOR(pg_catalog.=) 'A' AND ",
            is_of_extension!("t.tgfoid")
        ),
        &site.parameters(),
    )?;
    let read = |row: Row<'_>| Some((row.text(1)?, row.text(2)?));
    Ok(rows.iter().filter_map(read).collect())
}

/// Makes these triggers fire so again, as far as they are still there: one that is replaced does not.
pub(super) fn enable_always(always: &[Always]) -> Result<()> {
    let (tables, triggers) = always.iter().cloned().unzip();
    let texts = |names: Vec<String>| {
        (
            Type::Texts,
            Value::Texts(names.into_iter().map(Some).collect()),
        )
    };
    run_each(
        "SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.tgrelid::regclass, t.tgname)
           FROM unnest($1, $2) AS a (tgrelid, tgname)
           JOIN pg_trigger t ON t.tgrelid = a.tgrelid::oid AND t.tgname = a.tgname AND t.tgenabled <> 'A'
          ORDER BY 1",
        &[texts(tables), texts(triggers)],
    )
}

/// Whether the definition of a trigger names a function of ours.
pub(super) fn runs_ours(definition: &str) -> bool {
    definition.contains("EXECUTE FUNCTION phasegate._")
}

/// Drops all triggers of ours, but for those on a table of the schema that holds another workspace's tickets.
pub(super) fn drop_triggers(site: &Site) -> Result<()> {
    let _pinned = Pinned::search_path();
    run_each(
        concat!(
            "SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
               FROM pg_trigger t
               JOIN pg_class c ON c.oid = t.tgrelid
              WHERE (c.relnamespace = $1 OR c.oid = $2) AND NOT t.tgisinternal AND t.tgparentid = 0
                AND (c.oid = $2
                     OR NOT EXISTS (SELECT FROM pg_constraint k JOIN pg_class h ON h.oid = k.conrelid
                                     WHERE k.confrelid = c.oid AND k.contype = 'f'
                                       AND h.relname = 'phase_history' AND h.relnamespace <> $1))
                AND ",
            is_of_extension!("t.tgfoid"),
            " ORDER BY 1"
        ),
        &site.parameters(),
    )
}
