//! Trying what an application's tables evaluate, of which nothing may be left.

use crate::error::{Code, Error};
use crate::pg::apart::apart;
use crate::pg::error::Result;

/// What ends the work, so that it is taken back; nobody sees it.
const TAKEN_BACK: &str = "taken back";

/// Does it, and takes back what it wrote, whatever becomes of it; gives the message of an error that ended it.
pub(super) fn tried<T>(work: impl FnOnce() -> Result<T>) -> std::result::Result<T, String> {
    let mut done = None;
    let ended = apart::<()>(|| {
        done = Some(work()?);
        Err(Error::new(Code::Internal, TAKEN_BACK))
    });
    done.ok_or_else(|| ended.err().unwrap_or_default())
}
