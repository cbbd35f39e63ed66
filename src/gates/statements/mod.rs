//! The statements of the gates room, named and together.

/// The phases outside the sequence.
macro_rules! outside {
    () => {
        "SELECT p.phase_id FROM {ws}.phases p WHERE p.kind OPERATOR(pg_catalog.=) ANY ('{blocked,abandoned}')"
    };
}

/// The moment that an approval of phase $2 of ticket $1 must not be older than: when its newest artifact
/// came, rework was completed, or the last regression went through the phase.
macro_rules! review_counts_since {
    () => {
        concat!("(SELECT pg_catalog.max(m.at) FROM (
              SELECT a.collected_at AS at
                FROM {ws}.phase_gate_artifacts a
               WHERE a.ticket_id OPERATOR(pg_catalog.=) $1 AND a.phase_id OPERATOR(pg_catalog.=) $2
               UNION ALL
              SELECT w.completed_at
                FROM {ws}.tasks w
               WHERE w.ticket_id OPERATOR(pg_catalog.=) $1 AND w.phase_id OPERATOR(pg_catalog.=) $2
                 AND w.kind OPERATOR(pg_catalog.=) 'work' AND w.task_type::pg_catalog.text OPERATOR(pg_catalog.=) 'rework'
                 AND w.status OPERATOR(pg_catalog.=) 'completed'
               UNION ALL
              SELECT h.created_at
                FROM (SELECT r.created_at, r.to_phase,
                             CASE WHEN r.from_phase OPERATOR(pg_catalog.=) ANY (ARRAY(", outside!(), "))
                                  THEN pg_catalog.lag(r.from_phase) OVER (ORDER BY r.created_at, r.id)
                                  ELSE r.from_phase END AS left_phase
                        FROM {ws}.phase_history r WHERE r.ticket_id OPERATOR(pg_catalog.=) $1) h
               WHERE h.to_phase OPERATOR(pg_catalog.<) h.left_phase
                 AND h.to_phase OPERATOR(pg_catalog.<>) ALL (ARRAY(", outside!(), "))
                 AND $2 OPERATOR(pg_catalog.>=) h.to_phase AND $2 OPERATOR(pg_catalog.<=) h.left_phase) m)")
    };
}

mod evidence;
mod reviews;

pub use evidence::*;
pub use reviews::*;
