//! What handlers take from a request, each refused as a problem that names what is wrong.

use crate::serve::App;
use crate::serve::problem::Problem;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The id in a path.
#[derive(Debug, Clone, Copy)]
pub struct Id(pub Uuid);

impl FromRequestParts<App> for Id {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Id, Problem> {
        let Path(text): Path<String> = Path::from_request_parts(parts, app)
            .await
            .map_err(|error| Problem::invalid("invalid_id", error.body_text()))?;
        Uuid::parse_str(&text).map(Id).map_err(|_| {
            Problem::invalid(
                "invalid_id",
                format!("\"{}\" is no id: ids are UUIDs.", text.escape_debug()),
            )
        })
    }
}

/// The query, with every parameter known.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Query<T>, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(pairs)
            .map(Query)
            .map_err(|error| Problem::invalid("invalid_query", named(&error)))
    }
}

/// The JSON body, with every field known. An empty one is an empty object.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Body<T>, Problem> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(is_json);
        // Within its limits, which were looked after when it was read.
        let bytes = Bytes::from_request(request, app).await.map_err(|_| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "body_unreadable",
                "the body could not be read",
            )
        })?;
        if bytes.is_empty() {
            return read(b"{}").map(Body);
        }
        if kind != Some(true) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "the body has to be JSON",
            )
            .hint("Send the header Content-Type: application/json."));
        }
        read(&bytes).map(Body)
    }
}

fn is_json(kind: &str) -> bool {
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // An array of the fields' values in their order would be read as well.
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(
            match serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
                Ok(_) => Problem::invalid("invalid_body", "the body has to be an object"),
                Err(error) => malformed(&error),
            },
        );
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value: T = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        if error.inner().is_data() {
            Problem::invalid("invalid_body", named(&error))
        } else {
            malformed(error.inner())
        }
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "malformed_json",
        "the body is not JSON",
    )
    .detail(error.to_string())
}

/// The error with the field that it is in.
fn named<E: std::fmt::Display>(error: &serde_path_to_error::Error<E>) -> String {
    let path = error.path().to_string();
    if path == "." {
        error.inner().to_string()
    } else {
        format!("{path}: {}", error.inner())
    }
}
