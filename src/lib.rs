//! phasegate: a phase-gated ticket workflow inside PostgreSQL.
//!
//! The rules are plain Rust without a database in them; [`pg`] is the bridge to the server and the only
//! place with `unsafe`; everything between reads and writes rows and applies the rules.

#![deny(unsafe_code)]

pub mod context;
pub mod error;
pub mod interrupt;
pub mod json;
#[cfg(feature = "postgres")]
#[allow(unsafe_code)]
pub mod pg;
pub mod phase;
pub mod stamp;
#[cfg(feature = "postgres")]
mod symbols;
pub mod tasks;
pub mod workflow;
#[cfg(feature = "postgres")]
pub mod workspace;

pub mod gates;

#[cfg(feature = "postgres")]
mod extension {
    //! What PostgreSQL asks of a loadable library, and the SQL that CREATE EXTENSION runs.

    use crate::context::scout;
    use crate::interrupt;
    use crate::pg;
    use crate::tasks::unsettled;
    use crate::workflow::{decide, moves};

    pgrx::pg_module_magic!(name, version);

    #[allow(non_snake_case, unsafe_code, missing_docs)]
    #[pgrx::pg_guard]
    pub extern "C-unwind" fn _PG_init() {
        pg::error::hide_backtraces();
        interrupt::on_check(pg::error::stop_if_asked);
        pg::settings::define();
        if pg::settings::preloading() {
            // Loaded once in the server's first process, the vocabulary is shared with all sessions by fork.
            pg::settings::encoding().load();
        }
        pg::cache::register();
        pg::idle::register(&decide::IDLER);
        pg::executor::register();
        pg::transaction::register(pg::transaction::Hooks {
            ended: || {
                moves::forget_all();
                scout::forget();
                unsettled::forget_all();
                pg::cache::transaction_ended();
                pg::kept::transaction_ended();
            },
            subtransaction_aborted: |subtransaction| {
                moves::forget_since(subtransaction);
                scout::forget();
                unsettled::forget_since(subtransaction);
            },
            rolled_back: pg::cache::rolled_back,
        });
    }

    // Types first, so that functions can be in any order; an update runs the functions' files again.
    pgrx::extension_sql_file!("../sql/workflow/types.sql", name = "workflow_types");
    pgrx::extension_sql_file!(
        "../sql/tasks/types.sql",
        name = "tasks_types",
        requires = ["workflow_types"]
    );
    pgrx::extension_sql_file!(
        "../sql/gates/types.sql",
        name = "gates_types",
        requires = ["tasks_types"]
    );
    pgrx::extension_sql_file!(
        "../sql/triggers/functions.sql",
        name = "triggers",
        requires = ["gates_types"]
    );
    pgrx::extension_sql_file!(
        "../sql/workspace/functions.sql",
        name = "workspace",
        requires = ["triggers"]
    );
    pgrx::extension_sql_file!(
        "../sql/workflow/functions.sql",
        name = "workflow",
        requires = ["workspace"]
    );
    pgrx::extension_sql_file!(
        "../sql/tasks/functions.sql",
        name = "tasks",
        requires = ["workflow"]
    );
    pgrx::extension_sql_file!(
        "../sql/gates/functions.sql",
        name = "gates",
        requires = ["tasks"]
    );
    pgrx::extension_sql_file!(
        "../sql/context/functions.sql",
        name = "context",
        requires = ["gates"]
    );
    pgrx::extension_sql_file!(
        "../sql/workspace/grants.sql",
        name = "grants",
        requires = ["context"]
    );
}
