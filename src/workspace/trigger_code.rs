//! Whose code the triggers of a table run, and where its names are looked up.

use super::run_once;
use super::table_triggers::{self, Trigger};
use crate::error::{Code, Error};
use crate::pg::error::Result;
use crate::pg::role;
use crate::pg::value::{Type, Value};

/// Refuses a trigger whose function has no search_path of its own: in a schema where others may make things its names would
/// mean what they made there, or in the session's temporary schema.
pub(super) fn require_own_path(table: u32) -> Result<()> {
    let rows = run_once(
        "SELECT t.tgname::pg_catalog.text, p.oid::pg_catalog.regprocedure::pg_catalog.text
           FROM pg_catalog.pg_trigger t
           JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid
           JOIN pg_catalog.pg_language l ON l.oid OPERATOR(pg_catalog.=) p.prolang
          WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND NOT t.tgisinternal
            AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog.\"char\"
            AND l.lanname OPERATOR(pg_catalog.<>) ALL ('{c,internal}'::pg_catalog.name[])
            AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) s (setting)
                             WHERE pg_catalog.starts_with(s.setting, 'search_path='))
          ORDER BY 1 LIMIT 1",
        &[(Type::Oid, Value::Oid(table))],
    )?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let text = |column| row.text(column).unwrap_or_default();
    let (trigger, function) = (text(1), text(2));
    Err(Error::new(
        Code::TriggerOfOther,
        format!(
            "trigger \"{trigger}\" on table {} may run code of another role",
            qualified(table)?
        ),
    )
    .detail(format!(
        "Roles without the owner's rights may create in the workspace's schema, and its function {function} does not say where its names are looked up."
    ))
    .hint(format!(
        "ALTER FUNCTION {function} SET search_path = ..., pg_temp; or REVOKE CREATE ON the schema from these roles."
    )))
}

/// Refuses a trigger of the table that runs code of a role without the owner's rights, and, where a superuser acts with
/// the owner's rights, one that would run when it no longer does.
///
/// A function that is a member of an extension is judged by its owner like any other: whoever created the extension may
/// add functions to it.
pub(super) fn vet(table: u32, owner: u32, is_restricted: bool) -> Result<()> {
    let triggers = table_triggers::enabled(table);
    if is_restricted && triggers.iter().any(|trigger| trigger.is_deferred) {
        return Err(deferred(table)?);
    }
    let is_trusted = |role: u32| role == owner || role::has_rights_of(role, owner);
    let is_plain = |trigger: &Trigger| {
        trigger.function_owner.is_none_or(is_trusted)
            && (!trigger.has_condition || trigger.function_owner.is_none())
    };
    if triggers.iter().all(is_plain) {
        return Ok(());
    }
    let rows = run_once(
        FOREIGN_CODE,
        &[
            (Type::Oid, Value::Oid(table)),
            (Type::Oid, Value::Oid(owner)),
        ],
    )?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let text = |column| row.text(column).unwrap_or_default();
    let (trigger, object, its_owner) = (text(1), text(2), text(3));
    let table = qualified(table)?;
    if row.bool(4) {
        return Err(Error::new(
            Code::TriggerOfOther,
            format!("trigger \"{trigger}\" on table {table} may run code of another role"),
        )
        .detail(format!(
            "Its condition calls {object}, which can run what its arguments name, and would with the rights of \"{}\", the workspace's owner.",
            role::name(owner)
        ))
        .hint("Drop the trigger, or ask for this in its function. Who made it has the TRIGGER privilege."));
    }
    Err(Error::new(
        Code::TriggerOfOther,
        format!("trigger \"{trigger}\" on table {table} runs code of another role"),
    )
    .detail(format!(
        "It uses {object} of \"{its_owner}\", which would run with the rights of \"{}\", the workspace's owner.",
        role::name(owner)
    ))
    .hint("Drop the trigger, or let a role with the owner's rights own what it uses. Who made it has the TRIGGER privilege."))
}

/// What a table's triggers use, in their conditions too, and may not: functions, operators and types that belong to a role
/// without the rights of the owner, what an operator does being what its function does; and in conditions those functions
/// of the server's and of extensions that do something or that take a text or a name of what is to be run, as
/// `query_to_xml` does. The catalog does not say who made a trigger, and of the server's own functions it knows no
/// dependencies.
const FOREIGN_CODE: &str = "
    WITH used (trigger, class, object, owner, may_run_text) AS (
        SELECT t.tgname, d.refclassid, d.refobjid, o.owner, false
          FROM pg_catalog.pg_trigger t
          JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_trigger'::pg_catalog.regclass
                                     AND d.objid OPERATOR(pg_catalog.=) t.oid
          JOIN LATERAL (SELECT p.proowner FROM pg_catalog.pg_proc p
                         WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                           AND p.oid OPERATOR(pg_catalog.=) d.refobjid
                        UNION ALL
                        SELECT p.proowner FROM pg_catalog.pg_operator f
                          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) f.oprcode::pg_catalog.oid
                         WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass
                           AND f.oid OPERATOR(pg_catalog.=) d.refobjid
                        UNION ALL
                        SELECT y.typowner FROM pg_catalog.pg_type y
                         WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
                           AND y.oid OPERATOR(pg_catalog.=) d.refobjid) o (owner) ON true
         WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND NOT t.tgisinternal
           AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog.\"char\"
           AND NOT pg_catalog.pg_has_role(o.owner, $2, 'USAGE')
        UNION ALL
        SELECT t.tgname, 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid, p.oid, p.proowner, true
          FROM pg_catalog.pg_trigger t
          JOIN LATERAL pg_catalog.regexp_matches(t.tgqual::pg_catalog.text, ':funcid ([0-9]+)', 'g') m (found) ON true
          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) m.found[1]::pg_catalog.oid
         WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND NOT t.tgisinternal
           AND t.tgenabled OPERATOR(pg_catalog.<>) 'D'::pg_catalog.\"char\"
           AND CASE
                 WHEN EXISTS (SELECT FROM pg_catalog.pg_depend e
                               WHERE e.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                                 AND e.objid OPERATOR(pg_catalog.=) p.oid
                                 AND e.deptype OPERATOR(pg_catalog.=) 'e'::pg_catalog.\"char\")
                   THEN p.provolatile OPERATOR(pg_catalog.<>) 'i'::pg_catalog.\"char\"
                 WHEN p.oid OPERATOR(pg_catalog.>=) 16384::pg_catalog.oid THEN false
                 WHEN p.provolatile OPERATOR(pg_catalog.=) 'v'::pg_catalog.\"char\"
                   THEN p.proname OPERATOR(pg_catalog.<>) ALL ('{clock_timestamp,gen_random_uuid,random,timeofday}'::pg_catalog.name[])
                 ELSE p.proname OPERATOR(pg_catalog.~) '_to_xml|populate_record'
                   OR 'pg_catalog.cstring'::pg_catalog.regtype OPERATOR(pg_catalog.=) ANY (p.proargtypes::pg_catalog.oid[])
               END)
    SELECT trigger::pg_catalog.text, pg_catalog.pg_describe_object(class, object, 0),
           pg_catalog.pg_get_userbyid(owner)::pg_catalog.text, may_run_text
      FROM used ORDER BY may_run_text, trigger, object LIMIT 1";

/// The error for a trigger that is put off to the commit.
fn deferred(table: u32) -> Result<Error> {
    let rows = run_once(
        "SELECT coalesce(c.conname, t.tgname)::pg_catalog.text
           FROM pg_catalog.pg_trigger t
           LEFT JOIN pg_catalog.pg_constraint c ON c.oid OPERATOR(pg_catalog.=) t.tgconstraint
          WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND t.tginitdeferred
          ORDER BY 1 LIMIT 1",
        &[(Type::Oid, Value::Oid(table))],
    )?;
    let name = rows.first().and_then(|row| row.text(1)).unwrap_or_default();
    let table = qualified(table)?;
    Ok(Error::new(
        Code::ConstraintDeferred,
        format!("constraint \"{name}\" of table {table} is deferred"),
    )
    .detail("A superuser acts here with the rights of the workspace's owner, and what is put off to the commit would run with a superuser's.")
    .hint(format!(
        "SET ROLE to the owner first, or ALTER TABLE {table} ALTER CONSTRAINT \"{name}\" ... INITIALLY IMMEDIATE; a constraint trigger has to be made anew."
    )))
}

/// The name of a table with its schema.
pub(super) fn qualified(table: u32) -> Result<String> {
    let rows = run_once(
        "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
           FROM pg_catalog.pg_class c
           JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
          WHERE c.oid OPERATOR(pg_catalog.=) $1",
        &[(Type::Oid, Value::Oid(table))],
    )?;
    Ok(rows.first().and_then(|row| row.text(1)).unwrap_or_default())
}
