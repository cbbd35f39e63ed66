//! Whether it is there, for whoever watches over it. Neither asks who asks.

use crate::database::{Access, Who};
use crate::error::Failure;
use crate::serve::App;
use crate::serve::answer::{Answer, Json};
use crate::serve::problem::Problem;
use crate::serve::rest::{Health, Ready};
use axum::extract::State;
use axum::http::StatusCode;

/// The program is there.
#[utoipa::path(get, path = "/health", tag = "Service", security(()),
    responses((status = 200, description = "It is", body = Health)))]
pub async fn health() -> axum::Json<Health> {
    axum::Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// The database is there, and has the extension.
#[utoipa::path(get, path = "/ready", tag = "Service", security(()),
    responses((status = 200, description = "It is", body = Ready)))]
pub async fn ready(State(app): State<App>) -> Answer {
    let sql = "SELECT extversion::pg_catalog.text FROM pg_catalog.pg_extension WHERE extname = 'phasegate'";
    let row = app
        .database()
        .row(&Who::default(), Access::Read, sql, &[])
        .await?;
    let Some(row) = row else {
        return Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "extension_missing",
            "the database has no phasegate",
        )
        .hint("CREATE EXTENSION phasegate"));
    };
    let version: String = row.try_get(0).map_err(|error| Failure::of(&error))?;
    Ok(Json::ok(
        serde_json::json!({ "status": "ready", "extension": version }).to_string(),
    ))
}
