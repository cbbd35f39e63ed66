//! API tokens: random texts, of which only the hashes are configured.

use crate::error::Failure;
use crate::serve::identity::Claims;
use crate::serve::options::Options;
use crate::serve::problem::Problem;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A token, as the file of settings names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenEntry {
    /// Under which name who has it acts.
    pub name: String,
    /// SHA-256 of the token, in hexadecimal digits.
    pub sha256: String,
    /// As which role.
    pub role: String,
    /// In which workspace.
    pub workspace: String,
    /// Until when, such as 2027-01-01T00:00:00Z; else for ever.
    pub expires: Option<String>,
}

/// The tokens by their hashes.
pub struct Tokens {
    known: HashMap<[u8; 32], (Claims, Option<OffsetDateTime>)>,
}

impl Tokens {
    /// Reads them.
    pub fn read(options: &Options) -> Result<Tokens, Failure> {
        let mut known = HashMap::new();
        for entry in &options.tokens {
            let wrong =
                |reason: &str| Failure::usage(format!("token of \"{}\": {reason}", entry.name));
            if entry.name.is_empty() {
                return Err(Failure::usage("a token has no name"));
            }
            if !options.roles.contains(&entry.role) {
                return Err(wrong("its role is not among those of part [serve]"));
            }
            let hash = digits(&entry.sha256)
                .ok_or_else(|| wrong("its sha256 is not 64 hexadecimal digits"))?;
            let expires = match &entry.expires {
                None => None,
                Some(text) => Some(
                    OffsetDateTime::parse(text, &Rfc3339)
                        .map_err(|_| wrong("it expires at no time such as 2027-01-01T00:00:00Z"))?,
                ),
            };
            let claims = Claims {
                role: entry.role.clone(),
                workspace: entry.workspace.clone(),
                name: entry.name.clone(),
            };
            if known.insert(hash, (claims, expires)).is_some() {
                return Err(wrong("another has the same hash"));
            }
        }
        Ok(Tokens { known })
    }

    /// What a token says; None where it is none of these. Looked up by its hash: times tell nothing of the token.
    pub fn find(&self, token: &str) -> Option<Result<Claims, Problem>> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let (claims, expires) = self.known.get(&hash)?;
        if expires.is_some_and(|expires| expires <= OffsetDateTime::now_utc()) {
            return Some(Err(Problem::unauthorized("The token has expired.")));
        }
        Some(Ok(claims.clone()))
    }
}

fn digits(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high * 16 + low),
            _ => None,
        })
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_64_digits() {
        assert_eq!(digits(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!(digits(&"0f".repeat(31)), None);
        assert_eq!(digits(&"0".repeat(63)), None);
        assert_eq!(digits(&"zz".repeat(32)), None);
    }
}
