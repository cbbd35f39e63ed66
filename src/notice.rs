//! What a client is told besides results and errors.

/// Tells the client something by the way.
pub fn notice(message: impl Into<String>) {
    pgrx::notice!("{}", message.into());
}
