//! The loop: claim, work, hand in, and stop when told.

use super::command::{Ended, Program};
use super::evidence::Claimed;
use super::halt::{Halt, Why};
use super::model::Model;
use super::outcome::Outcome;
use super::pace::Pace;
use super::prompt::sha256;
use super::queue::{Advanced, Queue, passes};
use crate::error::{Failure, Refusal};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// The longest pause while the database is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Who answers tasks.
#[derive(Debug, Clone)]
pub enum Worker {
    /// A language model.
    Model(Box<Model>),
    /// A program.
    Command(Program),
    /// Nobody: no task is claimed, tickets are moved.
    Nobody,
}

/// How tasks are worked.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How many at a time.
    pub concurrency: usize,
    /// How long one may take.
    pub timeout: Duration,
    /// How long to wait where nothing is offered.
    pub poll: Duration,
    /// Whether tickets that are ready are moved.
    pub advance: bool,
    /// Whether to end when nothing is offered.
    pub once: bool,
}

/// How the work ended, where it did by itself.
#[derive(Debug)]
pub enum End {
    /// Nothing is offered, or it was told to stop.
    Done,
    /// The worker cannot do any task.
    Misconfigured(String),
}

/// Those who work one queue.
pub struct Crew {
    queue: Queue,
    worker: Worker,
    plan: Plan,
    pace: Pace,
    stop: Halt,
    broken: Mutex<Option<String>>,
    done: AtomicUsize,
    failed: AtomicUsize,
}

impl Crew {
    /// A crew that begins when it is run.
    pub fn new(queue: Queue, worker: Worker, plan: Plan, pace: Pace, stop: Halt) -> Crew {
        Crew {
            queue,
            worker,
            plan,
            pace,
            stop,
            broken: Mutex::new(None),
            done: AtomicUsize::new(0),
            failed: AtomicUsize::new(0),
        }
    }

    /// Works until nothing is offered, or until told to stop.
    pub async fn run(self) -> Result<End, Failure> {
        if self.plan.advance
            && let Err(failure) = self.queue.advance().await
            && !passes(&failure)
        {
            // Before anything is claimed by a role that may not move tickets.
            return Err(failure);
        }
        let crew = Arc::new(self);
        let mut lanes = JoinSet::new();
        for _ in 0..crew.plan.concurrency {
            let crew = crew.clone();
            lanes.spawn(async move {
                let ended = crew.lane().await;
                if ended.is_err() {
                    crew.stop.say(Why::Stopped);
                }
                ended
            });
        }
        let mut ended = Ok(());
        while let Some(lane) = lanes.join_next().await {
            let lane = lane.unwrap_or_else(|error| {
                Err(Failure::usage(format!("a lane of work broke off: {error}")))
            });
            ended = ended.and(lane);
        }
        tracing::info!(
            "{} tasks done, {} failed",
            crew.done.load(Ordering::Relaxed),
            crew.failed.load(Ordering::Relaxed)
        );
        ended?;
        let broken = crew.broken.lock().await.take();
        Ok(broken.map_or(End::Done, End::Misconfigured))
    }

    async fn lane(&self) -> Result<(), Failure> {
        let mut pause = Duration::from_millis(200);
        let mut idle = false;
        loop {
            if self.stop.is_said() {
                return Ok(());
            }
            match self.round(&mut idle).await {
                Ok(true) => pause = Duration::from_millis(200),
                Ok(false) if self.plan.once => return Ok(()),
                Ok(false) => {
                    tokio::select! { () = sleep(self.plan.poll) => {}, _ = self.stop.told() => {} }
                }
                Err(failure) if self.plan.once || !passes(&failure) => return Err(failure),
                Err(failure) => {
                    tracing::warn!("{failure}; trying again in {:.1} s", pause.as_secs_f64());
                    tokio::select! { () = sleep(pause) => {}, _ = self.stop.told() => {} }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Works a task, if there is one; whether there may be more to do at once.
    async fn round(&self, idle: &mut bool) -> Result<bool, Failure> {
        let claimed = match self.worker {
            Worker::Nobody => None,
            _ => self.queue.claim().await?,
        };
        if let Some(task) = claimed {
            *idle = false;
            self.attempt(task).await;
            // What it was the last piece of moves on at once, not when the queue is empty.
            if self.plan.advance && !self.stop.is_said() {
                self.queue.advance().await?;
            }
            return Ok(true);
        }
        if !self.plan.advance {
            return Ok(false);
        }
        let Advanced { moved, reviews } = self.queue.advance().await?;
        // A review that was asked for, and that we are not offered, is nothing to go on for.
        let go_on = moved > 0 || (reviews > 0 && !*idle);
        *idle = true;
        Ok(go_on)
    }

    /// Works a task that was claimed, keeps its lease meanwhile, and hands in what came of it.
    async fn attempt(&self, mut task: Claimed) {
        let began = Instant::now();
        tracing::info!(
            task = task.id(),
            attempt = task.attempt(),
            "working: {}",
            task.name()
        );
        match self.queue.start(&mut task).await {
            Ok(()) => {}
            Err(Failure::Refused(refusal)) if refusal.is("task_not_held") => {
                return self.lost(&task, &refusal.message);
            }
            Err(failure) => return self.give_up(&task, &failure.in_words(), true).await,
        }
        let halt = Halt::new();
        let until = began + self.plan.timeout;
        let ended = {
            let watching = async {
                // All go on after one has spoken: a program that is being ended is held still.
                tokio::join!(
                    async { halt.say(self.keep(&task).await) },
                    async {
                        tokio::time::sleep_until(until).await;
                        halt.say(Why::TimedOut);
                    },
                    async { halt.say(self.stop.told().await) },
                );
                // The work ends by itself, now that it was told.
                std::future::pending::<()>().await;
            };
            tokio::select! {
                outcome = self.work(&task, until, &halt) => outcome,
                () = watching => Outcome::Halted(Why::Stopped),
            }
        };
        // The lease is kept while the result is on its way.
        tokio::select! {
            () = self.hand_in(&task, ended, began) => {}
            why = self.keep(&task) => self.lost(&task, &format!("{why:?}")),
        }
    }

    async fn work(&self, task: &Claimed, until: Instant, halt: &Halt) -> Outcome {
        match &self.worker {
            Worker::Model(model) => model.work(task, &self.queue, &self.pace, until, halt).await,
            Worker::Nobody => Outcome::again("nobody works here"),
            Worker::Command(program) => {
                let document = task.for_command().to_string();
                let hash = sha256(document.as_bytes());
                tokio::select! {
                    () = self.pace.wait() => {}
                    why = halt.told() => return Outcome::Halted(why),
                }
                match program.run(document, task.id(), halt).await {
                    Ended::Answered(output) => answered(task, &output, &program.name(), &hash),
                    Ended::Again(why) => Outcome::again(why),
                    Ended::Failed(why) => Outcome::failed(why),
                    Ended::Unusable(why) => Outcome::Misconfigured { why, retry: true },
                    Ended::Halted(why) => Outcome::Halted(why),
                }
            }
        }
    }

    /// Extends the lease at each third of it; returns when it is lost.
    async fn keep(&self, task: &Claimed) -> Why {
        let lease = self.queue.offer().lease;
        let mut end = Instant::now() + lease;
        let mut pause = lease / 3;
        loop {
            sleep(pause).await;
            let asked = Instant::now();
            match self.queue.heartbeat(task).await {
                Ok(()) => {
                    end = asked + lease;
                    pause = lease / 3;
                }
                Err(Failure::Refused(refusal)) if !refused_for_now(&refusal) => {
                    return Why::Lost(
                        refusal
                            .detail
                            .clone()
                            .unwrap_or_else(|| refusal.message.clone()),
                    );
                }
                Err(failure) if Instant::now() >= end => return Why::Lost(failure.in_words()),
                Err(failure) => {
                    tracing::warn!(
                        task = task.id(),
                        "no sign of life could be given: {failure}"
                    );
                    pause = lease / 12;
                }
            }
        }
    }

    async fn hand_in(&self, task: &Claimed, outcome: Outcome, began: Instant) {
        match outcome {
            Outcome::Done(result) => self.complete(task, result.as_ref(), began).await,
            Outcome::Failed { why, retry } => self.give_up(task, &why, retry).await,
            Outcome::Misconfigured { why, retry } => {
                self.give_up(task, &why, retry).await;
                self.broken.lock().await.get_or_insert(why);
                self.stop.say(Why::Stopped);
            }
            Outcome::Halted(Why::Lost(why)) => self.lost(task, &why),
            Outcome::Halted(Why::TimedOut) => {
                let why = format!("it took longer than {} s", self.plan.timeout.as_secs_f64());
                self.give_up(task, &why, true).await;
            }
            Outcome::Halted(Why::Stopped) => self.give_back(task).await,
        }
    }

    async fn complete(&self, task: &Claimed, result: Option<&Value>, began: Instant) {
        let mut unknown = false;
        let refusal = loop {
            match self.queue.complete(task, result).await {
                Ok(said) => {
                    self.done.fetch_add(1, Ordering::Relaxed);
                    let verdict = result
                        .and_then(|result| result.get("approved"))
                        .and_then(Value::as_bool);
                    let how = match verdict {
                        Some(true) => "done: approved",
                        Some(false) => "done: rejected",
                        None => "done",
                    };
                    tracing::info!(
                        task = task.id(),
                        "{how}, after {:.1} s",
                        began.elapsed().as_secs_f64()
                    );
                    if let Some(said) = said {
                        tracing::warn!(task = task.id(), "{said}");
                    }
                    return;
                }
                Err(Failure::Refused(refusal)) if !refused_for_now(&refusal) => break refusal,
                Err(failure) => {
                    // With its attempt a completion is done once, however often it is sent.
                    unknown |= matches!(failure, Failure::Unknown(_));
                    tracing::warn!(task = task.id(), "{failure}; handing in again");
                    sleep(Duration::from_millis(500)).await;
                }
            }
        };
        if refusal.is("task_not_held") {
            let why = if unknown {
                "it is completed already, or somebody else has it"
            } else {
                refusal.message.as_str()
            };
            return self.lost(task, why);
        }
        let why = Failure::Refused(refusal).in_words();
        self.give_up(task, &format!("the result was refused: {why}"), false)
            .await;
    }

    async fn give_up(&self, task: &Claimed, why: &str, retry: bool) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        match self.said(task, || self.queue.fail(task, why, retry)).await {
            Ok(status) => tracing::warn!(task = task.id(), "{status}: {why}"),
            Err(refused) => self.lost(task, &refused),
        }
    }

    /// For whoever works next, as if it had not been claimed.
    async fn give_back(&self, task: &Claimed) {
        match self.said(task, || self.queue.give_back(task)).await {
            Ok(true) => tracing::info!(task = task.id(), "given back"),
            Ok(false) => self.lost(task, "somebody else has it"),
            Err(refused) => self.lost(task, &refused),
        }
    }

    /// What the database says at last of a task that is given up; the error is why not, where it does not.
    async fn said<T, F, W>(&self, task: &Claimed, mut say: F) -> Result<T, String>
    where
        F: FnMut() -> W,
        W: Future<Output = Result<T, Failure>>,
    {
        for _ in 0..3 {
            match say().await {
                Ok(said) => return Ok(said),
                Err(Failure::Refused(refusal)) if !refused_for_now(&refusal) => {
                    return Err(refusal.message.clone());
                }
                Err(failure) => {
                    tracing::warn!(task = task.id(), "{failure}");
                    sleep(Duration::from_millis(500)).await;
                }
            }
        }
        Err("it could not be given back, and its lease runs out".to_owned())
    }

    fn lost(&self, task: &Claimed, why: &str) {
        tracing::warn!(
            task = task.id(),
            attempt = task.attempt(),
            "dropped, it is not held any more: {why}"
        );
    }
}

fn refused_for_now(refusal: &Refusal) -> bool {
    passes(&Failure::Refused(Box::new(refusal.clone())))
}

/// Reads the output of a program as the answer to a task.
fn answered(task: &Claimed, output: &[u8], program: &str, hash: &str) -> Outcome {
    let Ok(text) = std::str::from_utf8(output) else {
        return Outcome::failed(format!("the output of {program} is not UTF-8"));
    };
    if text.trim().is_empty() && task.kind() == super::answer::Kind::Work {
        return Outcome::Done(None);
    }
    match task.kind().read(text) {
        Err(why) => Outcome::failed(format!("the answer of {program} cannot be used: {why}")),
        Ok(mut answer) => {
            // The program may say which model it asked, and what that took.
            let mut runner = match answer.remove("runner") {
                Some(Value::Object(said)) => said,
                _ => Map::new(),
            };
            runner.insert("command".to_owned(), program.into());
            runner.insert("prompt_sha256".to_owned(), hash.into());
            answer.insert("runner".to_owned(), runner.into());
            Outcome::Done(Some(answer.into()))
        }
    }
}
