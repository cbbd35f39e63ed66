//! What was handed in for a ticket, and what its phases have left.

use super::query::{Params, Reading, readable};
use super::words::Moment;
use crate::error::Failure;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

/// Of a document so many characters are shown.
pub const SHOWN: i64 = 20_000;

/// A piece of evidence.
#[derive(Debug, Deserialize)]
pub struct Artifact {
    /// The artifact.
    pub id: Uuid,
    /// The phase that it is evidence for.
    pub phase: String,
    /// Its type.
    pub kind: String,
    /// Where it is kept.
    pub path: Option<String>,
    /// As it is read.
    pub content: Option<String>,
    /// When it was handed in.
    pub at: Moment,
    /// Who handed it in.
    pub by: Option<String>,
    /// When it became out of date, if it did.
    pub superseded: Moment,
}

impl Artifact {
    /// Whether only the beginning of it is shown.
    pub fn is_cut(&self) -> bool {
        self.content
            .as_ref()
            .is_some_and(|content| content.chars().count() as i64 >= SHOWN)
    }
}

/// The evidence of a ticket, the last first.
pub async fn artifacts(reading: &Reading, id: Uuid) -> Result<Vec<Artifact>, Failure> {
    let sql = format!(
        "SELECT a.id, a.phase_id::text AS phase, a.artifact_type::text AS kind, left(a.artifact_path, 2000) AS path,
                {content} AS content,
                {at} AS at, a.collected_by::text AS by, {superseded} AS superseded
           FROM phase_gate_artifacts a
          WHERE a.ticket_id = $1 ORDER BY a.collected_at DESC, a.id DESC LIMIT 100",
        content = readable("a.artifact_content", SHOWN),
        at = Moment::sql("a.collected_at"),
        superseded = Moment::sql("a.superseded_at"),
    );
    reading.list(&sql, Params::new().uuid(Some(id))).await
}

/// What the phases before have left, as far as it is shown.
pub async fn context(reading: &Reading, id: Uuid) -> Result<Option<String>, Failure> {
    let sql = "SELECT to_json(CASE WHEN length(c.text) <= $2 THEN jsonb_pretty(c.text::jsonb) ELSE left(c.text, $2::int) END)::text
                 FROM (SELECT (phasegate.ticket_context($1)->'full_context')::text AS text) c";
    let context: Option<Value> = reading
        .maybe(sql, Params::new().uuid(Some(id)).number(SHOWN))
        .await?;
    Ok(context
        .and_then(|text| text.as_str().map(String::from))
        .filter(|text| text != "{}" && text != "null"))
}
