//! `phasegate work`: claims tasks and has them answered, by a language model or by a program.

mod answer;
mod command;
mod crew;
mod endpoint;
mod evidence;
mod halt;
mod model;
mod outcome;
mod pace;
mod prompt;
mod queue;
mod words;

use crate::connect::Target;
use crate::database::{Database, Limits, Who};
use crate::error::Failure;
use crate::settings::{self, Settings, duration};
pub use answer::Kind;
use clap::ValueEnum;
use command::Program;
use crew::{Crew, End, Plan, Worker};
use endpoint::{Endpoint, Format};
use halt::{Halt, Why};
use model::Model;
use pace::Pace;
use queue::{Offer, Queue};
use serde::Deserialize;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
pub use words::arranged;

/// The status with which the program ends where its worker can do no task.
const MISCONFIGURED: u8 = 4;

/// The longest name of an agent, in characters.
const NAME: usize = 255;

const USAGE: &str = "\
phasegate work --workspace NAME --agent NAME --openai-url URL --model NAME [OPTIONS]
       phasegate work --workspace NAME --agent NAME [OPTIONS] --command PROGRAM [ARGS...]
       phasegate work --workspace NAME --agent NAME --advance [OPTIONS]";

/// Work through the queue: claim tasks, have a language model or a program answer them, hand the answers in
///
/// A model is asked at an OpenAI-compatible endpoint, and answers reviews and summaries. It is given the evidence as data, without
/// tools, and its answer has to keep a schema; what does not fit its window is not judged. Its key is OPENAI_API_KEY, if that is
/// set.
///
/// A program answers any kind of task. It is started for each, in a directory and a process group of its own and with an empty
/// environment but for --env. It reads one JSON document from its standard input (task, ticket, requirements, artifacts, context,
/// answer_schema) and writes its answer, JSON by that schema, to its standard output. Exit status 0 completes the task, 75 puts it
/// back to be tried again, any other fails it for good. Its standard error is logged.
///
/// Exit status: 0 when stopped by a signal, or with --once when nothing is offered any more; 1 the database refuses, 2 wrong
/// arguments, 3 the database cannot be reached, 4 the endpoint refuses the key, the model or the address.
#[derive(clap::Args, Debug, Default, Deserialize)]
#[command(override_usage = USAGE)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct WorkArgs {
    /// The agent's name, under which tasks are claimed; whoever worked on a phase is offered none of its reviews
    #[arg(long, value_name = "NAME", env = "PHASEGATE_AGENT")]
    agent: Option<String>,
    /// Kinds of task to claim [default: review,summary for a model, work for a program]
    #[arg(long, value_name = "KIND,...", value_delimiter = ',')]
    kinds: Option<Vec<Kind>>,
    /// What the agent is capable of, beside what its kinds need: validation for reviews, summarization for summaries
    #[arg(long, value_name = "WORD,...", value_delimiter = ',')]
    capabilities: Option<Vec<String>>,
    /// Claim tasks of these phases only
    #[arg(long, value_name = "PHASE,...", value_delimiter = ',')]
    phases: Option<Vec<String>>,

    /// The endpoint of the model, up to and with /v1
    #[arg(
        long,
        value_name = "URL",
        env = "OPENAI_BASE_URL",
        help_heading = "A model"
    )]
    openai_url: Option<String>,
    /// The model to ask
    #[arg(long, value_name = "NAME", help_heading = "A model")]
    model: Option<String>,
    /// Read the endpoint's key from this file instead of OPENAI_API_KEY
    #[arg(long, value_name = "FILE", help_heading = "A model")]
    api_key_file: Option<PathBuf>,
    /// How many tokens the model reads and writes together; what needs more is not judged [default: 128000]
    #[arg(long, value_name = "TOKENS", help_heading = "A model")]
    context_window: Option<u64>,
    /// How the answer is held to its schema, as the endpoint knows it [default: json-schema]
    #[arg(long, value_name = "HOW", help_heading = "A model")]
    response_format: Option<Format>,
    /// A file of what reviewers or summarizers are told beside the rules that are built in
    #[arg(long, value_name = "FILE", help_heading = "A model")]
    instructions: Option<PathBuf>,

    /// The program, and its arguments: what follows, up to an option of this command; after -- everything
    #[arg(long, value_name = "PROGRAM [ARGS...]", num_args = 1.., allow_hyphen_values = true, help_heading = "A program")]
    #[serde(deserialize_with = "words")]
    command: Option<Vec<OsString>>,
    /// Hand this variable of our environment to the program, or this value in it; may be given several times
    #[arg(long, value_name = "NAME[=VALUE]", help_heading = "A program")]
    env: Option<Vec<String>>,
    /// How long the program has to end when it is told to, before it is killed [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = "A program")]
    #[serde(deserialize_with = "time")]
    grace: Option<Duration>,

    /// How long a task may take; then it is given back [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "time")]
    timeout: Option<Duration>,
    /// How long a task stays ours without a sign of life, which is given at each third of it [default: 1m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "time")]
    lease: Option<Duration>,
    /// How many tasks to work at a time [default: 1]
    #[arg(long, value_name = "N")]
    concurrency: Option<usize>,
    /// At most so many requests to the endpoint, or starts of the program, a minute
    #[arg(long, value_name = "N")]
    rate: Option<u32>,
    /// How long to wait when nothing is offered [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    #[serde(deserialize_with = "time")]
    poll: Option<Duration>,
    /// Also move the tickets whose gates pass, and ask for the reviews that are missing (advance_tickets); alone, do only that
    #[arg(long)]
    advance: bool,
    /// Work until the queue offers nothing, and end
    #[arg(long)]
    once: bool,
}

fn time<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(from)?;
    duration(&text).map(Some).map_err(serde::de::Error::custom)
}

fn words<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Vec<OsString>>, D::Error> {
    let words = Vec::<String>::deserialize(from)?;
    Ok(Some(words.into_iter().map(OsString::from).collect()))
}

impl WorkArgs {
    /// What was said on the command line, and else in the file.
    fn or(self, file: WorkArgs) -> WorkArgs {
        // A way to work that is said on the command line replaces the file's, whichever that is.
        let model_is_said = self.openai_url.is_some();
        let command = self.command.or(file.command.filter(|_| !model_is_said));
        WorkArgs {
            agent: self.agent.or(file.agent),
            kinds: self.kinds.or(file.kinds),
            capabilities: self.capabilities.or(file.capabilities),
            phases: self.phases.or(file.phases),
            openai_url: self.openai_url.or(file.openai_url),
            model: self.model.or(file.model),
            api_key_file: self.api_key_file.or(file.api_key_file),
            context_window: self.context_window.or(file.context_window),
            response_format: self.response_format.or(file.response_format),
            instructions: self.instructions.or(file.instructions),
            command,
            env: self.env.or(file.env),
            grace: self.grace.or(file.grace),
            timeout: self.timeout.or(file.timeout),
            lease: self.lease.or(file.lease),
            concurrency: self.concurrency.or(file.concurrency),
            rate: self.rate.or(file.rate),
            poll: self.poll.or(file.poll),
            advance: self.advance || file.advance,
            once: self.once || file.once,
        }
    }

    fn worker(&self) -> Result<Worker, Failure> {
        match (&self.command, &self.openai_url) {
            (Some(words), _) => {
                let words = match words.iter().position(|word| word == "--") {
                    Some(1) => [
                        words.get(..1).unwrap_or_default(),
                        words.get(2..).unwrap_or_default(),
                    ]
                    .concat(),
                    _ => words.clone(),
                };
                let names = self.env.clone().unwrap_or_default();
                let grace = self.grace.unwrap_or(Duration::from_secs(5));
                Ok(Worker::Command(Program::new(&words, &names, grace)?))
            }
            (None, Some(url)) => {
                let model = self
                    .model
                    .as_deref()
                    .ok_or_else(|| Failure::usage("--openai-url needs --model NAME"))?;
                let key = match &self.api_key_file {
                    Some(file) => Some(read_file(file)?.trim().to_owned()),
                    None => std::env::var("OPENAI_API_KEY")
                        .ok()
                        .filter(|key| !key.is_empty()),
                };
                let format = self.response_format.unwrap_or(Format::JsonSchema);
                Ok(Worker::Model(Box::new(Model {
                    endpoint: Endpoint::new(url, model, key.as_deref(), format)?,
                    window: self.context_window.unwrap_or(128_000),
                    instructions: self.instructions.as_ref().map(read_file).transpose()?,
                })))
            }
            (None, None) if self.advance => Ok(Worker::Nobody),
            (None, None) => Err(Failure::usage(
                "who answers? Say --openai-url URL --model NAME, or --command PROGRAM; or --advance alone, to move tickets only",
            )),
        }
    }

    fn offer(&self, worker: &Worker) -> Result<Offer, Failure> {
        let agent = self.agent.clone().unwrap_or_default();
        if agent.trim().is_empty() || agent.chars().count() > NAME {
            return Err(Failure::usage(format!(
                "--agent NAME is needed, of at most {NAME} characters"
            )));
        }
        let is_model = matches!(worker, Worker::Model(_));
        let kinds = self.kinds.clone().unwrap_or_else(|| match is_model {
            true => vec![Kind::Review, Kind::Summary],
            false => vec![Kind::Work],
        });
        if is_model && kinds.contains(&Kind::Work) {
            return Err(Failure::usage(
                "a model alone answers reviews and summaries; work is for a program: --command PROGRAM",
            ));
        }
        let mut capabilities = self.capabilities.clone().unwrap_or_default();
        for needed in kinds.iter().filter_map(|kind| kind.capability()) {
            if !capabilities.iter().any(|given| given == needed) {
                capabilities.push(needed.to_owned());
            }
        }
        Ok(Offer {
            agent,
            capabilities,
            phases: self.phases.clone(),
            kinds: kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            lease: self
                .lease
                .unwrap_or(Duration::from_secs(60))
                .max(Duration::from_millis(300)),
        })
    }
}

fn read_file(path: impl AsRef<std::path::Path>) -> Result<String, Failure> {
    let path = path.as_ref();
    std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())))
}

/// Runs `phasegate work` to its end.
pub async fn run(settings: Settings, args: WorkArgs) -> Result<ExitCode, Failure> {
    let args = args.or(settings::part("work", &settings.work)?);
    let worker = args.worker()?;
    let offer = args.offer(&worker)?;
    let plan = Plan {
        concurrency: args.concurrency.unwrap_or(1).clamp(1, 1000),
        timeout: args.timeout.unwrap_or(Duration::from_secs(600)),
        poll: args.poll.unwrap_or(Duration::from_secs(5)),
        advance: args.advance,
        once: args.once,
    };
    let target = Target::read(settings.database_url.as_deref())?;
    // Each lane may give a sign of life while it asks for something else.
    let limits = Limits {
        connections: plan.concurrency.saturating_mul(2),
        ..Limits::default()
    };
    let database = Database::new(target, &limits)?;
    let who = Who {
        workspace: settings.workspace.clone(),
        actor: Some(offer.agent.clone()),
        ..Who::default()
    };
    let stop = Halt::new();
    listen(&stop)?;
    let queue = Queue::new(database, who, offer);
    match Crew::new(queue, worker, plan, Pace::new(args.rate), stop)
        .run()
        .await?
    {
        End::Done => Ok(ExitCode::SUCCESS),
        End::Misconfigured(why) => {
            eprintln!(
                "phasegate: no task can be answered so: {}",
                crate::printable::lines(&why)
            );
            Ok(ExitCode::from(MISCONFIGURED))
        }
    }
}

/// Stops the work at the first signal, and the program at the second.
fn listen(stop: &Halt) -> Result<(), Failure> {
    let cannot =
        |error: std::io::Error| Failure::usage(format!("cannot listen for signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    let stop = stop.clone();
    tokio::spawn(async move {
        for first in [true, false] {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            if !first {
                std::process::exit(130);
            }
            tracing::info!("stopping; what is not finished is given back");
            stop.say(Why::Stopped);
        }
    });
    Ok(())
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        <Kind as ValueEnum>::from_str(&name, false).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Format {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        <Format as ValueEnum>::from_str(&name, false).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_the_command_line_does_not() {
        let table = "agent = 'ada'\nkinds = ['review']\ntimeout = '3m'\ncommand = ['true', '-x']"
            .parse()
            .unwrap();
        let file: WorkArgs = settings::part("work", &table).unwrap();
        let said = WorkArgs {
            agent: Some("bob".to_owned()),
            ..WorkArgs::default()
        }
        .or(file);
        assert_eq!(
            (said.agent.as_deref(), said.timeout),
            (Some("bob"), Some(Duration::from_secs(180)))
        );
        let worker = said.worker().unwrap();
        assert_eq!(said.offer(&worker).unwrap().capabilities, ["validation"]);
        let wrong = "agents = 1".parse().unwrap();
        assert!(settings::part::<WorkArgs>("work", &wrong).is_err());
    }

    #[test]
    fn what_cannot_work_is_refused_before_anything_is_claimed() {
        let agent = Some("ada".to_owned());
        assert!(WorkArgs::default().worker().is_err());
        let url = Some("http://127.0.0.1:1/v1".to_owned());
        assert!(
            WorkArgs {
                openai_url: url.clone(),
                ..WorkArgs::default()
            }
            .worker()
            .is_err()
        );
        let args = WorkArgs {
            agent,
            openai_url: url,
            model: Some("m".to_owned()),
            kinds: Some(vec![Kind::Work]),
            ..WorkArgs::default()
        };
        let worker = args.worker().unwrap();
        assert!(args.offer(&worker).is_err());
    }
}
