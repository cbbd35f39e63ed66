//! Moves out of `phase_history`, in the order of (xid, id), up to the oldest transaction that is under way: a move that
//! was decided early and committed late is not missed, since nothing after it is given before it.

use crate::database::{Access, Session, Who, repeated};
use crate::error::Failure;
use crate::serve::App;
use crate::serve::events::position::Position;
use crate::serve::tickets_table::Tickets;
use axum::body::Bytes;
use tokio_postgres::Row;
use tokio_postgres::types::Type;
use uuid::Uuid;

/// A move, as it is sent.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its place.
    pub at: Position,
    /// The lines of the stream.
    pub text: Bytes,
}

/// Where the database is.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// The cluster's system identifier.
    pub cluster: i64,
    /// The oldest transaction that is under way.
    pub oldest: u64,
    /// The first that has not begun.
    pub next: u64,
    /// Whether what is visible depends on who asks.
    pub row_security: bool,
}

impl Now {
    /// Where somebody begins who has seen nothing yet.
    pub fn start(&self) -> Position {
        Position::before(self.cluster, self.oldest)
    }

    /// Whether a position is one of this cluster's past.
    pub fn knows(&self, position: &Position) -> bool {
        position.cluster == self.cluster && position.xid <= self.next
    }
}

/// Where the database is, for somebody who may read the history.
pub async fn now(app: &App, who: &Who) -> Result<Now, Failure> {
    repeated(Access::Read, || async {
        let session = app.database().begin(who, Access::Read).await?;
        let tickets = Tickets::find(&session).await?;
        let rows = session.last(&now_sql(&tickets), &[]).await?;
        read_now(rows.first().ok_or_else(|| Failure::usage("no row"))?)
    })
    .await
}

/// The subquery reads nothing, and asks for the rights to.
fn now_sql(tickets: &Tickets) -> String {
    let text = |name: &str| name.replace('\'', "''");
    format!(
        "SELECT c.system_identifier, pg_catalog.pg_snapshot_xmin(s.snapshot)::pg_catalog.text,
                pg_catalog.pg_snapshot_xmax(s.snapshot)::pg_catalog.text,
                pg_catalog.row_security_active('{history}'::pg_catalog.text)
                  OR pg_catalog.row_security_active('{named}'::pg_catalog.text),
                (SELECT pg_catalog.count(*) FROM (SELECT FROM {schema}.phase_history AS h
                                                    JOIN {table} AS t ON t.{id} = h.ticket_id LIMIT 0) AS none)
           FROM pg_catalog.pg_control_system() AS c, pg_catalog.pg_current_snapshot() AS s (snapshot)",
        history = text(&format!("{}.phase_history", tickets.schema)),
        named = text(&tickets.table),
        table = tickets.table,
        schema = tickets.schema,
        id = tickets.id,
    )
}

fn read_now(row: &Row) -> Result<Now, Failure> {
    let failed = |error: tokio_postgres::Error| Failure::of(&error);
    Ok(Now {
        cluster: row.try_get(0).map_err(failed)?,
        oldest: number(row, 1)?,
        next: number(row, 2)?,
        row_security: row.try_get(3).map_err(failed)?,
    })
}

fn number(row: &Row, place: usize) -> Result<u64, Failure> {
    let text: String = row.try_get(place).map_err(|error| Failure::of(&error))?;
    text.parse()
        .map_err(|_| Failure::usage(format!("\"{text}\" is no transaction")))
}

/// The next moves after a position, at most `limit`, and where the database is.
pub async fn after(
    app: &App,
    who: &Who,
    position: &Position,
    limit: i64,
) -> Result<(Now, Vec<Event>), Failure> {
    repeated(Access::Read, || async {
        let session = app.database().begin(who, Access::Read).await?;
        let tickets = Tickets::find(&session).await?;
        read(session, &tickets, position, limit).await
    })
    .await
}

async fn read(
    session: Session,
    tickets: &Tickets,
    from: &Position,
    limit: i64,
) -> Result<(Now, Vec<Event>), Failure> {
    let now_text = now_sql(tickets);
    let sql = format!(
        "SELECT h.xid::pg_catalog.text, h.id,
                pg_catalog.jsonb_build_object('id', h.id, 'ticket_id', h.ticket_id, 'ticket_title', t.{title},
                  'from_phase', h.from_phase, 'to_phase', h.to_phase, 'transition_reason', h.transition_reason,
                  'transitioned_by', h.transitioned_by, 'forced', h.forced, 'created_at', h.created_at)::pg_catalog.text
           FROM {schema}.phase_history AS h
           JOIN {table} AS t ON t.{id} = h.ticket_id
          WHERE h.cluster = $1
            AND h.xid < pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
            AND (h.xid, h.id) > ($2::pg_catalog.xid8, $3)
          ORDER BY h.xid, h.id LIMIT $4",
        title = tickets.column("title"),
        schema = tickets.schema,
        table = tickets.table,
        id = tickets.id,
    );
    let xid = from.xid.to_string();
    let params = [
        (&from.cluster as _, Type::INT8),
        (&xid as _, Type::TEXT),
        (&from.id as _, Type::UUID),
        (&limit as _, Type::INT8),
    ];
    let now = session.query(&now_text, &[]).await?;
    let now = read_now(now.first().ok_or_else(|| Failure::usage("no row"))?)?;
    let rows = session.last(&sql, &params).await?;
    let events = rows
        .iter()
        .map(|row| event(row, from.cluster))
        .collect::<Result<_, _>>()?;
    Ok((now, events))
}

fn event(row: &Row, cluster: i64) -> Result<Event, Failure> {
    let failed = |error: tokio_postgres::Error| Failure::of(&error);
    let id: Uuid = row.try_get(1).map_err(failed)?;
    let data: String = row.try_get(2).map_err(failed)?;
    let at = Position {
        cluster,
        xid: number(row, 0)?,
        id,
    };
    Ok(Event {
        at,
        text: Bytes::from(format!("id: {at}\nevent: move\ndata: {data}\n\n")),
    })
}
