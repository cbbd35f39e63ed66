//! The OpenAPI document, and a page of it for people.

mod page;

use crate::serve::App;
use crate::serve::problem::Problem;
use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::PartialSchema;
use utoipa::openapi::SecurityRequirement;
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, HeaderBuilder, InfoBuilder, LicenseBuilder, ObjectBuilder, OpenApi, Ref, RefOr,
    Required, ResponseBuilder, Schema, Server, Type,
};

/// The refusals that any path may answer with.
const REFUSALS: [(&str, &str); 12] = [
    ("400", "The body is not JSON"),
    ("401", "The token is missing, or not good"),
    ("403", "The role may not do this"),
    ("404", "There is no such thing, or the role may not see it"),
    (
        "409",
        "The workflow's rules do not allow it now; `code` and `blocking_reasons` say why",
    ),
    ("413", "The body, or a value in it, is too large"),
    ("415", "The body is not declared as JSON"),
    ("422", "A value or a field cannot be used"),
    ("500", "The service or the database is not as it should be"),
    (
        "503",
        "The database cannot be reached, or is too busy; the header Retry-After says when to try again",
    ),
    ("504", "It took too long"),
    ("421", "Without keys: the name is none of this machine's"),
];

/// Adds what all paths have in common.
pub fn complete(mut document: OpenApi, prefix: &str) -> OpenApi {
    document.info = InfoBuilder::new()
        .title("phasegate")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Tickets that move through phases, gated, in PostgreSQL. Each request is one transaction of the extension's \
             functions. Without keys it acts as the service's login role, in the workspace of the header X-Workspace.",
        ))
        .license(Some(LicenseBuilder::new().name("PostgreSQL License").identifier(Some("PostgreSQL")).build()))
        .build();
    document.servers = Some(vec![Server::new(if prefix.is_empty() {
        "/"
    } else {
        prefix
    })]);
    document.security = Some(vec![
        SecurityRequirement::default(),
        SecurityRequirement::new("token", Vec::<String>::new()),
    ]);
    let components = document.components.get_or_insert_with(Components::new);
    components
        .schemas
        .insert("Problem".to_owned(), Problem::schema());
    components.security_schemes.insert(
        "token".to_owned(),
        RefOr::T(SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .build(),
        )),
    );
    for (status, description) in REFUSALS {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .build();
        let mut response = ResponseBuilder::new()
            .description(description)
            .content("application/problem+json", content);
        if status == "503" {
            let seconds = HeaderBuilder::new()
                .schema(Some(ObjectBuilder::new().schema_type(Type::Integer)))
                .build();
            response = response.header("Retry-After", seconds);
        }
        components
            .responses
            .insert(format!("Refusal{status}"), RefOr::T(response.build()));
    }
    let optional = without_required(components);
    for (path, item) in &mut document.paths.paths {
        let watched = path.ends_with("/health");
        for (method, operation) in operations(item) {
            let words: Vec<&str> = path
                .trim_start_matches("/api/v1")
                .split(['/', '{', '}'])
                .filter(|w| !w.is_empty())
                .collect();
            operation.operation_id =
                Some(format!("{method}_{}", words.join("_").replace('-', "_")));
            if let Some(RefOr::T(body)) = &mut operation.request_body
                && body
                    .content
                    .values()
                    .any(|content| names(content, &optional))
            {
                // Nothing at all is an empty object.
                body.required = Some(Required::False);
            }
            for (status, _) in REFUSALS
                .iter()
                .filter(|(status, _)| !watched || *status == "421")
            {
                let refusal = Ref::new(format!("#/components/responses/Refusal{status}"));
                operation
                    .responses
                    .responses
                    .entry((*status).to_owned())
                    .or_insert(RefOr::Ref(refusal));
            }
        }
    }
    document
}

/// The bodies in which nothing has to be said.
fn without_required(components: &Components) -> Vec<String> {
    let empty = |schema: &RefOr<Schema>| matches!(schema, RefOr::T(Schema::Object(object)) if object.required.is_empty());
    components
        .schemas
        .iter()
        .filter(|(_, schema)| empty(schema))
        .map(|(name, _)| name.clone())
        .collect()
}

fn names(content: &RefOr<Content>, schemas: &[String]) -> bool {
    let RefOr::T(content) = content else {
        return false;
    };
    match &content.schema {
        Some(RefOr::Ref(to)) => schemas
            .iter()
            .any(|name| to.ref_location.ends_with(&format!("/{name}"))),
        _ => false,
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [("get", &mut item.get), ("post", &mut item.post)]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

/// The document, and its page.
pub fn routes(document: &OpenApi) -> Router<App> {
    let json = document.to_pretty_json().unwrap_or_default();
    let page = page::render(&serde_json::from_str(&json).unwrap_or_default());
    let style = include_str!("openapi/page.css");
    Router::new()
        .route(
            "/openapi.json",
            get(move || async move { ([(header::CONTENT_TYPE, "application/json")], json) }),
        )
        .route(
            "/docs",
            get(move || async move {
                let policy =
                    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'";
                (
                    [
                        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                        (header::CONTENT_SECURITY_POLICY, policy),
                    ],
                    page,
                )
            }),
        )
        .route(
            "/docs.css",
            get(
                move || async move { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], style) },
            ),
        )
}
