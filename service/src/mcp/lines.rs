//! Standard input and output as the protocol has them, a message a line. The library's own transport passes over what is no
//! message without a word, and a client waits for ever for the answer.

use rmcp::RoleServer;
use rmcp::service::{RxJsonRpcMessage, TxJsonRpcMessage};
use rmcp::transport::Transport;
use serde_json::error::Category;
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use tokio::io::{
    AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, Stdin, Stdout,
};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

/// The longest message, in bytes. A result may have a megabyte by default.
const LONGEST: usize = 16 << 20;

/// Messages in and out.
pub struct Lines<R, W> {
    read: BufReader<R>,
    /// What was read of a line: the future that reads may be dropped at any time.
    line: Vec<u8>,
    /// Whether the line's beginning was thrown away, there being too much of it.
    too_long: bool,
    write: Arc<Mutex<W>>,
    /// An answer of ours that is on its way.
    answer: Option<JoinHandle<io::Result<()>>>,
}

impl Lines<Stdin, Stdout> {
    /// Those of the program.
    pub fn of_program() -> Self {
        Lines::new(tokio::io::stdin(), tokio::io::stdout())
    }
}

impl<R, W> Lines<R, W>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    fn new(read: R, write: W) -> Self {
        Lines {
            read: BufReader::new(read),
            line: Vec::new(),
            too_long: false,
            write: Arc::new(Mutex::new(write)),
            answer: None,
        }
    }

    /// Reads on until a line is whole; None at the end of the input.
    async fn fill(&mut self) -> Option<()> {
        loop {
            let room = LONGEST.saturating_sub(self.line.len()).saturating_add(1);
            let mut read = (&mut self.read).take(u64::try_from(room).unwrap_or(u64::MAX));
            if read.read_until(b'\n', &mut self.line).await.ok()? == 0 {
                return None;
            }
            if self.line.ends_with(b"\n") {
                return Some(());
            }
            if self.line.len() > LONGEST {
                self.too_long = true;
                self.line.clear();
            }
        }
    }

    fn write(
        &self,
        message: serde_json::Result<Vec<u8>>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        let write = Arc::clone(&self.write);
        async move {
            let mut message = message?;
            message.push(b'\n');
            let mut write = write.lock().await;
            write.write_all(&message).await?;
            write.flush().await
        }
    }
}

/// A message, what is answered to a line that is none, or None where nothing is.
fn read(line: &[u8], too_long: bool) -> Option<Result<RxJsonRpcMessage<RoleServer>, Value>> {
    let refused = |code: i32, message: String, id: Value| {
        Some(Err(
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}}),
        ))
    };
    if too_long {
        let message = format!("the message is longer than {LONGEST} bytes");
        return refused(-32600, message, Value::Null);
    }
    if line.trim_ascii().is_empty() {
        return None;
    }
    match serde_json::from_slice(line) {
        Ok(message) => Some(Ok(message)),
        Err(error) if matches!(error.classify(), Category::Syntax | Category::Eof) => {
            refused(-32700, format!("this is not JSON: {error}"), Value::Null)
        }
        Err(error) => {
            let value: Value = serde_json::from_slice(line).unwrap_or_default();
            let id = value.get("id").cloned();
            match id {
                Some(id @ (Value::String(_) | Value::Number(_))) => {
                    refused(-32600, error.to_string(), id)
                }
                // A notification that is not known here.
                None if value.get("method").is_some_and(Value::is_string) => None,
                _ => refused(-32600, error.to_string(), Value::Null),
            }
        }
    }
}

impl<R, W> Transport<RoleServer> for Lines<R, W>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    type Error = io::Error;

    fn send(
        &mut self,
        message: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = io::Result<()>> + Send + 'static {
        self.write(serde_json::to_vec(&message))
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            if let Some(answer) = &mut self.answer {
                answer.await.ok()?.ok()?;
                self.answer = None;
            }
            self.fill().await?;
            let message = read(&self.line, std::mem::take(&mut self.too_long));
            self.line.clear();
            match message {
                Some(Ok(message)) => return Some(message),
                // In a task of its own, so that none is cut off where this future is dropped.
                Some(Err(answer)) => {
                    self.answer = Some(tokio::spawn(self.write(serde_json::to_vec(&answer))));
                }
                None => {}
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.write.lock().await.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn spoken(input: Vec<u8>) -> (usize, Vec<Value>) {
        let (mut client, output) = tokio::io::duplex(1 << 16);
        let mut lines = Lines::new(io::Cursor::new(input), output);
        let mut messages = 0;
        while lines.receive().await.is_some() {
            messages += 1;
        }
        lines.close().await.unwrap();
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        let answers = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (messages, answers.collect())
    }

    #[tokio::test]
    async fn what_is_no_message_is_answered_and_what_comes_after_it_is_read() {
        let ping = r#"{"jsonrpc": "2.0", "id": 7, "method": "ping"}"#;
        for (line, code, id) in [
            (
                r#"{"jsonrpc": "2.0", "id": 1, "method": "ping""#,
                -32700,
                json!(null),
            ),
            (
                r#"{"jsonrpc": "2.0", "id": "\ud800", "method": "ping"}"#,
                -32700,
                json!(null),
            ),
            ("nonsense", -32700, json!(null)),
            (r#"{"jsonrpc": "2.0", "id": 5}"#, -32600, json!(5)),
            ("[]", -32600, json!(null)),
            ("17", -32600, json!(null)),
        ] {
            let (messages, answers) = spoken(format!("{line}\n\n{ping}\n").into_bytes()).await;
            assert_eq!(messages, 1, "{line}");
            let [answer] = answers.as_slice() else {
                panic!("{line}: {answers:?}")
            };
            assert_eq!(answer.pointer("/error/code"), Some(&json!(code)), "{line}");
            assert_eq!(answer.get("id"), Some(&id), "{line}");
        }
    }

    #[tokio::test]
    async fn a_message_without_end_is_not_gathered() {
        let mut input = vec![b'x'; LONGEST + 10];
        input.extend(b"\n{\"jsonrpc\": \"2.0\", \"id\": 7, \"method\": \"ping\"}\n");
        let (messages, answers) = spoken(input).await;
        assert_eq!((messages, answers.len()), (1, 1));
        let message = answers[0].pointer("/error/message").unwrap().as_str();
        assert!(message.unwrap().contains("longer than"));
    }
}
