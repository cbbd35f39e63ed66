//! Which words of the command line are those of `--command`.

use clap::CommandFactory;
use std::collections::HashSet;
use std::ffi::OsString;

/// The arguments of the program with those of `--command` last, so that options of `phasegate work` may follow them. What
/// stands after `--` is the command's.
pub fn arranged(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut before: Vec<OsString> = arguments.into_iter().collect();
    let is_work = before
        .iter()
        .take_while(|word| *word != "--command")
        .any(|word| word == "work");
    let Some(at) = before
        .iter()
        .position(|word| word == "--command")
        .filter(|_| is_work)
    else {
        return before;
    };
    let mut command = before.split_off(at);
    let own = own_options();
    // The program's name is never an option.
    let end = command
        .iter()
        .skip(2)
        .position(|word| word == "--" || is_own(word, &own))
        .map(|place| place + 2);
    let end = end
        .filter(|end| command.get(*end).is_some_and(|word| word != "--"))
        .unwrap_or(command.len());
    let after = command.split_off(end);
    before.extend(after);
    before.extend(command);
    before
}

fn is_own(word: &OsString, own: &HashSet<String>) -> bool {
    let word = word.to_string_lossy();
    let name = word.split_once('=').map_or(&*word, |(name, _)| name);
    own.contains(name)
}

fn own_options() -> HashSet<String> {
    let program = crate::Cli::command();
    let work = program.find_subcommand("work");
    let arguments = program
        .get_arguments()
        .chain(work.into_iter().flat_map(clap::Command::get_arguments));
    arguments
        .filter_map(clap::Arg::get_long)
        .map(|name| format!("--{name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arranged(words: &str) -> String {
        let words = super::arranged(words.split(' ').map(OsString::from));
        words
            .iter()
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn own_options_may_follow_a_command() {
        assert_eq!(
            arranged("phasegate work --command sh -c true --once --timeout 3s"),
            "phasegate work --once --timeout 3s --command sh -c true"
        );
        assert_eq!(
            arranged("phasegate work --once --command ls -l --all"),
            "phasegate work --once --command ls -l --all"
        );
        assert_eq!(
            arranged("phasegate work --command a --lease=1s"),
            "phasegate work --lease=1s --command a"
        );
        assert_eq!(
            arranged("phasegate call f --command x --once"),
            "phasegate call f --command x --once"
        );
        assert_eq!(
            arranged("phasegate work --command a -- --once"),
            "phasegate work --command a -- --once"
        );
    }
}
