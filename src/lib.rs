//! phasegate: a phase-gated ticket workflow inside PostgreSQL.
//!
//! The rules are plain Rust without a database in them; [`pg`] is the bridge to the server and the only
//! place with `unsafe`; everything between reads and writes rows and applies the rules.

#![deny(unsafe_code)]

pub mod by_index;
pub mod changes;
#[cfg(feature = "postgres")]
pub mod clock;
pub mod context;
pub mod definitions;
pub mod error;
pub mod interrupt;
pub mod json;
pub mod labels;
pub mod limits;
#[cfg(feature = "postgres")]
pub mod notice;
#[cfg(feature = "postgres")]
#[allow(unsafe_code)]
pub mod pg;
pub mod phase;
pub mod placeholders;
#[cfg(feature = "postgres")]
pub mod privileges;
pub mod problems;
pub mod search_path;
pub mod server_errors;
#[cfg(feature = "postgres")]
pub mod settings;
pub mod stamp;
#[cfg(feature = "postgres")]
mod symbols;
pub mod tasks;
pub mod ticket_names;
pub mod transaction_ends;
pub mod workflow;
#[cfg(feature = "postgres")]
pub mod workspace;
/// The rules of workspaces that need no server: tested here, used there.
#[cfg(all(test, not(feature = "postgres")))]
#[allow(dead_code)]
mod workspace {
    mod kind;
    mod structure;
}

pub mod gates;
pub mod identity;

#[cfg(feature = "postgres")]
mod extension {
    //! What PostgreSQL asks of a loadable library.

    use crate::changes;
    use crate::context::scout;
    use crate::interrupt;
    use crate::pg;
    use crate::settings;
    use crate::tasks::unsettled;
    use crate::transaction_ends::{self, Hooks};
    use crate::workflow::{moves, write};
    use crate::workspace::{buried, citus};

    pgrx::pg_module_magic!(name, version);

    #[allow(non_snake_case, missing_docs)]
    #[pgrx::pg_guard]
    pub extern "C-unwind" fn _PG_init() {
        // Where RUST_BACKTRACE is set in the server's environment, pgrx's panic hook captures a backtrace for every server error
        // that passes through Rust, at some cost, and appends it to the DETAIL that the client sees.
        std::panic::set_hook(Box::new(|_| {}));
        interrupt::on_check(pg::error::stop_if_asked);
        settings::define();
        pg::settings::reserve();
        if pg::server::is_preloading() {
            // Loaded once in the server's first process, the vocabulary is shared with all sessions by fork.
            settings::encoding().load();
        }
        pg::cache::register();
        pg::transaction::register();
        transaction_ends::on_ends(Hooks {
            ending: || {
                write::refuse_left()?;
                unsettled::refuse_left()
            },
            ended: || {
                moves::forget_all();
                scout::forget();
                unsettled::forget_all();
                changes::transaction_ended();
                buried::forget_all();
                citus::let_go();
            },
            subtransaction_aborted: |subtransaction| {
                moves::forget_since(subtransaction);
                scout::forget();
                buried::forget_since(subtransaction);
                unsettled::forget_since(subtransaction);
            },
            rolled_back: || {
                changes::rolled_back();
                citus::let_go();
            },
        });
    }
}
