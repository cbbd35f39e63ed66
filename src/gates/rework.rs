//! The task that a rejection makes: what it says to whoever mends what the reviewer found.

use crate::limits;
use crate::tasks::verdict::Verdict;

/// The `task_type` of such tasks. Completing one is evidence like handing in an artifact: verdicts before it count no more.
pub const TASK_TYPE: &str = "rework";

/// What the reviewer said, as the end of a task's description.
pub fn findings(verdict: &Verdict<'_>) -> String {
    let mut said = String::new();
    if let Some(feedback) = verdict
        .feedback
        .map(str::trim)
        .filter(|text| !text.is_empty())
    {
        said.push_str("\n\n");
        said.push_str(feedback);
    }
    let reasons = verdict.blocking_reasons.iter().map(|reason| reason.trim());
    let mut gap = "\n\n";
    for reason in reasons.filter(|reason| !reason.is_empty()) {
        said.push_str(gap);
        said.push_str("- ");
        said.push_str(reason);
        gap = "\n";
    }
    said
}

/// The description of the task.
pub fn description(phase: &str, title: &str, verdict: &Verdict<'_>) -> String {
    let findings = findings(verdict);
    let text = format!("Mend what the review of {phase} found on: {title}{findings}");
    limits::cut(&text, limits::DOCUMENT).into_owned()
}

/// The description of a task that was made for a rejection and is not done yet, when another comes.
pub fn longer(before: &str, verdict: &Verdict<'_>) -> String {
    let text = format!("{before}{}", findings(verdict));
    limits::cut(&text, limits::DOCUMENT).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_the_reviewer_said_is_there() {
        let verdict = Verdict {
            approved: false,
            feedback: Some(" Not yet. "),
            blocking_reasons: vec!["no error paths", " ", "too coarse"],
        };
        let first = description("PHASE_DESIGN", "Refunds", &verdict);
        assert_eq!(
            first,
            "Mend what the review of PHASE_DESIGN found on: Refunds\n\nNot yet.\n\n- no error paths\n- too coarse"
        );
        let nothing = Verdict {
            approved: false,
            feedback: None,
            blocking_reasons: vec![],
        };
        assert_eq!(longer(&first, &nothing), first);
        let more = longer(&first, &verdict);
        assert!(more.starts_with(&first) && more.ends_with("- too coarse"));
    }

    #[test]
    fn what_is_said_has_an_end() {
        let long = "é".repeat(limits::DOCUMENT);
        let verdict = Verdict {
            approved: false,
            feedback: Some(&long),
            blocking_reasons: vec![&long],
        };
        let text = description("P", "t", &verdict);
        assert!(text.len() <= limits::DOCUMENT);
        assert!(longer(&text, &verdict).len() <= limits::DOCUMENT);
    }
}
