//! `phasegate call`: any function of the extension, from a shell. Which there are, what they take and what they are for is
//! read from the catalog.

mod arguments;
mod catalog;
mod table;

use crate::connect::Target;
use crate::database::{Access, Database, Limits, Param, Who};
use crate::error::Failure;
use crate::printable;
use crate::settings::{Settings, duration};
use arguments::Argument;
use catalog::{Function, Parameter};
use clap::CommandFactory;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;
use std::time::Duration;
use tokio_postgres::types::Type;

/// The width of a screen that does not say how wide it is.
const WIDTH: usize = 120;

const EXAMPLES: &str = "\
Examples:
  phasegate call claim_task agent_id=ada capabilities=analysis,design --json
  phasegate call complete_task task_id=$TASK agent_id=ada result=@result.json attempt:=null
  phasegate call transition_ticket --help";

/// Call a function of the extension, and show what it gives
///
/// A single value is shown by itself, rows as a table, wide rows one column a line.
///
/// Arguments are given by name; one with a default can be left out. NAME=VALUE is text that the database reads by the
/// parameter's type. An array may be written as words between commas, as a JSON array, or as PostgreSQL does: {a,b}. A JSON
/// document may be in a file: NAME=@FILE, and @- is standard input. NAME:=JSON takes JSON: null (SQL's NULL), or words that
/// hold commas.
///
/// Exit status: 0 done, also where no row comes; 1 the database refuses: its message, the code and what to do are on standard
/// error; 2 wrong arguments, or no such function; 3 the database cannot be reached.
#[derive(clap::Args, Debug)]
#[command(disable_help_flag = true, after_long_help = EXAMPLES)]
pub struct CallArgs {
    /// The function; without one all are listed
    function: Option<String>,
    /// Its arguments
    #[arg(value_name = "NAME=VALUE")]
    arguments: Vec<String>,
    /// Write JSON: an array where the function gives rows, else the one object or value. Refusals are JSON too
    #[arg(long)]
    json: bool,
    /// End the call after this time [default: never]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Say what the function is for and what it takes; without a function, this
    #[arg(long, short)]
    help: bool,
}

/// Runs `phasegate call` to its end.
pub async fn run(settings: Settings, args: CallArgs) -> Result<ExitCode, Failure> {
    let as_json = args.json && !args.help;
    match call(settings, args).await {
        Err(Failure::Refused(refusal)) if as_json => {
            let error = json!({"error": {
                "code": refusal.code, "sqlstate": refusal.sqlstate, "message": refusal.message, "detail": refusal.detail,
                "hint": refusal.hint, "blocking_reasons": refusal.blocking_reasons(),
            }});
            eprintln!("{}", printable::lines(&error.to_string()));
            Ok(ExitCode::from(Failure::Refused(refusal).exit_code()))
        }
        Err(failure) => Err(failure),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}

async fn call(settings: Settings, args: CallArgs) -> Result<(), Failure> {
    // A timeout of zero is none.
    let limits = Limits {
        connections: 1,
        statement_timeout: args.timeout.unwrap_or_default(),
        ..Limits::default()
    };
    let database = match Target::read(settings.database_url.as_deref()) {
        Ok(target) => Database::new(target, &limits),
        Err(failure) => Err(failure),
    };
    let functions = match &database {
        Ok(database) => catalog::functions(database).await,
        Err(failure) => Err(failure.clone()),
    };
    let Some(name) = &args.function else {
        if args.help {
            print(&own_help())?;
        }
        return match functions {
            Ok(functions) => print(&list(&functions)),
            // Help is help without a database, too.
            Err(failure) if args.help => {
                print(&format!("\nThe functions are not listed: {failure}\n"))
            }
            Err(failure) => Err(failure),
        };
    };
    let (database, functions) = (database?, functions?);
    let named: Vec<&Function> = functions
        .iter()
        .filter(|function| function.name == *name)
        .collect();
    if named.is_empty() {
        return Err(Failure::usage(format!(
            "there is no function {name}; phasegate call lists them{}",
            like(name, &functions)
        )));
    }
    if args.help {
        let helps: Vec<String> = named.iter().map(|function| function.help()).collect();
        return print(&helps.join("\n"));
    }
    let arguments = args
        .arguments
        .iter()
        .map(|word| Argument::read(word))
        .collect::<Result<Vec<_>, _>>()?;
    let (function, given) = choose(&named, &arguments)?;
    let mut values = Vec::with_capacity(given.len());
    for (argument, parameter) in arguments.iter().zip(&given) {
        values.push(argument.for_type(&parameter.kind, read_file)?);
    }
    let params: Vec<Param<'_>> = values
        .iter()
        .map(|value| -> Param<'_> { (value, Type::TEXT) })
        .collect();
    let who = Who {
        workspace: settings.workspace.clone(),
        ..Who::default()
    };
    let access = if function.writes {
        Access::Repeatable
    } else {
        Access::Read
    };
    let rows = database
        .rows(&who, access, &function.statement(&given)?, &params)
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let text: Option<String> = row.try_get(0).map_err(|error| Failure::of(&error))?;
        found.push(match text {
            None => Value::Null,
            Some(text) => serde_json::from_str(&text)
                .map_err(|error| Failure::Away(format!("no JSON came: {error}")))?,
        });
    }
    let shown = if args.json {
        let value = if function.is_set {
            Value::Array(found)
        } else {
            found.into_iter().next().unwrap_or_default()
        };
        format!("{value}\n")
    } else if function.is_void {
        String::new()
    } else {
        let width = std::env::var("COLUMNS")
            .ok()
            .and_then(|columns| columns.parse().ok())
            .unwrap_or(WIDTH);
        table::show(&found, function.is_composite, function.is_set, width)
    };
    if std::io::stdout().is_terminal() {
        return print(&printable::lines(&shown));
    }
    print(&shown)
}

/// The function of this name that takes these arguments, and its parameters in the order of the arguments.
fn choose<'a>(
    named: &[&'a Function],
    arguments: &[Argument],
) -> Result<(&'a Function, Vec<&'a Parameter>), Failure> {
    let mut wrong = None;
    for function in named {
        match fit(function, arguments) {
            Ok(given) => return Ok((function, given)),
            Err(why) => {
                wrong = Some(
                    wrong.unwrap_or_else(|| format!("{why}\n\n{}", function.help().trim_end())),
                )
            }
        }
    }
    Err(Failure::Usage(wrong.unwrap_or_default()))
}

fn fit<'a>(function: &'a Function, arguments: &[Argument]) -> Result<Vec<&'a Parameter>, String> {
    let mut seen = HashSet::new();
    let mut given = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let parameter = function
            .parameters
            .iter()
            .find(|parameter| parameter.name == argument.name);
        given.push(
            parameter.ok_or_else(|| {
                format!("{} takes no argument \"{}\"", function.name, argument.name)
            })?,
        );
        if !seen.insert(&argument.name) {
            return Err(format!("\"{}\" is given twice", argument.name));
        }
    }
    let missing = function
        .parameters
        .iter()
        .find(|parameter| !parameter.has_default && !seen.contains(&parameter.name));
    match missing {
        Some(parameter) => Err(format!(
            "{} needs the argument \"{}\"",
            function.name, parameter.name
        )),
        None => Ok(given),
    }
}

fn read_file(file: &str) -> Result<String, Failure> {
    let wrong = |error: std::io::Error| Failure::usage(format!("cannot read {file}: {error}"));
    if file == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(wrong)?;
        return Ok(text);
    }
    std::fs::read_to_string(file).map_err(wrong)
}

fn own_help() -> String {
    let mut program = crate::Cli::command();
    program.build();
    let help = program
        .find_subcommand_mut("call")
        .map(clap::Command::render_long_help);
    help.map_or_else(String::new, |help| format!("{help}\n"))
}

/// Each function with the first sentence of its comment.
fn list(functions: &[Function]) -> String {
    let width = functions
        .iter()
        .map(|function| function.name.len())
        .max()
        .unwrap_or(0);
    let mut text = String::from("Functions; phasegate call FUNCTION --help says more of one:\n");
    for function in functions {
        let first = function
            .comment
            .split_inclusive(". ")
            .next()
            .unwrap_or_default()
            .trim_end();
        text.push_str(&format!("  {:width$}  {first}\n", function.name));
    }
    text
}

/// Names that share a word with one that there is not.
fn like(name: &str, functions: &[Function]) -> String {
    let words: HashSet<&str> = name.split('_').filter(|word| word.len() > 3).collect();
    let near = functions
        .iter()
        .filter(|function| function.name.split('_').any(|word| words.contains(word)));
    let names: Vec<&str> = near
        .map(|function| function.name.as_str())
        .take(5)
        .collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" (such as {})", names.join(", "))
    }
}

/// Writes to standard output. A reader that has seen enough is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::usage(format!("cannot write: {error}")))
        }
        _ => Ok(()),
    }
}
