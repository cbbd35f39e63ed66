//! What is in the way of adopting or repairing tables: all of it, put together in one error or told as rows.

use crate::error::{Code, Error};

/// One thing that is in the way, or that is worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The table, by our name for it.
    pub table: String,
    /// The column, constraint or other object.
    pub object: Option<String>,
    /// What it is, in a word that programs read.
    pub word: &'static str,
    /// A sentence without its table, and without counts and examples.
    pub detail: String,
    /// The way out.
    pub hint: Option<String>,
    /// How many rows it is about.
    pub count: Option<i64>,
    /// Values or rows, as examples.
    pub examples: Vec<String>,
    /// Whether it is only worth knowing.
    pub is_note: bool,
    /// An error that is told as it is where nothing else is in the way.
    pub error: Option<Error>,
}

impl Problem {
    /// In the way of a table.
    pub fn new(table: &str, word: &'static str, detail: impl Into<String>) -> Self {
        Problem {
            table: table.to_owned(),
            object: None,
            word,
            detail: detail.into(),
            hint: None,
            count: None,
            examples: Vec::new(),
            is_note: false,
            error: None,
        }
    }

    /// An error that another rule raised about the table.
    pub fn of_error(table: &str, error: Error) -> Self {
        let mut detail = error.message.clone();
        if let Some(more) = &error.detail {
            detail = format!("{detail}. {more}");
        }
        if !detail.ends_with('.') {
            detail.push('.');
        }
        Problem {
            hint: error.hint.clone(),
            error: Some(error.clone()),
            ..Problem::new(table, error.code.word(), detail)
        }
    }

    /// The column or other object that it is about.
    #[must_use]
    pub fn about(mut self, object: &str) -> Self {
        self.object = Some(object.to_owned());
        self
    }

    /// The way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// How many rows it is about.
    #[must_use]
    pub fn count(mut self, count: i64) -> Self {
        self.count = Some(count);
        self
    }

    /// Values or rows as examples.
    #[must_use]
    pub fn examples(mut self, examples: Vec<String>) -> Self {
        self.examples = examples;
        self
    }

    /// The same as what is only worth knowing.
    #[must_use]
    pub fn note(mut self) -> Self {
        self.is_note = true;
        self
    }

    /// One line: the sentence, how many rows, and examples.
    pub fn line(&self) -> String {
        let mut line = self.detail.trim_end_matches('.').to_owned();
        match self.count {
            Some(1) => line.push_str(", in 1 row"),
            Some(count) => line.push_str(&format!(", in {count} rows")),
            None => {}
        }
        if !self.examples.is_empty() {
            line.push_str(&format!(": {}", self.examples.join(", ")));
        }
        line.push('.');
        line
    }
}

/// The most lines of a DETAIL or HINT.
const LINES: usize = 100;

/// One error about all that is in the way; nothing where nothing is.
pub fn error(problems: &[Problem]) -> Option<Error> {
    let problems: Vec<&Problem> = problems.iter().filter(|one| !one.is_note).collect();
    let first = problems.first()?;
    if let ([only], Some(error)) = (problems.as_slice(), &first.error) {
        debug_assert_eq!(only.table, first.table);
        return Some(error.clone());
    }
    let mut tables: Vec<&str> = Vec::new();
    for problem in &problems {
        if !tables.contains(&problem.table.as_str()) {
            tables.push(&problem.table);
        }
    }
    let named = |problem: &&Problem| match tables.len() {
        1 => problem.line(),
        _ => format!("{}: {}", problem.table, problem.line()),
    };
    let quoted: Vec<String> = tables.iter().map(|table| format!("\"{table}\"")).collect();
    let word = if tables.len() == 1 { "table" } else { "tables" };
    let mut hints: Vec<&str> = Vec::new();
    for hint in problems.iter().filter_map(|one| one.hint.as_deref()) {
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    // Whose things are is no question of shape.
    let code = |problem: &&Problem| problem.error.as_ref().map(|error| error.code);
    let is_of_one = |code| {
        problems
            .iter()
            .all(|one| one.error.as_ref().map(|e| e.code) == code)
    };
    let code = code(first).filter(|code| is_of_one(Some(*code)));
    let error = Error::new(
        code.unwrap_or(Code::CannotAdopt),
        format!("cannot adopt {word} {}", quoted.join(", ")),
    )
    .detail(lines(problems.iter().map(named).collect()));
    let error = match tables.as_slice() {
        [only] => error.table(*only),
        _ => error,
    };
    Some(if hints.is_empty() {
        error
    } else {
        error.hint(lines(hints.into_iter().map(str::to_owned).collect()))
    })
}

fn lines(mut lines: Vec<String>) -> String {
    if lines.len() > LINES {
        let more = lines.len() - LINES;
        lines.truncate(LINES);
        lines.push(format!("... and {more} more; adoption_report lists all."));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Problem {
        Problem::new(
            "tickets",
            "values_are_no_phases",
            "Column \"phase_id\" holds values that are no phase.",
        )
        .about("phase_id")
        .count(3)
        .examples(vec!["'closed'".into(), "'open'".into()])
        .hint("Change those rows.")
    }

    #[test]
    fn all_problems_are_one_error() {
        assert_eq!(error(&[]), None);
        assert_eq!(error(&[values().note()]), None);
        let one = error(&[values(), values()]).unwrap();
        assert_eq!(one.message, "cannot adopt table \"tickets\"");
        let line =
            "Column \"phase_id\" holds values that are no phase, in 3 rows: 'closed', 'open'.";
        assert_eq!(one.detail, Some(format!("{line}\n{line}")));
        assert_eq!(one.hint.as_deref(), Some("Change those rows."));
        let other = Problem::new("tasks", "x", "It is.");
        let two = error(&[values(), other]).unwrap();
        assert_eq!(two.message, "cannot adopt tables \"tickets\", \"tasks\"");
        assert_eq!(two.detail, Some(format!("tickets: {line}\ntasks: It is.")));
    }

    #[test]
    fn a_single_error_of_another_rule_is_told_as_it_is() {
        let taken = Error::new(Code::NameTaken, "tickets exists and is no table");
        let problem = Problem::of_error("tickets", taken.clone());
        assert_eq!(error(std::slice::from_ref(&problem)), Some(taken));
        let both = error(&[problem, values()]).unwrap();
        assert_eq!(both.code, Code::CannotAdopt);
    }

    #[test]
    fn lines_have_an_end() {
        let many = vec![values(); LINES + 5];
        let detail = error(&many).unwrap().detail.unwrap();
        assert!(detail.ends_with("... and 5 more; adoption_report lists all."));
    }
}
