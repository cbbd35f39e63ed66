//! phasegate: a phase-gated ticket workflow inside PostgreSQL.

pub mod gates;

#[cfg(feature = "postgres")]
pgrx::pg_module_magic!(name, version);
