//! A small server on this machine in front of the API: it adds the key, which a browser does not send with a page.
//!
//! It does what the key may do, so nobody else may use it: it listens on the loopback address alone, under a path that cannot be
//! guessed, and for its own host name only, so that no page of another site reaches it.

use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use http::header::{ACCEPT, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use http::{HeaderName, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::http::HttpClient;

/// Bytes of a body at most: a little over what the API takes, so that it can be seen to refuse more.
const MAX_BODY_BYTES: usize = 8_000_000;

/// The header that carries the key.
const KEY: HeaderName = HeaderName::from_static("x-api-key");
/// What of a request reaches the API.
const PASSED_ON: [HeaderName; 5] = [
    ACCEPT,
    CONTENT_TYPE,
    KEY,
    HeaderName::from_static("idempotency-key"),
    HeaderName::from_static("prefer"),
];

/// What passes requests on.
#[derive(Clone, Debug)]
pub(crate) struct Proxy(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    api: String,
    key: String,
    host: String,
    /// What paths begin with.
    secret: String,
    http: HttpClient,
}

impl Proxy {
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn new(api: &str, key: &str, address: SocketAddr, http: HttpClient) -> Result<Self> {
        let mut random = [0; 16];
        File::open("/dev/urandom")?.read_exact(&mut random)?;
        let secret = format!("/{}", hex::encode(random));
        let api = api.trim_end_matches('/').to_owned();
        Ok(Self(Arc::new(Shared { api, key: key.to_owned(), host: address.to_string(), secret, http })))
    }

    /// Where the page is.
    pub(crate) fn page(&self) -> String {
        format!("http://{}{}/docs", self.0.host, self.0.secret)
    }

    /// Answers until the process ends.
    ///
    /// # Errors
    /// When no more connections can be taken.
    pub(crate) async fn serve(&self, listener: &TcpListener) -> Result<()> {
        loop {
            let (stream, _) = listener.accept().await?;
            let proxy = self.clone();
            tokio::spawn(async move {
                let answer = service_fn(|request| proxy.answer(request));
                // A browser that goes away is no fault.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let Self(shared) = self;
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let is_ours =
            request.headers().get(HOST).is_some_and(|host| host.as_bytes() == shared.host.as_bytes());
        let Some(path) = path.strip_prefix(&shared.secret).filter(|path| is_ours && path.starts_with('/'))
        else {
            return Ok(plain(StatusCode::NOT_FOUND, "There is nothing here."));
        };
        let mut forwarded = Request::builder().method(request.method()).uri(format!("{}{path}", shared.api));
        for name in PASSED_ON {
            for value in request.headers().get_all(&name) {
                forwarded = forwarded.header(&name, value);
            }
        }
        // A key that was typed into the page counts.
        if !request.headers().contains_key(KEY) {
            forwarded = forwarded.header(KEY, &shared.key);
        }
        let Ok(body) = Limited::new(request.into_body(), MAX_BODY_BYTES).collect().await else {
            return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE, "The body is larger than this page sends."));
        };
        let Ok(forwarded) = forwarded.body(body.to_bytes().to_vec()) else {
            return Ok(plain(StatusCode::BAD_REQUEST, "The request cannot be sent on."));
        };
        Ok(match shared.http.exchange(forwarded).await {
            Ok(answer) => {
                let mut answer = answer.map(|body| Full::new(Bytes::from(body)));
                // They are of the connection that the answer came by.
                for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
                    answer.headers_mut().remove(name);
                }
                answer
            }
            Err(error) => plain(StatusCode::BAD_GATEWAY, &error.to_string()),
        })
    }
}

fn plain(status: StatusCode, text: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(format!("{text}\n"))));
    *response.status_mut() = status;
    response
}
