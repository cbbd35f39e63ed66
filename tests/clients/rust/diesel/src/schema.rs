//! The part of a workspace's tables that the application uses.

// region schema
pub mod sql_types {
    /// The workspace's enum, found by its name on the search_path.
    #[derive(diesel::query_builder::QueryId, diesel::sql_types::SqlType)]
    #[diesel(postgres_type(name = "phase"))]
    pub struct Phase;
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Phase;

    tickets (id) {
        id -> Uuid,
        title -> Text,
        priority -> Text,
        phase_id -> Phase,
        previous_phase_id -> Nullable<Phase>,
        context -> Nullable<Jsonb>,
        phase_entered_at -> Timestamptz,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::sql_types::Phase;

    phase_gate_artifacts (id) {
        id -> Uuid,
        ticket_id -> Uuid,
        phase_id -> Phase,
        artifact_type -> Text,
        artifact_content -> Nullable<Jsonb>,
    }
}

#[diesel::declare_sql_function]
extern "SQL" {
    fn set_config(
        name: diesel::sql_types::Text,
        value: diesel::sql_types::Text,
        local: diesel::sql_types::Bool,
    ) -> diesel::sql_types::Text;
    fn context_summary(ticket: diesel::sql_types::Uuid) -> diesel::sql_types::Text;
}
// endregion
