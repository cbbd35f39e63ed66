//! All paths, and what is done for each of them.

use crate::serve::problem::Problem;
use crate::serve::{App, body, events, identity, openapi, rest};
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::time::{Duration, Instant};
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// How long a request may take, its body and its waiting for the database included.
const REQUEST: Duration = Duration::from_secs(90);

/// All paths, below the prefix.
pub fn make(app: &App) -> Router {
    let api = rest::routes().routes(routes!(events::stream));
    let (rest, document) = OpenApiRouter::new().nest("/api/v1", api).split_for_parts();
    let document = openapi::complete(document, app.prefix());
    let watched = Router::new()
        .route("/health", axum::routing::get(rest::health))
        .route("/ready", axum::routing::get(rest::ready));
    let all = rest
        .merge(watched)
        .merge(openapi::routes(&document))
        .layer(from_fn(not_stored))
        .merge(crate::board::routes());
    let all = if app.prefix().is_empty() {
        all
    } else {
        // Proxies send people from one to the other, in either direction: both are the first page.
        Router::new()
            .nest(app.prefix(), all)
            .merge(crate::board::home(&format!("{}/", app.prefix())))
    };
    all.fallback(no_path)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(app.clone(), identity::origin::check))
        .layer(from_fn_with_state(app.clone(), body::whole))
        .layer(from_fn(in_time))
        .layer(CatchPanicLayer::custom(|_| {
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "the service met a state that it excludes",
            )
            .into_response()
        }))
        .layer(from_fn(logged))
        .with_state(app.clone())
}

async fn no_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "no_such_path",
        "there is no such path",
    )
}

async fn no_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "the path has no such method",
    )
}

/// Answers are of one caller at one moment: nobody in between keeps them.
async fn not_stored(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

async fn in_time(request: Request, next: Next) -> Response {
    tokio::time::timeout(REQUEST, next.run(request))
        .await
        .unwrap_or_else(|_| {
            Problem::new(
                StatusCode::GATEWAY_TIMEOUT,
                "request_timeout",
                "the request took too long",
            )
            .into_response()
        })
}

/// One line a request, without its query and headers, in which secrets may be.
async fn logged(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map(|path| path.as_str().to_owned());
    let path = path.unwrap_or_else(|| request.uri().path().chars().take(200).collect());
    let response = next.run(request).await;
    let status = response.status().as_u16();
    let milliseconds = began.elapsed().as_millis();
    if status >= 500 {
        tracing::warn!(%method, path, status, milliseconds, "request");
    } else {
        tracing::info!(%method, path, status, milliseconds, "request");
    }
    response
}
