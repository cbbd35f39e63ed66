//! phasegate's companion: what cannot live in a transaction. HTTP, the board, calls of language models.
//!
//! No rule of the workflow is written here: the extension's functions are called, and what they answer is shown.

mod board;
mod call;
mod connect;
mod database;
mod error;
mod function;
mod logging;
mod mcp;
mod printable;
mod serve;
mod settings;
mod work;

use clap::{CommandFactory, Parser, Subcommand};
use error::Failure;
use settings::{Common, Settings};
use std::process::ExitCode;

/// Tickets that move through phases, gated, in PostgreSQL: the program beside the database.
#[derive(Parser)]
#[command(
    name = "phasegate",
    version,
    max_term_width = 120,
    propagate_version = true
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the workflow over HTTP: the REST paths, events, the board
    Serve(serve::ServeArgs),
    Work(Box<work::WorkArgs>),
    Mcp(mcp::McpArgs),
    Call(call::CallArgs),
    /// Print a script that completes this program's commands
    Completions {
        /// The shell that is to read it
        shell: clap_complete::Shell,
    },
}

fn main() -> ExitCode {
    let Cli { common, command } = Cli::parse_from(work::arranged(std::env::args_os()));
    if let Command::Completions { shell } = command {
        clap_complete::generate(
            shell,
            &mut Cli::command(),
            "phasegate",
            &mut std::io::stdout(),
        );
        return ExitCode::SUCCESS;
    }
    let ended = Settings::read(common).and_then(|settings| {
        logging::begin(&settings)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::usage(format!("cannot start: {error}")))?;
        runtime.block_on(run(settings, command))
    });
    match ended {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("phasegate: {}", printable::lines(&failure.in_words()));
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(settings: Settings, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Serve(args) => serve::run(settings, args).await,
        Command::Work(args) => work::run(settings, *args).await,
        Command::Mcp(args) => mcp::run(settings, args).await,
        Command::Call(args) => call::run(settings, args).await,
        Command::Completions { .. } => Ok(ExitCode::SUCCESS),
    }
}
