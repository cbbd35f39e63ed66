//! The CHECKs on a column that becomes a phase.

use super::found::{self, Table};
use super::shape::BESIDE;
use crate::definitions;
use crate::pg::error::Result;
use crate::pg::spi::{quote_identifier, run_script};

/// The CHECKs on a column that becomes a phase.
pub(super) struct Checks {
    /// The column, quoted.
    column: String,
    checks: Vec<found::Check>,
}

impl Checks {
    pub(super) fn on(table: &Table, column: &str) -> Result<Self> {
        let names = |check: &found::Check| {
            check
                .columns
                .iter()
                .any(|one| quote_identifier(one).is_ok_and(|one| one == column))
        };
        // Not the one that goes with the column.
        let is_own = |check: &found::Check| !check.name.starts_with(BESIDE);
        let checks = found::checks(table.oid)?;
        Ok(Checks {
            column: column.to_owned(),
            checks: checks.into_iter().filter(names).filter(is_own).collect(),
        })
    }

    /// The clauses that drop them.
    pub(super) fn dropped(&self) -> Result<Vec<String>> {
        let drop = |check: &found::Check| {
            Ok(format!(
                "DROP CONSTRAINT {}",
                quote_identifier(&check.name)?
            ))
        };
        self.checks.iter().map(drop).collect()
    }

    /// Makes them on the phase as a text, which the column was before; to be validated in another transaction, or now.
    pub(super) fn again(self, table: &Table, now: bool) -> Result<()> {
        let column = &self.column;
        let cast = format!("({column})::text");
        for mut check in self.checks {
            let text =
                definitions::outside_quotes(&check.expression, |part| part.replace(&cast, column));
            check.expression = definitions::with_word(&text, column, &cast);
            check.is_valid &= now;
            run_script(&format!(
                "ALTER TABLE {} ADD CONSTRAINT {} {}",
                table.quoted,
                quote_identifier(&check.name)?,
                check.definition()
            ))?;
        }
        Ok(())
    }
}
