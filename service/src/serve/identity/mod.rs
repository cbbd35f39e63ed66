//! Who sends a request: the one place that decides as whom its transaction acts.
//!
//! Without keys it is the login role, whatever that is, and only the machine itself is listened to. With keys each
//! request acts as the role, in the workspace and under the name that its token says; what that role may do PostgreSQL
//! decides.

mod jwt;
pub mod login_role;
pub mod origin;
mod tokens;
mod workspaces;

pub use jwt::KeyFile;
pub use tokens::TokenEntry;
pub use workspaces::Workspaces;

use crate::database::{Who, identifier};
use crate::error::Failure;
use crate::serve::App;
use crate::serve::options::Options;
use crate::serve::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use jwt::Jwt;
use tokens::Tokens;

/// The cookie that may carry a token instead of the header Authorization. Whoever sets it makes it HttpOnly, SameSite.
pub const COOKIE: &str = "phasegate_token";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// The role to act as.
    pub role: String,
    /// The workspace.
    pub workspace: String,
    /// Under which name.
    pub name: String,
}

/// How requests say who sends them.
pub enum Identities {
    /// They do not: each acts as the login role.
    Open,
    /// By tokens.
    Keys(Box<Keys>),
}

/// The keys and tokens that are configured.
pub struct Keys {
    roles: Vec<String>,
    jwt: Jwt,
    tokens: Tokens,
    workspaces: Workspaces,
}

impl Identities {
    /// Reads keys and tokens. Without any, only the machine itself may be listened to.
    pub fn read(options: &Options) -> Result<Identities, Failure> {
        if options.keys.is_empty() && options.tokens.is_empty() {
            if !options.listen.ip().is_loopback() {
                return Err(Failure::usage(format!(
                    "without keys only this machine is listened to, not {}: configure [[serve.keys]] or [[serve.tokens]]",
                    options.listen
                )));
            }
            return Ok(Identities::Open);
        }
        if options.roles.is_empty() {
            return Err(Failure::usage(
                "with keys the roles that tokens may name have to be listed: roles in part [serve]",
            ));
        }
        Ok(Identities::Keys(Box::new(Keys {
            roles: options.roles.clone(),
            jwt: Jwt::read(options)?,
            tokens: Tokens::read(options)?,
            workspaces: Workspaces::default(),
        })))
    }

    /// Whether requests need a token.
    pub fn have_keys(&self) -> bool {
        matches!(self, Identities::Keys(_))
    }
}

/// Who sends a request, as an extractor: `async fn page(State(app): State<App>, caller: Caller)`.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What is set in the request's transaction; give it to `app.database()`.
    pub who: Who,
    /// The name to show: the token's subject; None without keys.
    pub name: Option<String>,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Caller, Problem> {
        let named = asked_workspace(&parts.headers)?;
        match app.identities() {
            Identities::Open => {
                let workspace = named.or_else(|| app.workspace().map(String::from));
                Ok(Caller {
                    who: Who {
                        workspace,
                        ..Who::default()
                    },
                    name: None,
                })
            }
            Identities::Keys(keys) => {
                let token = token(&parts.headers)?.ok_or_else(|| {
                    Problem::unauthorized("The request has no token.")
                        .hint("Authorization: Bearer TOKEN")
                })?;
                keys.caller(app, &token, named).await
            }
        }
    }
}

impl Caller {
    /// Whom a token names; what the sign-in page asks before it sets the cookie.
    pub async fn of_token(app: &App, token: &str) -> Result<Caller, Problem> {
        match app.identities() {
            Identities::Open => Ok(Caller {
                who: Who {
                    workspace: app.workspace().map(String::from),
                    ..Who::default()
                },
                name: None,
            }),
            Identities::Keys(keys) => keys.caller(app, token, None).await,
        }
    }
}

impl Keys {
    async fn caller(
        &self,
        app: &App,
        token: &str,
        named: Option<String>,
    ) -> Result<Caller, Problem> {
        // Nothing of the token, nor which part of it is wrong, is told to whoever sent it beyond what they know.
        let claims = match self.tokens.find(token) {
            Some(claims) => claims?,
            None => self.jwt.claims(token)?,
        };
        if !self.roles.contains(&claims.role) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "role_not_allowed",
                "the token's role may not be used here",
            )
            .detail(format!(
                "Role \"{}\" is not among those that are configured.",
                claims.role.escape_debug()
            )));
        }
        if named.is_some_and(|named| named != claims.workspace) {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "wrong_workspace",
                "the token is for another workspace",
            ));
        }
        identifier(&claims.workspace)?;
        if !self.workspaces.has(app, &claims.workspace).await? {
            return Err(Problem::new(
                StatusCode::NOT_FOUND,
                "no_workspace",
                "the token's workspace does not exist",
            ));
        }
        Ok(Caller {
            who: Who {
                role: Some(claims.role),
                workspace: Some(claims.workspace),
                actor: Some(claims.name.clone()),
                agent: Some(claims.name.clone()),
            },
            name: Some(claims.name),
        })
    }
}

fn asked_workspace(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("x-workspace") else {
        return Ok(None);
    };
    let name = std::str::from_utf8(value.as_bytes()).map_err(|_| {
        Problem::invalid("invalid_workspace", "The header X-Workspace is not UTF-8.")
    })?;
    identifier(name)?;
    Ok(Some(name.to_owned()))
}

/// The token of the header Authorization, else of the cookie.
fn token(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value
            .to_str()
            .ok()
            .and_then(|value| value.trim().split_once(' '))
            .ok_or_else(|| Problem::unauthorized("The header Authorization has no token."))?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::unauthorized(
                "The header Authorization is of another scheme than Bearer.",
            ));
        }
        return Ok(Some(token.trim().to_owned()));
    }
    let cookies = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    Ok(cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_token_comes_in_a_header_or_a_cookie() {
        assert_eq!(
            token(&headers(header::AUTHORIZATION, "bearer abc"))
                .unwrap()
                .as_deref(),
            Some("abc")
        );
        assert!(token(&headers(header::AUTHORIZATION, "Basic abc")).is_err());
        assert!(token(&headers(header::AUTHORIZATION, "abc")).is_err());
        let cookie = headers(header::COOKIE, "a=b; phasegate_token=abc=; c=d");
        assert_eq!(token(&cookie).unwrap().as_deref(), Some("abc="));
        assert_eq!(token(&HeaderMap::new()).unwrap(), None);
    }
}
