//! Which schemas are workspaces: only such a one may be what a token's claim puts on the search_path.

use crate::database::{Access, Who};
use crate::error::Failure;
use crate::serve::App;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use tokio_postgres::types::Type;

/// For how long a workspace is not looked for again. One that is gone meanwhile the extension refuses itself.
const REMEMBERED: Duration = Duration::from_secs(30);

/// The workspaces that were there a moment ago.
#[derive(Default)]
pub struct Workspaces {
    seen: Mutex<HashMap<String, Instant>>,
}

impl Workspaces {
    /// Whether there is a workspace of this name.
    pub async fn has(&self, app: &App, name: &str) -> Result<bool, Failure> {
        let fresh = |seen: &HashMap<String, Instant>| {
            seen.get(name).is_some_and(|at| at.elapsed() < REMEMBERED)
        };
        if self.seen.lock().is_ok_and(|seen| fresh(&seen)) {
            return Ok(true);
        }
        let sql = "SELECT FROM phasegate.workspaces WHERE schema = $1::pg_catalog.name";
        let found = app
            .database()
            .row(&Who::default(), Access::Read, sql, &[(&name, Type::TEXT)])
            .await?
            .is_some();
        if let Ok(mut seen) = self.seen.lock() {
            seen.retain(|_, at| at.elapsed() < REMEMBERED);
            if found {
                seen.insert(name.to_owned(), Instant::now());
            }
        }
        Ok(found)
    }
}
