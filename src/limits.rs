//! How large texts and documents may be, in one place.
//!
//! Whatever one role writes others read: a claim hands over what the last attempt failed of, a move merges what agents
//! handed in. So a value without a limit stops everybody, and each has one, in bytes, whoever writes it. A task's result
//! and an artifact's content have the setting `phasegate.max_result_bytes`.

use crate::error::{Code, Error};
use std::borrow::Cow;

/// Names: of agents, actors, types, keys. Those of columns with a length, in bytes: 255 characters of four.
pub const NAME: usize = 1020;

/// A label of an enum, as the server has it.
pub const ENUM_LABEL: usize = 63;

/// Where an artifact lies: the longest path that Linux takes, twice the longest address that browsers do.
pub const PATH: usize = 4096;

/// What people or programs say in passing: why an attempt failed, a stack trace included, or why a ticket was moved.
pub const MESSAGE: usize = 64 * 1024;

/// What is configured in words: a template, the capabilities and dependencies of a task.
pub const CONFIGURED: usize = 64 * 1024;

/// Prose and other documents: descriptions, summaries, criteria, the artifacts given with a move.
pub const DOCUMENT: usize = 1024 * 1024;

/// The block of one phase: a result at its limit, and what stands around it.
pub const BLOCK: usize = 1088 * 1024;

/// A ticket's context: the blocks of its phases. Half of what is read of one document, so that it can always be read.
pub const CONTEXT: usize = 4 * 1024 * 1024;

/// The most of one text or document that is read into Rust's memory, where one of many small values grows thirtyfold and an
/// allocation that fails would end the server: within this it stays below what any server has to spare.
pub const READ: usize = 8 * 1024 * 1024;

/// The same of an array of ids, four million of them, which take as much again when they are read.
pub const READ_IDS: usize = 64 * 1024 * 1024;

/// The results that are read to be merged. A document of many small values takes thirty times as much memory as text.
pub const MERGED: usize = 4 * 1024 * 1024;

/// The artifacts' contents that one check of a gate reads.
pub const CHECKED: usize = 16 * 1024 * 1024;

/// What a reviewer is shown beside the context: the contents, results and descriptions that fit.
pub const BRIEF: usize = 4 * 1024 * 1024;

/// The descriptions that templates make for one ticket, and for as many tickets as are written at once.
pub const GENERATED: usize = 16 * 1024 * 1024;

/// Agents that are kept of those that held a task. Where as many did, everybody counts as having taken part.
pub const AGENTS: usize = 1000;

/// The beginning of a text that is longer than it may be, and a mark that says so, at most `most` bytes together.
pub fn cut(text: &str, most: usize) -> Cow<'_, str> {
    cut_of(text, text.len(), most)
}

/// As [`cut`], of a text of so many bytes of which only the beginning was read.
pub fn cut_of(beginning: &str, size: usize, most: usize) -> Cow<'_, str> {
    if size <= most {
        return Cow::Borrowed(beginning);
    }
    let mark = format!("… (cut, of {size} bytes)");
    let room = beginning.floor_char_boundary(most.saturating_sub(mark.len()));
    Cow::Owned(format!(
        "{}{mark}",
        beginning.get(..room).unwrap_or_default()
    ))
}

/// Refuses to read what is larger than the most that is.
pub fn require_read(size: usize, limit: usize, what: &str) -> Result<(), Error> {
    match size > limit {
        true => Err(Error::too_large(what, size, "the most that is read", limit)),
        false => Ok(()),
    }
}

/// A copy of text of the server's, or its own error where there is no memory for one: an allocation that fails would end it.
pub fn copied(bytes: &[u8]) -> Result<String, Error> {
    let mut copy = Vec::new();
    if copy.try_reserve_exact(bytes.len()).is_err() {
        let detail = format!("Failed on a request of {} bytes.", bytes.len());
        return Err(Error::new(Code::OutOfMemory, "out of memory").detail(detail));
    }
    copy.extend_from_slice(bytes);
    Ok(String::from_utf8(copy)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Which of these sizes fit together: the smallest first, so that whoever hands in much takes nothing from others.
pub fn which_fit(sizes: &[usize], most: usize) -> Vec<bool> {
    let mut fit = vec![true; sizes.len()];
    let sum = sizes
        .iter()
        .fold(0, |sum: usize, size| sum.saturating_add(*size));
    if sum <= most {
        return fit;
    }
    let mut order: Vec<(usize, &mut bool)> = sizes.iter().copied().zip(&mut fit).collect();
    order.sort_by_key(|(size, _)| *size);
    let mut room = most;
    for (size, fits) in order {
        match room.checked_sub(size) {
            Some(left) => room = left,
            None => *fits = false,
        }
    }
    fit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_says_so() {
        assert_eq!(cut("short", 5), "short");
        let long = "ü".repeat(1000);
        let shown = cut(&long, 101);
        assert!(
            shown.len() <= 101 && shown.ends_with("ü… (cut, of 2000 bytes)"),
            "{shown}"
        );
        assert!(cut(&long, 3).starts_with('…'));
    }

    #[test]
    fn what_is_too_large_is_not_read() {
        assert_eq!(require_read(5, 5, "a text"), Ok(()));
        let error = require_read(6, 5, "a text").unwrap_err();
        assert_eq!(error.code, Code::ValueTooLarge);
    }

    #[test]
    fn bytes_that_are_no_text_are_copied_as_far_as_they_are() {
        assert_eq!(copied("größe".as_bytes()).as_deref(), Ok("größe"));
        assert_eq!(copied(b"a\xc3").as_deref(), Ok("a\u{fffd}"));
    }

    #[test]
    fn the_smallest_fit_first() {
        assert_eq!(which_fit(&[], 0), [] as [bool; 0]);
        assert_eq!(which_fit(&[5, 1, 4], 10), [true, true, true]);
        assert_eq!(which_fit(&[8, 1, 4], 10), [false, true, true]);
        assert_eq!(
            which_fit(&[usize::MAX, usize::MAX, 3], 10),
            [false, false, true]
        );
    }
}
