//! What is written may be no larger than `src/limits.rs` says, whoever writes it; what was there already may stay.

use crate::error::Error;
use crate::pg::catalog;
use crate::pg::error::Result;
use crate::pg::trigger::Firing;

impl Firing {
    /// Refuses what the event writes into a column, a text, document or array, where it has more bytes than it may. Nothing of
    /// it is read.
    pub fn require_within(&self, column: i16, limit: usize) -> Result<()> {
        let size = self.new_row().size(column);
        if size <= limit || self.is_update() && self.is_same(column) {
            return Ok(());
        }
        let name = catalog::column_name(self.table(), column).unwrap_or_default();
        Err(Error::larger_than(&name, size, limit).table(self.table_name()))
    }

    /// As [`Self::require_within`] for columns by their names. One that is not there is passed by.
    pub fn require_all_within(&self, columns: &[(&str, usize)]) -> Result<()> {
        let numbered =
            |(name, limit): &(&str, usize)| Some((catalog::column(self.table(), name)?, *limit));
        (columns.iter().filter_map(numbered))
            .try_for_each(|(column, limit)| self.require_within(column, limit))
    }
}
