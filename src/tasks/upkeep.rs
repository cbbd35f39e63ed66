//! The columns of a task that follow from its status, whoever sets it.
//!
//! A caller says which status a task shall have; attempts, holder, lease and times are then as they must
//! be. `attempts` only ever grows: it is the token by which a late holder is told from the present one.

use super::status::{Status, can_move};

/// The columns of one task that hang together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `status`
    pub status: Status,
    /// `assigned_agent_id`
    pub agent: Option<String>,
    /// `attempts`
    pub attempts: i32,
    /// `max_attempts`
    pub max_attempts: i32,
    /// `scheduled_at`
    pub scheduled_at: Option<i64>,
    /// `lease_expires_at`
    pub lease: Option<i64>,
    /// `started_at`
    pub started_at: Option<i64>,
    /// `completed_at`
    pub completed_at: Option<i64>,
}

/// A status that the task may not move to from where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IllegalMove {
    /// Where it is.
    pub from: Status,
    /// Where it was to go.
    pub to: Status,
}

/// What becomes of `wanted`, the row as the caller would have it; `old` is the row before an UPDATE.
/// `actor` names who holds or completes the task where the caller names nobody.
pub fn keep(
    old: Option<&State>,
    wanted: State,
    now: i64,
    actor: impl FnOnce() -> String,
) -> Result<State, IllegalMove> {
    let status = wanted.status;
    if let Some(old) = old
        && old.status != status
        && !can_move(old.status, status)
    {
        return Err(IllegalMove {
            from: old.status,
            to: status,
        });
    }
    let agent = match (status, old) {
        (Status::Pending, _) => None,
        (Status::Assigned | Status::Running, _) => Some(wanted.agent.unwrap_or_else(actor)),
        // Who did it stays on record; only a task that nobody held may be finished in somebody's name.
        (_, Some(old)) if old.status != Status::Pending => old.agent.clone(),
        (Status::Completed, Some(_)) => Some(wanted.agent.unwrap_or_else(actor)),
        _ => wanted.agent,
    };
    let attempts = match old {
        None => wanted.attempts.max(i32::from(status.is_held())),
        // A new holder is a new attempt, also where a task changes hands without going back to pending.
        Some(old) if status.is_held() && !(old.status.is_held() && old.agent == agent) => {
            old.attempts.saturating_add(1)
        }
        Some(old) => old.attempts,
    };
    // Whoever puts a task back grants it an attempt: pending without one left, it could never be claimed. One that is given
    // back while it is held, to be taken up at once, was no attempt.
    let is_given_back = status == Status::Pending
        && wanted.scheduled_at.is_none()
        && old.is_some_and(|old| old.status.is_held() && old.lease.is_none_or(|end| end > now));
    let most = wanted.max_attempts.saturating_add(i32::from(is_given_back));
    let least = attempts.saturating_add(i32::from(status == Status::Pending));
    Ok(State {
        agent,
        attempts,
        max_attempts: most.max(least),
        scheduled_at: wanted.scheduled_at.filter(|_| status == Status::Pending),
        lease: wanted.lease.filter(|_| status.is_held()),
        started_at: started(old, &wanted.started_at, status, now),
        completed_at: completed(old, &wanted.completed_at, status, now),
        status,
    })
}

fn started(old: Option<&State>, wanted: &Option<i64>, status: Status, now: i64) -> Option<i64> {
    match (status, old) {
        (Status::Pending | Status::Assigned, _) => None,
        (Status::Running, Some(old)) => {
            let running = (old.status == Status::Running).then_some(old.started_at);
            Some(running.flatten().unwrap_or(now))
        }
        (Status::Running, None) => Some(wanted.unwrap_or(now)),
        (_, Some(old)) => old.started_at,
        (_, None) => *wanted,
    }
}

/// When the task was completed, failed or cancelled.
fn completed(old: Option<&State>, wanted: &Option<i64>, status: Status, now: i64) -> Option<i64> {
    if status == Status::Pending || status.is_held() {
        return None;
    }
    let known = match old {
        None => *wanted,
        Some(old) => old.completed_at.filter(|_| old.status == status),
    };
    Some(known.unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_000;

    fn state(status: Status) -> State {
        let held = status.is_held();
        State {
            status,
            agent: (status != Status::Pending).then(|| "old".to_owned()),
            attempts: 1,
            max_attempts: 3,
            scheduled_at: None,
            lease: held.then_some(500),
            started_at: (status == Status::Running).then_some(10),
            completed_at: (status == Status::Completed).then_some(20),
        }
    }

    fn moved(old: &State, change: impl FnOnce(&mut State)) -> State {
        let mut wanted = old.clone();
        change(&mut wanted);
        keep(Some(old), wanted, NOW, || "actor".to_owned()).unwrap()
    }

    #[test]
    fn a_claim_is_an_attempt() {
        let claimed = moved(&state(Status::Pending), |task| {
            task.status = Status::Assigned;
            task.agent = Some("a".to_owned());
            task.lease = Some(9);
        });
        assert_eq!((claimed.attempts, claimed.lease), (2, Some(9)));
        let started = moved(&claimed, |task| task.status = Status::Running);
        assert_eq!((started.attempts, started.started_at), (2, Some(NOW)));
        let handed = moved(&started, |task| task.agent = Some("b".to_owned()));
        assert_eq!((handed.attempts, handed.started_at), (3, Some(NOW)));
    }

    #[test]
    fn a_holder_is_always_named() {
        for status in [Status::Running, Status::Completed] {
            let named = moved(&state(Status::Pending), |task| task.status = status);
            assert_eq!(named.agent.as_deref(), Some("actor"));
        }
        let failed = moved(&state(Status::Pending), |task| task.status = Status::Failed);
        assert_eq!(failed.agent, None);
    }

    #[test]
    fn what_is_finished_keeps_its_record() {
        let done = moved(&state(Status::Running), |task| {
            task.status = Status::Completed;
            task.agent = None;
            task.completed_at = Some(1);
            task.attempts = 0;
        });
        assert_eq!(done.agent.as_deref(), Some("old"));
        assert_eq!(
            (
                done.attempts,
                done.lease,
                done.started_at,
                done.completed_at
            ),
            (1, None, Some(10), Some(NOW))
        );
        let edited = moved(&done, |task| {
            task.agent = Some("forged".to_owned());
            task.completed_at = None;
        });
        assert_eq!(edited, done);
    }

    #[test]
    fn reopening_grants_an_attempt() {
        let mut failed = state(Status::Failed);
        failed.attempts = 3;
        let open = moved(&failed, |task| {
            task.status = Status::Pending;
            task.attempts = 0;
        });
        assert_eq!((open.attempts, open.max_attempts), (3, 4));
        assert_eq!((open.agent, open.started_at), (None, None));
    }

    #[test]
    fn what_is_given_back_was_no_attempt() {
        let mut held = state(Status::Running);
        held.lease = Some(NOW + 1);
        let back = moved(&held, |task| task.status = Status::Pending);
        assert_eq!((back.attempts, back.max_attempts), (1, 4));
        let failed = moved(&held, |task| {
            task.status = Status::Pending;
            task.scheduled_at = Some(NOW + 1);
        });
        assert_eq!((failed.attempts, failed.max_attempts), (1, 3));
        held.lease = Some(NOW);
        let expired = moved(&held, |task| task.status = Status::Pending);
        assert_eq!((expired.attempts, expired.max_attempts), (1, 3));
    }

    #[test]
    fn an_import_keeps_its_times() {
        let mut done = state(Status::Completed);
        done.started_at = Some(5);
        let kept = keep(None, done.clone(), NOW, String::new).unwrap();
        assert_eq!(kept, done);
        done.completed_at = None;
        let kept = keep(None, done, NOW, String::new).unwrap();
        assert_eq!(kept.completed_at, Some(NOW));
    }

    fn any_state() -> impl Strategy<Value = State> {
        (
            proptest::sample::select(Status::ALL.to_vec()),
            proptest::option::of("[ab]"),
            any::<i32>(),
            any::<i32>(),
            any::<[Option<i64>; 4]>(),
        )
            .prop_map(
                |(
                    status,
                    agent,
                    attempts,
                    max_attempts,
                    [scheduled_at, lease, started_at, completed_at],
                )| State {
                    status,
                    agent,
                    attempts,
                    max_attempts,
                    scheduled_at,
                    lease,
                    started_at,
                    completed_at,
                },
            )
    }

    proptest! {
        #[test]
        fn whatever_is_asked_the_state_is_possible(first in any_state(), then in proptest::collection::vec(any_state(), 0..6)) {
            let mut task = keep(None, first, NOW, || "x".to_owned()).unwrap();
            for wanted in then {
                let (from, to) = (task.status, wanted.status);
                match keep(Some(&task), wanted, NOW, || "x".to_owned()) {
                    Err(refused) => prop_assert_eq!((refused.from, refused.to), (from, to)),
                    Ok(kept) => {
                        prop_assert!(from == to || can_move(from, to));
                        prop_assert!(kept.attempts >= task.attempts);
                        task = kept;
                    }
                }
                let held = task.status.is_held();
                prop_assert!(task.attempts >= 0 && task.attempts <= task.max_attempts);
                prop_assert!(!held || task.agent.is_some() && task.attempts > 0);
                prop_assert!(held || task.lease.is_none());
                prop_assert!(task.status == Status::Pending || task.scheduled_at.is_none());
                prop_assert_eq!(held || task.status == Status::Pending, task.completed_at.is_none());
                prop_assert!(task.status != Status::Running || task.started_at.is_some());
                if task.status == Status::Pending {
                    prop_assert!(task.agent.is_none() && task.started_at.is_none());
                    prop_assert!(task.attempts < task.max_attempts || task.attempts == i32::MAX);
                }
            }
        }
    }
}
