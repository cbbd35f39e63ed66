//! A request's body is read whole before anything is done, within limits of size and time: so that an answer never comes
//! before its question was sent, and a slow client holds nothing but its own connection.

use crate::serve::App;
use crate::serve::problem::Problem;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use std::time::Duration;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// A body that is too large is read on, and thrown away, up to this many bytes: the client sees the answer then.
const THROWN_AWAY: usize = 64 << 20;

/// Reads the body.
pub async fn whole(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let problem = match tokio::time::timeout(PATIENCE, read(body, app.max_body())).await {
        Ok(Ok(Some(bytes))) => {
            return next
                .run(Request::from_parts(parts, Body::from(bytes)))
                .await;
        }
        Ok(Ok(None)) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "the body is too large",
        )
        .detail(format!("At most {} bytes are taken.", app.max_body())),
        Ok(Err(_)) => Problem::new(
            StatusCode::BAD_REQUEST,
            "body_unreadable",
            "the body could not be read",
        ),
        Err(_) => Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "body_too_slow",
            "the body took too long",
        ),
    };
    let mut response = problem.into_response();
    response
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The body; None if it is larger than `limit`.
async fn read(mut body: Body, limit: usize) -> Result<Option<Bytes>, axum::Error> {
    let mut whole = Vec::new();
    let mut size = 0_usize;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        size = size.saturating_add(data.len());
        if size > THROWN_AWAY {
            return Ok(None);
        }
        if size > limit {
            whole = Vec::new();
        } else {
            whole.extend_from_slice(&data);
        }
    }
    Ok((size <= limit).then(|| Bytes::from(whole)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_over_the_limit_is_none() {
        assert_eq!(
            read(Body::from("12345"), 5).await.unwrap().as_deref(),
            Some(&b"12345"[..])
        );
        assert_eq!(read(Body::from("123456"), 5).await.unwrap(), None);
        assert_eq!(
            read(Body::empty(), 5).await.unwrap().as_deref(),
            Some(&b""[..])
        );
    }
}
