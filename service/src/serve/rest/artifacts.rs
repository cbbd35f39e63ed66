//! Evidence.

use crate::database::Access;
use crate::function::Function;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::extract::{Body, Id};
use crate::serve::identity::Caller;
use crate::serve::rest::Artifact;
use axum::extract::State;
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// Evidence to be handed in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewArtifact {
    /// The name by which gates ask for it.
    #[schema(max_length = 100)]
    artifact_type: String,
    /// Where it is kept.
    artifact_path: Option<String>,
    /// What criteria look at.
    #[serde(alias = "artifact_content")]
    content: Option<Value>,
    /// The phase that it is evidence for; else the ticket's.
    phase_id: Option<String>,
    /// Who hands it in. With keys it is whoever the token names.
    collected_by: Option<String>,
}

/// Hands in evidence.
#[utoipa::path(post, path = "/tickets/{id}/artifacts", tag = "Gates",
    params(("id" = Uuid, Path, description = "The ticket")), request_body = NewArtifact,
    responses((status = 201, description = "The artifact", body = Artifact)))]
pub async fn add(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    Body(new): Body<NewArtifact>,
) -> Answer {
    let call = Function::new("add_artifact")
        .with("ticket_id", id)
        .with("artifact_type", new.artifact_type)
        .maybe("artifact_path", new.artifact_path)
        .maybe("artifact_content", new.content)
        .maybe("phase_id", new.phase_id)
        .maybe(
            "collected_by",
            new.collected_by.or_else(|| caller.name.clone()),
        );
    Ok(Json::created(
        app.row(&caller.who, Access::Repeatable, &call).await?,
    ))
}
