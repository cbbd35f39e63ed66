//! A table's name as messages have it where another schema may have one of the same name.

use crate::pg::catalog;

/// The table's name with that of its schema; empty where there is no such table.
pub fn full_name(table: u32) -> String {
    let schema = catalog::schema_of(table).and_then(catalog::schema_name);
    let both = schema.zip(catalog::name_of(table));
    both.map_or_else(String::new, |(schema, name)| format!("{schema}.{name}"))
}
