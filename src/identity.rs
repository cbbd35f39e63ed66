//! In whose name something is done: what callers say of themselves, and the setting `phasegate.agent`, by which a middle
//! tier says it for them.
//!
//! Where the setting says who it is no other name comes on record, whether a function is given it or a statement writes it.

use crate::error::{Code, Error};
use std::fmt::Display;

/// The name that goes on record: the one given, else that of a setting. Where `phasegate.agent` is set no other is taken, and
/// `phasegate.actor` may not say otherwise; `what` is the argument or column that the name stands in.
pub fn named(
    what: &str,
    given: Option<String>,
    agent: Option<String>,
    actor: Option<String>,
) -> Result<Option<String>, Error> {
    let Some(agent) = agent else {
        return Ok(given.or(actor));
    };
    for (what, name) in [("phasegate.actor", actor), (what, given)] {
        if let Some(name) = name.filter(|name| *name != agent) {
            return Err(other_name(what, &name, &agent));
        }
    }
    Ok(Some(agent))
}

/// Whether a letter shows nothing, or a blank that is not the space: a control character, one that Unicode's
/// `Default_Ignorable_Code_Point` or `White_Space` lists, or the blank of braille. Not the two joiners and the two selectors of text or picture, which words of some scripts and emoji need.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || letter.is_whitespace() && letter != ' '
        || matches!(
            letter,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0d}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// Refuses a name that reads like another and is not: names tell who worked on a phase and who reviews it.
///
/// Letters of other scripts that look alike, and other case, are names of their own, as they are to whoever logs people in.
pub fn require_readable(what: &str, name: &str) -> Result<(), Error> {
    if name.trim() == name && !name.chars().any(is_unseen) {
        return Ok(());
    }
    Err(Error::invalid_argument(
        format!("{what} has leading or trailing blanks, or invisible characters"),
        format!("It is {:?}.", shown(name)),
    )
    .column(what))
}

/// The refusal of a name that is not that of the setting.
fn other_name(what: &str, name: &str, agent: &str) -> Error {
    let error = Error::new(
        Code::OtherAgent,
        format!("{what} is not the agent of the session"),
    )
    .detail(format!(
        "It is \"{}\", and phasegate.agent is \"{}\".",
        shown(name),
        shown(agent)
    ))
    .hint("Leave the name out, or give that of the setting.");
    match what {
        "phasegate.actor" => error,
        column => error.column(column),
    }
}

/// The refusal to change a task that is another's.
pub fn other_task(task: impl Display, status: &str, holder: Option<&str>, agent: &str) -> Error {
    let holder = holder.map_or_else(
        || "nobody".to_owned(),
        |name| format!("\"{}\"", shown(name)),
    );
    Error::new(
        Code::OtherAgent,
        "task is not that of the agent of the session",
    )
    .detail(format!(
        "Task {task} is {status}, its agent is {holder}, and phasegate.agent is \"{}\".",
        shown(agent)
    ))
    .hint("Until its lease runs out only managers may change it.")
}

/// As much of a caller's own text as a message repeats.
fn shown(name: &str) -> String {
    name.chars().take(100).collect()
}

#[cfg(feature = "postgres")]
pub use session::{
    Speaking, acting_role, actor, actor_or, agent_or, db_role, require, require_collector,
    require_same, required, speaker,
};

#[cfg(feature = "postgres")]
mod session {
    use super::{named, require_readable};
    use crate::pg::error::Result;
    use crate::pg::role;
    use crate::settings;
    use std::cell::RefCell;

    thread_local! {
        /// The agents in whose names functions that are under way speak of tasks.
        static SPEAKING: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// The name of the role that the session was opened as, looked up each time: a role may be renamed.
    pub fn db_role() -> String {
        role::name(role::session())
    }

    /// The name of the role that acts, after SET ROLE and before any switch of ours to the owner's rights.
    pub fn acting_role() -> String {
        role::name(role::before_switch())
    }

    /// Who acts, for the record: the name given, else that of the settings, else the role that acts.
    pub fn actor_or(what: &str, given: Option<String>) -> Result<String> {
        let name = named(what, given, settings::agent(), settings::actor())?;
        Ok(name.unwrap_or_else(acting_role))
    }

    /// Who acts, where nobody is named.
    pub fn actor() -> Result<String> {
        actor_or("phasegate.actor", None)
    }

    /// The name given, which only `phasegate.agent` stands in for.
    pub fn agent_or(what: &str, given: Option<String>) -> Result<Option<String>> {
        let agent = match settings::agent() {
            None => given,
            agent => named(what, given, agent, settings::actor())?,
        };
        agent
            .iter()
            .try_for_each(|name| require_readable(what, name))?;
        Ok(agent)
    }

    /// The setting's name where it is set, for a statement of a caller's own that may write no other. What phasegate writes with
    /// the owner's rights names who was named before.
    pub fn required() -> Option<String> {
        settings::agent().filter(|_| !role::is_switched())
    }

    /// Refuses a name that is being written, if the setting says another.
    pub fn require(column: &str, name: &str) -> Result<()> {
        match required() {
            None => Ok(()),
            agent => named(column, Some(name.to_owned()), agent, settings::actor()).map(drop),
        }
    }

    /// Refuses a name of who collected evidence, in a result that is handed in.
    pub fn require_collector(name: &str) -> Result<()> {
        require_readable("collected_by", name)?;
        require("collected_by", name)
    }

    /// What a name that is being written is to be: as it is, or that of the setting, which may be the only one.
    pub fn require_same(column: &str, name: Option<String>) -> Result<Option<String>> {
        match required() {
            None => Ok(name),
            agent => named(column, name, agent, settings::actor()),
        }
    }

    /// Until dropped what is done to tasks is done in this agent's name.
    pub struct Speaking(());

    impl Speaking {
        /// From here on.
        pub fn of(agent: &str) -> Self {
            SPEAKING.with_borrow_mut(|speaking| speaking.push(agent.to_owned()));
            Speaking(())
        }
    }

    impl Drop for Speaking {
        fn drop(&mut self) {
            SPEAKING.with_borrow_mut(|speaking| speaking.pop());
        }
    }

    /// In whose name a task is changed: that of the function that does it, else whoever acts.
    pub fn speaker() -> Result<String> {
        match SPEAKING.with_borrow(|speaking| speaking.last().cloned()) {
            Some(agent) => Ok(agent),
            None => actor(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn names_are_as_they_are_read() {
        for name in [
            "ada",
            "Ada Lovelace",
            "ada@example.org",
            "Zoë",
            "\u{645}\u{6cc}\u{200c}\u{631}",
            "🤖\u{fe0f}",
            "",
        ] {
            assert_eq!(require_readable("agent_id", name), Ok(()), "{name:?}");
        }
        for name in [
            "ada ",
            " ada",
            "ada\n",
            "a\tda",
            "ada\u{a0}",
            " ",
            "a\u{200b}da",
            "ada\u{3164}",
            "a\u{34f}da",
            "ada\u{2800}",
            "ada\u{e0001}",
            "\u{202e}ada",
            "\u{feff}ada",
        ] {
            let error = require_readable("agent_id", name).unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument, "{name:?}");
        }
    }

    #[test]
    fn without_the_setting_the_name_given_counts() {
        assert_eq!(named("x", text("a"), None, text("b")), Ok(text("a")));
        assert_eq!(named("x", None, None, text("b")), Ok(text("b")));
        assert_eq!(named("x", None, None, None), Ok(None));
    }

    #[test]
    fn with_the_setting_no_other_name_is_taken() {
        for (given, actor) in [(None, None), (text("a"), None), (text("a"), text("a"))] {
            assert_eq!(named("x", given, text("a"), actor), Ok(text("a")));
        }
        for (given, actor, what) in [
            (text("b"), None, Some("x")),
            (text(""), None, Some("x")),
            (text("A"), None, Some("x")),
            (None, text("b"), None),
            (text("a"), text("b"), None),
        ] {
            let error = named("x", given, text("a"), actor).unwrap_err();
            assert_eq!(error.code, Code::OtherAgent);
            assert_eq!(error.place.column.as_deref(), what);
        }
    }
}
