//! The problems that an operation can answer with, grouped by status.

use std::collections::{BTreeMap, BTreeSet};

use domain::problem::ProblemKind;
use serde_json::{Value, json};

use crate::declared::{API, Operation};
use crate::schema::{camel_case, named, one_of};
use crate::source::Door;

/// Problems that every function can answer with: each refuses unknown parameters.
const OF_ALL: [&str; 2] = ["invalid-parameter", "internal"];

/// Problems that every function can answer with if it takes a body.
const OF_BODIES: [&str; 6] = [
    "invalid-encoding",
    "invalid-json",
    "wrong-shape",
    "payload-too-large",
    "unsupported-encoding",
    "unsupported-media-type",
];

/// A kind of problem under one status.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Problem {
    kind: String,
    title: String,
    status: u64,
    /// Also says in what state the service is.
    with_state: bool,
}

impl Problem {
    /// Finds a kind by its name, as declarations have it: `unknown-table`.
    pub(crate) fn named(kind: &str) -> Option<Self> {
        let is_named = |known: &&ProblemKind| known.type_uri().rsplit(':').next() == Some(kind);
        let known = ProblemKind::ALL.iter().find(is_named)?;
        Some(Self::new(kind, known.title(), known.status().into()))
    }

    fn new(kind: &str, title: &str, status: u64) -> Self {
        Self { kind: kind.to_owned(), title: title.to_owned(), status, with_state: false }
    }

    fn declared(problem: &Value) -> Self {
        let text = |name: &str| problem[name].as_str().unwrap_or_default();
        Self::new(text("kind"), text("title"), problem["status"].as_u64().unwrap_or_default())
    }

    /// Names its schema: `UnknownTableProblem`. A problem that the gateway sends under a status of
    /// its own has that in the name.
    fn schema_name(&self) -> String {
        let status = if self.status == 502 { "502" } else { "" };
        let state = if self.with_state { "Status" } else { "" };
        format!("{}{status}{state}Problem", camel_case(&self.kind, '-'))
    }

    fn schema(&self) -> Value {
        let Self { kind, title, status, .. } = self;
        let mut schema = json!({
            "type": "object",
            "description": "A problem (RFC 9457).",
            "required": ["type", "title", "status", "detail"],
            "additionalProperties": false,
            "properties": {
                "type": one_of([format!("urn:rowgate:problem:{kind}")]),
                "title": one_of([title.as_str()]),
                "status": {
                    "type": "integer",
                    "format": "int32",
                    "minimum": status,
                    "maximum": status,
                    "description": "The HTTP status.",
                },
                "detail": { "type": "string", "description": "What is wrong with this request." },
            },
        });
        let extra = &API["problems"]["members"][if self.with_state { "state" } else { kind }];
        for (name, member) in extra["properties"].as_object().into_iter().flatten() {
            schema["properties"][name] = member.clone();
        }
        if let (Some(all), Some(more)) = (schema["required"].as_array_mut(), extra["required"].as_array()) {
            all.extend_from_slice(more);
        }
        schema
    }

    /// Returns true where the answer has `Retry-After`.
    fn can_be_retried(&self) -> bool {
        self.status == 503 || self.kind == "idempotency-key-in-use"
    }
}

/// The problems of one operation, by status.
#[derive(Debug, Clone)]
pub(crate) struct Problems(BTreeMap<u64, BTreeSet<Problem>>);

impl Problems {
    /// Collects what the operation declares, what every function can answer, and what the gateway
    /// answers by itself.
    pub(crate) fn of(operation: &Operation<'_>, door: Door) -> Self {
        let has_body = operation.value.get("requestBody").is_some();
        let of_bodies = OF_BODIES.into_iter().filter(|_| has_body);
        let own = operation.problems().chain(OF_ALL).chain(of_bodies).filter_map(Problem::named);
        let gateway = API["problems"]["gateway"].as_array().into_iter().flatten();
        let of_gateway = gateway.map(Problem::declared).filter(|problem| match problem.kind.as_str() {
            // No path of the document is missing.
            "not-found" => false,
            // Keys have quotas, and tokens can be invalid.
            "quota-exceeded" => door == Door::Scripts,
            "unauthorized" => door == Door::People && !operation.is_open(),
            "payload-too-large" | "unsupported-media-type" => has_body,
            _ => true,
        });
        let mut by_status: BTreeMap<u64, BTreeSet<Problem>> = BTreeMap::new();
        for mut problem in own.chain(of_gateway) {
            problem.with_state = problem.status == 503 && operation.value["x-rowgate-state"] == true;
            by_status.entry(problem.status).or_default().insert(problem);
        }
        Self(by_status)
    }

    /// Returns the schemas that they need, by name.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = (String, Value)> {
        self.0.values().flatten().map(|problem| (problem.schema_name(), problem.schema()))
    }

    /// Returns the answers, by status.
    pub(crate) fn responses(&self) -> impl Iterator<Item = (String, Value)> {
        self.0.iter().map(|(status, problems)| (status.to_string(), response(problems)))
    }
}

fn response(problems: &BTreeSet<Problem>) -> Value {
    let titles: Vec<&str> = problems.iter().map(|problem| problem.title.as_str()).collect();
    let mut schemas: Vec<Value> = problems.iter().map(|problem| named(&problem.schema_name())).collect();
    let schema = if schemas.len() == 1 { schemas.remove(0) } else { json!({ "oneOf": schemas }) };
    let mut headers = json!({});
    if problems.iter().any(Problem::can_be_retried) {
        headers["Retry-After"] = json!({ "$ref": "shared.yaml#/Retry-After" });
    }
    if problems.iter().any(|problem| problem.kind == "unsupported-encoding") {
        headers["Accept-Encoding"] = json!({ "$ref": "shared.yaml#/Accept-Encoding" });
    }
    json!({
        "description": format!("{}.", titles.join("; ")),
        "headers": headers,
        "content": { "application/problem+json": { "schema": schema } },
    })
}
