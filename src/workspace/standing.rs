//! What a survey looks at: a table that is there, and the phases of the workspace.

use super::found::{Column, Object, Table};

/// The phases that the workspace has or will have.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    /// In their order.
    pub labels: Vec<String>,
    /// The type, where it is there.
    pub kind: Option<u32>,
}

/// One of the tables that are there, and what it consists of.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub table: Table,
    pub columns: Vec<Column>,
    pub objects: Vec<Object>,
    /// Whether its rows are a workspace's already: nothing but what is missing is looked at.
    pub is_kept: bool,
}

impl Standing {
    /// The column that is ours of this name.
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        let actual = self.table.actual(name);
        self.columns.iter().find(|column| column.name == actual)
    }
}
