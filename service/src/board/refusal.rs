//! What a form was answered: that it was done, or the database's reasons why not, as sentences.

use crate::error::{Failure, Refusal};
use crate::serve::problem::Problem;
use axum::http::StatusCode;

/// An answer, shown in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status that it is sent with.
    pub status: StatusCode,
    /// What it is, in a few words.
    pub title: String,
    /// Why, a sentence each.
    pub reasons: Vec<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The code that programs know it by.
    pub code: Option<String>,
}

impl Answer {
    /// It was done.
    pub fn done(title: impl Into<String>) -> Answer {
        Answer {
            status: StatusCode::OK,
            title: title.into(),
            reasons: Vec::new(),
            hint: None,
            code: None,
        }
    }

    /// Something of the board's own, such as a page that is not there.
    pub fn told(status: StatusCode, title: impl Into<String>) -> Answer {
        Answer {
            status,
            title: title.into(),
            reasons: Vec::new(),
            hint: None,
            code: None,
        }
    }

    /// With reasons.
    pub fn because(mut self, reasons: Vec<String>) -> Answer {
        self.reasons = reasons;
        self
    }

    /// Whether it was not done because nobody is signed in.
    pub fn is_signed_out(&self) -> bool {
        self.status == StatusCode::UNAUTHORIZED
    }

    /// Whether it was not done.
    pub fn is_refusal(&self) -> bool {
        !self.status.is_success()
    }

    /// The words for a failure.
    pub fn of(failure: &Failure) -> Answer {
        match failure {
            Failure::Refused(refusal) => Answer::refused(refusal),
            Failure::Away(_) | Failure::Busy => Answer::told(
                StatusCode::SERVICE_UNAVAILABLE,
                "The database cannot be reached now",
            )
            .because(vec!["Nothing was done. Try again in a moment.".to_owned()]),
            Failure::Unknown(_) => Answer::told(
                StatusCode::SERVICE_UNAVAILABLE,
                "The connection to the database was lost",
            )
            .because(vec![
                "Whether it was done is not known: look before you try again.".to_owned(),
            ]),
            Failure::Usage(reason) => Answer::told(StatusCode::BAD_REQUEST, sentence(reason)),
            // Which role may what is no visitor's business; who runs the service is told by the log.
            Failure::Misconfigured(reason) => {
                tracing::error!("misconfigured: {reason}");
                Answer::told(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The service is misconfigured",
                )
                .because(vec![
                    "Nothing was done. Who runs it finds the reason in its log.".to_owned(),
                ])
            }
        }
    }

    /// Who asks could not be found out.
    pub fn unavailable(problem: &Problem) -> Answer {
        if problem.status() == StatusCode::SERVICE_UNAVAILABLE {
            Answer::of(&Failure::Away(String::new()))
        } else {
            Answer::told(problem.status(), sentence(&problem.title))
        }
    }

    fn refused(refusal: &Refusal) -> Answer {
        let state = refusal.sqlstate.as_str();
        let code = refusal.code.as_deref();
        let status = match (code, state) {
            (_, "P0002") => StatusCode::NOT_FOUND,
            (_, "42501") => StatusCode::FORBIDDEN,
            (_, "57014") => StatusCode::SERVICE_UNAVAILABLE,
            (Some("gate_not_passed" | "invalid_transition" | "phase_changed"), _) => {
                StatusCode::CONFLICT
            }
            (_, "55000" | "40001" | "40P01" | "3F000") => StatusCode::CONFLICT,
            (_, "XX000") => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let mut reasons = refusal.blocking_reasons();
        if reasons.is_empty() {
            reasons = refusal
                .detail
                .iter()
                .flat_map(|detail| detail.lines())
                .map(str::to_owned)
                .collect();
            reasons.retain(|line| !line.trim().is_empty());
        }
        Answer {
            status,
            title: sentence(&refusal.message),
            reasons,
            hint: refusal.hint.clone(),
            code: refusal.code.clone(),
        }
    }
}

/// A primary message as it begins a sentence.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    match letters.next() {
        Some(first) => format!("{}{}", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_gate_is_its_reasons() {
        let refusal = Refusal {
            code: Some("gate_not_passed".to_owned()),
            sqlstate: "55000".to_owned(),
            message: "phase gate not passed".to_owned(),
            detail: Some("Ticket x, phase y:\nA is missing.\nB is missing.".to_owned()),
            ..Refusal::default()
        };
        let answer = Answer::of(&Failure::Refused(Box::new(refusal)));
        assert_eq!(answer.status, StatusCode::CONFLICT);
        assert_eq!(answer.title, "Phase gate not passed");
        assert_eq!(answer.reasons, ["A is missing.", "B is missing."]);
        assert!(answer.is_refusal());
    }

    #[test]
    fn what_is_misconfigured_is_told_to_nobody() {
        let answer = Answer::of(&Failure::Misconfigured(
            "role \"root\" is a superuser".into(),
        ));
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(!format!("{answer:?}").contains("root"));
    }

    #[test]
    fn another_refusal_is_its_detail_and_hint() {
        let refusal = Refusal {
            sqlstate: "42501".to_owned(),
            message: "permission denied for table tickets".to_owned(),
            hint: Some("Ask.".to_owned()),
            ..Refusal::default()
        };
        let answer = Answer::of(&Failure::Refused(Box::new(refusal)));
        assert_eq!(
            (answer.status, answer.reasons.len()),
            (StatusCode::FORBIDDEN, 0)
        );
        assert_eq!(answer.hint.as_deref(), Some("Ask."));
    }
}
