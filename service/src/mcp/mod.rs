//! `phasegate mcp`: the queue and the workflow as tools of the Model Context Protocol, on standard input and output.

mod lines;
mod tools;

use crate::connect::Target;
use crate::database::{Access, Database, Limits, Param, Who};
use crate::error::Failure;
use crate::settings::{self, Settings, duration};
use crate::work::Kind;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
    ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_postgres::types::Type;

/// Serve the Model Context Protocol on standard input and output, to one agent in one workspace
///
/// Its tools are claim_task, heartbeat_task, complete_task, fail_task, get_context, add_artifact, check_gate, transition_ticket
/// and get_history.
///
/// The agent's name is given here and not chosen by the model. What the model may do is what the database role may that this
/// program logs in as. Tasks that were claimed and not completed can be claimed again when their lease runs out.
///
/// Exit status: 0 when the client closes; 2 wrong arguments.
#[derive(clap::Args, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct McpArgs {
    /// The agent's name, under which tasks are claimed and tickets moved
    #[arg(long, value_name = "NAME", env = "PHASEGATE_AGENT")]
    agent: Option<String>,
    /// What the agent is capable of, beside what the kinds need: validation for reviews, summarization for summaries
    #[arg(long, value_name = "WORD,...", value_delimiter = ',')]
    capabilities: Option<Vec<String>>,
    /// Kinds of task that may be claimed [default: work]
    #[arg(long, value_name = "KIND,...", value_delimiter = ',')]
    kinds: Option<Vec<Kind>>,
    /// Offer tasks of these phases only
    #[arg(long, value_name = "PHASE,...", value_delimiter = ',')]
    phases: Option<Vec<String>>,
    /// How long a task is held without a heartbeat [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    #[serde(skip)]
    lease: Option<Duration>,
}

/// Runs `phasegate mcp` to its end.
pub async fn run(settings: Settings, args: McpArgs) -> Result<ExitCode, Failure> {
    let file: McpArgs = settings::part("mcp", &settings.mcp)?;
    let agent = args
        .agent
        .or(file.agent)
        .filter(|agent| !agent.trim().is_empty());
    let agent = agent.ok_or_else(|| Failure::usage("--agent NAME is needed"))?;
    let kinds = args
        .kinds
        .or(file.kinds)
        .unwrap_or_else(|| vec![Kind::Work]);
    let mut capabilities = args.capabilities.or(file.capabilities).unwrap_or_default();
    capabilities.extend(
        kinds
            .iter()
            .filter_map(|kind| kind.capability())
            .map(String::from),
    );
    let limits = Limits {
        connections: 4,
        ..Limits::default()
    };
    let server = Server {
        database: Database::new(Target::read(settings.database_url.as_deref())?, &limits)?,
        who: Who {
            workspace: settings.workspace.clone(),
            actor: Some(agent.clone()),
            // No name that the model writes into a result counts.
            agent: Some(agent.clone()),
            ..Who::default()
        },
        agent,
        capabilities,
        kinds,
        phases: args.phases.or(file.phases),
        lease: args.lease.unwrap_or(Duration::from_secs(900)),
        attempts: Mutex::new(HashMap::new()),
    };
    let broken =
        |error: String| Failure::usage(format!("the Model Context Protocol broke off: {error}"));
    let running = match server.serve(lines::Lines::of_program()).await {
        Ok(running) => running,
        // The client went away before it said anything.
        Err(error) if error.to_string().contains("closed") => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(broken(error.to_string())),
    };
    running
        .waiting()
        .await
        .map_err(|error| broken(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

struct Server {
    database: Database,
    who: Who,
    agent: String,
    capabilities: Vec<String>,
    kinds: Vec<Kind>,
    phases: Option<Vec<String>>,
    lease: Duration,
    /// Which claim of a task is ours: it tells ours from a later one, and no model has to remember it.
    attempts: Mutex<HashMap<String, i32>>,
}

/// The arguments of a call.
struct Arguments(Map<String, Value>);

impl Arguments {
    fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
        }
    }

    fn json(&self, name: &str) -> Option<String> {
        self.0
            .get(name)
            .filter(|value| !value.is_null())
            .map(Value::to_string)
    }
}

impl Server {
    async fn call(&self, name: &str, given: &Arguments) -> Result<String, Failure> {
        match name {
            "claim_task" => self.claim(given).await,
            "heartbeat_task" => {
                let sql = "SELECT phasegate.heartbeat_task(task_id => $1::uuid, agent_id => $2, attempt => $3, \
                           lease => pg_catalog.make_interval(secs => $4))::text";
                self.held(sql, given, &[(&self.lease.as_secs_f64(), Type::FLOAT8)])
                    .await
                    .map(|end| format!("The lease ends at {end}."))
            }
            "complete_task" => {
                let sql = "SELECT pg_catalog.concat_ws(': ', c.status, CASE WHEN c.result ->> 'applied' = 'false' THEN c.error_message END) FROM phasegate.complete_task(task_id => $1::uuid, \
                           agent_id => $2, attempt => $3, result => $4::jsonb) c";
                self.held(sql, given, &[(&given.json("result"), Type::TEXT)])
                    .await
            }
            "fail_task" => {
                let retry = given
                    .0
                    .get("retry")
                    .and_then(Value::as_bool)
                    .unwrap_or(true);
                let sql = "SELECT f.status FROM phasegate.fail_task(task_id => $1::uuid, agent_id => $2, attempt => $3, \
                           error_message => $4, retry => $5) f";
                self.held(
                    sql,
                    given,
                    &[(&given.text("reason"), Type::TEXT), (&retry, Type::BOOL)],
                )
                .await
            }
            "get_context" => {
                let budget = given
                    .0
                    .get("max_tokens")
                    .and_then(Value::as_i64)
                    .and_then(|count| i32::try_from(count).ok());
                let sql = "SELECT phasegate.get_context_for_phase(ticket_id => $1::uuid, max_tokens => coalesce($2, 2000))::text";
                self.ask(
                    Access::Read,
                    sql,
                    &[
                        (&given.text("ticket_id"), Type::TEXT),
                        (&budget, Type::INT4),
                    ],
                )
                .await
            }
            "add_artifact" => {
                let sql = "SELECT a.id::text FROM phasegate.add_artifact(ticket_id => $1::uuid, artifact_type => $2, artifact_path => $3, \
                           artifact_content => $4::jsonb, phase_id => $5, collected_by => $6) a";
                let params: [Param<'_>; 6] = [
                    (&given.text("ticket_id"), Type::TEXT),
                    (&given.text("artifact_type"), Type::TEXT),
                    (&given.text("path"), Type::TEXT),
                    (&given.json("content"), Type::TEXT),
                    (&given.text("phase_id"), Type::TEXT),
                    (&self.agent, Type::TEXT),
                ];
                self.ask(Access::Repeatable, sql, &params)
                    .await
                    .map(|id| format!("Artifact {id} is handed in."))
            }
            "check_gate" => {
                let sql = "SELECT phasegate.check_gate_requirements(ticket_id => $1::uuid, phase_id => $2)::text";
                let params: [Param<'_>; 2] = [
                    (&given.text("ticket_id"), Type::TEXT),
                    (&given.text("phase_id"), Type::TEXT),
                ];
                self.ask(Access::Read, sql, &params).await
            }
            "transition_ticket" => {
                let sql = "SELECT pg_catalog.format('Moved from %s to %s.', t.previous_phase, t.current_phase) \
                           FROM phasegate.transition_ticket(ticket_id => $1::uuid, to_phase => $2, reason => $3, transitioned_by => $4) t";
                let params: [Param<'_>; 4] = [
                    (&given.text("ticket_id"), Type::TEXT),
                    (&given.text("to_phase"), Type::TEXT),
                    (&given.text("reason"), Type::TEXT),
                    (&self.agent, Type::TEXT),
                ];
                self.ask(Access::Repeatable, sql, &params).await
            }
            _ => {
                let sql = "SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('from', h.from_phase, 'to', h.to_phase, \
                           'at', h.created_at, 'by', h.transitioned_by, 'reason', h.transition_reason)), '[]')::text \
                           FROM phasegate.get_phase_history(ticket_id => $1::uuid) h";
                self.ask(Access::Read, sql, &[(&given.text("ticket_id"), Type::TEXT)])
                    .await
            }
        }
    }

    async fn claim(&self, given: &Arguments) -> Result<String, Failure> {
        let asked = given.0.get("kinds").and_then(Value::as_array).map(|kinds| {
            kinds
                .iter()
                .filter_map(Value::as_str)
                .map(Kind::of)
                .collect::<Vec<_>>()
        });
        let kinds: Vec<&str> = self
            .kinds
            .iter()
            .filter(|kind| asked.as_ref().is_none_or(|asked| asked.contains(kind)))
            .map(|kind| kind.name())
            .collect();
        let lease = self.lease.as_secs_f64();
        let sql = "SELECT pg_catalog.row_to_json(c)::text FROM phasegate.claim_task(agent_id => $1, capabilities => $2, phases => $3, \
                   kinds => $4, lease => pg_catalog.make_interval(secs => $5)) c";
        let params: [Param<'_>; 5] = [
            (&self.agent, Type::TEXT),
            (&self.capabilities, Type::TEXT_ARRAY),
            (&self.phases, Type::TEXT_ARRAY),
            (&kinds, Type::TEXT_ARRAY),
            (&lease, Type::FLOAT8),
        ];
        let claimed = self.ask(Access::Repeatable, sql, &params).await?;
        let Ok(Value::Object(row)) = serde_json::from_str(&claimed) else {
            return Ok("No task is on offer now.".to_owned());
        };
        let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
        if let Some(attempt) = row
            .get("attempt")
            .and_then(Value::as_i64)
            .and_then(|attempt| i32::try_from(attempt).ok())
        {
            self.attempts
                .lock()
                .await
                .insert(text("id").to_owned(), attempt);
        }
        let kind = Kind::of(text("kind"));
        let mut task = Map::new();
        for (name, column) in [
            ("task_id", "id"),
            ("ticket_id", "ticket_id"),
            ("ticket_title", "ticket_title"),
            ("phase_id", "phase_id"),
            ("kind", "kind"),
            ("task_type", "task_type"),
            ("description", "description"),
            ("lease_expires_at", "lease_expires_at"),
            ("context_summary", "context_summary"),
        ] {
            task.insert(
                name.to_owned(),
                row.get(column).cloned().unwrap_or_default(),
            );
        }
        // What to judge, or what the last verdict was. The whole context is there to be asked for.
        if let Some(review) = row.get("context").and_then(|context| context.get("review")) {
            task.insert("review".to_owned(), review.clone());
        }
        if kind == Kind::Summary {
            task.insert(
                "context".to_owned(),
                row.get("context").cloned().unwrap_or_default(),
            );
            let budget = row
                .get("result")
                .and_then(|result| result.pointer("/request/max_tokens"))
                .cloned();
            task.insert("max_tokens".to_owned(), budget.unwrap_or_default());
        }
        task.insert("answer_schema".to_owned(), kind.schema());
        Ok(Value::Object(task).to_string())
    }

    /// A statement about a claimed task; its first three parameters say which.
    async fn held(
        &self,
        sql: &str,
        given: &Arguments,
        more: &[Param<'_>],
    ) -> Result<String, Failure> {
        let task = given.text("task_id").unwrap_or_default();
        let attempt = self
            .attempts
            .lock()
            .await
            .get(&task.to_lowercase())
            .copied();
        let mut params: Vec<Param<'_>> = vec![
            (&task, Type::TEXT),
            (&self.agent, Type::TEXT),
            (&attempt, Type::INT4),
        ];
        params.extend(more.iter().cloned());
        self.ask(Access::Repeatable, sql, &params).await
    }

    /// The only value of the only row; empty where there is none.
    async fn ask(
        &self,
        access: Access,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<String, Failure> {
        let row = self.database.row(&self.who, access, sql, params).await?;
        Ok(row
            .and_then(|row| row.try_get::<_, Option<String>>(0).ok().flatten())
            .unwrap_or_default())
    }
}

/// A refusal as a model can act on it.
fn refused(failure: &Failure) -> String {
    let Failure::Refused(refusal) = failure else {
        return failure.in_words();
    };
    let mut text = match &refusal.code {
        Some(code) => format!("Refused ({code}): {}.", refusal.message),
        None => format!("Refused ({}): {}.", refusal.sqlstate, refusal.message),
    };
    for more in [&refusal.detail, &refusal.hint].into_iter().flatten() {
        text.push('\n');
        text.push_str(more);
    }
    text
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("phasegate", env!("CARGO_PKG_VERSION")))
            .with_instructions(tools::INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::tools()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::tools().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let tool = self.get_tool(&request.name).ok_or_else(|| {
            ErrorData::invalid_params(format!("there is no tool {}", request.name), None)
        })?;
        let arguments = request.arguments.unwrap_or_default();
        let answer = match tools::check(&tool, &Value::Object(arguments.clone())) {
            Err(why) => Err(format!("Wrong arguments: {why}")),
            Ok(()) => self
                .call(&request.name, &Arguments(arguments))
                .await
                .map_err(|failure| refused(&failure)),
        };
        Ok(match answer {
            Ok(text) => CallToolResult::success(vec![ContentBlock::text(text)]),
            Err(text) => CallToolResult::error(vec![ContentBlock::text(text)]),
        }
        .into())
    }
}
