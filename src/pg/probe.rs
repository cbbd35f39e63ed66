//! Whether a ticket has any row in a table: a look into an index, without a statement.
//!
//! Most moves leave a phase that produced nothing where they ask what it produced, and most tasks are waited for by
//! none. To set a statement up takes several times as long as this.

use super::cache::Remembered;
use super::catalog;
use super::error::Result;
use pgrx::pg_sys::{self, Datum, Oid};
use std::ffi::c_int;
use uuid::Uuid;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub enum Look {
    /// Artifacts of a phase.
    Artifacts,
    /// Tasks of a phase.
    Tasks,
    /// Tasks that depend on others, of all phases.
    Dependents,
}

/// The index that a look is made in. It begins with the ticket's id.
struct Wanted {
    table: &'static str,
    index: &'static str,
    /// Whether the phase is its second column.
    by_phase: bool,
    /// The column that is not NULL in the rows that it has; nothing where it has all rows.
    present: Option<&'static str>,
}

impl Look {
    fn wanted(self) -> Wanted {
        match self {
            Look::Artifacts => Wanted {
                table: "phase_gate_artifacts",
                index: "phase_gate_artifacts_ticket_phase",
                by_phase: true,
                present: None,
            },
            Look::Tasks => Wanted {
                table: "tasks",
                index: "tasks_ticket",
                by_phase: true,
                present: None,
            },
            Look::Dependents => Wanted {
                table: "tasks",
                index: "tasks_dependent",
                by_phase: false,
                present: Some("dependencies"),
            },
        }
    }
}

/// The index as it was found. Its first column is the ticket, its second the phase, where that matters.
#[derive(Debug)]
struct Index {
    oid: u32,
    by_phase: bool,
}

/// What was found for the tables of workspaces.
#[derive(Debug, Default)]
struct Known {
    artifacts: Remembered<Option<Index>>,
    tasks: Remembered<Option<Index>>,
    dependents: Remembered<Option<Index>>,
}

thread_local! {
    static KNOWN: Known = Known::default();
}

/// Whether there may be a row of this ticket and, where it matters, this phase (an enum value) among those that are
/// committed now or that this transaction wrote: whether the index has an entry, be it of a row that is gone. True where
/// there is no index to tell by.
pub fn may_have(look: Look, schema: u32, ticket: Uuid, phase: u32) -> Result<bool> {
    let wanted = look.wanted();
    let Some(table) = catalog::table_in(schema, wanted.table) else {
        return Ok(true);
    };
    // SAFETY: there is such a table, or was: then opening its index raises. To lock it takes in what others changed of it
    // and its indexes, and they change no more until the transaction ends.
    unsafe { pg_sys::LockRelationOid(Oid::from(table), pg_sys::AccessShareLock as c_int) };
    let index = KNOWN.with(|known| {
        let known = match look {
            Look::Artifacts => &known.artifacts,
            Look::Tasks => &known.tasks,
            Look::Dependents => &known.dependents,
        };
        known.get(table, || Ok(find(schema, table, &wanted)))
    })?;
    Ok(index
        .as_ref()
        .as_ref()
        .is_none_or(|index| index.has_any(ticket, phase)))
}

impl Index {
    fn has_any(&self, ticket: Uuid, phase: u32) -> bool {
        // A `uuid` is stored as its sixteen bytes, and passed by reference.
        let bytes = ticket.into_bytes();
        let mut keys = [pg_sys::ScanKeyData::default(); 2];
        let [first, second] = &mut keys;
        let equal = pg_sys::BTEqualStrategyNumber as pg_sys::StrategyNumber;
        // SAFETY: the keys are of the index's first columns, of their types: `find` looked at it, and its definition has not
        // changed since.
        unsafe {
            let uuid_eq = Oid::from(pg_sys::F_UUID_EQ);
            pg_sys::ScanKeyInit(first, 1, equal, uuid_eq, Datum::from(bytes.as_ptr()));
            if self.by_phase {
                let enum_eq = Oid::from(pg_sys::F_ENUM_EQ);
                pg_sys::ScanKeyInit(second, 2, equal, enum_eq, Datum::from(phase));
            }
            let count = if self.by_phase { 2 } else { 1 };
            has_entry(self.oid, keys.get_mut(..count).unwrap_or_default())
        }
    }
}

thread_local! {
    static DUE: Remembered<Option<u32>> = Remembered::default();
}

/// Whether the index has an entry for these keys.
///
/// # Safety
/// They are of the index's columns, of their types, and what they refer to outlives the call; its table is locked.
unsafe fn has_entry(index: u32, keys: &mut [pg_sys::ScanKeyData]) -> bool {
    // SAFETY: as the caller says. What is opened is closed, the lock is kept as after a query, and where an error passes
    // through abort processing releases all of it. A scan that is begun without the table gives the entries of the index,
    // which has one for each row however new.
    unsafe {
        let count = c_int::try_from(keys.len()).unwrap_or(0);
        let lock = pg_sys::AccessShareLock as c_int;
        let index = pg_sys::index_open(Oid::from(index), lock);
        let scan = pg_sys::index_beginscan_bitmap(
            index,
            &raw mut pg_sys::SnapshotAnyData,
            #[cfg(feature = "pg18")]
            std::ptr::null_mut(),
            count,
        );
        pg_sys::index_rescan(scan, keys.as_mut_ptr(), count, std::ptr::null_mut(), 0);
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        let found = !pg_sys::index_getnext_tid(scan, forward).is_null();
        pg_sys::index_endscan(scan);
        pg_sys::index_close(index, pg_sys::NoLock as c_int);
        found
    }
}

/// The wanted index, if it is there and what it should be.
fn find(schema: u32, table: u32, wanted: &Wanted) -> Option<Index> {
    let oid = catalog::table_in(schema, wanted.index)?;
    let ticket = catalog::column(table, "ticket_id")?;
    let phase = match wanted.by_phase {
        true => Some(catalog::column(table, "phase_id")?),
        false => None,
    };
    let present = match wanted.present {
        Some(name) => Some(catalog::column(table, name)?),
        None => None,
    };
    // SAFETY: a relation of this name is there; whether it is an index is looked at before anything of an index is read.
    let fits = unsafe {
        let relation = pg_sys::relation_open(Oid::from(oid), pg_sys::AccessShareLock as c_int);
        let fits = is_btree_of(relation, table)
            && begins_with(relation, 0, ticket, pg_sys::UUIDOID)
            && phase.is_none_or(|phase| begins_with(relation, 1, phase, pg_sys::ANYENUMOID))
            && condition(relation) == present.map_or(Condition::None, Condition::Present);
        pg_sys::relation_close(relation, pg_sys::NoLock as c_int);
        fits
    };
    fits.then_some(Index {
        oid,
        by_phase: wanted.by_phase,
    })
}

/// Whether the relation is a B-tree of the table that can be read.
///
/// # Safety
/// The relation is open.
unsafe fn is_btree_of(relation: pg_sys::Relation, table: u32) -> bool {
    // SAFETY: every relation has a class; one whose kind says so has an index's entry.
    unsafe {
        let class = (*relation).rd_rel;
        (*class).relkind as u8 == pg_sys::RELKIND_INDEX
            && (*class).relam == pg_sys::BTREE_AM_OID
            && {
                let index = (*relation).rd_index;
                (*index).indrelid.to_u32() == table
                    && (*index).indisvalid
                    && (*index).indislive
                    // One whose oldest rows may be missing for a while is left to the planner to judge.
                    && !(*index).indcheckxmin
            }
    }
}

/// Whether the index's column at this place is that column of the table, compared as that type.
///
/// # Safety
/// The relation is an index that is open.
unsafe fn begins_with(index: pg_sys::Relation, place: usize, column: i16, kind: Oid) -> bool {
    // SAFETY: both arrays have an element for each key column, and the place is looked at first.
    unsafe {
        let count = usize::try_from((*(*index).rd_index).indnkeyatts).unwrap_or(0);
        place < count
            && *(*(*index).rd_index).indkey.values.as_ptr().add(place) == column
            && *(*index).rd_opcintype.add(place) == kind
    }
}

/// Which rows an index has.
#[derive(PartialEq, Eq)]
enum Condition {
    /// All.
    None,
    /// Those in which this column is not NULL.
    Present(i16),
    /// Others.
    Other,
}

/// # Safety
/// The relation is an index that is open.
unsafe fn condition(index: pg_sys::Relation) -> Condition {
    // SAFETY: gives a copy of the predicate, a list of expressions that all hold; a node is what its tag says.
    unsafe {
        let predicate = pg_sys::RelationGetIndexPredicate(index);
        if predicate.is_null() {
            return Condition::None;
        }
        let test = (*(*predicate).elements).ptr_value as *mut pg_sys::NullTest;
        if (*predicate).length != 1
            || (*test).xpr.type_ != pg_sys::NodeTag::T_NullTest
            || (*test).nulltesttype != pg_sys::NullTestType::IS_NOT_NULL
        {
            return Condition::Other;
        }
        let column = (*test).arg as *mut pg_sys::Var;
        if (*column).xpr.type_ != pg_sys::NodeTag::T_Var {
            return Condition::Other;
        }
        Condition::Present((*column).varattno)
    }
}
