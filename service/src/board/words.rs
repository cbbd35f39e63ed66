//! How the board says things: phases as words, spans of time, points in time.

use serde::Deserialize;
use std::borrow::Borrow;
use std::fmt::Write;

/// A phase's label as words. Labels in capitals are read as identifiers, PHASE_SECURITY_REVIEW as "Security review";
/// whatever else its owner wrote stays as it is.
pub fn phase(label: &str) -> String {
    let written_as_name = label
        .chars()
        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && !label.is_empty();
    if !written_as_name {
        return label.to_owned();
    }
    let words = label
        .strip_prefix("PHASE_")
        .filter(|rest| !rest.is_empty())
        .unwrap_or(label);
    let words = words.replace('_', " ").to_ascii_lowercase();
    let mut letters = words.trim().chars();
    match letters.next() {
        Some(first) => format!("{}{}", first.to_ascii_uppercase(), letters.as_str()),
        None => label.to_owned(),
    }
}

/// A span of seconds as a person says it, in one unit.
pub fn span(seconds: f64) -> String {
    let steps: [(f64, f64, &str, &str); 6] = [
        (90.0 * 60.0, 60.0, "min", "min"),
        (36.0 * 3600.0, 3600.0, "h", "h"),
        (14.0 * 86_400.0, 86_400.0, "day", "days"),
        (10.0 * 604_800.0, 604_800.0, "week", "weeks"),
        (730.0 * 86_400.0, 2_629_800.0, "month", "months"),
        (f64::INFINITY, 31_557_600.0, "year", "years"),
    ];
    let seconds = seconds.max(0.0);
    if seconds < 60.0 {
        return format!("{} s", seconds.floor());
    }
    for (below, unit, one, many) in steps {
        if seconds < below {
            let count = (seconds / unit).floor().max(1.0);
            return format!("{count} {}", if count == 1.0 { one } else { many });
        }
    }
    "for ever".to_owned()
}

/// How a priority's word looks.
pub fn urgency_look(word: impl AsRef<str>) -> &'static str {
    match word.as_ref() {
        "Critical" => "bad",
        "High" => "warn",
        _ => "quiet",
    }
}

/// A number with its noun.
pub fn count(number: impl Borrow<i64>, one: &str, many: &str) -> String {
    let number = *number.borrow();
    format!(
        "{} {}",
        grouped(number),
        if number == 1 { one } else { many }
    )
}

/// A number in groups of three digits.
pub fn grouped(number: impl Borrow<i64>) -> String {
    let number = *number.borrow();
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    if number < 0 {
        text.push('-');
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A point in time, in seconds of the Unix epoch; None where the database has none, or an infinite one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub Option<f64>);

impl Moment {
    /// An expression of type timestamptz as a moment, in SQL.
    pub fn sql(expression: &str) -> String {
        format!(
            "CASE WHEN isfinite({expression}) THEN extract(epoch FROM {expression})::float8 END"
        )
    }

    /// Whether there is one.
    pub fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// The earlier of the two, of those that are known.
    pub fn earlier(self, other: Moment) -> Moment {
        match (self.0, other.0) {
            (Some(one), Some(two)) => Moment(Some(one.min(two))),
            (one, two) => Moment(one.or(two)),
        }
    }

    /// How long it has been since then.
    pub fn since(&self, now: impl Borrow<f64>) -> String {
        self.0.map_or_else(
            || "an unknown time".to_owned(),
            |then| span(now.borrow() - then),
        )
    }

    /// How long it is until then.
    pub fn until(&self, now: impl Borrow<f64>) -> String {
        self.0.map_or_else(
            || "an unknown time".to_owned(),
            |then| span(then - now.borrow()),
        )
    }

    /// Whether it is over.
    pub fn is_past(&self, now: impl Borrow<f64>) -> bool {
        self.0.is_some_and(|then| then <= *now.borrow())
    }

    /// As `<time>`, with the span since then to be read and the point in its tooltip. It has nothing but numbers in it.
    pub fn tag(self, now: impl Borrow<f64>) -> String {
        self.html(&self.since(now))
    }

    /// As `<time>`, with the point to be read.
    pub fn date_tag(self) -> String {
        self.html(&self.in_full())
    }

    /// As `<time>`, with the span until then to be read.
    pub fn until_tag(self, now: impl Borrow<f64>) -> String {
        self.html(&self.until(now))
    }

    fn html(&self, words: &str) -> String {
        match self.parts() {
            None => words.to_owned(),
            Some(at) => {
                let full = self.in_full();
                let machine = at
                    .format(&time::format_description::well_known::Rfc3339)
                    .unwrap_or_default();
                format!("<time datetime=\"{machine}\" title=\"{full}\">{words}</time>")
            }
        }
    }

    /// 29 Nov 2026, 00:07 UTC
    pub fn in_full(&self) -> String {
        let Some(at) = self.parts() else {
            return "an unknown time".to_owned();
        };
        let mut text = String::new();
        let month = at.month().to_string();
        let month = month.get(..3).unwrap_or(&month);
        // Writing into a text does not fail.
        let _ = write!(
            text,
            "{} {} {}, {:02}:{:02} UTC",
            at.day(),
            month,
            at.year(),
            at.hour(),
            at.minute()
        );
        text
    }

    fn parts(&self) -> Option<time::OffsetDateTime> {
        time::OffsetDateTime::from_unix_timestamp(self.0? as i64).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_in_capitals_become_words_and_others_stay() {
        for (label, words) in [
            ("PHASE_BACKLOG", "Backlog"),
            ("PHASE_SECURITY_REVIEW", "Security review"),
            ("OPEN", "Open"),
            ("PHASE_", "Phase"),
            ("In Arbeit", "In Arbeit"),
            ("مراجعة", "مراجعة"),
            ("<b>", "<b>"),
            ("_", "_"),
        ] {
            assert_eq!(phase(label), words);
        }
    }

    #[test]
    fn spans_are_said_in_one_unit() {
        for (seconds, words) in [
            (-5.0, "0 s"),
            (59.9, "59 s"),
            (60.0, "1 min"),
            (5_399.0, "89 min"),
            (5_400.0, "1 h"),
            (129_600.0, "1 day"),
            (172_800.0, "2 days"),
            (1_209_600.0, "2 weeks"),
            (63_072_000.0 * 3.0, "5 years"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped(-1000), "-1,000");
        assert_eq!(count(1, "ticket", "tickets"), "1 ticket");
    }

    #[test]
    fn a_moment_without_a_time_is_said_to_be_unknown() {
        assert_eq!(Moment(None).tag(0.0), "an unknown time");
        assert_eq!(
            Moment(Some(0.0)).tag(120.0),
            "<time datetime=\"1970-01-01T00:00:00Z\" title=\"1 Jan 1970, 00:00 UTC\">2 min</time>"
        );
    }
}
