//! What uses a column of texts that is to become a phase, and keeps the server from converting it.

use super::found::Table;
use super::run_once;
use crate::pg::error::Result;
use crate::pg::value::{Type, Value};
use crate::problems::{Problem, error};

/// What keeps the server from converting a column.
const USERS: &str = "
    SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid)
      FROM pg_depend d
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1
       AND d.refobjsubid = (SELECT attnum FROM pg_attribute WHERE attrelid = $1 AND attname = $2::name)
       AND (d.classid IN ('pg_rewrite'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass, 'pg_proc'::regclass,
                          'pg_publication_rel'::regclass, 'pg_statistic_ext'::regclass)
            OR d.classid = 'pg_attrdef'::regclass
               AND EXISTS (SELECT FROM pg_attrdef f WHERE f.oid = d.objid AND f.adnum <> d.refobjsubid)
            OR d.classid = 'pg_constraint'::regclass
               AND EXISTS (SELECT FROM pg_constraint k WHERE k.oid = d.objid AND k.contype = 'f')
            OR d.classid = 'pg_class'::regclass
               AND EXISTS (SELECT FROM pg_index i WHERE i.indexrelid = d.objid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL))
            OR d.classid = 'pg_class'::regclass
               -- One of a kind, an order or a collation that phases do not have.
               AND EXISTS (SELECT FROM pg_index i
                             JOIN pg_class x ON x.oid = i.indexrelid
                            CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[]) k (num, class, coll)
                             JOIN pg_opclass o ON o.oid = k.class
                             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.num
                            WHERE i.indexrelid = d.objid AND k.num = d.refobjsubid
                              AND (NOT o.opcdefault OR k.coll <> a.attcollation
                                   OR NOT EXISTS (SELECT FROM pg_opclass e
                                                   WHERE e.opcmethod = x.relam AND e.opcintype = 'anyenum'::regtype AND e.opcdefault))))
     ORDER BY 1 LIMIT 20";

/// Refuses to convert a column that others have come to use since it was looked at.
pub(super) fn require_unused(table: &Table, column: &str) -> Result<()> {
    let users: Vec<Problem> = users_of(table, column)?.into_iter().collect();
    error(&users).map_or(Ok(()), Err)
}

pub(super) fn users_of(table: &Table, column: &str) -> Result<Option<Problem>> {
    let rows = run_once(
        USERS,
        &[
            (Type::Oid, Value::Oid(table.oid)),
            (Type::Text, Value::text(Some(column))),
        ],
    )?;
    let users: Vec<String> = rows.iter().filter_map(|row| row.text(1)).collect();
    Ok((!users.is_empty()).then(|| {
        Problem::new(
            table.name,
            "column_is_used",
            format!(
                "Column \"{column}\" is to become a phase, and its type cannot be changed while others use it"
            ),
        )
        .about(column)
        .examples(users)
        .hint("Drop these, adopt the table, and make them anew; a foreign key to a table of states is no longer needed.")
    }))
}
