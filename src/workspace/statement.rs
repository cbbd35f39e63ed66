//! The rooms' statements: how those are written whose plans are kept, and those that are planned for this once.

use crate::pg::error::Result;
use crate::pg::rows::Rows;
use crate::pg::spi::{Plan, Sees};
use crate::pg::value::{Type, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// One of a room's SQL statements. `{ws}` in the text stands for the workspace's quoted schema, `{tickets}` for the table of its
/// tickets and `{ticket.name}` for a column of that.
///
/// Every name and operator in the text is qualified: the server analyzes a plan anew under the
/// caller's search_path when that changes, and must never find an object there.
#[derive(Debug)]
pub struct Statement {
    /// The SQL text.
    pub sql: &'static str,
    /// The parameters' types.
    pub parameters: &'static [Type],
}

/// Runs a statement that is prepared for this once, as `create_workspace` needs them. Needs an open
/// [`Session`](crate::pg::spi::Session).
///
/// What is asked of the catalogs is asked as of now, like all that the server's caches say: a transaction's old snapshot
/// would hide a trigger that fires in it.
pub fn run_once(sql: &str, arguments: &[(Type, Value<'_>)]) -> Result<Rows> {
    run_made(sql, 0, arguments)
}

/// The same, with arguments that may be phases of this type.
pub(super) fn run_made(
    sql: &str,
    phase_type: u32,
    arguments: &[(Type, Value<'_>)],
) -> Result<Rows> {
    let types: Vec<_> = (arguments.iter())
        .map(|(kind, _)| kind.oid(phase_type))
        .collect();
    let values: Vec<_> = arguments.iter().map(|(_, value)| value.clone()).collect();
    Plan::prepare(sql, &types)?.run(&values, Sees::Latest, 0)
}

thread_local! {
    /// The plans of [`run_kept`], by their texts.
    static KEPT: RefCell<HashMap<&'static str, Rc<Plan>>> = RefCell::default();
}

/// The same for what is asked of the catalogs about one table after another, always under the same search_path: the session
/// keeps the plan. To prepare and plan it anew took longer than to run it.
pub(super) fn run_kept(sql: &'static str, arguments: &[(Type, Value<'_>)]) -> Result<Rows> {
    let kept = KEPT.with_borrow(|plans| plans.get(sql).cloned());
    let plan = match kept {
        Some(plan) => plan,
        None => {
            let types: Vec<_> = arguments.iter().map(|(kind, _)| kind.oid(0)).collect();
            let plan = Rc::new(Plan::prepare(sql, &types)?);
            KEPT.with_borrow_mut(|plans| plans.insert(sql, Rc::clone(&plan)));
            plan
        }
    };
    let values: Vec<_> = arguments.iter().map(|(_, value)| value.clone()).collect();
    plan.run(&values, Sees::Latest, 0)
}
