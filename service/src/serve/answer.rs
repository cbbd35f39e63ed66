//! Answers: JSON that the database made, passed on as it is.

use crate::database::{Access, Who};
use crate::function::Function;
use crate::serve::App;
use crate::serve::problem::Problem;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A JSON text with the status that it is sent with.
#[derive(Debug)]
pub struct Json {
    status: StatusCode,
    text: String,
    link: Option<String>,
    location: Option<String>,
}

impl Json {
    /// 200 with this text.
    pub fn ok(text: String) -> Json {
        Json {
            status: StatusCode::OK,
            text,
            link: None,
            location: None,
        }
    }

    /// 201 with this text.
    pub fn created(text: String) -> Json {
        Json {
            status: StatusCode::CREATED,
            ..Json::ok(text)
        }
    }

    /// Adds where the next page is.
    pub fn next(mut self, address: Option<String>) -> Json {
        self.link = address.map(|address| format!("<{address}>; rel=\"next\""));
        self
    }

    /// Adds where what was made can be read.
    pub fn at(mut self, address: String) -> Json {
        self.location = Some(address);
        self
    }
}

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.text).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        for (name, value) in [(header::LINK, self.link), (header::LOCATION, self.location)] {
            if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// What a handler gives.
pub type Answer = Result<Json, Problem>;

impl App {
    /// The only row of a statement, whose first column is a JSON text; None where there is no row, or it is NULL.
    pub async fn json(
        &self,
        who: &Who,
        access: Access,
        sql: &str,
        call: &Function,
    ) -> Result<Option<String>, Problem> {
        let row = self
            .database()
            .row(who, access, sql, &call.params())
            .await?;
        Ok(match row {
            Some(row) => row
                .try_get(0)
                .map_err(|error| crate::error::Failure::of(&error))?,
            None => None,
        })
    }

    /// Calls a function that gives one row.
    pub async fn row(&self, who: &Who, access: Access, call: &Function) -> Result<String, Problem> {
        Ok(self
            .json(who, access, &call.as_row(), call)
            .await?
            .unwrap_or_else(|| "null".to_owned()))
    }

    /// Calls a function that gives rows.
    pub async fn rows(
        &self,
        who: &Who,
        access: Access,
        call: &Function,
    ) -> Result<String, Problem> {
        Ok(self
            .json(who, access, &call.as_rows(), call)
            .await?
            .unwrap_or_else(|| "[]".to_owned()))
    }
}
