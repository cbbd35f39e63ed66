//! The configured graph as text: Mermaid `stateDiagram-v2` or Graphviz `dot`.

use super::transitions::Transitions;
use crate::phase::{Phase, Phases};
use std::fmt::Write;

/// The diagram languages that `phase_diagram` speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Mermaid's `stateDiagram-v2`.
    Mermaid,
    /// Graphviz's `dot`.
    Dot,
}

impl Format {
    /// The names of all formats, as `phase_diagram` takes them.
    pub const NAMES: &'static str = "mermaid, dot";

    /// The format of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "mermaid" => Some(Format::Mermaid),
            "dot" => Some(Format::Dot),
            _ => None,
        }
    }
}

/// The phases and edges of a workspace as a diagram; gated edges are marked.
pub fn diagram(phases: &Phases, transitions: &Transitions, format: Format) -> String {
    let edges = transitions.listed(phases);
    match format {
        Format::Mermaid => mermaid(phases, &edges),
        Format::Dot => dot(phases, &edges),
    }
}

fn mermaid(phases: &Phases, edges: &[(Phase, Phase, bool)]) -> String {
    // States are numbered: an enum label may hold characters that a Mermaid state id may not.
    let name = |phase: Phase| {
        let place = phases.listed().position(|listed| listed == phase);
        format!("p{}", place.unwrap_or_default())
    };
    let mut text = String::from("stateDiagram-v2\n");
    for phase in phases.listed() {
        let label = phases.label(phase).replace('"', "#quot;");
        let _ = writeln!(text, "    state \"{label}\" as {}", name(phase));
    }
    if let Some(first) = phases.sequence().next() {
        let _ = writeln!(text, "    [*] --> {}", name(first));
    }
    for (from, to, gated) in edges {
        let mark = if *gated { ": gate" } else { "" };
        let _ = writeln!(text, "    {} --> {}{mark}", name(*from), name(*to));
    }
    for phase in phases.listed() {
        if !edges.iter().any(|(from, _, _)| *from == phase) {
            let _ = writeln!(text, "    {} --> [*]", name(phase));
        }
    }
    text
}

fn dot(phases: &Phases, edges: &[(Phase, Phase, bool)]) -> String {
    let quoted = |phase: Phase| {
        let label = phases.label(phase);
        format!("\"{}\"", label.replace('\\', "\\\\").replace('"', "\\\""))
    };
    let mut text = String::from("digraph phases {\n    rankdir=LR;\n    node [shape=box];\n");
    for phase in phases.listed() {
        let _ = writeln!(text, "    {};", quoted(phase));
    }
    for (from, to, gated) in edges {
        let mark = if *gated {
            " [label=\"gate\", style=bold]"
        } else {
            ""
        };
        let _ = writeln!(text, "    {} -> {}{mark};", quoted(*from), quoted(*to));
    }
    text.push_str("}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase::{Kind, Label};

    fn small() -> (Phases, Transitions) {
        let phases = Phases::new([
            Label::new("PHASE_A".to_owned(), 1),
            Label::new("say \"b\"\\".to_owned(), 2),
            Label::new("PHASE_BLOCKED".to_owned(), 3)
                .meaning(Kind::Blocked, "blocked_phase".to_owned()),
        ]);
        let phase = |oid| phases.by_oid(oid).unwrap();
        let rules = Transitions::new([
            (phase(1), phase(2), true),
            (phase(1), phase(3), false),
            (phase(3), phase(1), false),
        ]);
        (phases, rules)
    }

    #[test]
    fn every_format_that_is_named_is_taken_and_no_other() {
        for name in Format::NAMES.split(", ") {
            assert!(Format::parse(name).is_some(), "{name}");
        }
        assert!(Format::parse("svg").is_none());
    }

    #[test]
    fn mermaid_marks_gates_start_and_end() {
        let (phases, rules) = small();
        assert_eq!(
            diagram(&phases, &rules, Format::Mermaid),
            "stateDiagram-v2
    state \"PHASE_A\" as p0
    state \"say #quot;b#quot;\\\" as p1
    state \"PHASE_BLOCKED\" as p2
    [*] --> p0
    p0 --> p1: gate
    p0 --> p2
    p2 --> p0
    p1 --> [*]
"
        );
    }

    #[test]
    fn dot_escapes_labels() {
        let (phases, rules) = small();
        let text = diagram(&phases, &rules, Format::Dot);
        assert!(text.contains(r#""PHASE_A" -> "say \"b\"\\" [label="gate", style=bold];"#));
        assert!(text.ends_with("}\n"));
    }
}
