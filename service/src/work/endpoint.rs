//! One request to an OpenAI-compatible endpoint, and what came of it.

use super::answer::beginning;
use super::prompt::Conversation;
use crate::error::{Failure, chain};
use clap::ValueEnum;
use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use serde_json::{Value, json};
use std::time::Duration;

/// How large a reply may be.
const LARGEST: usize = 4 * 1024 * 1024;

/// How a reply is held to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// By the schema itself.
    JsonSchema,
    /// To JSON, whatever is in it; the schema is checked here.
    JsonObject,
    /// Only by what is asked.
    None,
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Another try may get one, perhaps not before this time has passed.
    Passing(String, Option<Duration>),
    /// This question gets none.
    Final(String),
    /// No question would get one: the address, the key or the model is wrong.
    Misconfigured(String),
}

/// What a model replied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// What it said.
    pub content: String,
    /// The model that the endpoint says it was.
    pub model: Option<String>,
    /// Tokens that were read.
    pub prompt_tokens: u64,
    /// Tokens that were written.
    pub completion_tokens: u64,
}

/// An OpenAI-compatible endpoint.
#[derive(Debug, Clone)]
pub struct Endpoint {
    client: reqwest::Client,
    url: reqwest::Url,
    model: String,
    format: Format,
}

impl Endpoint {
    /// An endpoint by its base address, such as `https://api.openai.com/v1`.
    pub fn new(
        base: &str,
        model: &str,
        key: Option<&str>,
        format: Format,
    ) -> Result<Endpoint, Failure> {
        let url = address(base)?;
        let mut headers = HeaderMap::new();
        if let Some(key) = key {
            let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| {
                Failure::usage("the key of the endpoint has characters that a header cannot have")
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        // The same for all of the program; where it is set already, that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .default_headers(headers)
            .user_agent(concat!("phasegate/", env!("CARGO_PKG_VERSION")))
            // A redirect would take evidence, and perhaps the key, to where nobody said that they may go.
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .build()
            .map_err(|error| {
                Failure::usage(format!("cannot make a client of HTTP: {}", chain(&error)))
            })?;
        Ok(Endpoint {
            client,
            url,
            model: model.to_owned(),
            format,
        })
    }

    /// The model that is asked for.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The body of a request.
    pub fn body(&self, conversation: &Conversation, name: &str, schema: &Value) -> String {
        let mut body =
            json!({"model": self.model, "messages": conversation.messages(), "stream": false});
        let format = match self.format {
            Format::JsonSchema => {
                json!({"type": "json_schema", "json_schema": {"name": name, "strict": true, "schema": schema}})
            }
            Format::JsonObject => json!({"type": "json_object"}),
            Format::None => Value::Null,
        };
        if let (false, Some(body)) = (format.is_null(), body.as_object_mut()) {
            body.insert("response_format".to_owned(), format);
        }
        body.to_string()
    }

    /// Asks once.
    pub async fn ask(&self, body: String) -> Result<Reply, Trouble> {
        let sent = self.client.post(self.url.clone()).body(body).send().await;
        let mut response = sent.map_err(|error| {
            Trouble::Passing(
                format!(
                    "the endpoint cannot be asked: {}",
                    chain(&error.without_url())
                ),
                None,
            )
        })?;
        let status = response.status();
        let after = retry_after(response.headers());
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if bytes.len() + chunk.len() <= LARGEST => {
                    bytes.extend_from_slice(&chunk)
                }
                Ok(Some(_)) => {
                    let why = format!("the endpoint's reply has more than {LARGEST} bytes");
                    return Err(Trouble::Passing(why, None));
                }
                Ok(None) => break,
                Err(error) => {
                    let why = format!(
                        "the endpoint's reply was cut off: {}",
                        chain(&error.without_url())
                    );
                    return Err(Trouble::Passing(why, None));
                }
            }
        }
        if status.is_success() {
            read(&bytes)
        } else {
            Err(refused(status, after, &bytes))
        }
    }
}

/// The address of chat completions: below the base, which by custom ends in /v1.
fn address(base: &str) -> Result<reqwest::Url, Failure> {
    let trimmed = base.trim().trim_end_matches('/');
    let url: reqwest::Url = trimmed.parse().map_err(|error| {
        Failure::usage(format!("\"{base}\" is no address of an endpoint: {error}"))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Failure::usage(format!(
            "\"{base}\" is no address of an endpoint: it begins neither with http:// nor https://"
        )));
    }
    let path = match url.path() {
        "/" | "" => "/v1/chat/completions".to_owned(),
        path if path.ends_with("/chat/completions") => return Ok(url),
        path => format!("{path}/chat/completions"),
    };
    let mut url = url;
    url.set_path(&path);
    Ok(url)
}

/// Retry-After in seconds. The other form, a date, is rare here; it counts as not given.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    text.trim()
        .parse::<f64>()
        .ok()
        .filter(|seconds| (0.0..=86_400.0).contains(seconds))
        .map(Duration::from_secs_f64)
}

/// Reads the reply to a request that was served.
fn read(bytes: &[u8]) -> Result<Reply, Trouble> {
    let passing = |why: String| Err(Trouble::Passing(why, None));
    let Ok(reply) = serde_json::from_slice::<Value>(bytes) else {
        let shown = beginning(&String::from_utf8_lossy(bytes), 200);
        return passing(format!(
            "the endpoint's reply is not JSON: {}",
            shown.escape_debug()
        ));
    };
    let Some(choice) = reply.pointer("/choices/0") else {
        return passing(format!(
            "the endpoint's reply has no choices: {}",
            beginning(&reply.to_string(), 200)
        ));
    };
    if let Some(refusal) = choice.pointer("/message/refusal").and_then(Value::as_str) {
        return Err(Trouble::Final(format!(
            "the model refused: {}",
            beginning(refusal, 500)
        )));
    }
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length") => {
            return Err(Trouble::Final(
                "the model's answer was cut off at its limit of tokens".to_owned(),
            ));
        }
        Some("content_filter") => {
            return Err(Trouble::Final(
                "the endpoint's filter kept the answer back".to_owned(),
            ));
        }
        _ => {}
    }
    let tokens = |key: &str| {
        reply
            .pointer(key)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    Ok(Reply {
        content: choice
            .pointer("/message/content")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        model: reply
            .get("model")
            .and_then(Value::as_str)
            .map(|model| beginning(model, 200)),
        prompt_tokens: tokens("/usage/prompt_tokens"),
        completion_tokens: tokens("/usage/completion_tokens"),
    })
}

/// What a status other than success means.
fn refused(status: StatusCode, after: Option<Duration>, bytes: &[u8]) -> Trouble {
    let body = serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let said = |key: &str| body.pointer(key).and_then(Value::as_str);
    let message = said("/error/message")
        .or_else(|| said("/message"))
        .or_else(|| said("/error"))
        .map(|message| beginning(message, 500));
    let message = message.unwrap_or_else(|| {
        beginning(String::from_utf8_lossy(bytes).trim(), 200)
            .escape_debug()
            .to_string()
    });
    let why = format!("the endpoint answered {}: {message}", status.as_u16());
    let is_overflow = said("/error/code") == Some("context_length_exceeded")
        || message.contains("context length")
        || message.contains("context window");
    match status.as_u16() {
        408 | 409 | 425 | 429 | 500..=599 => Trouble::Passing(why, after),
        401 | 403 | 404 | 300..=399 => Trouble::Misconfigured(why),
        400 | 413 | 422 if is_overflow => Trouble::Final(format!(
            "the task does not fit the model's context window, and nothing of it was judged: {why}"
        )),
        _ => Trouble::Final(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_as_people_give_them() {
        for (base, url) in [
            (
                "http://127.0.0.1:9999",
                "http://127.0.0.1:9999/v1/chat/completions",
            ),
            (
                "http://127.0.0.1:9999/v1/",
                "http://127.0.0.1:9999/v1/chat/completions",
            ),
            (
                "https://h/openai/deployments/x",
                "https://h/openai/deployments/x/chat/completions",
            ),
            (
                "https://h/v1/chat/completions?api-version=1",
                "https://h/v1/chat/completions?api-version=1",
            ),
        ] {
            assert_eq!(address(base).unwrap().as_str(), url);
        }
        assert!(address("localhost:8080").is_err());
        assert!(address("file:///etc/passwd").is_err());
    }

    #[test]
    fn statuses_say_whether_to_try_again() {
        let overflow = br#"{"error": {"message": "too long", "code": "context_length_exceeded"}}"#;
        let seconds = Some(Duration::from_secs(7));
        assert!(matches!(
            refused(StatusCode::TOO_MANY_REQUESTS, seconds, b""),
            Trouble::Passing(_, Some(_))
        ));
        assert!(matches!(
            refused(StatusCode::BAD_GATEWAY, None, b"<html>"),
            Trouble::Passing(_, None)
        ));
        assert!(matches!(
            refused(StatusCode::UNAUTHORIZED, None, b""),
            Trouble::Misconfigured(_)
        ));
        assert!(matches!(
            refused(StatusCode::BAD_REQUEST, None, b"{}"),
            Trouble::Final(_)
        ));
        let trouble = refused(StatusCode::BAD_REQUEST, None, overflow);
        assert!(
            matches!(&trouble, Trouble::Final(why) if why.contains("context window")),
            "{trouble:?}"
        );
    }

    #[test]
    fn replies_that_are_none_are_told_apart() {
        let whole = br#"{"model": "m", "choices": [{"message": {"content": "{}"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}"#;
        let reply = read(whole).unwrap();
        assert_eq!(
            (
                reply.content.as_str(),
                reply.prompt_tokens,
                reply.completion_tokens
            ),
            ("{}", 3, 2)
        );
        assert!(matches!(read(b"<html>"), Err(Trouble::Passing(..))));
        assert!(matches!(read(b"{}"), Err(Trouble::Passing(..))));
        let cut = br#"{"choices": [{"message": {"content": "{"}, "finish_reason": "length"}]}"#;
        assert!(matches!(read(cut), Err(Trouble::Final(_))));
        let refusal = br#"{"choices": [{"message": {"refusal": "No."}}]}"#;
        assert!(matches!(read(refusal), Err(Trouble::Final(_))));
    }
}
