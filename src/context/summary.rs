//! A context as compact text for a language model, within a budget of tokens.
//!
//! The text is a prefix of the ranked points. Where it cannot be all of them, points from the end of the
//! ranking are left out, and the last line says how many. Before anything else gives way, long
//! texts below the rank of risks are shortened at a word's end; and before a decision does, the
//! headings. The budget holds for the text as it stands, counted once more when it is done.
//!
//! The time is that of counting what the budget can hold: points beyond it are not tokenized.

use std::borrow::Cow;
use std::iter;

use serde_json::Value;

use super::rank::{Point, Rank, ranked_points};
use super::shorten::Cut;
use super::tokens::Encoding;
use crate::interrupt;

/// The summary of a context in at most `max_tokens` tokens, or of all of it without a budget.
/// For `order` see [`ranked_points`].
///
/// A budget too small for even the line that says what was left out gives an empty text.
pub fn summarize(
    context: &Value,
    max_tokens: Option<usize>,
    encoding: Encoding,
    order: Option<&[String]>,
) -> String {
    let points = ranked_points(context, order);
    match max_tokens {
        None => everything(&points),
        Some(budget) => Summarizer {
            points: &points,
            budget,
            encoding,
        }
        .summary(),
    }
}

/// The points of a context in ranking order, each as the line that says it in a summary.
pub fn key_points(context: &Value, order: Option<&[String]>) -> Vec<String> {
    ranked_points(context, order)
        .iter()
        .map(|point| {
            interrupt::tick();
            point.line().into_owned()
        })
        .collect()
}

/// How points are set out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// Under headings that name rank and phase, each after a dash.
    Headed,
    /// One a line and nothing else: for budgets in which headings would cost decisions.
    Plain,
}

impl Layout {
    fn bullet(self) -> &'static str {
        match self {
            Layout::Headed => "- ",
            Layout::Plain => "",
        }
    }

    /// The heading before `point`, if it starts a group.
    fn heading(self, previous: Option<&Point>, point: &Point) -> String {
        let same = |p: &Point| p.rank == point.rank && p.phase == point.phase;
        if self == Layout::Plain || previous.is_some_and(same) {
            return String::new();
        }
        match point.phase_name() {
            Some(phase) => format!("{} ({phase}):\n", point.rank.heading()),
            None => format!("{}:\n", point.rank.heading()),
        }
    }
}

/// The line that says how many points are missing; nothing if none are.
fn announcement(left_out: usize) -> String {
    match left_out {
        0 => String::new(),
        1 => "(1 more point left out)".to_owned(),
        n => format!("({n} more points left out)"),
    }
}

/// Each point with the one before it.
fn with_previous<'p, 'a>(
    points: &'p [Point<'a>],
) -> impl Iterator<Item = (Option<&'p Point<'a>>, &'p Point<'a>)> {
    iter::once(None).chain(points.iter().map(Some)).zip(points)
}

fn everything(points: &[Point]) -> String {
    let mut text = String::new();
    for (previous, point) in with_previous(points) {
        interrupt::tick();
        text.push_str(&Layout::Headed.heading(previous, point));
        push_line(&mut text, Layout::Headed, &point.line());
    }
    text.pop();
    text
}

fn push_line(text: &mut String, layout: Layout, line: &str) {
    text.push_str(layout.bullet());
    text.push_str(line);
    text.push('\n');
}

/// A text, and how many points stand in it for sure: the first ones, each whole unless it is of a kind
/// that may be shortened.
struct Choice {
    text: String,
    kept: usize,
}

/// A point in the making: its heading, and its line as far as it is known.
struct Part<'a> {
    heading: String,
    line: Line<'a>,
}

enum Line<'a> {
    Whole(Cow<'a, str>),
    /// To be shortened: it holds a claim of [`Summarizer::claim`] tokens, or more if there are more.
    Cut(Cut<'a>),
}

/// The bytes of a point that must be left of it for a shortened point to say anything.
const LEAST_PARTIAL: usize = 24;

struct Summarizer<'a> {
    points: &'a [Point<'a>],
    budget: usize,
    encoding: Encoding,
}

impl<'a> Summarizer<'a> {
    fn summary(&self) -> String {
        if self.points.is_empty() || self.budget == 0 {
            return String::new();
        }
        if self.may_fit(self.points) {
            let text = everything(self.points);
            if self.encoding.fits(&text, self.budget) {
                return text;
            }
        }
        let decisions = self
            .points
            .iter()
            .take_while(|p| p.rank == Rank::Decision)
            .count();
        let headed = self.choose(Layout::Headed);
        if headed.kept >= decisions.max(1) {
            return headed.text;
        }
        let plain = self.choose(Layout::Plain);
        if plain.kept < decisions
            && let Some(text) = self.first_alone(decisions)
        {
            return text;
        }
        if plain.kept > headed.kept {
            plain.text
        } else {
            headed.text
        }
    }

    /// Whether these points can fit at all, judged by their length.
    fn may_fit(&self, points: &[Point]) -> bool {
        let bytes = points
            .iter()
            .fold(0usize, |sum, point| sum.saturating_add(point.text.len()));
        bytes <= Encoding::most_bytes(self.budget)
    }

    /// The first `n` points and the announcement, if that fits.
    fn first_alone(&self, n: usize) -> Option<String> {
        let points = self.points.get(..n).filter(|points| self.may_fit(points))?;
        let mut text = String::new();
        for point in points {
            push_line(&mut text, Layout::Plain, &point.line());
        }
        text.push_str(&announcement(self.points.len() - n));
        let text = text.trim_end();
        self.encoding
            .fits(text, self.budget)
            .then(|| text.to_owned())
    }

    /// The best that fits in a layout. Counts of parts do not quite add up to the count of the
    /// whole, so should the whole be too long, the parts get less, and ever less, to share.
    fn choose(&self, layout: Layout) -> Choice {
        let (mut target, mut step) = (self.budget, 1);
        while let Some(choice) = self.attempt(layout, target) {
            if self.encoding.fits(&choice.text, self.budget) {
                return choice;
            }
            target = target.saturating_sub(step);
            step *= 2;
        }
        Choice {
            text: String::new(),
            kept: 0,
        }
    }

    /// What a text that can be shortened may claim before later points are left out for it.
    fn claim(budget: usize) -> usize {
        (budget / 16).max(16)
    }

    /// As many points as `budget` holds, texts shortened to their claims and then given what is left.
    fn attempt(&self, layout: Layout, budget: usize) -> Option<Choice> {
        let total = self.points.len();
        // A single point is either there or there is nothing.
        let notice = match total {
            _ if budget == 0 => return None,
            1 => 0,
            _ => self.announcement_cost(total),
        };
        let (mut parts, used) = self.prefix(layout, budget, notice)?;
        let kept = parts.len();
        let mut pool = budget - used;
        let mut left_out = total - kept;
        if left_out > 0 {
            let spare = if left_out == 1 {
                pool
            } else {
                pool.saturating_sub(notice)
            };
            pool = pool.saturating_sub(notice);
            if let Some((part, cost)) = self.partial(layout, kept, spare) {
                parts.push(part);
                pool = pool.saturating_sub(cost);
                left_out -= 1;
            }
        }
        let claim = Self::claim(budget);
        let mut cuts = parts
            .iter()
            .filter(|part| matches!(part.line, Line::Cut(_)))
            .count();
        let mut text = String::new();
        for part in parts {
            let line = match part.line {
                Line::Whole(line) => line,
                Line::Cut(cut) => {
                    let (line, cost, _) = cut.finish(claim + pool / cuts.max(1));
                    cuts = cuts.saturating_sub(1);
                    pool = (pool + claim).saturating_sub(cost);
                    line
                }
            };
            text.push_str(&part.heading);
            push_line(&mut text, layout, &line);
        }
        text.push_str(&announcement(left_out));
        text.truncate(text.trim_end().len());
        Some(Choice { text, kept })
    }

    /// The tokens of the announcement, whatever number up to `total` it says.
    fn announcement_cost(&self, total: usize) -> usize {
        let count = |n| self.encoding.count(&announcement(n));
        count(total).max(count(1))
    }

    /// The longest run of points from the first that leaves room for the notice if any are missing,
    /// and the tokens it takes.
    fn prefix(
        &self,
        layout: Layout,
        budget: usize,
        notice: usize,
    ) -> Option<(Vec<Part<'a>>, usize)> {
        let mut parts = Vec::new();
        let mut used = 0;
        let mut safe = (notice <= budget).then_some((0, 0));
        for (previous, point) in with_previous(self.points) {
            let heading = layout.heading(previous, point);
            let Some((line, cost)) = self
                .encoding
                .count_within(&heading, budget - used)
                .and_then(|cost| {
                    let (line, line_cost) =
                        self.line(layout, point, budget, budget - used - cost)?;
                    Some((line, cost + line_cost))
                })
            else {
                break;
            };
            used += cost;
            parts.push(Part { heading, line });
            if used + notice <= budget {
                safe = Some((parts.len(), used));
            }
        }
        if parts.len() < self.points.len() {
            let (count, safely_used) = safe?;
            parts.truncate(count);
            used = safely_used;
        }
        Some((parts, used))
    }

    /// The line of a point and the tokens it takes or claims, if there is `room` for them.
    fn line(
        &self,
        layout: Layout,
        point: &'a Point<'a>,
        budget: usize,
        room: usize,
    ) -> Option<(Line<'a>, usize)> {
        let line = point.line();
        if point.rank <= Rank::Risk {
            let mut text = String::new();
            push_line(&mut text, layout, &line);
            let cost = self.encoding.count_within(&text, room)?;
            return Some((Line::Whole(line), cost));
        }
        let claim = Self::claim(budget);
        let mut cut = Cut::new(line, layout == Layout::Headed, self.encoding);
        if cut.grow(claim.min(room)) {
            let cost = cut.whole_cost();
            return Some((Line::Whole(cut.finish(cost).0), cost));
        }
        (claim <= room).then_some((Line::Cut(cut), claim))
    }

    /// As much of the first point without room as the rest of the budget holds. Not of decisions and risks:
    /// half of one may say the opposite of the whole. Unless there would be nothing at all.
    fn partial(&self, layout: Layout, at: usize, room: usize) -> Option<(Part<'a>, usize)> {
        let point = self.points.get(at)?;
        if point.rank <= Rank::Risk && at > 0 {
            return None;
        }
        let previous = at.checked_sub(1).and_then(|at| self.points.get(at));
        let heading = layout.heading(previous, point);
        let cost = self.encoding.count_within(&heading, room)?;
        let line = point.line();
        let label = line.len() - point.text.len();
        let cut = Cut::new(line, layout == Layout::Headed, self.encoding);
        let (line, line_cost, kept) = cut.finish(room - cost);
        let says_something = kept >= label + LEAST_PARTIAL && cost + line_cost <= room;
        says_something.then_some((
            Part {
                heading,
                line: Line::Whole(line),
            },
            cost + line_cost,
        ))
    }
}

#[cfg(test)]
mod tests;
