//! Tables for which an INSERT does nothing but write its rows, so that these can be appended without one.

use super::cache::Remembered;
use super::error::Result;
use super::list::elements;
use super::value::Type;
use super::{catalog, descriptor, trigger};
use pgrx::pg_sys::{self, Oid};
use std::ffi::c_int;
use std::rc::Rc;

/// What a table is expected to be.
pub struct Shape {
    /// Its name.
    pub table: &'static str,
    /// Its columns, all of them.
    pub columns: &'static [Column],
    /// The column that refers to the parent's `id`.
    pub parent: &'static str,
    /// The one trigger function of phasegate's that an INSERT would call, and that has nothing to say to its owner.
    pub guard: Option<&'static str>,
}

/// A column that rows give a value for.
pub struct Column {
    name: &'static str,
    kind: Type,
    /// How many characters a `varchar` may have; nothing for other types.
    most: Option<u16>,
}

impl Column {
    /// One of this type.
    pub const fn of(name: &'static str, kind: Type) -> Self {
        Column {
            name,
            kind,
            most: None,
        }
    }

    /// A `varchar` of so many characters.
    pub const fn varchar(name: &'static str, most: u16) -> Self {
        Column {
            name,
            kind: Type::Text,
            most: Some(most),
        }
    }

    /// Whether a text of so many bytes fits for certain.
    pub(super) fn holds(&self, bytes: usize) -> bool {
        self.most.is_none_or(|most| bytes <= usize::from(most))
    }

    /// The type and the type modifier that the table's column must have.
    fn declared(&self, phase_type: u32) -> (Oid, i32) {
        match self.most {
            Some(most) => (
                pg_sys::VARCHAROID,
                i32::from(most) + pg_sys::VARHDRSZ as i32,
            ),
            None => (self.kind.oid(phase_type), -1),
        }
    }
}

/// A table that is as expected and for which an INSERT does nothing but write.
#[derive(Debug)]
pub(super) struct Plain {
    pub(super) table: Oid,
    /// Where the expected columns stand in a row.
    pub(super) places: Vec<usize>,
}

thread_local! {
    static KNOWN: Remembered<Option<Plain>> = Remembered::default();
}

/// The table as a plain one, if it is. Locks it as an INSERT would, so that what was looked at stays so until the
/// transaction ends.
pub(super) fn plain(
    table: u32,
    parent: u32,
    phase_type: u32,
    shape: &Shape,
) -> Result<Rc<Option<Plain>>> {
    // SAFETY: there is such a table, or was: then the look-up raises. Taking a lock takes in what others changed.
    unsafe { pg_sys::LockRelationOid(Oid::from(table), pg_sys::RowExclusiveLock as c_int) };
    KNOWN.with(|known| known.get(table, || Ok(find(table, parent, phase_type, shape))))
}

/// Looks at a table's definition.
fn find(table: u32, parent: u32, phase_type: u32, shape: &Shape) -> Option<Plain> {
    let parent_column = catalog::column(table, shape.parent)?;
    let parent_id = catalog::column(parent, "id")?;
    let oid = Oid::from(table);
    // SAFETY: there is a relation of this OID, which stays open while it is looked at.
    unsafe {
        let relation = pg_sys::relation_open(oid, pg_sys::AccessShareLock as c_int);
        let reference = Reference {
            column: parent_column,
            parent: Oid::from(parent),
            parent_id,
        };
        let plain = is_ordinary(relation)
            && refers_only(relation, &reference)
            && fires_nothing_else(relation, shape.guard);
        let places = plain.then(|| places(relation, phase_type, shape)).flatten();
        pg_sys::relation_close(relation, pg_sys::NoLock as c_int);
        places.map(|places| Plain { table: oid, places })
    }
}

/// Whether rows go into a heap of the relation's own, whoever writes them.
///
/// # Safety
/// The relation is open.
unsafe fn is_ordinary(relation: pg_sys::Relation) -> bool {
    // SAFETY: every relation has a class.
    unsafe {
        let class = (*relation).rd_rel;
        (*class).relkind as u8 == pg_sys::RELKIND_RELATION
            && (*class).relam == pg_sys::HEAP_TABLE_AM_OID
            && !(*class).relispartition
            && (*relation).rd_rules.is_null()
            && !(*class).relrowsecurity
    }
}

/// A foreign key of one column.
struct Reference {
    column: i16,
    parent: Oid,
    parent_id: i16,
}

/// Whether the table has no foreign key but this.
///
/// # Safety
/// The relation is open.
unsafe fn refers_only(relation: pg_sys::Relation, reference: &Reference) -> bool {
    // SAFETY: a list of foreign keys, each with an array entry for each of its columns.
    unsafe {
        let keys = pg_sys::RelationGetFKeyList(relation);
        elements::<pg_sys::ForeignKeyCacheInfo>(keys).all(|key| {
            (*key).nkeys == 1
                && (*key).confrelid == reference.parent
                && (*key).conkey.first() == Some(&reference.column)
                && (*key).confkey.first() == Some(&reference.parent_id)
        })
    }
}

/// Whether an INSERT fires nothing but the check of a reference, at once, and the guard.
///
/// # Safety
/// The relation is open.
unsafe fn fires_nothing_else(relation: pg_sys::Relation, guard: Option<&str>) -> bool {
    // SAFETY: as the caller says.
    unsafe {
        trigger::all((*relation).trigdesc)
            .iter()
            .filter(|trigger| trigger.tgtype & pg_sys::TRIGGER_TYPE_INSERT as i16 != 0)
            .all(|trigger| {
                let checks = trigger.tgfoid == Oid::from(pg_sys::F_RI_FKEY_CHECK_INS);
                (checks && !trigger.tgdeferrable)
                    || guard.is_some_and(|guard| {
                        catalog::is_own_function(trigger.tgfoid.to_u32(), guard)
                    })
            })
    }
}

/// Where the expected columns stand, if they are of their types and all that there are.
///
/// # Safety
/// The relation is open.
unsafe fn places(relation: pg_sys::Relation, phase_type: u32, shape: &Shape) -> Option<Vec<usize>> {
    // SAFETY: an open relation has a descriptor.
    let attributes = unsafe { descriptor::attributes((*relation).rd_att) };
    let living = attributes
        .iter()
        .filter(|attribute| !attribute.attisdropped);
    if living.count() != shape.columns.len() {
        return None;
    }
    shape
        .columns
        .iter()
        .map(|column| {
            let declared = column.declared(phase_type);
            attributes.iter().position(|attribute| {
                !attribute.attisdropped
                    && attribute.name() == column.name
                    && (attribute.atttypid, attribute.atttypmod) == declared
                    && attribute.attidentity == 0
                    && attribute.attgenerated == 0
            })
        })
        .collect()
}
