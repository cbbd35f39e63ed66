//! What was read of tables' definitions, for as long as they stay as they are.

use crate::changes::Watched;
use crate::pg::error::Result;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The most tables that things are remembered of, some hundred bytes each.
const TABLES: usize = 256;

/// What was read of tables' definitions, by table.
#[derive(Debug)]
pub struct Remembered<T>(RefCell<HashMap<u32, (Watched, Rc<T>)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Remembered(RefCell::default())
    }
}

impl<T> Remembered<T> {
    /// What `read` gave for the table, read again where its definition has changed since.
    pub fn get(&self, table: u32, read: impl FnOnce() -> Result<T>) -> Result<Rc<T>> {
        if let Some((watched, known)) = self.0.borrow().get(&table)
            && watched.is_current()
        {
            return Ok(Rc::clone(known));
        }
        let watched = Watched::new(table);
        let fresh = Rc::new(read()?);
        let mut all = self.0.borrow_mut();
        if all.len() >= TABLES {
            // Those of dropped tables first; reading one again costs a few look-ups.
            all.retain(|_, (watched, _)| watched.is_current());
            if all.len() >= TABLES {
                all.clear();
            }
        }
        all.insert(table, (watched, Rc::clone(&fresh)));
        Ok(fresh)
    }
}
