//! The picture of a state machine, as numbers: phases below each other in their order, moves to the next phase straight
//! down, those that skip phases on the right, those that go back on the left. Phases where tickets are held up or given
//! up stand below; that a ticket may go there is said in the box that it may go from, since lines from nearly every box
//! would be seen instead of everything else.

/// A phase.
#[derive(Debug, Clone)]
pub struct Node {
    /// As words.
    pub name: String,
    /// Its label.
    pub label: String,
    /// start, work, blocked, final, abandoned.
    pub kind: String,
    /// What is said below its name.
    pub below: String,
}

/// A move between two phases, by their places.
#[derive(Debug, Clone, Copy)]
pub struct Edge {
    /// Where it leaves.
    pub from: usize,
    /// Where it goes.
    pub to: usize,
    /// Whether it goes through the gate.
    pub gated: bool,
}

/// A phase as it is drawn.
#[derive(Debug)]
pub struct Box {
    /// Its left and upper edge.
    pub x: i64,
    pub y: i64,
    /// As words, cut where it would not fit.
    pub name: String,
    /// Its label.
    pub label: String,
    /// How it looks.
    pub look: &'static str,
    /// The two lines below its name.
    pub below: String,
    pub notes: String,
}

/// A move as it is drawn.
#[derive(Debug)]
pub struct Line {
    /// The path, and that of its tip.
    pub path: String,
    pub tip: String,
    /// How it looks.
    pub look: &'static str,
    /// Where the mark of a gate stands.
    pub gate: Option<(i64, i64)>,
    /// What it is, in words.
    pub title: String,
}

/// The picture.
#[derive(Debug)]
pub struct Drawing {
    pub width: i64,
    pub height: i64,
    pub boxes: Vec<Box>,
    pub lines: Vec<Line>,
}

const WIDE: i64 = 216;
const HIGH: i64 = 66;
const BETWEEN: i64 = 38;
const LANE: i64 = 16;
/// More lanes than that lie over each other.
const LANES: usize = 24;
const MARGIN: i64 = 10;
/// Letters that fit into a box.
const LETTERS: usize = 24;

/// Draws it.
pub fn draw(nodes: &[Node], edges: &[Edge]) -> Drawing {
    let aside = |node: &Node| matches!(node.kind.as_str(), "blocked" | "abandoned");
    // Where in the sequence each phase stands; those aside stand in none.
    let mut rows: Vec<Option<usize>> = Vec::with_capacity(nodes.len());
    let mut count = 0;
    for node in nodes {
        rows.push(if aside(node) { None } else { Some(count) });
        count += usize::from(!aside(node));
    }
    let row = |place: usize| rows.get(place).copied().flatten();
    let jumps: Vec<(usize, usize, &Edge)> = edges
        .iter()
        .filter_map(|edge| Some((row(edge.from)?, row(edge.to)?, edge)))
        .collect();
    let left = lanes(
        jumps
            .iter()
            .filter(|(from, to, _)| to < from)
            .map(|(from, to, _)| (*to, *from)),
    );
    let right = lanes(
        jumps
            .iter()
            .filter(|(from, to, _)| *to > from + 1)
            .map(|(from, to, _)| (*from, *to)),
    );
    let most = |lanes: &[(usize, usize, usize)]| {
        lanes.iter().map(|lane| lane.2 + 1).max().unwrap_or(0) as i64
    };
    let x = MARGIN
        + if left.is_empty() {
            0
        } else {
            most(&left) * LANE + 14
        };
    let width = x
        + WIDE
        + MARGIN
        + if right.is_empty() {
            0
        } else {
            most(&right) * LANE + 14
        };
    let top = |row: usize| MARGIN + row as i64 * (HIGH + BETWEEN);

    let mut lines: Vec<Line> = Vec::new();
    for (from, to, edge) in &jumps {
        let title = format!(
            "{} to {}{}",
            nodes.get(edge.from).map_or("", |node| &node.name),
            nodes.get(edge.to).map_or("", |node| &node.name),
            if edge.gated { ", through the gate" } else { "" }
        );
        let look = match (edge.gated, to < from) {
            (true, _) => "gated",
            (false, true) => "back",
            _ => "over",
        };
        if *to == from + 1 {
            let (x, y1, y2) = (x + WIDE / 2, top(*from) + HIGH, top(*to));
            lines.push(Line {
                path: format!("M{x} {y1}V{}", y2 - 6),
                tip: format!("M{x} {y2}l-5 -9h10z"),
                look,
                gate: edge.gated.then_some((x, y1 + (y2 - y1) / 2 - 3)),
                title,
            });
            continue;
        }
        // Out of a box a little below its middle, into one a little above it, so that a line in and one out keep apart.
        let back = to < from;
        let (low, high) = if back { (*to, *from) } else { (*from, *to) };
        let set = if back { &left } else { &right };
        let lane = set
            .iter()
            .find(|lane| lane.0 == low && lane.1 == high)
            .map_or(0, |lane| lane.2) as i64;
        let side = if back { -1 } else { 1 };
        let edge_of_box = if back { x } else { x + WIDE };
        let out = edge_of_box + side * (14 + lane * LANE);
        let (y1, y2) = if back {
            (top(*from) + 22, top(*to) + HIGH - 20)
        } else {
            (top(*from) + HIGH - 20, top(*to) + 22)
        };
        let bend = if y2 > y1 { 6 } else { -6 };
        lines.push(Line {
            path: format!(
                "M{edge_of_box} {y1}H{}Q{out} {y1} {out} {}V{}Q{out} {y2} {} {y2}H{}",
                out - side * 6,
                y1 + bend,
                y2 - bend,
                out - side * 6,
                edge_of_box + side * 6
            ),
            tip: format!("M{edge_of_box} {y2}l{} -5v10z", side * 9),
            look,
            gate: edge.gated.then_some((out, y1 + (y2 - y1) / 2)),
            title,
        });
    }

    let boxes: Vec<Box> = nodes
        .iter()
        .enumerate()
        .map(|(place, node)| {
            let (y, notes) = match row(place) {
                Some(row) => (top(row), notes(nodes, edges, place)),
                None => {
                    let before = rows.iter().take(place).filter(|row| row.is_none()).count();
                    (
                        top(count) + 6 + before as i64 * (HIGH + 14),
                        notes_aside(edges, place),
                    )
                }
            };
            Box {
                x,
                y,
                name: cut(&node.name),
                label: node.label.clone(),
                look: look(&node.kind),
                below: node.below.clone(),
                notes,
            }
        })
        .collect();
    let height = boxes.iter().map(|each| each.y + HIGH).max().unwrap_or(0) + MARGIN;
    Drawing {
        width,
        height,
        boxes,
        lines,
    }
}

/// A lane for each span, so that those in one do not meet: the short ones nearest.
fn lanes(spans: impl Iterator<Item = (usize, usize)>) -> Vec<(usize, usize, usize)> {
    let mut spans: Vec<_> = spans.collect();
    spans.sort_by_key(|(low, high)| (high - low, *low));
    let mut taken: Vec<(usize, usize, usize)> = Vec::new();
    for (low, high) in spans {
        let meets = |lane: usize| {
            taken
                .iter()
                .any(|other| other.2 == lane && low <= other.1 && other.0 <= high)
        };
        let lane = (0..LANES).find(|lane| !meets(*lane)).unwrap_or(LANES);
        taken.push((low, high, lane));
    }
    taken
}

/// What is said of moves to phases that stand aside, and back from them.
fn notes(nodes: &[Node], edges: &[Edge], place: usize) -> String {
    let kind = |place: usize| nodes.get(place).map_or("", |node| node.kind.as_str());
    let goes = |wanted: &str| {
        edges
            .iter()
            .any(|edge| edge.from == place && kind(edge.to) == wanted)
    };
    let comes = edges
        .iter()
        .any(|edge| edge.to == place && kind(edge.from) == "blocked");
    let mut notes = match (goes("blocked"), comes) {
        (true, true) => "can be blocked, and return".to_owned(),
        (true, false) => "can be blocked".to_owned(),
        (false, true) => "blocked ones may come here".to_owned(),
        (false, false) => String::new(),
    };
    if goes("abandoned") {
        notes.push_str(if notes.is_empty() {
            "can be given up"
        } else {
            "; be given up"
        });
    }
    notes
}

fn notes_aside(edges: &[Edge], place: usize) -> String {
    let ways = |number: usize| {
        if number == 1 {
            "1 phase".to_owned()
        } else {
            format!("{number} phases")
        }
    };
    let comes = edges.iter().filter(|edge| edge.to == place).count();
    let goes = edges.iter().filter(|edge| edge.from == place).count();
    match goes {
        0 => format!("from {}", ways(comes)),
        _ => format!("from {}, to {}", ways(comes), ways(goes)),
    }
}

fn look(kind: &str) -> &'static str {
    match kind {
        "start" => "begin",
        "blocked" => "stopped",
        "final" | "abandoned" => "ended",
        _ => "",
    }
}

fn cut(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    let short: String = name.chars().take(LETTERS - 1).collect();
    format!("{}…", short.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(kinds: &[&str]) -> Vec<Node> {
        let node = |(place, kind): (usize, &&str)| Node {
            name: format!("P{place}"),
            label: format!("P{place}"),
            kind: (*kind).to_owned(),
            below: String::new(),
        };
        kinds.iter().enumerate().map(node).collect()
    }

    fn edge(from: usize, to: usize, gated: bool) -> Edge {
        Edge { from, to, gated }
    }

    #[test]
    fn moves_on_are_straight_and_others_go_round() {
        let nodes = nodes(&["start", "work", "final", "blocked"]);
        let edges = [
            edge(0, 1, false),
            edge(1, 2, true),
            edge(0, 2, false),
            edge(2, 0, false),
            edge(1, 3, false),
            edge(3, 1, false),
        ];
        let drawing = draw(&nodes, &edges);
        let looks: Vec<_> = drawing.lines.iter().map(|line| line.look).collect();
        // The two of the blocked phase are notes.
        assert_eq!(looks, ["over", "gated", "over", "back"]);
        assert!(
            drawing.lines.first().unwrap().path.contains('V')
                && !drawing.lines.first().unwrap().path.contains('H')
        );
        assert_eq!(
            drawing.boxes.get(1).unwrap().notes,
            "can be blocked, and return"
        );
        assert_eq!(
            drawing.boxes.get(3).unwrap().notes,
            "from 1 phase, to 1 phase"
        );
        assert!(drawing.boxes.iter().all(|each| each.x >= 0
            && each.y + HIGH <= drawing.height
            && each.x + WIDE <= drawing.width));
    }

    #[test]
    fn spans_that_meet_have_lanes_of_their_own() {
        let lanes = lanes([(0, 5), (1, 2), (6, 8), (2, 4)].into_iter());
        assert_eq!(lanes, [(1, 2, 0), (2, 4, 1), (6, 8, 0), (0, 5, 2)]);
    }

    #[test]
    fn three_hundred_phases_with_many_moves_are_drawn_within_bounds() {
        let nodes = nodes(&["work"; 300]);
        let edges: Vec<_> = (0..300)
            .flat_map(|from| (0..300).step_by(7).map(move |to| edge(from, to, to > from)))
            .filter(|edge| edge.from != edge.to)
            .collect();
        let drawing = draw(&nodes, &edges);
        assert_eq!(drawing.lines.len(), edges.len());
        assert!(drawing.width < 1200);
    }

    #[test]
    fn an_empty_machine_is_an_empty_picture() {
        let drawing = draw(&[], &[]);
        assert!(drawing.boxes.is_empty() && drawing.lines.is_empty());
    }
}
