//! What the server's own errors mean to us, told by their SQLSTATEs and, where that says too little, by their words.

use crate::error::{Code, Error};

/// A SQLSTATE as the server keeps it: six bits a character.
pub fn sqlstate(text: &str) -> i32 {
    text.bytes().rev().fold(0, |state, character| {
        (state << 6) + i32::from(character.wrapping_sub(b'0') & 0x3f)
    })
}

/// The first two characters.
fn class(code: i32) -> i32 {
    code & 0xfff
}

/// Whether this is a notice or a warning, which are of the classes 00 to 02.
pub fn is_notice(code: i32) -> bool {
    ["00000", "01000", "02000"]
        .map(sqlstate)
        .contains(&class(code))
}

/// Whether an error is about the transaction or the session as a whole: a serialization failure, a deadlock, a cancelled query,
/// no memory, a stack that is used up.
pub fn is_of_all(code: i32) -> bool {
    let classes = ["40000", "53000", "57000", "58000"];
    classes.map(sqlstate).contains(&class(code)) || code == sqlstate("54001")
}

/// What is said where another transaction has changed or dropped meanwhile what was to be changed; nothing of another error. The
/// server has no locks on privileges, views or schemas: its error is an internal one, in words that it does not translate.
pub fn of_change(code: i32, message: &str) -> Option<Error> {
    let words = [
        "tuple concurrently ",
        "cache lookup failed for ",
        "could not open relation with OID ",
    ];
    let is_of_change =
        code == sqlstate("XX000") && words.iter().any(|word| message.starts_with(word));
    is_of_change.then(|| {
        let said = "what was to be changed was changed meanwhile";
        Error::new(Code::WorkspaceChanged, said)
            .detail(format!("The server says: {message}."))
            .hint("Try the statement again.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_packed_as_the_server_does() {
        // ERRCODE_UNIQUE_VIOLATION, ERRCODE_INTERNAL_ERROR
        assert_eq!(sqlstate("23505"), 83_906_754);
        assert_eq!(sqlstate("XX000"), 2600);
    }

    #[test]
    fn notices_are_no_errors() {
        for notice in ["00000", "01000", "01P01", "02000"] {
            assert!(is_notice(sqlstate(notice)), "{notice}");
        }
        for error in ["03000", "0A000", "10000", "20000", "23505", "XX000"] {
            assert!(!is_notice(sqlstate(error)), "{error}");
        }
    }

    #[test]
    fn errors_of_the_whole_transaction_are_told_from_those_of_the_work() {
        for code in [
            "40002", "40P01", "53200", "57014", "57P01", "58030", "54001",
        ] {
            assert!(is_of_all(sqlstate(code)), "{code}");
        }
        for code in ["23505", "22012", "54000", "55000", "P0001", "XX000"] {
            assert!(!is_of_all(sqlstate(code)), "{code}");
        }
    }

    #[test]
    fn changes_by_others_are_told_by_their_words() {
        let of = |state, message| of_change(sqlstate(state), message).map(|error| error.code);
        for message in [
            "tuple concurrently updated",
            "cache lookup failed for relation 7",
            "could not open relation with OID 7",
        ] {
            assert_eq!(of("XX000", message), Some(Code::WorkspaceChanged));
            assert_eq!(of("42P01", message), None);
        }
        assert_eq!(of("XX000", "unexpected chunk number"), None);
    }
}
