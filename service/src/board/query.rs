//! Statements of the board: each gives its answer as one JSON text, which becomes a value of Rust.

use crate::database::{Access, Param, Session, Who};
use crate::error::Failure;
use crate::serve::App;
use crate::serve::tickets_table::Tickets;
use serde::de::DeserializeOwned;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;

/// An expression of SQL: a document as it is read. Where it carries a text that is shown as text, and what is beside it
/// after it; of a long one only the beginning.
pub fn readable(document: &str, most: i64) -> String {
    format!(
        "CASE WHEN pg_column_size({document}) > {most} * 4 THEN left({document}::text, {most})
              WHEN jsonb_typeof({document}) = 'object' AND jsonb_typeof(coalesce({document}->'text', {document}->'content')) = 'string'
              THEN left(coalesce({document}->>'text', {document}->>'content')
                        || coalesce(E'\\n\\n' || jsonb_pretty(nullif({document} - 'text' - 'content', '{{}}')), ''), {most})
              ELSE left(jsonb_pretty({document}), {most}) END"
    )
}

/// The parameters of a statement, with their types.
#[derive(Default)]
pub struct Params(Vec<(Box<dyn ToSql + Sync + Send>, Type)>);

impl Params {
    /// None.
    pub fn new() -> Params {
        Params::default()
    }

    /// And a text, or NULL.
    pub fn text(mut self, value: Option<&str>) -> Params {
        self.0.push((Box::new(value.map(String::from)), Type::TEXT));
        self
    }

    /// And a UUID, or NULL.
    pub fn uuid(mut self, value: Option<Uuid>) -> Params {
        self.0.push((Box::new(value), Type::UUID));
        self
    }

    /// And UUIDs.
    pub fn uuids(mut self, values: Vec<Uuid>) -> Params {
        self.0.push((Box::new(values), Type::UUID_ARRAY));
        self
    }

    /// And UUIDs, or NULL.
    pub fn maybe_uuids(mut self, values: Option<Vec<Uuid>>) -> Params {
        self.0.push((Box::new(values), Type::UUID_ARRAY));
        self
    }

    /// And texts.
    pub fn texts(mut self, values: Vec<String>) -> Params {
        self.0.push((Box::new(values), Type::TEXT_ARRAY));
        self
    }

    /// And a number.
    pub fn number(mut self, value: i64) -> Params {
        self.0.push((Box::new(value), Type::INT8));
        self
    }

    fn borrowed(&self) -> Vec<Param<'_>> {
        self.0
            .iter()
            .map(|(value, kind)| (value.as_ref() as &(dyn ToSql + Sync), kind.clone()))
            .collect()
    }
}

/// A transaction in which a page is read, or something is done.
pub struct Reading(Session);

impl Reading {
    /// Begins one that only reads.
    pub async fn begin(app: &App, who: &Who) -> Result<Reading, Failure> {
        let session = app.database().begin(who, Access::Read).await?;
        // The larger sorts of a page fit; compiling a statement would take longer than running it.
        let settings =
            "SELECT set_config('work_mem', '32MB', true), set_config('jit', 'off', true)";
        session.query(settings, &[]).await?;
        Ok(Reading(session))
    }

    /// Begins one that writes.
    pub async fn begin_writing(app: &App, who: &Who) -> Result<Reading, Failure> {
        Ok(Reading(app.database().begin(who, Access::Once).await?))
    }

    /// How the workspace's tables are called.
    pub async fn tickets(&self) -> Result<Tickets, Failure> {
        Tickets::find(&self.0).await
    }

    /// The value of a statement that gives one row with one JSON text.
    pub async fn one<T: DeserializeOwned>(&self, sql: &str, params: Params) -> Result<T, Failure> {
        self.maybe(sql, params)
            .await?
            .ok_or_else(|| Failure::usage("the database gave no row"))
    }

    /// The same; None where there is no row, or NULL.
    pub async fn maybe<T: DeserializeOwned>(
        &self,
        sql: &str,
        params: Params,
    ) -> Result<Option<T>, Failure> {
        let rows = self.0.query(sql, &params.borrowed()).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let text: Option<&str> = row.try_get(0).map_err(|error| Failure::of(&error))?;
        text.map(|text| {
            serde_json::from_str(text).map_err(|error| {
                Failure::usage(format!("the database answered in another shape: {error}"))
            })
        })
        .transpose()
    }

    /// All rows of a statement as a list.
    pub async fn list<T: DeserializeOwned>(
        &self,
        rows: &str,
        params: Params,
    ) -> Result<Vec<T>, Failure> {
        // json_agg keeps the order of a subquery's rows.
        let sql =
            format!("SELECT coalesce(json_agg(row_to_json(r)), '[]'::json)::text FROM ({rows}) r");
        self.one(&sql, params).await
    }

    /// Runs a statement for what it does.
    pub async fn run(&self, sql: &str, params: Params) -> Result<(), Failure> {
        self.0.query(sql, &params.borrowed()).await.map(drop)
    }

    /// Commits what was written.
    pub async fn commit(self) -> Result<(), Failure> {
        self.0.commit().await?;
        super::live::hurry();
        Ok(())
    }

    /// Ends a page's transaction.
    pub async fn end(self) {
        // It only read: what became of it is nothing to the page.
        let _ = self.0.commit().await;
    }
}
