//! The tasks room: templates, generation and the queue. This file is only the room's list.

pub mod backoff;
pub mod capabilities;
pub mod contract;
pub mod dependencies;
pub mod priority;
pub mod result;
pub mod status;
pub mod template;
pub mod verdict;

mod words;
