//! phasegate: a phase-gated ticket workflow inside PostgreSQL.

pub mod context;

#[cfg(feature = "postgres")]
pgrx::pg_module_magic!(name, version);
