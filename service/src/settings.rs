//! What the program is told: flags, then the environment, then a TOML file; the first that says something counts.

use crate::error::Failure;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use std::path::PathBuf;

/// The arguments that every command takes.
#[derive(Args, Debug, Clone, Default)]
pub struct Common {
    /// A file of settings (TOML); flags and the environment count before it
    #[arg(
        long,
        global = true,
        help_heading = "Options of all commands",
        env = "PHASEGATE_CONFIG",
        value_name = "FILE"
    )]
    pub config: Option<PathBuf>,
    /// The database, as every program of PostgreSQL's takes it: postgresql://user@host:port/name, also by a socket, or
    /// "host=... dbname=..."; what it leaves out is taken from PGHOST, PGUSER and so on
    #[arg(
        long,
        global = true,
        help_heading = "Options of all commands",
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: Option<String>,
    /// The workspace (its schema)
    #[arg(
        long,
        global = true,
        help_heading = "Options of all commands",
        env = "PHASEGATE_WORKSPACE",
        value_name = "NAME"
    )]
    pub workspace: Option<String>,
    /// What to log: error, warn, info, debug, or a filter such as info,phasegate=debug
    #[arg(
        long,
        global = true,
        help_heading = "Options of all commands",
        env = "PHASEGATE_LOG",
        value_name = "FILTER"
    )]
    pub log: Option<String>,
    /// How log lines, on standard error, are written
    #[arg(
        long,
        global = true,
        help_heading = "Options of all commands",
        env = "PHASEGATE_LOG_FORMAT",
        value_name = "FORMAT"
    )]
    pub log_format: Option<LogFormat>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The file of settings.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    database_url: Option<String>,
    workspace: Option<String>,
    log: Option<String>,
    log_format: Option<LogFormat>,
    serve: toml::Table,
    work: toml::Table,
    mcp: toml::Table,
}

/// What the program was told, wherever it was said.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The database; None means what libpq's variables and defaults name.
    pub database_url: Option<String>,
    /// The workspace, for what names none itself.
    pub workspace: Option<String>,
    /// What to log.
    pub log: Option<String>,
    /// How log lines are written.
    pub log_format: Option<LogFormat>,
    /// Part \[serve\] of the file.
    pub serve: toml::Table,
    /// Part \[work\] of the file.
    pub work: toml::Table,
    /// Part \[mcp\] of the file.
    pub mcp: toml::Table,
}

impl Settings {
    /// Puts flags, environment (clap has read both) and the file together.
    pub fn read(common: Common) -> Result<Settings, Failure> {
        let file = match &common.config {
            None => File::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Failure::usage(format!("cannot read {}: {error}", path.display()))
                })?;
                // Not with toml's own picture of the line, which may show a secret.
                toml::from_str(&text).map_err(|error: toml::de::Error| {
                    let before = error
                        .span()
                        .and_then(|span| text.get(..span.start))
                        .unwrap_or_default();
                    let line = before.matches('\n').count() + 1;
                    Failure::usage(format!(
                        "cannot use {}: line {line}: {}",
                        path.display(),
                        error.message()
                    ))
                })?
            }
        };
        let said = |value: Option<String>| value.filter(|value| !value.is_empty());
        Ok(Settings {
            database_url: said(common.database_url).or(file.database_url),
            workspace: said(common.workspace).or(file.workspace),
            log: said(common.log).or(file.log),
            log_format: common.log_format.or(file.log_format),
            serve: file.serve,
            work: file.work,
            mcp: file.mcp,
        })
    }
}

/// Reads a part of the file into what a command makes of it.
pub fn part<T: for<'de> Deserialize<'de>>(name: &str, table: &toml::Table) -> Result<T, Failure> {
    serde_path_to_error::deserialize(toml::Value::Table(table.clone())).map_err(|error| {
        let (path, reason) = (error.path().to_string(), error.inner().message());
        Failure::usage(format!("part [{name}] of the settings: {path}: {reason}"))
    })
}

/// A time as people write it: 500ms, 30s, 10m, 2h, 1d; a bare number is in seconds.
pub fn duration(text: &str) -> Result<std::time::Duration, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number
        .parse()
        .map_err(|_| format!("\"{text}\" is no time such as 30s or 10m"))?;
    let factor = match unit.trim() {
        "ms" => return Ok(std::time::Duration::from_millis(number)),
        "" | "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        other => return Err(format!("\"{other}\" is no unit of time: ms, s, m, h or d")),
    };
    number
        .checked_mul(factor)
        .map(std::time::Duration::from_secs)
        .ok_or_else(|| format!("\"{text}\" is too long"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(duration("250ms").unwrap().as_millis(), 250);
        assert_eq!(duration("10m").unwrap().as_secs(), 600);
        assert_eq!(duration("7").unwrap().as_secs(), 7);
        assert!(duration("soon").is_err());
        assert!(duration("3 weeks").is_err());
    }
}
