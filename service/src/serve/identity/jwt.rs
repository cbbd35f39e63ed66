//! JSON Web Tokens.

use crate::error::Failure;
use crate::serve::identity::Claims;
use crate::serve::options::Options;
use crate::serve::problem::Problem;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Number;
use std::path::{Path, PathBuf};

/// A key by which JWTs are checked, as the file of settings names it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFile {
    /// The `kid` of tokens that it is for; without one it is tried for all of its algorithm.
    pub id: Option<String>,
    /// HS256, RS256 or ES256.
    pub algorithm: String,
    /// Where it is: a secret of 32 bytes or more, or a public key as PEM.
    pub file: PathBuf,
}

/// The keys by which JWTs are checked, and what else they have to say.
pub struct Jwt {
    keys: Vec<Key>,
    issuer: Option<String>,
    audience: Option<String>,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// How far clocks may be apart, in seconds.
const LEEWAY: f64 = 30.0;

/// The claims of ours in a token. Times are numbers that may have a fraction (RFC 7519, NumericDate), which the library
/// does not read where `serde_json` keeps numbers as they were written.
#[derive(Deserialize)]
struct Said {
    exp: Option<Number>,
    nbf: Option<Number>,
    role: Option<String>,
    workspace: Option<String>,
    sub: Option<String>,
}

impl Jwt {
    /// Reads the keys.
    pub fn read(options: &Options) -> Result<Jwt, Failure> {
        let keys = options
            .keys
            .iter()
            .map(read_key)
            .collect::<Result<_, _>>()?;
        Ok(Jwt {
            keys,
            issuer: options.issuer.clone(),
            audience: options.audience.clone(),
        })
    }

    /// What a token says, if it is good.
    pub fn claims(&self, token: &str) -> Result<Claims, Problem> {
        let unknown = || Problem::unauthorized("The token is not known here.");
        let header = decode_header(token).map_err(|_| unknown())?;
        // One that says its key is checked by that alone; the algorithm is the key's, whatever the token says.
        let fitting = self.keys.iter().filter(|key| {
            key.algorithm == header.alg
                && (header.kid.is_none() || key.id.is_none() || key.id == header.kid)
        });
        let mut why = unknown();
        for key in fitting {
            match decode::<Said>(token, &key.key, &self.validation(key.algorithm)) {
                Ok(good) => {
                    let now = jsonwebtoken::get_current_timestamp() as f64;
                    in_time(&good.claims, now)
                        .map_err(|kind| Problem::unauthorized(reason(&kind)))?;
                    return claims(good.claims);
                }
                Err(error) => match error.kind() {
                    ErrorKind::InvalidSignature => {}
                    kind => why = Problem::unauthorized(reason(kind)),
                },
            }
        }
        Err(why)
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        // See in_time.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.required_spec_claims.clear();
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.required_spec_claims.insert("aud".to_owned());
            }
            None => validation.validate_aud = false,
        }
        if let Some(issuer) = &self.issuer {
            validation.set_issuer(&[issuer]);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        validation
    }
}

/// Whether a token is good at this time. Each has to end.
fn in_time(said: &Said, now: f64) -> Result<(), ErrorKind> {
    let exp = said.exp.as_ref().and_then(Number::as_f64);
    let exp = exp.ok_or_else(|| ErrorKind::MissingRequiredClaim("exp".to_owned()))?;
    if exp < now - LEEWAY {
        return Err(ErrorKind::ExpiredSignature);
    }
    match said.nbf.as_ref().map(Number::as_f64) {
        None => Ok(()),
        Some(Some(nbf)) if nbf <= now + LEEWAY => Ok(()),
        Some(_) => Err(ErrorKind::ImmatureSignature),
    }
}

fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "The token has expired.",
        ErrorKind::ImmatureSignature => "The token is not valid yet.",
        ErrorKind::InvalidAudience => "The token is for another audience.",
        ErrorKind::InvalidIssuer => "The token is of another issuer.",
        ErrorKind::MissingRequiredClaim(_) => {
            "The token lacks a claim: exp, and aud and iss where they are configured."
        }
        _ => "The token cannot be read.",
    }
}

fn claims(said: Said) -> Result<Claims, Problem> {
    let need = |name: &str, value: Option<String>| {
        value
            .filter(|value| !value.is_empty() && !value.contains('\0'))
            .ok_or_else(|| Problem::unauthorized(format!("The token lacks the claim \"{name}\".")))
    };
    Ok(Claims {
        role: need("role", said.role)?,
        workspace: need("workspace", said.workspace)?,
        name: need("sub", said.sub)?,
    })
}

fn read_key(file: &KeyFile) -> Result<Key, Failure> {
    let path = &file.file;
    let bytes = std::fs::read(path).map_err(|error| {
        Failure::usage(format!("cannot read the key {}: {error}", path.display()))
    })?;
    let (algorithm, key) = match file.algorithm.as_str() {
        "HS256" => {
            let secret = bytes.trim_ascii();
            if secret.len() < 32 {
                return Err(wrong(
                    path,
                    "a secret of HS256 has to have 32 bytes or more",
                ));
            }
            if secret.starts_with(b"-----BEGIN") {
                return Err(wrong(path, "it is a PEM file, and no secret of HS256"));
            }
            (Algorithm::HS256, DecodingKey::from_secret(secret))
        }
        "RS256" => (Algorithm::RS256, DecodingKey::from_rsa_pem(&bytes)),
        "ES256" => (Algorithm::ES256, DecodingKey::from_ec_pem(&bytes)),
        other => {
            return Err(wrong(
                path,
                &format!("\"{other}\" is no algorithm: HS256, RS256 or ES256"),
            ));
        }
    };
    let key =
        key.map_err(|_| wrong(path, &format!("it is no public key of {}", file.algorithm)))?;
    Ok(Key {
        id: file.id.clone(),
        algorithm,
        key,
    })
}

fn wrong(path: &Path, reason: &str) -> Failure {
    Failure::usage(format!("cannot use the key {}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    #[test]
    fn a_time_may_have_a_fraction() {
        let secret = [b'x'; 32];
        let jwt = Jwt {
            keys: vec![Key {
                id: None,
                algorithm: Algorithm::HS256,
                key: DecodingKey::from_secret(&secret).unwrap(),
            }],
            issuer: None,
            audience: None,
        };
        let now = jsonwebtoken::get_current_timestamp() as f64;
        for (exp, nbf, good) in [
            (json!(now + 60.5), json!(now - 1.5), true),
            (json!(now as u64 + 60), json!(now as u64), true),
            (json!(now + 60.5), json!(null), true),
            (json!(now - 60.5), json!(null), false),
            (json!(now as u64 - 60), json!(null), false),
            (json!(now + 60.5), json!(now + 60.5), false),
            (json!(null), json!(null), false),
            (json!("soon"), json!(null), false),
            (json!(-1), json!(null), false),
        ] {
            let claims = json!({"role": "r", "workspace": "w", "sub": "s", "exp": exp, "nbf": nbf});
            let token = encode(
                &Header::default(),
                &claims,
                &EncodingKey::from_secret(&secret).unwrap(),
            )
            .unwrap();
            let read = jwt.claims(&token);
            assert_eq!(read.is_ok(), good, "{exp} {nbf}: {read:?}");
        }
    }
}
