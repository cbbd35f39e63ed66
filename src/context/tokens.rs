//! Counting tokens as the models do: real byte pair encodings, loaded on first use.
//!
//! A vocabulary is some tens of megabytes once unpacked, so nothing is loaded before something is
//! counted. It then stays for the life of the process, and a process forked afterwards shares it.

use crate::interrupt;
use bpe_openai::Tokenizer;

/// The longest token of either vocabulary in bytes; longer texts than `limit` times this cannot fit.
const MAX_TOKEN_BYTES: usize = 128;

/// A longer text, in bytes, is counted in parts, since the tokenizer cannot be stopped within a piece. Where
/// half of this has no gap, as no text has that is not made up, the count may be off by a few tokens a part.
const LONGEST_PART: usize = 128 * 1024;

/// A tokenizer by the name its publisher gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `o200k_base`, of GPT-4o and the models after it.
    #[default]
    O200kBase,
    /// `cl100k_base`, of GPT-4 and GPT-3.5.
    Cl100kBase,
}

impl Encoding {
    /// Every encoding there is, the default first.
    pub const ALL: [Encoding; 2] = [Encoding::O200kBase, Encoding::Cl100kBase];

    /// The name as the setting spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Encoding::O200kBase => "o200k_base",
            Encoding::Cl100kBase => "cl100k_base",
        }
    }

    /// The encoding a setting's text names, in any case; none if there is no such encoding.
    pub fn parse(name: &str) -> Option<Encoding> {
        let name = name.trim();
        Encoding::ALL
            .into_iter()
            .find(|encoding| encoding.name().eq_ignore_ascii_case(name))
    }

    /// Loads the vocabulary now rather than at the first count, so that processes forked later share it.
    pub fn load(self) {
        self.tokenizer();
    }

    /// The number of tokens in `text`. Special tokens such as `<|endoftext|>` count as the text they are.
    pub fn count(self, text: &str) -> usize {
        self.count_pieces(text, usize::MAX).unwrap_or(usize::MAX)
    }

    /// The number of tokens in `text` if it is at most `limit`. Stops reading soon after the limit
    /// is passed, and reads nothing of a text too long to fit whatever it says.
    pub fn count_within(self, text: &str, limit: usize) -> Option<usize> {
        if text.len() > Encoding::most_bytes(limit) {
            return None;
        }
        self.count_pieces(text, limit)
    }

    /// The tokens of each piece that the tokenizer cuts `text` into, added up to `limit`. Neither encoding
    /// normalizes a text before.
    fn count_pieces(self, text: &str, limit: usize) -> Option<usize> {
        if text.is_empty() {
            return Some(0);
        }
        let tokenizer = self.tokenizer();
        let mut pieces = parts(text, LONGEST_PART).flat_map(|part| {
            interrupt::check();
            tokenizer.split(part)
        });
        pieces.try_fold(0, |counted, piece| {
            interrupt::tick();
            let room = limit - counted;
            let count = tokenizer.bpe.count_till_limit(piece.as_bytes(), room)?;
            Some(counted + count)
        })
    }

    /// Whether `text` has at most `limit` tokens. Short texts are not even tokenized: a token has
    /// at least one byte.
    pub fn fits(self, text: &str, limit: usize) -> bool {
        text.len() <= limit || self.count_within(text, limit).is_some()
    }

    /// The length that no text of `tokens` tokens exceeds, in bytes.
    pub const fn most_bytes(tokens: usize) -> usize {
        tokens.saturating_mul(MAX_TOKEN_BYTES)
    }

    fn tokenizer(self) -> &'static Tokenizer {
        match self {
            Encoding::O200kBase => bpe_openai::o200k_base(),
            Encoding::Cl100kBase => bpe_openai::cl100k_base(),
        }
    }
}

/// `text` in parts of at most `longest` bytes, each of which can be counted by itself.
fn parts(mut text: &str, longest: usize) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        let end = if text.len() <= longest {
            text.len()
        } else {
            let end = text.floor_char_boundary(longest);
            last_gap(text, text.floor_char_boundary(longest / 2), end).unwrap_or(end)
        };
        let (part, rest) = text.split_at_checked(end)?;
        text = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// The last place between two positions at which the tokenizers start a new piece whatever stands around it:
/// after a word, before a gap or a stop.
fn last_gap(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut follower = None;
    for (at, c) in text.get(from..to)?.char_indices().rev() {
        let is_letter = c.is_ascii_alphanumeric() || matches!(c, '\u{4e00}'..='\u{9fff}');
        if let Some((next, ' ' | '\n' | '。' | '，')) = follower
            && is_letter
        {
            return Some(from + next);
        }
        follower = Some((at, c));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interrupt::tests::stops;
    use proptest::prelude::*;

    #[test]
    fn names_round_trip() {
        for encoding in Encoding::ALL {
            assert_eq!(Encoding::parse(encoding.name()), Some(encoding));
        }
        assert_eq!(Encoding::parse(" O200K_BASE "), Some(Encoding::O200kBase));
        assert_eq!(Encoding::parse("gpt-4"), None);
        assert_eq!(Encoding::parse(""), None);
        assert_eq!(Encoding::default(), Encoding::O200kBase);
    }

    #[test]
    fn known_counts() {
        // As the publisher's own library counts them.
        for encoding in Encoding::ALL {
            assert_eq!(encoding.count(""), 0);
            assert_eq!(encoding.count("hello world"), 2);
            assert_eq!(encoding.count("tiktoken is great!"), 6);
        }
        assert_eq!(Encoding::Cl100kBase.count("お誕生日おめでとう"), 9);
        assert_eq!(Encoding::O200kBase.count("お誕生日おめでとう"), 8);
    }

    #[test]
    fn no_token_is_longer_than_the_bound() {
        for encoding in Encoding::ALL {
            let bpe = &encoding.tokenizer().bpe;
            let longest = (0..bpe.num_tokens() as u32).map(|t| bpe.token_len(t)).max();
            assert!(longest <= Some(MAX_TOKEN_BYTES), "{longest:?}");
        }
    }

    #[test]
    fn long_text_without_a_gap_is_counted() {
        for unit in ["a", "\u{4e2d}", "=", " ", "\n", "9", "aB", "\u{1f600}"] {
            let text = unit.repeat(50_000 / unit.len());
            let count = Encoding::O200kBase.count(&text);
            assert!(count > 0 && count <= text.len());
            assert_eq!(Encoding::O200kBase.count_within(&text, count), Some(count));
            assert_eq!(Encoding::O200kBase.count_within(&text, count - 1), None);
            assert!(!Encoding::O200kBase.fits(&text, 10));
        }
    }

    #[test]
    fn counting_can_be_stopped() {
        let words = "some words to count ".repeat(2_000);
        let run = "=".repeat(3 * LONGEST_PART);
        for text in [words, run] {
            let checks = stops(|| Encoding::O200kBase.count(&text));
            assert!(checks >= 3, "{checks}");
        }
    }

    #[test]
    fn text_without_a_gap_is_cut_all_the_same() {
        for unit in ["a", "\u{4e2d}", "\u{1f600}", " ", ""] {
            let text = unit.repeat(100);
            let cut: Vec<&str> = parts(&text, 32).collect();
            assert_eq!(cut.concat(), text);
            assert!(cut.iter().all(|part| !part.is_empty() && part.len() <= 32));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Of any words, of which every second is followed by a gap that is one.
        #[test]
        fn parts_count_as_the_whole(words in proptest::collection::vec(
            ("\\PC{1,4}", "[ \\n\\r\\t.,。/='sr-]{0,4}", "[a-zA-Z0-9]{1,6}('(s|re|ll))?|[中文字符]{1,3}", "[ \\n。，]"), 20..60)) {
            let text: String = words.into_iter().flat_map(|(odd, between, word, gap)| [odd, between, word, gap]).collect();
            for encoding in Encoding::ALL {
                let tokenizer = encoding.tokenizer();
                let in_parts = parts(&text, 128).map(|part| tokenizer.count(part)).sum::<usize>();
                prop_assert_eq!(in_parts, tokenizer.count(text.as_str()));
            }
        }

        #[test]
        fn counting_within_a_limit_agrees_with_counting(text in "\\PC{0,60}", limit in 0usize..40) {
            for encoding in Encoding::ALL {
                let count = encoding.count(&text);
                let expected = (count <= limit).then_some(count);
                prop_assert_eq!(encoding.count_within(&text, limit), expected);
                prop_assert_eq!(encoding.fits(&text, limit), count <= limit);
            }
        }
    }
}
