//! `rowgate docs`: a small server on this machine in front of the API. It adds the key, which a
//! browser does not send with a page.
//!
//! It has the rights of the key, so others must not use it: it listens on the loopback address
//! alone, under a path that cannot be guessed, and for its own host name only, so that no page of
//! another site reaches it.

use std::net::Ipv4Addr;

use anyhow::{Context, Result};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use clap::Args;
use http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderName, StatusCode};
use tokio::net::TcpListener;

use crate::arguments::ApiArguments;
use crate::exit::ExitStatus;
use crate::http::HttpClient;
use crate::printer::Printer;
use crate::secret::random_hex;
use crate::verb::Verb;

/// Bytes of a body at most: a little over what the API takes, so that it can be seen to refuse
/// more.
const MAX_BODY_BYTES: usize = 8_000_000;

/// The header that carries the key.
const KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The headers of a request that reach the API.
const PASSED_ON: [HeaderName; 5] = [
    ACCEPT,
    CONTENT_TYPE,
    KEY,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("prefer"),
];

/// Serves a page to read the API's document and try its calls.
#[derive(Debug, Args)]
pub(crate) struct Docs {
    #[command(flatten)]
    api: ApiArguments,
    /// The port of the page, 0 for any.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

impl Verb for Docs {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let ApiArguments { url, api_key } = &self.api;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))
            .await
            .with_context(|| format!("listening on port {}", self.port))?;
        let host = listener.local_addr()?.to_string();
        let secret = format!("/{}", random_hex()?);
        printer.line(format!("http://{host}{secret}/docs"))?;
        let proxy = Proxy {
            api: url.trim_end_matches('/').to_owned(),
            key: api_key.clone(),
            host,
            secret,
            http: HttpClient::new(),
        };
        axum::serve(listener, Router::new().fallback(answer).with_state(proxy)).await?;
        Ok(ExitStatus::Success)
    }
}

/// Passes requests on to the API.
#[derive(Clone, Debug)]
struct Proxy {
    api: String,
    key: String,
    host: String,
    /// The beginning of every path.
    secret: String,
    http: HttpClient,
}

async fn answer(State(proxy): State<Proxy>, request: Request) -> Response {
    let is_ours = request.headers().get(HOST).is_some_and(|host| host.as_bytes() == proxy.host.as_bytes());
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let Some(path) = path.strip_prefix(&proxy.secret).filter(|path| is_ours && path.starts_with('/')) else {
        return plain(StatusCode::NOT_FOUND, "There is nothing here.");
    };
    let mut forwarded = Request::builder().method(request.method()).uri(format!("{}{path}", proxy.api));
    for name in PASSED_ON {
        for value in request.headers().get_all(&name) {
            forwarded = forwarded.header(&name, value);
        }
    }
    // A key that was typed into the page counts.
    if !request.headers().contains_key(KEY) {
        forwarded = forwarded.header(KEY, &proxy.key);
    }
    let Ok(body) = to_bytes(request.into_body(), MAX_BODY_BYTES).await else {
        return plain(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than this page sends.");
    };
    let Ok(forwarded) = forwarded.body(body.to_vec()) else {
        return plain(StatusCode::BAD_REQUEST, "The request cannot be sent on.");
    };
    match proxy.http.send(forwarded).await {
        Ok(mut answer) => {
            // These are of the connection to the API.
            for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
                answer.headers_mut().remove(name);
            }
            answer.map(Body::from)
        }
        Err(error) => plain(StatusCode::BAD_GATEWAY, &error.to_string()),
    }
}

fn plain(status: StatusCode, text: &str) -> Response {
    (status, format!("{text}\n")).into_response()
}
