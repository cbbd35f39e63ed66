//! A `search_path` for what runs with the owner's rights, and whether a caller's says the same. A pure rule.

/// The setting that names these schemas, quoted: after the server's own, and before that of temporary tables.
pub fn text(named: &[String]) -> String {
    format!("pg_catalog, {}, pg_temp", named.join(", "))
}

/// Whether a setting names the same schemas in the same order. Who does not name pg_catalog has it first; and nothing is
/// temporary in a session that has no temporary schema. A schema more, which need not exist now, is one too many.
pub fn says(set: &str, named: &[String]) -> bool {
    let mut said = set.split(',').map(str::trim).peekable();
    said.next_if_eq(&"pg_catalog");
    let is_same = named.iter().all(|name| said.next() == Some(name));
    said.next_if_eq(&"pg_temp");
    is_same && said.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_schemas_in_the_same_order_are_the_same_path() {
        let named = ["\"My app\"".to_owned(), "phasegate".to_owned()];
        assert_eq!(text(&named), "pg_catalog, \"My app\", phasegate, pg_temp");
        for same in [
            "\"My app\",phasegate",
            "\"My app\", phasegate, pg_temp",
            "pg_catalog, \"My app\" , phasegate",
            &text(&named),
        ] {
            assert!(says(same, &named), "{same}");
        }
        for other in [
            "",
            "phasegate",
            "\"My app\"",
            "phasegate, \"My app\"",
            "\"My app\", phasegate, evil",
            "evil, \"My app\", phasegate",
            "pg_temp, \"My app\", phasegate",
            "\"My app\", pg_catalog, phasegate",
            "\"My app\", phasegate, pg_temp, evil",
            "My app, phasegate",
            "\"my app\", phasegate",
        ] {
            assert!(!says(other, &named), "{other}");
        }
        let alone = ["phasegate".to_owned()];
        assert!(says("phasegate", &alone));
        assert!(!says("app, phasegate", &alone));
    }
}
