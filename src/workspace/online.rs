//! `adopt_workspace`: adopting long tables in steps, each a transaction of its own that keeps others waiting for a moment only.
//!
//! A step finds out from the catalog what is left to be done, so that it can be begun again wherever it stopped. What is carried
//! from step to step saves it from looking at rows that were looked at already. Until the last step, which makes the triggers,
//! the schema is no workspace: a trigger on its table of phases marks it, and another on each of the application's tables.

use super::columns::{self, Changes, Filled, alter};
use super::create::{self, Wanted};
use super::found::{self, Table};
use super::progress::Loudness;
use super::shape::TABLES;
use super::site::Site;
use super::standing::Labels;
use super::structure::Class;
use super::survey::{self, survey};
use super::{
    adopt, adopting, citus, column_users, distribute, own_triggers, owner, phases, repair,
    run_once, steps, swap,
};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::lock::{self, Purpose};
use crate::pg::role::Rights;
use crate::pg::settings::Pinned;
use crate::pg::spi::{Session, quote_identifier, run_script};
use crate::pg::value::{Type, Value};
use uuid::Uuid;

/// How many blocks of a table are filled in one step: some ten thousand rows.
const BLOCKS: i64 = 200;

/// For how many tickets history is written in one step.
const TICKETS: i64 = 20_000;

/// A step of the adoption; the text that is carried names the next one.
struct Step<'a> {
    site: &'a Site,
    wanted: &'a Wanted,
    loudness: Loudness,
}

/// Does the next step and gives what the one after it is to be told; nothing when all is done.
pub(super) fn step(wanted: &Wanted, state: Option<&str>) -> Result<Option<String>> {
    let _session = Session::open()?;
    let is_wanted = distribute::is_wanted()?;
    let _making = distribute::making();
    let (mut site, owner) = create::site_of(wanted, Purpose::Alone)?;
    if citus::is_distributed(site.schema)? {
        return Err(distribute::not_by_steps(&wanted.workspace));
    }
    if is_wanted && site.stamp().is_none() {
        distribute::require_coordinator(&wanted.workspace)?;
        distribute::require_own_tickets(&site)?;
        site = site.distributed();
    }
    if adopting::is_under_way(site.schema) && adopting::tickets(site.schema) != site.tickets() {
        return Err(adopting::unfinished(&wanted.workspace));
    }
    let _rights = Rights::of(owner);
    owner::hold(&site, owner)?;
    let step = Step {
        site: &site,
        wanted,
        loudness: Loudness::now()?,
    };
    let next = |name: &str| Ok(Some(name.to_owned()));
    let Some(state) = state else {
        return step.begin(owner);
    };
    if site.stamp().is_some() {
        // Somebody else came to the end meanwhile. Whoever moves tickets now holds them, and waits for what a step would hold.
        return Ok(None);
    }
    adopt::require_owner(&site, owner)?;
    let _pinned = Pinned::search_path();
    let (name, rest) = state.split_once(' ').unwrap_or((state, ""));
    match name {
        "columns" => step.columns(),
        "fill" => step.fill(rest),
        "promise" => step.promise(),
        "swap" => step.swap(),
        "constraints" => step.constraints(),
        "indexes" => step.indexes(rest),
        "tables" => {
            step.tells("making tables");
            create::rooms(&site, &survey::labels_there(&site)?, wanted.defaults)?;
            create::vacuum_often(&site)?;
            next("tasks")
        }
        "tasks" => {
            step.tells("settling tasks");
            create::settle(&site)?;
            next("moves")
        }
        "moves" => {
            owner::hold_to_insert(&site, "phase_history")?;
            adopt::starts(&site)?;
            adopt::last_moves(&site)?;
            step.begin_history()
        }
        "history" => step.history(rest),
        "finish" => step.finish(rest),
        _ => Err(Error::invalid_argument(
            "invalid state of adoption",
            format!("\"{state}\" is not a step."),
        )),
    }
}

impl Step<'_> {
    fn tells(&self, what: &str) {
        self.loudness.notice(format!(
            "adopting workspace \"{}\": {what}",
            self.wanted.workspace
        ));
    }

    /// Looks at everything, and marks what is to be adopted.
    fn begin(&self, owner: u32) -> Result<Option<String>> {
        let site = self.site;
        self.tells("looking at tables and rows");
        let survey = survey(site, owner, self.wanted.phases.as_deref())?;
        survey.require_fit()?;
        let Some(tickets) = found::table(site, "tickets")?.filter(|_| site.stamp().is_none())
        else {
            // Nothing is to be adopted: it is made, or repaired.
            let always = own_triggers::enabled_always(site)?;
            create::make(site, &always, &survey.labels, self.wanted.defaults)?;
            return Ok(None);
        };
        let _pinned = Pinned::search_path();
        if !adopting::is_under_way(site.schema) {
            steps::from_unknown(site)?;
            adopt::phase_type(site, &survey.labels)?;
            self.mark(&survey.labels, &tickets)?;
        }
        swap::mark(&tickets.quoted, "")?;
        Ok(Some("columns".to_owned()))
    }

    /// Makes the table of phases, and the marks.
    fn mark(&self, labels: &Labels, tickets: &Table) -> Result<()> {
        let site = self.site;
        if !site.has("phases") {
            repair::tables(site, create::PHASES)?;
            phases::fill(site, &labels.labels)?;
        }
        swap::mark(
            &format!("{}.phases", site.quoted),
            &format!("'{}'", tickets.oid),
        )
    }

    /// The tables that are there, with what they lack.
    fn lacking(&self) -> Result<Vec<(Table, Changes)>> {
        let mut lacking = Vec::new();
        for name in TABLES {
            if let Some(table) = found::table(self.site, name)? {
                let changes = columns::changes(self.site, &table)?;
                if !changes.is_empty() {
                    lacking.push((table, changes));
                }
            }
        }
        Ok(lacking)
    }

    /// Adds columns, which rewrites nothing.
    fn columns(&self) -> Result<Option<String>> {
        for (table, changes) in self.lacking()? {
            if !changes.quick.is_empty() {
                self.tells(&format!("adding columns to {}", table.quoted));
                alter(self.site, &table, &changes.quick)?;
                return Ok(Some("columns".to_owned()));
            }
            for column in &changes.converted {
                if !swap::can(&table, column)? {
                    self.tells(&format!(
                        "converting column {} of {} where it stands",
                        column.name, table.quoted
                    ));
                    column.make(self.site, &table)?;
                    return Ok(Some("columns".to_owned()));
                }
                if !swap::is_begun(&table, column) {
                    swap::begin(self.site, &table, column)?;
                    return Ok(Some("columns".to_owned()));
                }
            }
        }
        Ok(Some("fill".to_owned()))
    }

    /// Fills some rows: of the table and from the block that are carried, else from the beginning of the first.
    fn fill(&self, carried: &str) -> Result<Option<String>> {
        let (name, block) = carried.split_once(' ').unwrap_or(("", "0"));
        let block: i64 = block.parse().unwrap_or(0);
        let mut has_come = name.is_empty();
        for (table, changes) in self.lacking()? {
            let is_it = table.name == name;
            if !has_come && !is_it {
                continue;
            }
            has_come = true;
            let from = if is_it { block } else { 0 };
            if from == i64::MAX {
                continue;
            }
            let added: Vec<Filled> = changes.converted.iter().map(swap::filled).collect();
            let filled: Vec<&Filled> = changes.filled.iter().chain(&added).collect();
            if filled.is_empty() {
                continue;
            }
            let Some(blocks) = blocks_of(&table)? else {
                self.tells(&format!("filling {}", table.quoted));
                columns::fill(self.site, &table, &filled, None)?;
                return Ok(Some(format!("fill {} {}", table.name, i64::MAX)));
            };
            if from >= blocks {
                continue;
            }
            self.tells(&format!(
                "filling {}, block {from} of {blocks}",
                table.quoted
            ));
            let to = from.saturating_add(BLOCKS);
            columns::fill(self.site, &table, &filled, Some((from, to)))?;
            return Ok(Some(format!("fill {} {to}", table.name)));
        }
        Ok(Some("promise".to_owned()))
    }

    /// Has all columns that are to be NOT NULL, and those beside, say so of new rows, then of all.
    fn promise(&self) -> Result<Option<String>> {
        let again = || Ok(Some("promise".to_owned()));
        for (table, changes) in self.lacking()? {
            for column in &changes.converted {
                if swap::promise(self.site, &table, column)? {
                    return again();
                }
            }
            if let Some(name) = changes.not_null.first() {
                let guard = format!("phasegate_{}_not_null", name.trim_matches('"'));
                let state = constraint(&table, &guard)?;
                let target = &table.quoted;
                match state {
                    None => run_script(&format!(
                        "ALTER TABLE {target} ADD CONSTRAINT {guard} CHECK ({name} IS NOT NULL) NOT VALID"
                    ))?,
                    Some(false) => {
                        self.tells(&format!("checking column {name} of {target}"));
                        run_script(&format!("ALTER TABLE {target} VALIDATE CONSTRAINT {guard}"))?;
                    }
                    // The server takes the constraint's word for it.
                    Some(true) => run_script(&format!(
                        "ALTER TABLE {target} ALTER COLUMN {name} SET NOT NULL, DROP CONSTRAINT {guard}"
                    ))?,
                }
                return again();
            }
        }
        Ok(Some("swap".to_owned()))
    }

    /// Puts columns of phases in the place of those of texts.
    fn swap(&self) -> Result<Option<String>> {
        for (table, changes) in self.lacking()? {
            if let Some(column) = changes.converted.first() {
                let what = format!("column {} of {}", column.name, table.quoted);
                if constraint(&table, &swap::guard(column))? == Some(false) {
                    self.tells(&format!("checking {what}"));
                    swap::keep_promise(&table, column)?;
                } else if swap::build_index(self.site, &table, column)? {
                    self.tells(&format!("building an index on {what}"));
                } else {
                    self.tells(&format!("converting {what}"));
                    // Whoever made something of the column meanwhile is told.
                    lock::table(table.oid, Purpose::Changing);
                    column_users::require_unused(&table, &column.name)?;
                    if swap::can(&table, column)? {
                        swap::end(self.site, &table, column)?;
                    } else {
                        swap::give_up(&table, column)?;
                        column.make(self.site, &table)?;
                    }
                }
                return Ok(Some("swap".to_owned()));
            }
        }
        Ok(Some("constraints".to_owned()))
    }

    /// Adds constraints that say so of new rows, then of all.
    fn constraints(&self) -> Result<Option<String>> {
        let site = self.site;
        let again = || Ok(Some("constraints".to_owned()));
        let Some(tickets) = found::table(site, "tickets")? else {
            return Ok(Some("indexes".to_owned()));
        };
        for name in TABLES {
            let Some(table) = found::table(site, name)? else {
                continue;
            };
            // Of the application's own that were made anew with a converted column.
            if self.validate(&table)? {
                return again();
            }
            let missing = repair::missing_constraints(site, &table, &tickets)?;
            let Some((part, begun)) = missing.into_iter().next() else {
                continue;
            };
            self.tells(&format!("constraint {} of {}", part.name, table.quoted));
            if let Some(begun) = begun {
                run_script(&format!(
                    "ALTER TABLE {} VALIDATE CONSTRAINT {}",
                    table.quoted,
                    quote_identifier(&begun)?
                ))?;
                return again();
            }
            let key = repair::wanted(part, &table);
            if key.starts_with("UNIQUE") {
                unique(&table, part.name, &key)?;
                return again();
            }
            let mut statements = repair::addition(site, part, &table, &tickets)?;
            let can_wait = part.is_check() || part.is_foreign_key() && table.kind == b'r';
            if let (Some(last), true) = (statements.last_mut(), can_wait) {
                last.push_str(" NOT VALID");
            }
            repair::run_each_of(&statements)?;
            return again();
        }
        Ok(Some("indexes".to_owned()))
    }

    /// Validates a constraint of the application's own that was made anew; whether there was one.
    fn validate(&self, table: &Table) -> Result<bool> {
        let objects = found::objects(self.site, table)?;
        let Some(one) = objects.iter().find(|object| {
            object.class == Class::Constraint
                && !object.is_valid
                && object.definition.contains(")::text")
                && object.columns.iter().any(|column| column.contains("phase"))
        }) else {
            return Ok(false);
        };
        run_script(&format!(
            "ALTER TABLE {} VALIDATE CONSTRAINT {}",
            table.quoted,
            quote_identifier(&one.name)?
        ))?;
        Ok(true)
    }

    /// Builds the indexes that tables lack, one in a step.
    fn indexes(&self, last: &str) -> Result<Option<String>> {
        match repair::next_index(self.site, create::tables())? {
            // What was just built is not what is asked for: it would be built for ever.
            Some(name) if name == last => Err(Error::new(
                Code::Internal,
                format!("index {name} is not what it is to be"),
            )),
            Some(name) => {
                self.tells(&format!("built index {name}"));
                Ok(Some(format!("indexes {name}")))
            }
            None => {
                create::index_phases(self.site)?;
                Ok(Some("tables".to_owned()))
            }
        }
    }

    /// From now on moves are taken along: their transactions are not older than this.
    fn begin_history(&self) -> Result<Option<String>> {
        let rows = run_once("SELECT pg_snapshot_xmin(pg_current_snapshot())::text", &[])?;
        let horizon = rows.first().and_then(|row| row.text(1)).unwrap_or_default();
        Ok(Some(format!("history {horizon}")))
    }

    /// Writes the history of some tickets, in the order of their keys.
    fn history(&self, carried: &str) -> Result<Option<String>> {
        let (horizon, last) = carried.split_once(' ').unwrap_or((carried, ""));
        let last = Uuid::parse_str(last).ok();
        let after = match last {
            Some(last) => format!("t.{{ticket.id}} > '{last}'"),
            None => "true".to_owned(),
        };
        let rows = run_once(
            &self.site.text(&format!(
                "SELECT (array_agg(s.id ORDER BY s.id DESC))[1], count(*)
                   FROM (SELECT t.{{ticket.id}} AS id FROM {{tickets}} t WHERE {after} ORDER BY 1 LIMIT {TICKETS}) s"
            ))?,
            &[],
        )?;
        let found = rows
            .first()
            .and_then(|row| Some((row.uuid(1)?, row.big(2).unwrap_or(0))));
        let Some((end, count)) = found else {
            return Ok(Some(format!("finish {horizon}")));
        };
        self.tells(&format!("writing history of {count} tickets"));
        owner::hold_to_insert(self.site, "phase_history")?;
        adopt::histories(
            self.site,
            &format!("{after} AND t.{{ticket.id}} <= '{end}'"),
        )?;
        // New tickets may come for ever: the last of them are the last step's.
        Ok(Some(match count < TICKETS {
            true => format!("finish {horizon}"),
            false => format!("history {horizon} {end}"),
        }))
    }

    /// Takes along what was moved meanwhile, and makes it a workspace.
    fn finish(&self, horizon: &str) -> Result<Option<String>> {
        self.tells("making triggers and views");
        let site = self.site;
        let horizon: u64 = horizon.parse().map_err(|_| {
            Error::invalid_argument(
                "invalid state of adoption",
                format!("\"{horizon}\" is no number."),
            )
        })?;
        let always = own_triggers::enabled_always(site)?;
        create::finish(site, &always, |site| {
            // Rows that were written since: nothing else can have moved.
            let rows = run_once(
                "SELECT (pg_current_xact_id()::text::numeric - $1::numeric)::text",
                &[(Type::Text, Value::Text(horizon.to_string().into()))],
            )?;
            let age = rows.first().and_then(|row| row.text(1)).unwrap_or_default();
            let age: i64 = age.parse().unwrap_or(i64::MAX);
            let which = match i32::try_from(age) {
                Ok(age) => format!("age(t.xmin) <= {age}"),
                Err(_) => "true".to_owned(),
            };
            adopt::histories(site, &which)
        })?;
        create::comments(site, false)?;
        self.tells("done");
        Ok(None)
    }
}

/// Whether the table has a constraint of that name, and whether it is validated.
fn constraint(table: &Table, name: &str) -> Result<Option<bool>> {
    let rows = run_once(
        "SELECT convalidated FROM pg_constraint WHERE conrelid = $1 AND conname = $2::name",
        &[
            (Type::Oid, Value::Oid(table.oid)),
            (Type::Text, Value::text(Some(name))),
        ],
    )?;
    Ok(rows.first().map(|row| row.bool(1)))
}

/// How many blocks the table has; none of a partitioned one, which has its rows elsewhere.
fn blocks_of(table: &Table) -> Result<Option<i64>> {
    if table.kind != b'r' {
        return Ok(None);
    }
    let rows = run_once(
        "SELECT (pg_relation_size($1::regclass) / current_setting('block_size')::bigint)",
        &[(Type::Oid, Value::Oid(table.oid))],
    )?;
    Ok(rows.first().and_then(|row| row.big(1)))
}

/// Makes a unique constraint of an index that is built before: that lets others read. The index is called by the table's OID
/// until then, which no other is.
fn unique(table: &Table, name: &str, definition: &str) -> Result<()> {
    let columns = definition.trim_start_matches("UNIQUE ");
    let name = match name {
        "tickets_pkey" => "tickets_ticket_uuid_key",
        other => other,
    };
    let index = format!("phasegate_key_{}", table.oid);
    if !swap::schema_has(table, &index) {
        return run_script(&format!(
            "CREATE UNIQUE INDEX {index} ON {} {columns}",
            table.quoted
        ));
    }
    let numbered = (1..).map(|number| format!("{name}_{number}"));
    let free = std::iter::once(name.to_owned())
        .chain(numbered)
        .find(|name| !swap::schema_has(table, name))
        .unwrap_or_default();
    run_script(&format!(
        "ALTER TABLE {} ADD CONSTRAINT {free} UNIQUE USING INDEX {index}",
        table.quoted
    ))
}
