//! A task's status, and the moves between statuses that are legal, whoever makes them.

use std::fmt;

/// Where a task is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Status {
    /// `pending`: nobody has it. Where a task starts.
    #[default]
    Pending,
    /// `assigned`: an agent has claimed it.
    Assigned,
    /// `running`: the agent has started.
    Running,
    /// `completed`: done. Final.
    Completed,
    /// `failed`: no attempt is left, or a retry was not wanted. It can be put back.
    Failed,
    /// `cancelled`: not wanted any more. Final.
    Cancelled,
}

impl Status {
    /// Every status, in the order of a task's life.
    pub const ALL: [Status; 6] = [
        Status::Pending,
        Status::Assigned,
        Status::Running,
        Status::Completed,
        Status::Failed,
        Status::Cancelled,
    ];

    /// The name as the column holds it.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Assigned => "assigned",
            Status::Running => "running",
            Status::Completed => "completed",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }

    /// The status of exactly that name.
    pub fn from_name(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|s| s.name() == name)
    }

    /// The statuses that a task in this one may move to.
    pub const fn moves(self) -> &'static [Status] {
        match self {
            Status::Pending => &[
                Status::Assigned,
                Status::Running,
                Status::Completed,
                Status::Failed,
                Status::Cancelled,
            ],
            Status::Assigned => &[
                Status::Running,
                Status::Completed,
                Status::Failed,
                Status::Pending,
                Status::Cancelled,
            ],
            Status::Running => &[
                Status::Completed,
                Status::Failed,
                Status::Pending,
                Status::Cancelled,
            ],
            Status::Failed => &[Status::Pending, Status::Cancelled],
            Status::Completed | Status::Cancelled => &[],
        }
    }

    /// Whether the task still has work ahead of it: pending, assigned or running.
    pub const fn is_open(self) -> bool {
        matches!(self, Status::Pending | Status::Assigned | Status::Running)
    }

    /// Whether an agent holds the task: assigned or running.
    pub const fn is_held(self) -> bool {
        matches!(self, Status::Assigned | Status::Running)
    }

    /// Whether the task can never move again: completed or cancelled.
    pub const fn is_final(self) -> bool {
        self.moves().is_empty()
    }
}

/// Whether a task may move from one status to another. Staying where it is is no move, so it is
/// false for two equal statuses: a caller asks only when the status changes.
pub fn can_move(from: Status, to: Status) -> bool {
    from.moves().contains(&to)
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The legal moves, row by row: from, then whether each status in the order of `ALL` can follow.
    const TABLE: [(&str, [u8; 6]); 6] = [
        ("pending", [0, 1, 1, 1, 1, 1]),
        ("assigned", [1, 0, 1, 1, 1, 1]),
        ("running", [1, 0, 0, 1, 1, 1]),
        ("completed", [0, 0, 0, 0, 0, 0]),
        ("failed", [1, 0, 0, 0, 0, 1]),
        ("cancelled", [0, 0, 0, 0, 0, 0]),
    ];

    #[test]
    fn all_thirty_six_moves() {
        for (from, row) in TABLE {
            let from = Status::from_name(from).unwrap();
            for (to, legal) in Status::ALL.into_iter().zip(row) {
                assert_eq!(can_move(from, to), legal == 1, "{from} -> {to}");
            }
        }
    }

    #[test]
    fn names_and_predicates() {
        for status in Status::ALL {
            assert_eq!(Status::from_name(status.name()), Some(status));
        }
        for other in ["", "Pending", "done", "pending "] {
            assert_eq!(Status::from_name(other), None);
        }
        let named = |test: fn(Status) -> bool| {
            let kept = Status::ALL.into_iter().filter(|s| test(*s));
            kept.map(Status::name).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(named(Status::is_open), "pending assigned running");
        assert_eq!(named(Status::is_held), "assigned running");
        assert_eq!(named(Status::is_final), "completed cancelled");
    }
}
