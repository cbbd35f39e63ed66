//! The stamp on a workspace: which shape it has, and which code can work with it.
//!
//! The shape is a workspace's tables, indexes, triggers and views; shapes are numbered. The stamp stands in the arguments
//! of the decision trigger, `_tickets_decide(needs, shape)`, so that it is dumped and restored with what it describes.
//!
//! Code and workspaces change at different times. A library is installed before `ALTER EXTENSION ... UPDATE` and
//! `upgrade_workspace` run, and sessions that are open keep the old one. So code works with a range of shapes, and a
//! workspace says from which code on it can be used.

/// The shape that this code makes. `upgrade_workspace` has a step to each shape beyond [`FIRST`].
pub const SHAPE: i32 = 3;

/// The oldest shape that can be upgraded to [`SHAPE`]: that of version 0.2.0.
pub const FIRST: i32 = 2;

/// The oldest shape that this code works with. To be raised with a change of the code that cannot do with less.
pub const OLDEST: i32 = 3;

/// The shape of the oldest code that works with workspaces of [`SHAPE`]. To be raised with a step after which older
/// code would do something wrong: the sessions that have it loaded then get an error.
pub const NEEDS: i32 = 3;

const _: () = assert!(FIRST < SHAPE && OLDEST <= SHAPE && NEEDS <= SHAPE);

/// What stands on a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// The shape of the oldest code that can work with it.
    pub needs: i32,
    /// The workspace's shape.
    pub shape: i32,
}

/// How a workspace and this code go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The code cannot work with it before it is upgraded.
    TooOld,
    /// The code works with it; an upgrade would change something.
    Behind,
    /// It is what the code makes.
    Current,
    /// A later version made it, and left it usable for this code.
    Ahead,
    /// A later version made it what this code cannot work with.
    TooNew,
}

impl Stamp {
    /// Reads a trigger's arguments. What is no number stands for a shape that no code works with.
    pub fn read(needs: &str, shape: &str) -> Self {
        let number = |text: &str| text.parse().unwrap_or(0);
        let needs = number(needs);
        Stamp {
            needs,
            shape: if shape.is_empty() {
                needs
            } else {
                number(shape)
            },
        }
    }

    /// How this code goes together with a workspace of this stamp.
    pub fn fit(self) -> Fit {
        self.fit_with(OLDEST, SHAPE)
    }

    /// How code goes together with it that makes `newest` and works with `oldest` and all shapes in between.
    fn fit_with(self, oldest: i32, newest: i32) -> Fit {
        if self.needs > newest {
            Fit::TooNew
        } else if self.shape < oldest {
            Fit::TooOld
        } else if self.shape < newest {
            Fit::Behind
        } else if self.shape == newest {
            Fit::Current
        } else {
            Fit::Ahead
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_argument_is_both_numbers() {
        assert_eq!(Stamp::read("1", ""), Stamp { needs: 1, shape: 1 });
        assert_eq!(Stamp::read("1", "2"), Stamp { needs: 1, shape: 2 });
    }

    #[test]
    fn what_is_no_number_is_too_old_and_can_be_upgraded() {
        for (needs, shape) in [("", ""), ("one", ""), ("1", "two"), ("-1", "1 ")] {
            assert_eq!(Stamp::read(needs, shape).fit(), Fit::TooOld);
        }
    }

    #[test]
    fn code_works_from_its_oldest_shape_to_whatever_does_not_need_newer_code() {
        let fits = |needs, shape| Stamp { needs, shape }.fit_with(3, 5);
        assert_eq!(fits(1, 2), Fit::TooOld);
        assert_eq!(fits(1, 3), Fit::Behind);
        assert_eq!(fits(4, 4), Fit::Behind);
        assert_eq!(fits(5, 5), Fit::Current);
        assert_eq!(fits(5, 7), Fit::Ahead);
        assert_eq!(fits(6, 7), Fit::TooNew);
    }

    #[test]
    fn a_fresh_workspace_is_current() {
        let fresh = Stamp {
            needs: NEEDS,
            shape: SHAPE,
        };
        assert_eq!(fresh.fit(), Fit::Current);
    }
}
