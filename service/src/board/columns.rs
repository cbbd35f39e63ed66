//! `/`: the phases in their order, each with its tickets that come first.

use super::arrange::{Slot, arrange};
use super::cards::{Card, cards};
use super::filter::{Filter, WANTED};
use super::names::Names;
use super::page::{self, Page, Place, encoded, read, send};
use super::query::{Params, Reading};
use super::visitor::Visitor;
use super::words::{self, Moment};
use crate::error::Failure;
use crate::serve::App;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use std::collections::HashMap;
use uuid::Uuid;

/// Cards in a column of the board; the column's own page has all.
const CARDS: i64 = 8;
/// A phase with its tickets.
#[derive(Debug, Clone, Deserialize)]
pub struct Column {
    /// Its label.
    pub phase: String,
    /// start, work, blocked, final, abandoned.
    pub kind: String,
    /// Whether tickets go on from it through its gate.
    pub gated: bool,
    /// Whether that asks for a review.
    pub review: bool,
    /// How many tickets there are.
    pub tickets: i64,
    /// Since when the oldest is there.
    pub oldest: Moment,
    /// How many gates refused last.
    #[serde(default)]
    pub failed: i64,
    /// How many tickets are overdue.
    #[serde(default)]
    pub overdue: i64,
    /// The tickets that come first, as cards.
    #[serde(skip)]
    pub cards: Vec<Card>,
}

impl Column {
    /// As words.
    pub fn name(&self) -> String {
        words::phase(&self.phase)
    }

    /// Within an address.
    pub fn address(&self) -> String {
        encoded(&self.phase)
    }

    /// The number of tickets.
    pub fn number(&self) -> String {
        words::grouped(self.tickets)
    }

    /// Whether tickets are done with there.
    pub fn is_end(&self) -> bool {
        matches!(self.kind.as_str(), "final" | "abandoned")
    }

    /// Whether tickets are held up there.
    pub fn is_blocked(&self) -> bool {
        self.kind == "blocked"
    }

    /// Whether there is more than the cards show.
    pub fn has_more(&self) -> bool {
        self.tickets > self.cards.len() as i64
    }
}

/// Priorities in the order in which their tickets come.
const PRIORITIES: [&str; 4] = ["CRITICAL", "HIGH", "MEDIUM", "LOW"];

/// All phases in their order, without tickets.
async fn phases(reading: &Reading, names: &Names) -> Result<Vec<Column>, Failure> {
    let sql = "
        SELECT p.phase::text AS phase, coalesce(d.kind, 'work') AS kind, 0 AS tickets, NULL AS oldest,
               EXISTS (SELECT FROM phase_transitions s WHERE s.from_phase = p.phase AND s.requires_gate) AS gated,
               coalesce(q.requires_review, false) AS review
          FROM unnest(enum_range(NULL::{phase})) WITH ORDINALITY AS p (phase, place)
          LEFT JOIN phases d ON d.phase_id = p.phase
          LEFT JOIN phase_gate_requirements q ON q.phase_id = p.phase
         ORDER BY coalesce(array_position('{abandoned,blocked}', d.kind), 0), p.place";
    reading.list(&names.fill(sql), Params::new()).await
}

#[derive(Debug, Clone, Deserialize)]
struct Class {
    phase: String,
    priority: Option<String>,
    tickets: i64,
    oldest: Moment,
    overdue: i64,
}

/// How many tickets there are of each phase and priority: all of them are read once.
async fn classes(reading: &Reading, names: &Names, filter: &Filter) -> Result<Vec<Class>, Failure> {
    let sql = format!(
        "SELECT c.phase::text AS phase, c.priority, c.tickets, {oldest} AS oldest, c.overdue
           FROM (SELECT {{t.phase_id}} AS phase, {{t.priority}}::text AS priority, count(*) AS tickets,
                        min({{t.phase_entered_at}}) AS oldest,
                        count(*) FILTER (WHERE {{t.phase_entered_at}} + d.due_after < now() AND d.kind <> ALL ('{{final,abandoned}}')) AS overdue
                   FROM {{tickets}} t LEFT JOIN phases d ON d.phase_id = {{t.phase_id}} AND d.due_after IS NOT NULL
                  WHERE {WANTED}
                  GROUP BY {{t.phase_id}}, {{t.priority}}) c",
        oldest = Moment::sql("c.oldest"),
    );
    reading
        .list(
            &names.fill(&sql),
            Params::new().text(filter.part()).text(filter.urgency()),
        )
        .await
}

/// Which classes the first tickets of a column are in: the urgent before others.
fn first_classes<'c>(classes: &'c [Class], phase: &str) -> Vec<&'c Class> {
    let mut of_phase: Vec<&Class> = classes
        .iter()
        .filter(|class| class.phase == phase)
        .collect();
    let place = |class: &Class| {
        PRIORITIES
            .iter()
            .position(|name| Some(*name) == class.priority.as_deref())
            .unwrap_or(PRIORITIES.len())
    };
    of_phase.sort_by_key(|class| place(class));
    let mut before = 0;
    of_phase.retain(|class| {
        let wanted = before < CARDS;
        before += class.tickets;
        wanted
    });
    of_phase
}

/// The tickets that come first in these columns: the urgent, then those that are there for longest. Only the classes in
/// which they are have to be sorted.
async fn firsts(
    reading: &Reading,
    names: &Names,
    filter: &Filter,
    classes: &[Class],
    columns: &[&Column],
) -> Result<Vec<Uuid>, Failure> {
    let wanted: Vec<&Class> = columns
        .iter()
        .flat_map(|column| first_classes(classes, &column.phase))
        .collect();
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT to_json(coalesce(array_agg(r.id ORDER BY r.place), '{{}}'))::text
           FROM (SELECT {{t.id}} AS id,
                        row_number() OVER (PARTITION BY {{t.phase_id}}
                                           ORDER BY array_position('{{CRITICAL,HIGH,MEDIUM,LOW}}'::text[], {{t.priority}}::text),
                                                    {{t.phase_entered_at}}, {{t.id}}) AS place
                   FROM {{tickets}} t
                  WHERE ({{t.phase_id}}, {{t.priority}}::text) IN (SELECT w.phase::{{phase}}, w.priority FROM unnest($3, $4) AS w (phase, priority))
                    AND {WANTED}) r
          WHERE r.place <= {CARDS}"
    );
    let params = Params::new()
        .text(filter.part())
        .text(filter.urgency())
        .texts(wanted.iter().map(|class| class.phase.clone()).collect())
        .texts(
            wanted
                .iter()
                .map(|class| class.priority.clone().unwrap_or_default())
                .collect(),
        );
    reading.one(&names.fill(&sql), params).await
}

/// The tickets that came last to where tickets are done with, as far as they are among the last moves at all: most
/// tickets are there, and nobody looks for them on the board.
async fn lasts(reading: &Reading, names: &Names, filter: &Filter) -> Result<Vec<Uuid>, Failure> {
    let sql = format!(
        "SELECT to_json(coalesce(array_agg(r.id ORDER BY r.place), '{{}}'))::text
           FROM (SELECT m.id, row_number() OVER (PARTITION BY m.phase ORDER BY m.at DESC, m.id DESC) AS place
                   FROM (SELECT DISTINCT ON ({{t.id}}) {{t.id}} AS id, {{t.phase_id}} AS phase, {{t.phase_entered_at}} AS at
                           FROM (SELECT h.ticket_id, h.to_phase FROM phase_history h ORDER BY h.created_at DESC LIMIT 1000) h
                           JOIN phases d ON d.phase_id = h.to_phase AND d.kind = ANY ('{{final,abandoned}}')
                           JOIN {{tickets}} t ON {{t.id}} = h.ticket_id AND {{t.phase_id}} = h.to_phase
                          WHERE {WANTED}) m) r
          WHERE r.place <= {CARDS}"
    );
    reading
        .one(
            &names.fill(&sql),
            Params::new().text(filter.part()).text(filter.urgency()),
        )
        .await
}

#[derive(Deserialize)]
struct Counted {
    phase: String,
    tickets: i64,
}

/// In how many tickets of each phase the gate refused last, since they came there. Of very many verdicts it would take
/// longer than the rest of the page: the cards say it of their tickets then.
const FAILED: &str = "
    SELECT r.phase_id::text AS phase, count(DISTINCT r.ticket_id) AS tickets
      FROM phase_gate_results r
      JOIN {tickets} t ON {t.id} = r.ticket_id AND {t.phase_id} = r.phase_id AND {t.phase_entered_at} <= r.validated_at
     WHERE r.gate_status = 'failed'
       AND (SELECT c.reltuples < 20000 FROM pg_class c WHERE c.oid = to_regclass('phase_gate_results'))
       AND NOT EXISTS (SELECT FROM phase_gate_results n
                        WHERE n.ticket_id = r.ticket_id AND n.phase_id = r.phase_id
                          AND (n.validated_at, n.id) > (r.validated_at, r.id))
     GROUP BY r.phase_id";

#[derive(Template)]
#[template(path = "board.html")]
struct Board {
    page: Page,
    filter: Filter,
    slots: Vec<Slot>,
    part: usize,
    parts: usize,
    phases: usize,
    under_way: i64,
    blocked: i64,
    overdue: i64,
    done: i64,
}

/// `GET /`
pub async fn board(
    State(app): State<App>,
    visitor: Visitor,
    Query(filter): Query<Filter>,
) -> Response {
    match show_board(&app, &visitor, filter).await {
        Ok(board) => send(StatusCode::OK, &board),
        Err(failure) => page::trouble(&app, &failure),
    }
}

async fn show_board(app: &App, visitor: &Visitor, filter: Filter) -> Result<Board, Failure> {
    let (reading, names) = read(app, visitor).await?;
    let mut columns = phases(&reading, &names).await?;
    let classes = classes(&reading, &names, &filter).await?;
    let failed: Vec<Counted> = reading.list(&names.fill(FAILED), Params::new()).await?;
    for column in &mut columns {
        for class in classes.iter().filter(|class| class.phase == column.phase) {
            column.tickets += class.tickets;
            column.overdue += class.overdue;
            column.oldest = column.oldest.earlier(class.oldest);
        }
        column.failed = failed
            .iter()
            .filter(|counted| counted.phase == column.phase)
            .map(|counted| counted.tickets)
            .sum();
    }
    let sum = |of: fn(&Column) -> i64| columns.iter().map(of).sum::<i64>();
    let under_way = sum(|column| if column.is_end() { 0 } else { column.tickets });
    let blocked = sum(|column| {
        if column.is_blocked() {
            column.tickets
        } else {
            0
        }
    });
    let done = sum(|column| if column.is_end() { column.tickets } else { 0 });
    let overdue = sum(|column| column.overdue);
    let phases = columns.len();
    let (mut slots, part, parts) = arrange(columns, filter.columns.parse().unwrap_or(1));
    let shown: Vec<&Column> = slots.iter().filter_map(Slot::full).collect();
    let working: Vec<&Column> = shown
        .iter()
        .copied()
        .filter(|column| !column.is_end())
        .collect();
    let mut ids = firsts(&reading, &names, &filter, &classes, &working).await?;
    if shown.iter().any(|column| column.is_end()) {
        ids.extend(lasts(&reading, &names, &filter).await?);
    }
    let mut found: HashMap<String, Vec<Card>> = HashMap::new();
    for card in cards(&reading, &names, ids).await? {
        found.entry(card.phase.clone()).or_default().push(card);
    }
    reading.end().await;
    for slot in &mut slots {
        if let Slot::Full(column) = slot {
            column.cards = found.remove(&column.phase).unwrap_or_default();
        }
    }
    let page = Page::new(app, visitor, &names, Place::Board, "Board");
    Ok(Board {
        page,
        filter,
        slots,
        part,
        parts,
        phases,
        under_way,
        blocked,
        overdue,
        done,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_classes_that_fill_a_column_are_sorted() {
        let class = |priority: &str, tickets| Class {
            phase: "P".to_owned(),
            priority: Some(priority.to_owned()),
            tickets,
            oldest: Moment(None),
            overdue: 0,
        };
        let classes = [
            class("LOW", 9),
            class("MEDIUM", 9),
            class("CRITICAL", 1),
            class("HIGH", 6),
        ];
        let names = |classes: &[Class]| -> Vec<String> {
            first_classes(classes, "P")
                .into_iter()
                .filter_map(|class| class.priority.clone())
                .collect()
        };
        assert_eq!(names(&classes), ["CRITICAL", "HIGH", "MEDIUM"]);
        assert!(first_classes(&classes, "Q").is_empty());
    }
}
