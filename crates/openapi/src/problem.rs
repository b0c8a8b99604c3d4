//! The problems that an operation can answer with, grouped by status.

use std::collections::BTreeMap;

use domain::problem::ProblemKind;
use domain::row::RowCode;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema};
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder};

use crate::answer::{Sent, with_headers};
use crate::door::Door;
use crate::schema::{array, count, integer, named, object, one_of, text, text_or_null};

/// What API Gateway itself answers, before or in place of a function; `infra/lib/api/problems.ts` says when.
const OF_THE_GATEWAY: [(&str, &str, u16); 10] = [
    ("bad-request", "Bad request", 400),
    ("forbidden", "Forbidden", 403),
    ("payload-too-large", "The body is too large", 413),
    ("throttled", "Too many requests", 429),
    (QUOTA, "Quota exceeded", 429),
    (UNAUTHORIZED, "Unauthorized", 401),
    ("internal", "Internal error", 500),
    ("internal", "Internal error", 502),
    ("no-answer", "No answer in time", 504),
    ("unsupported-media-type", "The body must be JSON", 415),
];

/// What a key alone has.
const QUOTA: &str = "quota-exceeded";

/// What is answered where there is no valid token.
const UNAUTHORIZED: &str = "unauthorized";

/// What functions answer to a body that they cannot unpack.
const OF_ENCODINGS: [ProblemKind; 2] = [ProblemKind::InvalidEncoding, ProblemKind::UnsupportedEncoding];

/// What a problem has beside the members that all have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Extra {
    /// Nothing.
    Nothing,
    /// `errors`, where a parameter can be named.
    Parameters,
    /// `errors`: what is wrong with the row.
    Row,
    /// How the service stands.
    Standing,
}

/// One kind of problem with its status: a schema of the components.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Described {
    uri: String,
    title: &'static str,
    status: u16,
    extra: Extra,
}

impl Described {
    fn of(kind: ProblemKind) -> Self {
        let extra = match kind {
            ProblemKind::InvalidParameter => Extra::Parameters,
            ProblemKind::InvalidRow => Extra::Row,
            _ => Extra::Nothing,
        };
        Self { uri: kind.type_uri().to_owned(), title: kind.title(), status: kind.status(), extra }
    }

    /// The name of its schema: `UnknownTableProblem`. One that the gateway sends under another status has that in its name.
    fn schema_name(&self) -> String {
        let kind = self.uri.rsplit(':').next().unwrap_or_default();
        let words = kind.split('-').map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            first.to_ascii_uppercase() + rest
        });
        let status = if self.status == 502 { "502" } else { "" };
        let standing = if self.extra == Extra::Standing { "Status" } else { "" };
        format!("{}{status}{standing}Problem", words.collect::<String>())
    }

    fn schema(&self) -> ObjectBuilder {
        let members: [(&str, RefOr<Schema>); 4] = [
            ("type", one_of([self.uri.as_str()]).into()),
            ("title", one_of([self.title]).into()),
            (
                "status",
                integer(self.status.into(), self.status.into()).description(Some("The HTTP status.")).into(),
            ),
            ("detail", text().description(Some("What is wrong with this request.")).into()),
        ];
        let schema = object(members).description(Some("A problem (RFC 9457)."));
        match self.extra {
            Extra::Nothing => schema,
            Extra::Parameters => {
                let one = object([("parameter", text().into()), ("detail", text().into())]);
                schema.property("errors", array(one).min_items(Some(1)))
            }
            Extra::Row => {
                schema.property("errors", array(named("RowError")).min_items(Some(1))).required("errors")
            }
            // What is not known is left out.
            Extra::Standing => schema
                .property("version", text())
                .required("version")
                .property(
                    "schema",
                    object([("expected", text_or_null().into())]).property("version", text_or_null()),
                )
                .required("schema")
                .property("database", object([("latency_ms", count().into())])),
        }
    }
}

/// What is wrong with a row, as inserts and PUT say it.
pub(crate) fn row_error() -> ObjectBuilder {
    let codes = RowCode::OF_ROWS.map(RowCode::as_str);
    object([
        ("column", text_or_null().description(Some("`null` where the whole row is meant.")).into()),
        ("code", one_of(codes).into()),
        ("message", text().into()),
    ])
}

/// The problems of one operation.
#[derive(Debug, Clone)]
pub(crate) struct Problems(BTreeMap<u16, Vec<Described>>);

impl Problems {
    /// These kinds, and what the gateway and every function can answer: each refuses parameters that it does not know.
    /// `door` is `None` for what anybody may call.
    pub(crate) fn new(
        kinds: &[ProblemKind],
        door: Option<Door>,
        takes_body: bool,
        takes_conditions: bool,
    ) -> Self {
        let of_all = [ProblemKind::InvalidParameter, ProblemKind::Internal];
        let of_encodings = OF_ENCODINGS.into_iter().filter(|_| takes_body);
        let of_conditions = takes_conditions.then_some(ProblemKind::PreconditionFailed);
        let own = kinds.iter().copied().chain(of_all).chain(of_encodings).chain(of_conditions);
        let of_the_gateway = OF_THE_GATEWAY.iter().filter(|(kind, _, status)| match *kind {
            QUOTA => door == Some(Door::Scripts),
            UNAUTHORIZED => door == Some(Door::People),
            _ => takes_body || !matches!(status, 413 | 415),
        });
        let of_the_gateway = of_the_gateway.map(|&(kind, title, status)| Described {
            uri: format!("urn:rowgate:problem:{kind}"),
            title,
            status,
            extra: Extra::Nothing,
        });
        let mut all: Vec<Described> = own.map(Described::of).chain(of_the_gateway).collect();
        all.sort();
        all.dedup();
        let mut grouped: BTreeMap<u16, Vec<Described>> = BTreeMap::new();
        for one in all {
            grouped.entry(one.status).or_default().push(one);
        }
        Self(grouped)
    }

    /// The same, where each problem of the service being unavailable tells how the service stands.
    pub(crate) fn with_standing(mut self) -> Self {
        for one in self.0.get_mut(&503).into_iter().flatten() {
            one.extra = Extra::Standing;
        }
        self
    }

    /// The schemas they need, by name.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = (String, Schema)> {
        self.0.values().flatten().map(|one| (one.schema_name(), one.schema().into()))
    }

    /// The answers, by status.
    pub(crate) fn responses(&self) -> impl Iterator<Item = (u16, Response)> {
        self.0.iter().map(|(&status, problems)| {
            let titles: Vec<&str> = problems.iter().map(|one| one.title).collect();
            let content = match &problems[..] {
                [only] => named(&only.schema_name()),
                several => several
                    .iter()
                    .fold(OneOfBuilder::new(), |any, one| any.item(named(&one.schema_name())))
                    .into(),
            };
            let response = ResponseBuilder::new()
                .description(format!("{}.", titles.join("; ")))
                .content("application/problem+json", ContentBuilder::new().schema(Some(content)).build());
            let waits = |one: &Described| one.status == 503 || one.uri.ends_with("idempotency-key-in-use");
            let is_encoded = |one: &Described| one.uri == ProblemKind::UnsupportedEncoding.type_uri();
            let sent = [
                problems.iter().any(waits).then_some(Sent::RetryAfter),
                problems.iter().any(is_encoded).then_some(Sent::AcceptEncoding),
            ];
            let sent: Vec<Sent> = sent.into_iter().flatten().collect();
            (status, with_headers(response, &sent).build())
        })
    }
}
