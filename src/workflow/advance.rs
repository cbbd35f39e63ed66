//! `advance_tickets`: moves on the tickets whose phase is done with, without anybody who says which.
//!
//! Who is next is found in few statements: the tickets in work phases, then those of them without open work. What is left is
//! judged one by one, without holding the tickets: most wait for something, and nobody is to wait for this. Only tickets
//! that can move, or lack nothing but reviews, are held, those that nobody else holds; then all is judged again.
//!
//! Tickets are looked at in the order in which they entered their phases, so many a call. Where there are more, a session goes on
//! with the next call where it stopped, and round; one that has no place yet begins anywhere. So tickets that wait for
//! something do not keep others waiting, and nothing is shared that calls would have to wait for.

use super::attribution::Attribution;
use super::request::{Outcome, Standing, Tickets};
use super::statements::{DONE_WORK, HOLD_FREE, IDLE, IN_PHASES, MOVE_MANY};
use super::wish::{Wish, require_deciding, suppressed};
use crate::error::Error;
use crate::gates::check::{Gates, check};
use crate::gates::record::ask_reviews;
use crate::gates::verdict::{self, Check};
use crate::pg::apart::apart;
use crate::pg::call::{Answer, Call, ResultSet};
use crate::pg::error::Result;
use crate::pg::spi::{Sees, Session};
use crate::pg::transaction;
use crate::pg::value::Value;
use crate::phase::{Kind, Phase};
use crate::workspace::{Configuration, Workspace};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use uuid::Uuid;

/// How many tickets a call judges at least, if there are so many.
const JUDGED: usize = 1000;

/// How many tickets are judged, held and moved together.
const TOGETHER: usize = 100;

/// Of as many workspaces a session keeps its place.
const PLACES: usize = 64;

/// Where a ticket stands in line: when it entered its phase, and its id.
type Place = (i64, Uuid);

thread_local! {
    /// By workspace, the place of the last ticket that was judged.
    static STOPPED_AT: RefCell<HashMap<u32, Place>> = RefCell::default();
}

/// A ticket that may move on.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    ticket: Uuid,
    from: Phase,
    to: Phase,
    place: Place,
}

/// What a ticket is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ready {
    ToMove,
    ToBeReviewed,
    No,
}

/// `advance_tickets(max_tickets, transitioned_by, phases)`
pub fn advance_tickets(call: &Call) -> Result<Answer> {
    let most = call.int(0, "max_tickets")?;
    let most = usize::try_from(most).ok().filter(|most| *most > 0);
    let most = most.ok_or_else(|| {
        Error::invalid_argument(
            "max_tickets must be at least 1",
            format!("It is {}.", call.optional_int(0).unwrap_or_default()),
        )
    })?;
    transaction::require_writable();
    let workspace = Workspace::current()?;
    require_deciding(&workspace)?;
    workspace.require_update(workspace.columns.phase_id)?;
    let configuration = workspace.configuration()?;
    let wanted = call
        .optional_texts(2, "phases")?
        .map(|labels| {
            labels
                .iter()
                .map(|label| configuration.phase(label))
                .collect::<Result<Vec<_>>>()
        })
        .transpose()?;
    let attribution = Attribution::new(call.optional_text(1), None, None)?;
    let set = call.start_set(false);
    let conductor = Conductor {
        ways: ways(&configuration, wanted.as_deref()),
        gates: Gates::of(&workspace, &configuration)?,
        attribution: Rc::new(attribution),
        workspace,
        configuration,
    };
    if !conductor.ways.is_empty() {
        let _session = Session::open()?;
        conductor.advance(&set, most)?;
    }
    Ok(None)
}

/// The work phases, of those wanted, out of which one way alone leads ahead, and where to.
fn ways(configuration: &Configuration, wanted: Option<&[Phase]>) -> HashMap<Phase, Phase> {
    let phases = &configuration.phases;
    phases
        .sequence()
        .filter(|phase| phases.kind(*phase) == Kind::Work)
        .filter(|phase| wanted.is_none_or(|wanted| wanted.contains(phase)))
        .filter_map(|phase| {
            let to = configuration.transitions.only_way_ahead(phases, phase)?;
            Some((phase, to))
        })
        .collect()
}

/// What came of a ticket: the row that says so, or the message of an error that kept it from moving.
type Came = std::result::Result<Vec<Value<'static>>, String>;

struct Conductor {
    workspace: Rc<Workspace>,
    configuration: Rc<Configuration>,
    gates: Rc<Gates>,
    ways: HashMap<Phase, Phase>,
    attribution: Rc<Attribution>,
}

impl Conductor {
    /// Advances up to `most` tickets, and gives what was done.
    fn advance(&self, set: &ResultSet<'_>, most: usize) -> Result<()> {
        let judged = most.saturating_mul(2).max(JUDGED);
        let mut candidates = self.candidates()?;
        // All in one call, or some from where the last call stopped.
        let goes_round = candidates.len() > judged;
        if goes_round {
            let start = self.start(&candidates);
            candidates.rotate_left(start);
            candidates.truncate(judged);
        }
        let mut done = 0;
        let mut left = candidates.as_slice();
        while done < most && !left.is_empty() {
            let together = left.len().min(TOGETHER).min(most - done);
            let (some, rest) = left.split_at(together);
            done += self.advance_some(set, some)?;
            left = rest;
            if let Some(last) = some.last().filter(|_| goes_round) {
                self.stop_at(last.place);
            }
        }
        Ok(())
    }

    /// The index of the candidate to begin with: after the last place; where there is none any.
    fn start(&self, candidates: &[Candidate]) -> usize {
        let last = STOPPED_AT.with_borrow(|places| places.get(&self.workspace.schema).copied());
        match last {
            Some(last) => {
                let next = candidates.partition_point(|candidate| candidate.place <= last);
                next % candidates.len().max(1)
            }
            None => {
                // A new id's last bits are random.
                let random = Uuid::now_v7().as_u64_pair().1;
                let count = u64::try_from(candidates.len()).unwrap_or(1).max(1);
                usize::try_from(random % count).unwrap_or(0)
            }
        }
    }

    fn stop_at(&self, place: Place) {
        STOPPED_AT.with_borrow_mut(|places| {
            if places.len() >= PLACES && !places.contains_key(&self.workspace.schema) {
                places.clear();
            }
            places.insert(self.workspace.schema, place);
        });
    }

    /// The tickets that the caller sees in the phases, without open work there, in line.
    fn candidates(&self) -> Result<Vec<Candidate>> {
        let phases = &self.configuration.phases;
        let from = self.ways.keys().map(|phase| phases.oid(*phase)).collect();
        let from = Value::Enums(self.workspace.phase_type, from);
        let rows = self.workspace.run(&IN_PHASES, &[from], Sees::Snapshot)?;
        let mut candidates = Vec::with_capacity(rows.len());
        for row in rows.iter() {
            let from = self.configuration.phase_of(row.oid(2).unwrap_or(0))?;
            if let (Some(ticket), Some(to)) = (row.uuid(1), self.ways.get(&from)) {
                candidates.push(Candidate {
                    ticket,
                    from,
                    to: *to,
                    place: (row.big(3).unwrap_or(i64::MAX), ticket),
                });
            }
        }
        let _owner = self.workspace.as_owner();
        let idle = self.among(&IDLE, &candidates)?;
        candidates.retain(|candidate| idle.contains(&candidate.ticket));
        candidates.sort_by_key(|candidate| candidate.place);
        Ok(candidates)
    }

    /// Those of the tickets that a statement picks. Needs the owner's rights.
    fn among(
        &self,
        statement: &'static crate::workspace::Statement,
        candidates: &[Candidate],
    ) -> Result<HashSet<Uuid>> {
        if candidates.is_empty() {
            return Ok(HashSet::new());
        }
        let phases = &self.configuration.phases;
        let tickets = candidates.iter().map(|candidate| candidate.ticket);
        let from = candidates
            .iter()
            .map(|candidate| phases.oid(candidate.from));
        let arguments = [
            Value::Uuids(tickets.collect()),
            Value::Enums(self.workspace.phase_type, from.collect()),
        ];
        let rows = self.workspace.run(statement, &arguments, Sees::Latest)?;
        Ok(rows.iter().filter_map(|row| row.uuid(1)).collect())
    }

    /// What each of the tickets is ready for, as of now, and what its gate says.
    fn judge(&self, candidates: &[Candidate]) -> Result<Vec<(Ready, Option<Check>)>> {
        let has_no_gate =
            |candidate: &&Candidate| self.gates.requirements(candidate.from).is_none();
        let ungated: Vec<Candidate> = candidates.iter().filter(has_no_gate).copied().collect();
        let worked = {
            let _owner = self.workspace.as_owner();
            self.among(&DONE_WORK, &ungated)?
        };
        candidates
            .iter()
            .map(|candidate| {
                let Candidate { ticket, from, .. } = *candidate;
                let (workspace, configuration) = (&self.workspace, &self.configuration);
                let found = check(workspace, configuration, ticket, from, Sees::Latest)?;
                let ready = match &found {
                    None if worked.contains(&ticket) => Ready::ToMove,
                    None => Ready::No,
                    Some(check) => match check.outcome() {
                        verdict::Outcome::Passed => Ready::ToMove,
                        verdict::Outcome::Pending => Ready::ToBeReviewed,
                        verdict::Outcome::Failed => Ready::No,
                    },
                };
                Ok((ready, found))
            })
            .collect()
    }

    /// Advances those of the tickets that are ready and that nobody else holds; gives what was done, and how much.
    fn advance_some(&self, set: &ResultSet<'_>, candidates: &[Candidate]) -> Result<usize> {
        let judged = self.judge(candidates)?;
        let ready: Vec<Candidate> = candidates
            .iter()
            .zip(&judged)
            .filter(|(_, (ready, _))| *ready != Ready::No)
            .map(|(candidate, _)| *candidate)
            .collect();
        let held = self.hold(&ready)?;
        let judged = self.judge(&held)?;
        let mut moving: HashMap<Phase, Vec<Uuid>> = HashMap::new();
        for (candidate, (ready, _)) in held.iter().zip(&judged) {
            if *ready == Ready::ToMove {
                moving
                    .entry(candidate.to)
                    .or_default()
                    .push(candidate.ticket);
            }
        }
        let mut moved: HashMap<Uuid, Came> = HashMap::new();
        for (to, tickets) in moving {
            moved.extend(self.move_apart(to, tickets)?);
        }
        let mut done = 0;
        for (candidate, (ready, found)) in held.iter().zip(judged) {
            let came = match (ready, found) {
                (Ready::ToBeReviewed, Some(check)) => match apart(|| self.ask(candidate, &check)) {
                    Ok(row) => row.map(Ok),
                    Err(message) => Some(Err(message)),
                },
                _ => moved.remove(&candidate.ticket),
            };
            match came {
                Some(Ok(row)) => {
                    set.push(&row);
                    done += 1;
                }
                Some(Err(message)) => {
                    set.push(&self.attempt(candidate, "move_failed", vec![message]))
                }
                None => {}
            }
        }
        Ok(done)
    }

    /// Moves tickets so that an error, as a trigger of the user's may raise, keeps those in their places that it is about, and no
    /// others: all together, and where that fails each by itself.
    fn move_apart(&self, to: Phase, tickets: Vec<Uuid>) -> Result<HashMap<Uuid, Came>> {
        let message = match apart(|| self.move_all(to, tickets.clone())) {
            Ok(moved) => return Ok(moved),
            Err(message) => message,
        };
        if let [one] = tickets.as_slice() {
            return Ok(HashMap::from([(*one, Err(message))]));
        }
        let mut came = HashMap::new();
        for ticket in tickets {
            came.extend(self.move_apart(to, vec![ticket])?);
        }
        Ok(came)
    }

    /// The columns of a `transition_attempt` that left the ticket where it is.
    fn attempt(
        &self,
        candidate: &Candidate,
        code: &'static str,
        reasons: Vec<String>,
    ) -> Vec<Value<'static>> {
        let label = self.configuration.phases.label(candidate.from);
        let label = || Value::Text(label.to_owned().into());
        vec![
            Value::Uuid(candidate.ticket),
            Value::Bool(false),
            label(),
            label(),
            Value::Null,
            Value::Null,
            Value::Text(code.into()),
            Value::Texts(reasons.into_iter().map(Some).collect()),
        ]
    }

    /// Those of the tickets that could be held, with the caller's rights, where they were.
    fn hold(&self, candidates: &[Candidate]) -> Result<Vec<Candidate>> {
        if candidates.is_empty() {
            return Ok(Vec::new());
        }
        let tickets = candidates.iter().map(|candidate| candidate.ticket);
        let arguments = [Value::Uuids(tickets.collect())];
        let rows = self.workspace.run(&HOLD_FREE, &arguments, Sees::Snapshot)?;
        let phases: HashMap<Uuid, u32> = rows
            .iter()
            .filter_map(|row| Some((row.uuid(1)?, row.oid(2)?)))
            .collect();
        let is_held = |candidate: &&Candidate| {
            let from = self.configuration.phases.oid(candidate.from);
            phases.get(&candidate.ticket) == Some(&from)
        };
        Ok(candidates.iter().filter(is_held).copied().collect())
    }

    /// Moves tickets that are held, as `transition_tickets` does; gives the rows of those that moved, and says which of them a
    /// trigger kept from it. What a refusal finds is not stored: nobody has asked about these tickets.
    fn move_all(&self, to: Phase, tickets: Vec<Uuid>) -> Result<HashMap<Uuid, Came>> {
        let wish = Wish {
            workspace: Rc::clone(&self.workspace),
            configuration: Rc::clone(&self.configuration),
            to,
            attribution: Rc::clone(&self.attribution),
            expected: None,
        };
        let mut request = wish.request(Tickets::Many(tickets.iter().copied().collect()), true);
        request.quiet = true;
        let standing = Standing::put(request);
        let target = Value::Oid(self.configuration.phases.oid(to));
        let arguments = [Value::Uuids(tickets), target];
        let rows = self.workspace.run(&MOVE_MANY, &arguments, Sees::Snapshot)?;
        let updated: HashSet<Uuid> = rows.iter().filter_map(|row| row.uuid(1)).collect();
        let mut came = HashMap::new();
        for (ticket, outcome) in standing.outcomes.take() {
            let one = match outcome {
                Outcome::Moves { .. } if updated.contains(&ticket) => {
                    let attempt = wish.attempt(Some(outcome), true, ticket)?;
                    Ok(wish.attempt_columns(ticket, &attempt))
                }
                Outcome::Moves { .. } | Outcome::KeptOut => Err(suppressed(ticket).message),
                Outcome::Refused { .. } => continue,
            };
            came.insert(ticket, one);
        }
        Ok(came)
    }

    /// Asks for the reviews that are missing; gives the row that says so, where they were not asked for yet.
    fn ask(&self, candidate: &Candidate, check: &Check) -> Result<Option<Vec<Value<'static>>>> {
        let phases = &self.configuration.phases;
        let _owner = self.workspace.as_owner();
        let asked = ask_reviews(
            &self.workspace,
            candidate.ticket,
            phases.oid(candidate.from),
            check.missing_reviews,
        )?;
        if asked.new == 0 {
            return Ok(None);
        }
        Ok(Some(self.attempt(
            candidate,
            "review_requested",
            check.blocking_reasons(),
        )))
    }
}
