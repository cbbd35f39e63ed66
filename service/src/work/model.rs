//! A language model as the worker of reviews and summaries.

use super::answer::{Kind, beginning};
use super::endpoint::{Endpoint, Reply, Trouble};
use super::evidence::Claimed;
use super::halt::Halt;
use super::outcome::Outcome;
use super::pace::Pace;
use super::prompt::{Conversation, sha256};
use super::queue::Queue;
use crate::error::Failure;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How often a question is asked at most where nothing or nothing usable comes back.
const TRIES: u32 = 5;

/// The pause after the first of them; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Tokens that are kept free for a verdict.
const VERDICT: u64 = 1000;

/// Bytes that a token has at most on average in any text that is worth reading.
const BYTES_A_TOKEN: u64 = 32;

/// From how many tokens on the endpoint's own count is looked at: smaller windows are nobody's.
const CERTAIN: u64 = 4000;

/// A model, and how it is asked.
#[derive(Debug, Clone)]
pub struct Model {
    /// Where it is asked.
    pub endpoint: Endpoint,
    /// How many tokens it reads and writes together.
    pub window: u64,
    /// What the operator adds to the rules.
    pub instructions: Option<String>,
}

/// How a question ends without an answer.
enum Unanswered {
    Outcome(Outcome),
    Wrong(String),
}

impl Model {
    /// Answers a task.
    pub async fn work(
        &self,
        task: &Claimed,
        queue: &Queue,
        pace: &Pace,
        until: Instant,
        halt: &Halt,
    ) -> Outcome {
        let missing = task.left_out();
        if !missing.is_empty() {
            return Outcome::failed(format!(
                "the evidence is too large to be handed over whole, and a part of it is not judged: {}",
                beginning(&missing.join(" "), 2000)
            ));
        }
        let mut conversation = Conversation::about(task, self.instructions.as_deref());
        let mut first = None;
        let (mut read, mut written) = (0, 0);
        loop {
            let counted = match self.fits(task, &conversation, queue).await {
                Ok(counted) => counted,
                Err(outcome) => return outcome,
            };
            let body = self
                .endpoint
                .body(&conversation, task.kind().name(), &task.kind().schema());
            let hash = sha256(body.as_bytes());
            let reply = match self.ask(&body, pace, until, halt).await {
                Ok(reply) => reply,
                Err(outcome) => return outcome,
            };
            // An endpoint that does not count leaves it to us.
            read += if reply.prompt_tokens > 0 {
                reply.prompt_tokens
            } else {
                counted
            };
            written += reply.completion_tokens;
            if counted > CERTAIN && reply.prompt_tokens > 0 && reply.prompt_tokens < counted / 2 {
                return Outcome::failed(format!(
                    "the endpoint read {} tokens of about {counted}: it cuts what it is given, and a verdict on a part is none",
                    reply.prompt_tokens
                ));
            }
            let why = match usable(task, &reply, queue).await {
                Ok(mut answer) => {
                    let runner = json!({
                        "model": reply.model.as_deref().unwrap_or(self.endpoint.model()),
                        "prompt_sha256": hash,
                        "tokens": read + written,
                        "prompt_tokens": read,
                        "completion_tokens": written,
                        "repaired": first.is_some(),
                    });
                    answer.insert("runner".to_owned(), runner);
                    return Outcome::Done(Some(answer.into()));
                }
                Err(Unanswered::Outcome(outcome)) => return outcome,
                Err(Unanswered::Wrong(why)) => why,
            };
            if let Some(first) = first {
                return Outcome::failed(format!(
                    "the model's answer cannot be used, and neither can its second one: {why} (the first: {first})"
                ));
            }
            tracing::info!(
                task = task.id(),
                "the answer cannot be used, asking once more: {why}"
            );
            conversation.repair(&beginning(&reply.content, 20_000), &why);
            first = Some(why);
        }
    }

    /// Counts what is to be sent, and gives up where it would not be read whole.
    async fn fits(
        &self,
        task: &Claimed,
        conversation: &Conversation,
        queue: &Queue,
    ) -> Result<u64, Outcome> {
        let kept = match task.kind() {
            Kind::Summary => task.budget().saturating_mul(2).min(self.window / 2),
            _ => VERDICT.min(self.window / 4),
        };
        let room = self.window.saturating_sub(kept);
        let text = conversation.text();
        let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX);
        let too_large = |size: String| {
            Outcome::failed(format!(
                "the task has {size}, and the model's window of {} has room for {room}: nothing was cut, and nothing was judged",
                self.window
            ))
        };
        if bytes / BYTES_A_TOKEN > room {
            return Err(too_large(format!("{bytes} bytes")));
        }
        match queue.count_tokens(&text).await {
            // The model's own tokenizer may well find a tenth more.
            Ok(tokens) if tokens.saturating_add(tokens / 10) > room => {
                Err(too_large(format!("about {tokens} tokens")))
            }
            Ok(tokens) => Ok(tokens),
            Err(Failure::Refused(_)) => Err(too_large(format!(
                "{bytes} bytes, too many for its tokens to be counted"
            ))),
            Err(failure) => Err(Outcome::again(failure.in_words())),
        }
    }

    /// Asks until there is a reply, a while.
    async fn ask(
        &self,
        body: &str,
        pace: &Pace,
        until: Instant,
        halt: &Halt,
    ) -> Result<Reply, Outcome> {
        let asking = async {
            let mut pause = FIRST_PAUSE;
            for tried in 1.. {
                pace.wait().await;
                let trouble = match self.endpoint.ask(body.to_owned()).await {
                    Ok(reply) => return Ok(reply),
                    Err(trouble) => trouble,
                };
                let (why, after) = match trouble {
                    Trouble::Passing(why, after) => (why, after),
                    Trouble::Final(why) => return Err(Outcome::failed(why)),
                    Trouble::Misconfigured(why) => {
                        return Err(Outcome::Misconfigured { why, retry: false });
                    }
                };
                if tried >= TRIES {
                    return Err(Outcome::again(format!("{why} (tried {tried} times)")));
                }
                let wait = after.unwrap_or_default().max(pause) + jitter();
                if Instant::now() + wait >= until {
                    let asked = after.map_or_else(String::new, |after| {
                        format!(", and asks to wait {} s", after.as_secs())
                    });
                    return Err(Outcome::again(format!(
                        "{why} (tried {tried} times{asked})"
                    )));
                }
                tracing::info!("{why}; trying again in {:.1} s", wait.as_secs_f64());
                tokio::time::sleep(wait).await;
                pause *= 2;
            }
            Err(Outcome::again("the endpoint was not asked".to_owned()))
        };
        tokio::select! {
            reply = asking => reply,
            why = halt.told() => Err(Outcome::Halted(why)),
        }
    }
}

/// Reads a reply as the answer to a task.
async fn usable(
    task: &Claimed,
    reply: &Reply,
    queue: &Queue,
) -> Result<Map<String, Value>, Unanswered> {
    let kind = task.kind();
    let answer = kind.read_known(&reply.content).map_err(Unanswered::Wrong)?;
    if kind == Kind::Summary {
        let summary = answer
            .get("summary")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let tokens = match queue.count_tokens(summary).await {
            Ok(tokens) => tokens,
            Err(Failure::Refused(refusal)) => {
                return Err(Unanswered::Wrong(refusal.message.clone()));
            }
            Err(failure) => return Err(Unanswered::Outcome(Outcome::again(failure.in_words()))),
        };
        if tokens > task.budget() {
            let why = format!(
                "the summary has {tokens} tokens, and at most {} are allowed: make it shorter",
                task.budget()
            );
            return Err(Unanswered::Wrong(why));
        }
    }
    Ok(answer)
}

/// Up to a quarter of a second, so that many runners do not come back together.
fn jitter() -> Duration {
    let [byte, ..] = *uuid::Uuid::new_v4().as_bytes();
    Duration::from_millis(u64::from(byte))
}
