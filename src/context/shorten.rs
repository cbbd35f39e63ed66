//! Shortening one line to a number of tokens, at the end of a word.
//!
//! The line's gaps are single spaces, and the tokenizers start a new piece at each of them: the
//! count of a line is the sum of the counts of its words, each with the space before it. So a line
//! grows word by word, hardly a word is counted twice, and what lies beyond the budget is never read.

use std::borrow::Cow;

use super::text::ELLIPSIS;
use super::tokens::Encoding;

/// How often a cut inside unspaced text steps back before it gives up.
const STEPS_BACK: usize = 16;

/// A line that takes in as many words as it is given tokens for.
pub(super) struct Cut<'a> {
    line: Cow<'a, str>,
    encoding: Encoding,
    /// What stands between the bullet and the first word.
    lead: &'static str,
    /// The bytes taken in: whole words, and the space before each but the first.
    end: usize,
    /// Their tokens, with those of the bullet.
    used: usize,
    /// The tokens of what follows a line that was cut: a space, an ellipsis and the line's end.
    tail: usize,
}

/// The tokens of a line's end.
const LINE_END: usize = 1;

impl<'a> Cut<'a> {
    /// A line that has taken in nothing yet; `bulleted` if it stands after a dash and a space.
    pub(super) fn new(line: Cow<'a, str>, bulleted: bool, encoding: Encoding) -> Self {
        Cut {
            line,
            encoding,
            lead: if bulleted { " " } else { "" },
            end: 0,
            used: if bulleted { encoding.count("-") } else { 0 },
            tail: encoding.count(&format!(" {ELLIPSIS}\n")),
        }
    }

    /// Takes in words as long as all stays within `budget` tokens. Whether the whole line does.
    pub(super) fn grow(&mut self, budget: usize) -> bool {
        let (mut end, mut used) = (self.end, self.used);
        while let Some(word) = self.word_after(end) {
            let Some(room) = budget.checked_sub(used + LINE_END) else {
                return false;
            };
            let (word_end, cost) = (end + word.len(), self.count_at(end, word, room));
            let Some(cost) = cost else { return false };
            (end, used) = (word_end, used + cost);
            // A line that stops here needs room to say so; one that runs on to its end does not.
            if used + self.tail <= budget || end == self.line.len() {
                (self.end, self.used) = (end, used);
            }
        }
        true
    }

    /// The tokens of the whole line once it is in.
    pub(super) fn whole_cost(&self) -> usize {
        self.used + LINE_END
    }

    /// The line within `budget` tokens, how many it takes, and how many of its bytes are left.
    pub(super) fn finish(mut self, budget: usize) -> (Cow<'a, str>, usize, usize) {
        if self.grow(budget) {
            let (cost, kept) = (self.whole_cost(), self.end);
            return (self.line, cost, kept);
        }
        let (kept, cost) = self.unspaced(budget).unwrap_or((0, 0));
        let kept = self.end + kept;
        let text = match self.line.get(..kept).unwrap_or_default() {
            "" => ELLIPSIS.to_owned(),
            text => format!("{text} {ELLIPSIS}"),
        };
        (Cow::Owned(text), self.used + cost + self.tail, kept)
    }

    /// The next word after `end`, with the space before it.
    fn word_after(&self, end: usize) -> Option<&str> {
        let rest = self.line.get(end..).filter(|rest| !rest.is_empty())?;
        let space = rest.char_indices().skip(1).find(|&(_, c)| c == ' ');
        rest.get(..space.map_or(rest.len(), |(at, _)| at))
    }

    fn count_at(&self, at: usize, text: &str, limit: usize) -> Option<usize> {
        if at > 0 || self.lead.is_empty() {
            return self.encoding.count_within(text, limit);
        }
        self.encoding
            .count_within(&format!("{}{text}", self.lead), limit)
    }

    /// How much of the next word can be taken in where it is no word but text of a script without
    /// spaces, cut after one of that script's own stops: its bytes and its tokens.
    fn unspaced(&self, budget: usize) -> Option<(usize, usize)> {
        let room = budget.checked_sub(self.used + self.tail)?;
        let word = self.word_after(self.end)?;
        let mut stops = Vec::new();
        let (mut start, mut estimate) = (0, 0);
        let mut chars = word.char_indices().peekable();
        while let Some((_, c)) = chars.next() {
            let Some(&(next, follower)) = chars.peek() else {
                break;
            };
            if is_stop(c) && follower.is_alphanumeric() {
                match self
                    .encoding
                    .count_within(word.get(start..next)?, room - estimate)
                {
                    Some(count) => estimate += count,
                    None => break,
                }
                stops.push(next);
                start = next;
            }
        }
        // Pieces counted one by one may differ from the text as a whole: ask the tokenizer.
        stops
            .into_iter()
            .rev()
            .take(STEPS_BACK)
            .find_map(|stop| Some((stop, self.count_at(self.end, word.get(..stop)?, room)?)))
    }
}

/// The stops of scripts that do not separate words by spaces.
fn is_stop(c: char) -> bool {
    matches!(
        c,
        '、' | '。'
            | '，'
            | '！'
            | '？'
            | '；'
            | '：'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '။'
            | '၊'
            | '។'
            | '།'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENCODING: Encoding = Encoding::O200kBase;

    fn cut(line: &str, bulleted: bool, budget: usize) -> (String, usize) {
        let (text, cost, _) = Cut::new(Cow::Borrowed(line), bulleted, ENCODING).finish(budget);
        (text.into_owned(), cost)
    }

    #[test]
    fn a_line_grows_to_its_budget_and_no_further() {
        let line = "We store every event in one table, partitioned by month; see adr/0007.md (v2).";
        for bulleted in [false, true] {
            let bullet = if bulleted { "- " } else { "" };
            let all = ENCODING.count(&format!("{bullet}{line}\n"));
            for budget in 4..all + 3 {
                let (text, cost) = cut(line, bulleted, budget);
                assert!(cost <= budget, "{text:?}: {cost} of {budget}");
                assert!(ENCODING.count(&format!("{bullet}{text}\n")) <= cost);
                if let Some(kept) = text.strip_suffix(" …") {
                    assert!(line.starts_with(&format!("{kept} ")), "{text:?}");
                }
            }
            assert_eq!(cut(line, bulleted, all + 1).0, line);
        }
    }

    #[test]
    fn growing_in_steps_is_growing_at_once() {
        let line = "one two three four five six seven eight nine ten";
        let mut steps = Cut::new(Cow::Borrowed(line), true, ENCODING);
        for budget in 0..9 {
            assert!(!steps.grow(budget));
        }
        assert_eq!(steps.finish(9).0, cut(line, true, 9).0);
    }

    #[test]
    fn a_word_that_does_not_fit_is_left_out_whole() {
        assert_eq!(cut(&"x".repeat(1_000_000), true, 20).0, "…");
        assert_eq!(
            cut(&format!("log: {}", "=".repeat(9000)), true, 20).0,
            "log: …"
        );
        assert_eq!(cut("unfathomably incomprehensible", false, 0).0, "…");
    }

    #[test]
    fn text_without_spaces_is_cut_after_its_stops() {
        let line = "我们决定使用数据库，因为它可靠。所有服务都通过队列通信。下一步是部署。";
        let (text, cost) = cut(line, true, 18);
        assert!(cost <= 18);
        assert_eq!(text, "我们决定使用数据库，因为它可靠。 …");
        let (text, cost) = cut(&line.repeat(3000), true, 500);
        assert!(cost <= 500 && cost > 450, "{cost}");
        assert!(text.ends_with("。 …") || text.ends_with("， …"), "{text}");
    }
}
