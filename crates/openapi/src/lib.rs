#![doc = include_str!("../README.md")]

mod answer;
mod docs;
mod door;
mod operation;
mod paths;
mod problem;
mod rows;
mod schema;

use domain::dictionary::Dictionary;
use domain::report::Report;
use utoipa::openapi::path::PathsBuilder;
use utoipa::openapi::{
    ComponentsBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathItem, ServerBuilder,
};

pub use docs::{Page, page};
pub use door::Door;

/// What the document is made from.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The tables; hidden ones are left out.
    pub dictionary: &'a Dictionary,
    /// The reports.
    pub reports: &'a [Report],
    /// The version of Rowgate.
    pub version: &'a str,
    /// The door that is described.
    pub door: Door,
    /// Where callers reach the door, with its stage and without a slash at the end.
    pub url: &'a str,
}

/// The document.
pub fn document(source: Source<'_>) -> OpenApi {
    let routes = paths::routes(source);
    let door = source.door;
    let problems = routes.iter().flat_map(|route| route.all_problems(door).schemas().collect::<Vec<_>>());
    let mut schemas: Vec<_> = paths::schemas(source).into_iter().chain(problems).collect();
    schemas.sort_by(|(a, _), (b, _)| a.cmp(b));
    schemas.dedup_by(|(a, _), (b, _)| a == b);
    let components = schemas
        .into_iter()
        .fold(ComponentsBuilder::new(), |components, (name, schema)| components.schema(name, schema))
        .security_scheme(door.scheme_name(), door.scheme());
    let paths = routes.into_iter().fold(PathsBuilder::new(), |paths, route| {
        let (path, method) = (route.path.clone(), route.method.clone());
        paths.path(path, PathItem::new(method, route.operation(door)))
    });
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Rowgate")
                .description(Some(door.description()))
                .license(Some(
                    LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build(),
                ))
                .version(source.version)
                .build(),
        )
        .servers(Some([ServerBuilder::new().url(source.url).build()]))
        .paths(paths)
        .components(Some(components.build()))
        .security(Some([door.requirement()]))
        .build()
}

/// The document as JSON.
pub fn json(source: Source<'_>) -> String {
    // Names and numbers alone cannot fail to serialize.
    document(source).to_json().unwrap_or_default()
}

/// The methods and paths of the document, as the routes that serve them are written: `GET /reports/{name}`.
pub fn routes(source: Source<'_>) -> Vec<String> {
    let mut routes: Vec<String> = paths::routes(source)
        .into_iter()
        .filter(|route| route.path.strip_prefix("/reports/").is_none_or(|name| name == "{name}"))
        .map(|route| format!("{} {}", route.method_name(), route.path))
        .collect();
    routes.sort();
    routes
}

#[cfg(test)]
mod tests;
