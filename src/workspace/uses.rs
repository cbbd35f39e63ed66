//! What a statement does to the workspace's tables, read from its text.

use super::Statement;
use super::shape::TABLES;
use crate::pg::lock::Purpose;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// What a statement does to one of the workspace's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Use {
    /// The table's name.
    pub table: &'static str,
    /// The lock that the statement will take; writing where it writes.
    pub purpose: Purpose,
}

thread_local! {
    static USES: RefCell<HashMap<*const Statement, Rc<[Use]>>> = RefCell::new(HashMap::new());
}

/// The workspace's tables that the statement names, each once.
pub(super) fn uses(statement: &'static Statement) -> Rc<[Use]> {
    let key: *const Statement = statement;
    USES.with_borrow_mut(|known| {
        Rc::clone(known.entry(key).or_insert_with(|| read_uses(statement.sql)))
    })
}

/// From the text, in which every table of the workspace stands as `{ws}.name`, or `{tickets}`, behind the words that say what is
/// done.
fn read_uses(sql: &str) -> Rc<[Use]> {
    let sql = sql.replace("{tickets}", "{ws}.tickets");
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut found: Vec<Use> = Vec::new();
    let mut before = "";
    for part in sql.split("{ws}.") {
        let end = part.find(|letter| !is_word(letter)).unwrap_or(part.len());
        let name = part.get(..end).unwrap_or_default();
        let is_written = ["INSERT INTO", "UPDATE", "DELETE FROM", "MERGE INTO"]
            .iter()
            .any(|words| before.trim_end().ends_with(words));
        if let Some(table) = TABLES.into_iter().find(|table| *table == name) {
            let purpose = if is_written {
                Purpose::Writing
            } else {
                Purpose::Reading
            };
            match found.iter_mut().find(|one| one.table == table) {
                Some(one) => one.purpose = one.purpose.max(purpose),
                None => found.push(Use { table, purpose }),
            }
        }
        before = part;
    }
    found.into()
}
