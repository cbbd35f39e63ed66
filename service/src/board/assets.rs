//! The files that pages load: all of them are in the program, none comes from elsewhere.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};
use std::sync::OnceLock;

#[derive(Embed)]
#[folder = "assets/"]
struct Files;

/// Tells the files of one build from those of another; it is part of their addresses, so that browsers may keep them.
pub fn version() -> &'static str {
    static VERSION: OnceLock<String> = OnceLock::new();
    VERSION.get_or_init(|| {
        let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
        for name in Files::iter() {
            let hash = Files::get(&name)
                .map(|file: EmbeddedFile| file.metadata.sha256_hash())
                .unwrap_or_default();
            for byte in hash {
                sum = (sum ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        format!("{sum:016x}")
    })
}

/// `/assets/{version}/{name}`
pub async fn asset(Path((_version, name)): Path<(String, String)>) -> Response {
    let Some(file) = Files::get(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = match name.rsplit_once('.').map(|(_, kind)| kind) {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    };
    let mut response = file.data.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=31536000, immutable"),
    );
    response
}
