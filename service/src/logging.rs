//! Log lines, on standard error.

use crate::error::Failure;
use crate::printable;
use crate::settings::{LogFormat, Settings};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::debug_fn;

/// Begins to log as the settings say.
pub fn begin(settings: &Settings) -> Result<(), Failure> {
    let said = settings.log.as_deref().unwrap_or("info");
    let filter = EnvFilter::try_new(format!("warn,{}", directives(said)))
        .map_err(|error| Failure::usage(format!("cannot log \"{said}\": {error}")))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    match settings.log_format.unwrap_or(LogFormat::Text) {
        LogFormat::Json => lines.json().flatten_event(true).init(),
        LogFormat::Text => {
            // What others wrote begins no line of its own, and says nothing to a terminal.
            let fields = debug_fn(|to, field, value| {
                let shown = printable::line(&format!("{value:?}"));
                match field.name() {
                    "message" => write!(to, "{shown}"),
                    name => write!(to, "{name}={shown}"),
                }
            });
            lines
                .with_target(false)
                .with_ansi(false)
                .fmt_fields(fields.delimited(" "))
                .init();
        }
    }
    Ok(())
}

/// A bare level is meant for this program; libraries below it keep to warnings, unless they are named.
fn directives(filter: &str) -> String {
    if filter.contains('=') || filter.contains(',') {
        filter.to_owned()
    } else {
        format!("phasegate={filter}")
    }
}
