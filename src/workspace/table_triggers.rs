//! What a table's triggers say of it: whose code they run, whether they are ours, which other tables refer to it.

use crate::pg::catalog;
use crate::pg::catalog_rows::triggers;

/// A condition in SQL, with any `search_path`: whether this function's OID is that of one of the extension's functions. The names
/// `member` and `extension` are its own.
macro_rules! is_of_extension {
    ($function:literal) => {
        concat!(
            "EXISTS (SELECT FROM pg_catalog.pg_depend member
                       JOIN pg_catalog.pg_extension extension ON extension.oid OPERATOR(pg_catalog.=) member.refobjid
                      WHERE member.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                        AND member.objid OPERATOR(pg_catalog.=) ", $function, "
                        AND member.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog.\"char\"
                        AND extension.extname OPERATOR(pg_catalog.=) 'phasegate')"
        )
    };
}
pub(super) use is_of_extension;

/// A trigger, as far as it matters whose code it runs and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trigger {
    /// The owner of its function; none for one that the server made, as for a foreign key.
    pub function_owner: Option<u32>,
    /// Whether it has a condition, which may call functions too.
    pub has_condition: bool,
    /// Whether it is put off to the commit unless SET CONSTRAINTS says otherwise.
    pub is_deferred: bool,
}

/// The table's triggers, but for those that are disabled.
pub(super) fn enabled(table: u32) -> Vec<Trigger> {
    let owner = |function| catalog::function_owner(function).unwrap_or(0);
    (triggers(table).iter())
        .filter(|one| !one.is_disabled)
        .map(|one| Trigger {
            function_owner: (!one.is_internal).then(|| owner(one.function)),
            has_condition: one.has_condition,
            is_deferred: one.is_deferred,
        })
        .collect()
}

/// The arguments of the table's trigger that runs the extension's function of this name; nothing where there is none.
pub(super) fn arguments(table: u32, function: &str) -> Option<Vec<String>> {
    // One that a partition has from its table says nothing of the partition's own schema.
    let is_meant = |is_clone: bool, of| !is_clone && is_own_function(of, function);
    let mut all = triggers(table).into_iter();
    all.find(|one| is_meant(one.is_clone, one.function))
        .map(|one| one.arguments)
}

/// Whether this is the extension's function of that name: a member of it, whatever schema that is in and whoever put
/// others there.
fn is_own_function(function: u32, name: &str) -> bool {
    catalog::function_name(function).as_deref() == Some(name)
        && catalog::extension_of_function(function)
            .is_some_and(|of| Some(of) == catalog::extension("phasegate"))
}

/// The tables at the other end of foreign keys, whether the table refers to them or they to it.
pub(super) fn related(table: u32) -> Vec<u32> {
    let mut tables: Vec<u32> = (triggers(table).iter())
        .filter_map(|one| (one.is_internal && one.other_table != 0).then_some(one.other_table))
        .collect();
    tables.sort_unstable();
    tables.dedup();
    tables
}
