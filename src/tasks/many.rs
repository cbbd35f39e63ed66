//! `complete_tasks`: results for many tasks at once. Those that can be are completed, by one statement where they are work; the
//! others are reported.

use super::agent::agent;
use super::columns::Columns;
use super::given::{Given, MOST, elements};
use super::holding::Holding;
use super::result::TaskResult;
use super::statements::{COMPLETE, COMPLETE_MANY, COMPLETE_WITH, HOLD_TICKETS_OF_TASKS, HOLDERS};
use super::stopping::keep_tickets_of;
use super::verdict::{self, Verdict};
use crate::by_index::ByIndex;
use crate::context::{bound, llm};
use crate::error::{Code, Error};
use crate::gates::reviewers;
use crate::identity::{self, Speaking};
use crate::pg::call::{Answer, Call};
use crate::pg::error::Result;
use crate::pg::rows::Row;
use crate::pg::spi::{Sees, Session};
use crate::pg::transaction;
use crate::pg::value::{Datum, Value};
use crate::settings;
use crate::workspace::Workspace;
use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;
use uuid::Uuid;

/// What came of an element; as a code where its task is not completed by it.
type Outcome = std::result::Result<(), Code>;

/// What is known of a task that was not completed at once.
struct Found {
    ticket: Uuid,
    phase: u32,
    kind: String,
    request: Option<serde_json::Value>,
}

/// The call.
struct Many {
    workspace: Rc<Workspace>,
    agent: String,
    /// The array, as it came.
    document: Datum,
}

/// `complete_tasks(agent_id, results)`
pub fn complete_tasks(call: &Call) -> Result<Answer> {
    let agent = agent(call, 0)?;
    let (document, text) = call
        .datum(1)
        .zip(call.optional_json(1))
        .ok_or_else(|| Error::null_argument("results"))?;
    let elements = elements(&text).ok_or_else(|| {
        Error::invalid_argument(
            "results must be an array",
            "Its elements are {\"task_id\", \"attempt\", \"result\"}.",
        )
    })?;
    if elements.len() > MOST {
        return Err(Error::invalid_argument(
            format!("results must have at most {MOST} elements"),
            format!("It has {}.", elements.len()),
        ));
    }
    let given: Vec<_> = elements.into_iter().map(Given::read).collect();
    let workspace = Workspace::current()?;
    transaction::require_writable();
    // Names a column that is missing or of another type, before a statement meets it.
    Columns::of(workspace.table("tasks")?)?;
    let many = Many {
        workspace,
        agent,
        document,
    };
    let set = call.start_set(false);
    let outcomes = many.outcomes(&given)?;
    for (one, outcome) in given.iter().zip(outcomes) {
        let task = match one {
            Ok(given) => Some(given.task),
            Err(task) => *task,
        };
        set.push(&[
            Value::uuid(task),
            Value::Bool(outcome.is_ok()),
            Value::text(outcome.err().map(Code::word)),
        ]);
    }
    Ok(None)
}

/// Whether a result is one of work, and no larger than it may be.
fn work(given: &Given) -> Outcome {
    require_size(given)?;
    let result = TaskResult::parse(given.result.as_ref()).map_err(|_| Code::InvalidResult)?;
    let mut collectors = result.artifacts().iter().filter_map(|one| one.collected_by);
    collectors
        .try_for_each(identity::require_collector)
        .map_err(|error| error.code)
}

fn require_size(given: &Given) -> Outcome {
    let size = given.result.as_ref().map_or(0, bound::size);
    if size > settings::max_result_bytes() {
        return Err(Code::ResultTooLarge);
    }
    Ok(())
}

impl Many {
    /// What comes of the elements, in their order.
    fn outcomes(&self, given: &[std::result::Result<Given, Option<Uuid>>]) -> Result<Vec<Outcome>> {
        let _session = Session::open()?;
        let _by_index = ByIndex::only();
        // Of each task the first element that could be one of work: for most there is no other.
        let mut first: BTreeMap<Uuid, (i32, i32)> = BTreeMap::new();
        for (place, one) in (0..).zip(given) {
            if let Ok(one) = one
                && one.attempt.is_none_or(|attempt| attempt > 0)
                && work(one).is_ok()
            {
                first
                    .entry(one.task)
                    .or_insert((one.attempt.unwrap_or(0), place));
            }
        }
        let tasks = given.iter().filter_map(|one| Some(one.as_ref().ok()?.task));
        keep_tickets_of(&self.workspace, tasks.collect())?;
        self.hold_tickets(given)?;
        let completed = self.complete_work(&first)?;
        let mut done: HashSet<Uuid> = completed.clone();
        let left: Vec<Uuid> = given
            .iter()
            .filter_map(|one| Some(one.as_ref().ok()?.task))
            .filter(|task| !completed.contains(task))
            .collect();
        let found = self.find(left)?;
        let mut outcomes = Vec::with_capacity(given.len());
        for (place, one) in (0..).zip(given) {
            let outcome = match one {
                Err(_) => Err(Code::InvalidArgument),
                Ok(one) => {
                    let is_first = first
                        .get(&one.task)
                        .is_some_and(|(_, first)| *first == place);
                    if is_first && completed.contains(&one.task) {
                        Ok(())
                    } else if done.contains(&one.task) {
                        Err(Code::TaskNotHeld)
                    } else {
                        self.complete_one(one, found.get(&one.task))?
                    }
                }
            };
            if let (Ok(one), Ok(())) = (one, &outcome) {
                done.insert(one.task);
            }
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    /// Holds the tickets of results that have artifacts or verdicts, before the tasks are changed: as with a single one, but in
    /// the order of their ids.
    fn hold_tickets(&self, given: &[std::result::Result<Given, Option<Uuid>>]) -> Result<()> {
        let takes_ticket = |one: &&Given| {
            let has = |key| {
                one.result
                    .as_ref()
                    .is_some_and(|result| result.get(key).is_some())
            };
            has("artifacts") || has("approved")
        };
        let given = given.iter().filter_map(|one| one.as_ref().ok());
        let tasks: Vec<Uuid> = given.filter(takes_ticket).map(|one| one.task).collect();
        if tasks.is_empty() {
            return Ok(());
        }
        let _owner = self.workspace.as_owner();
        let arguments = [Value::Uuids(tasks), Value::text(Some(&self.agent))];
        self.workspace
            .run(&HOLD_TICKETS_OF_TASKS, &arguments, Sees::Latest)?;
        Ok(())
    }

    /// Completes those of these tasks that are work and held so; in the order of their ids, so that two calls wait for one another
    /// and never deadlock. Gives them.
    fn complete_work(&self, first: &BTreeMap<Uuid, (i32, i32)>) -> Result<HashSet<Uuid>> {
        if first.is_empty() {
            return Ok(HashSet::new());
        }
        let (attempts, places) = first.values().copied().unzip();
        let arguments = [
            Value::Uuids(first.keys().copied().collect()),
            Value::text(Some(&self.agent)),
            Value::Ints(attempts),
            Value::Ints(places),
            Value::Datum(self.document),
        ];
        let _speaking = Speaking::of(&self.agent);
        let rows = self
            .workspace
            .run_visible(&COMPLETE_MANY, &arguments, Sees::Snapshot)?;
        Ok(rows.iter().filter_map(|row| row.uuid(1)).collect())
    }

    /// What is known of these tasks, as far as they are there for the caller.
    fn find(&self, tasks: Vec<Uuid>) -> Result<BTreeMap<Uuid, Found>> {
        if tasks.is_empty() {
            return Ok(BTreeMap::new());
        }
        let rows = self
            .workspace
            .run_visible(&HOLDERS, &[Value::Uuids(tasks)], Sees::Snapshot)?;
        let read = |row: Row<'_>| {
            let request = row.json(5).as_deref().and_then(crate::json::read);
            let found = Found {
                ticket: row.uuid(2)?,
                phase: row.oid(3)?,
                kind: row.text(4)?,
                request,
            };
            Some((row.uuid(1)?, found))
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// Completes one task by itself, if it can be: a review or a summary, or what came to be held meanwhile. What would make
    /// the statement fail, and all others with it, is looked at before.
    fn complete_one(&self, given: &Given, found: Option<&Found>) -> Result<Outcome> {
        let Some(found) = found else {
            return Ok(Err(Code::TaskNotFound));
        };
        let holding = Holding::new(&self.workspace, given.task, &self.agent, given.attempt);
        let refused = |error: Error| match error.code {
            code @ (Code::TaskNotHeld | Code::TaskNotFound) => Ok(Err(code)),
            _ => Err(error),
        };
        if let Err(error) = holding.require_held() {
            return refused(error);
        }
        if let Err(code) = self.require_answer(given, found)? {
            return Ok(Err(code));
        }
        let result = given.result.as_ref().map(ToString::to_string);
        let statement = match result {
            Some(_) => &COMPLETE_WITH,
            None => &COMPLETE,
        };
        let result = result.map(|result| Value::Json(result.into()));
        match holding.change(statement, result, |_| ()) {
            Ok(()) => Ok(Ok(())),
            Err(error) => refused(error),
        }
    }

    /// Whether the result is one that a task of its kind takes, of this agent.
    fn require_answer(&self, given: &Given, found: &Found) -> Result<Outcome> {
        if let Err(code) = require_size(given) {
            return Ok(Err(code));
        }
        let result = given.result.as_ref();
        match found.kind.as_str() {
            "review" => {
                let Ok(verdict) = Verdict::parse(result) else {
                    return Ok(Err(Code::InvalidResult));
                };
                match reviewers::require_reviewer(&self.workspace) {
                    Err(error) if error.code == Code::PermissionDenied => {
                        return Ok(Err(error.code));
                    }
                    asked => asked?,
                }
                self.require_independent(given.task, verdict.approved, found)
            }
            "summary" => Ok(match verdict::parse_summary(result) {
                Err(_) => Err(Code::InvalidResult),
                Ok(text) => {
                    llm::require_budget(text, found.request.as_ref()).map_err(|error| error.code)
                }
            }),
            _ => Ok(work(given)),
        }
    }

    /// Whether the agent may give this verdict on the phase: did not take part in it, and has not approved it in another review.
    fn require_independent(&self, review: Uuid, approved: bool, found: &Found) -> Result<Outcome> {
        let _owner = self.workspace.as_owner();
        let of_phase = (Some(found.ticket), Some(found.phase));
        let approving = approved.then_some(Some(review));
        let code = reviewers::barred(&self.workspace, of_phase, &self.agent, approving)?;
        Ok(code.map_or(Ok(()), Err))
    }
}
