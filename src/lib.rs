//! phasegate: a phase-gated ticket workflow inside PostgreSQL.

#[cfg(feature = "postgres")]
pgrx::pg_module_magic!(name, version);

pub mod tasks;
