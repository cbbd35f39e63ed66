//! The priorities of tickets and tasks, and their order.

use std::fmt;

/// How urgent a task is. Ordered: `Critical` is the greatest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// `LOW`.
    Low,
    /// `MEDIUM`, the default.
    #[default]
    Medium,
    /// `HIGH`.
    High,
    /// `CRITICAL`.
    Critical,
}

impl Priority {
    /// Every priority, lowest first.
    pub const ALL: [Priority; 4] = [
        Priority::Low,
        Priority::Medium,
        Priority::High,
        Priority::Critical,
    ];

    /// The name as the column holds it.
    pub const fn name(self) -> &'static str {
        match self {
            Priority::Low => "LOW",
            Priority::Medium => "MEDIUM",
            Priority::High => "HIGH",
            Priority::Critical => "CRITICAL",
        }
    }

    /// The priority of exactly that name.
    pub fn from_name(name: &str) -> Option<Priority> {
        Priority::ALL.into_iter().find(|p| p.name() == name)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_order() {
        assert_eq!(
            Priority::ALL.map(Priority::name),
            ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
        );
        assert!(Priority::ALL.is_sorted());
        assert!(Priority::Critical > Priority::High && Priority::Low < Priority::default());
        for priority in Priority::ALL {
            assert_eq!(Priority::from_name(priority.name()), Some(priority));
        }
        for other in ["", "low", "URGENT", " LOW"] {
            assert_eq!(Priority::from_name(other), None);
        }
    }
}
