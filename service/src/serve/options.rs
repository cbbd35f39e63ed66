//! What `phasegate serve` is told: its flags and the environment, then part \[serve\] of the file.

use crate::database::Limits;
use crate::error::Failure;
use crate::serve::identity::{KeyFile, TokenEntry};
use crate::settings::{Settings, duration, part};
use serde::Deserialize;
use std::net::SocketAddr;
use std::time::Duration;

/// What `phasegate serve` takes beside the common arguments.
#[derive(clap::Args, Debug, Default)]
pub struct ServeArgs {
    /// Where to listen [default: 127.0.0.1:8080]. Without keys it has to be the machine's own address
    #[arg(long, env = "PHASEGATE_LISTEN", value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Under which path all of it is served, where a proxy passes on a part of its paths
    #[arg(long, env = "PHASEGATE_PATH_PREFIX", value_name = "PATH")]
    pub path_prefix: Option<String>,
    /// The database past a pooler, for LISTEN, which makes events quicker; else they are looked for each second
    #[arg(
        long,
        env = "PHASEGATE_LISTEN_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub listen_url: Option<String>,
    /// At most so many connections to the database [default: 10]
    #[arg(long, env = "PHASEGATE_CONNECTIONS", value_name = "NUMBER")]
    pub connections: Option<usize>,
    /// How long a statement may take [default: 30s]
    #[arg(long, env = "PHASEGATE_STATEMENT_TIMEOUT", value_name = "TIME", value_parser = duration)]
    pub statement_timeout: Option<Duration>,
    /// How long a request waits for a connection to the database [default: 5s]
    #[arg(long, env = "PHASEGATE_POOL_TIMEOUT", value_name = "TIME", value_parser = duration)]
    pub pool_timeout: Option<Duration>,
    /// How long requests that are under way may take after SIGTERM [default: 25s]
    #[arg(long, env = "PHASEGATE_DRAIN_TIMEOUT", value_name = "TIME", value_parser = duration)]
    pub drain_timeout: Option<Duration>,
    /// The largest body that is taken, in bytes [default: 4194304]
    #[arg(long, env = "PHASEGATE_MAX_BODY", value_name = "BYTES")]
    pub max_body: Option<usize>,
}

/// Part \[serve\] of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<SocketAddr>,
    path_prefix: Option<String>,
    listen_url: Option<String>,
    connections: Option<usize>,
    statement_timeout: Option<String>,
    pool_timeout: Option<String>,
    drain_timeout: Option<String>,
    max_body: Option<usize>,
    origins: Vec<String>,
    roles: Vec<String>,
    issuer: Option<String>,
    audience: Option<String>,
    keys: Vec<KeyFile>,
    tokens: Vec<TokenEntry>,
}

/// All of it, put together.
#[derive(Debug)]
pub struct Options {
    /// Where to listen.
    pub listen: SocketAddr,
    /// Empty, or a path that begins with a slash and does not end in one.
    pub path_prefix: String,
    /// The database past a pooler.
    pub listen_url: Option<String>,
    /// How the database is used.
    pub limits: Limits,
    /// How long requests that are under way may take after SIGTERM.
    pub drain_timeout: Duration,
    /// The largest body that is taken, in bytes.
    pub max_body: usize,
    /// Other origins under which browsers see us, such as a proxy's.
    pub origins: Vec<String>,
    /// The roles that tokens may name.
    pub roles: Vec<String>,
    /// Who has to have issued a JWT.
    pub issuer: Option<String>,
    /// For whom a JWT has to be.
    pub audience: Option<String>,
    /// Keys of JWTs.
    pub keys: Vec<KeyFile>,
    /// API tokens.
    pub tokens: Vec<TokenEntry>,
}

impl Options {
    /// Puts the arguments and the file together.
    pub fn read(args: ServeArgs, settings: &Settings) -> Result<Options, Failure> {
        let file: File = part("serve", &settings.serve)?;
        let usual = Limits::default();
        let limits = Limits {
            connections: args
                .connections
                .or(file.connections)
                .unwrap_or(usual.connections),
            wait: time(args.pool_timeout, file.pool_timeout, usual.wait)?,
            statement_timeout: time(
                args.statement_timeout,
                file.statement_timeout,
                usual.statement_timeout,
            )?,
        };
        Ok(Options {
            listen: args
                .listen
                .or(file.listen)
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            path_prefix: prefix(&args.path_prefix.or(file.path_prefix).unwrap_or_default())?,
            listen_url: args.listen_url.or(file.listen_url),
            limits,
            drain_timeout: time(
                args.drain_timeout,
                file.drain_timeout,
                Duration::from_secs(25),
            )?,
            max_body: args.max_body.or(file.max_body).unwrap_or(4 << 20),
            origins: file.origins,
            roles: file.roles,
            issuer: file.issuer,
            audience: file.audience,
            keys: file.keys,
            tokens: file.tokens,
        })
    }
}

fn time(
    said: Option<Duration>,
    file: Option<String>,
    usual: Duration,
) -> Result<Duration, Failure> {
    match (said, file) {
        (Some(time), _) => Ok(time),
        (None, Some(text)) => duration(&text).map_err(Failure::usage),
        (None, None) => Ok(usual),
    }
}

fn prefix(text: &str) -> Result<String, Failure> {
    let path = text.trim_matches('/');
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    if !path.chars().all(fits) || path.split('/').any(|part| part == "." || part == "..") {
        return Err(Failure::usage(format!(
            "\"{text}\" is no path to serve under"
        )));
    }
    Ok(if path.is_empty() {
        String::new()
    } else {
        format!("/{path}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_brought_into_one_form() {
        assert_eq!(prefix("").unwrap(), "");
        assert_eq!(prefix("/flow/").unwrap(), "/flow");
        assert_eq!(prefix("a/b").unwrap(), "/a/b");
        assert!(prefix("/a/../b").is_err());
        assert!(prefix("/{id}").is_err());
    }
}
