//! Counting tokens as the models do: real byte pair encodings, loaded on first use.
//!
//! A vocabulary is some tens of megabytes once unpacked, so nothing is loaded before something is
//! counted. It then stays for the life of the process, and a process forked afterwards shares it.

use bpe_openai::Tokenizer;

/// The longest token of either vocabulary in bytes; longer texts than `limit` times this cannot fit.
const MAX_TOKEN_BYTES: usize = 128;

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
        if text.is_empty() {
            return 0;
        }
        self.tokenizer().count(text)
    }

    /// The number of tokens in `text` if it is at most `limit`. Stops reading soon after the limit
    /// is passed, and reads nothing of a text too long to fit whatever it says.
    pub fn count_within(self, text: &str, limit: usize) -> Option<usize> {
        if text.is_empty() {
            return Some(0);
        }
        if text.len() > Encoding::most_bytes(limit) {
            return None;
        }
        let tokenizer = self.tokenizer();
        tokenizer.count_till_limit(&tokenizer.normalize(text), limit)
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

#[cfg(test)]
mod tests {
    use super::*;
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

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
