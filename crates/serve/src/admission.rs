//! The checks before the handlers, as of API Gateway before the functions: keys, rates and limits.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::batch::MAX_BODY_BYTES;
use domain::problem::{Problem, ProblemKind};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use http_body_util::{BodyExt, Limited};
use lambda_kit::http::{RequestId, method_name, put_context, route};
use lambda_kit::metrics::{RequestFigures, request_answered};
use lambda_kit::problem::ProblemResponse;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::keys::Keys;
use crate::metrics::{Counted, Metrics, Refusal};

const KEY: HeaderName = HeaderName::from_static("x-api-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The limit of a body, packed or not; handlers have limits of their own below it.
const MAX_BODY: usize = MAX_BODY_BYTES + MAX_BODY_BYTES / 4;
/// The limit of all bodies in memory, in KiB, which keeps the process small under many large
/// requests.
const BODIES_KIB: usize = 16 * 1024;
/// The time that a body waits for memory.
const ROOM_WAIT: Duration = Duration::from_secs(5);
/// The most of a refused body that is read, and the time for it: otherwise its sender would miss
/// the answer.
const MAX_DRAIN: usize = 16 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// The rate of requests of a key, unless the file of keys has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Requests per second.
    pub(crate) rate: NonZeroU32,
    /// Requests at once.
    pub(crate) burst: NonZeroU32,
}

/// The state of the checks.
#[derive(Debug)]
pub(crate) struct Admission {
    keys: Keys,
    /// The rates, by the places of the keys.
    rates: Vec<DefaultDirectRateLimiter>,
    /// The slots of concurrent requests.
    slots: Arc<Semaphore>,
    all_slots: u32,
    bodies: Arc<Semaphore>,
    metrics: Metrics,
}

/// The answer to a refused request.
struct Refused {
    problem: ProblemResponse,
    refusal: Refusal,
    /// Seconds until a retry may succeed.
    retry_after: Option<u64>,
    /// The name of its key.
    key: Option<String>,
}

impl Admission {
    pub(crate) fn new(keys: Keys, usual: Rate, requests: NonZeroU32, metrics: Metrics) -> Self {
        let rates = keys.iter().map(|key| {
            let quota = Quota::per_second(key.rate.unwrap_or(usual.rate));
            RateLimiter::direct(quota.allow_burst(key.burst.unwrap_or(usual.burst)))
        });
        let rates = rates.collect();
        let slots = Arc::new(Semaphore::new(requests.get().try_into().unwrap_or(Semaphore::MAX_PERMITS)));
        let bodies = Arc::new(Semaphore::new(BODIES_KIB));
        Self { keys, rates, slots, all_slots: requests.get(), bodies, metrics }
    }

    /// Waits until no request is under way, and refuses later ones.
    pub(crate) async fn finished(&self) {
        if let Ok(all) = self.slots.acquire_many(self.all_slots).await {
            all.forget();
        }
    }

    /// Admits a request: returns the name of its key, a slot, and memory for its body.
    async fn admit(
        &self,
        headers: &HeaderMap,
    ) -> Result<(String, OwnedSemaphorePermit, Option<OwnedSemaphorePermit>), Refused> {
        let mut presented = headers.get_all(KEY).iter();
        let found = match (presented.next(), presented.next()) {
            (Some(key), None) => self.keys.find(key.as_bytes()),
            _ => None,
        };
        let Some((place, key)) = found else {
            let problem = Problem::new(
                ProblemKind::Forbidden,
                "The header x-api-key is missing or is not a valid key.",
            );
            let problem = problem.into();
            return Err(Refused { problem, refusal: Refusal::Key, retry_after: None, key: None });
        };
        let refused = |problem, refusal, retry_after| {
            let key = Some(key.holder.id().to_owned());
            Refused { problem, refusal, retry_after, key }
        };
        let length = declared_length(headers);
        if length.is_some_and(|length| length > MAX_BODY_BYTES as u64) {
            let detail = format!("The body has more than {MAX_BODY_BYTES} bytes.");
            let problem = Problem::new(ProblemKind::PayloadTooLarge, detail);
            return Err(refused(problem.into(), Refusal::Size, None));
        }
        if let Some(Err(not_until)) = self.rates.get(place).map(RateLimiter::check) {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            let problem = Problem::new(
                ProblemKind::Throttled,
                "Too many requests in a short time; slow down and try again.",
            );
            return Err(refused(problem.into(), Refusal::Rate, Some(wait.as_secs() + 1)));
        }
        let busy = || {
            let problem = Problem::new(
                ProblemKind::Unavailable,
                "The service answers as many requests at once as it can. Nothing was done; try again after Retry-After.",
            );
            refused(problem.into(), Refusal::Busy, Some(1))
        };
        let slot = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| busy())?;
        let needed = room(headers, length);
        let room = match needed {
            0 => None,
            needed => {
                let room = Arc::clone(&self.bodies).acquire_many_owned(needed);
                let room = tokio::time::timeout(ROOM_WAIT, room).await;
                Some(room.ok().and_then(Result::ok).ok_or_else(busy)?)
            }
        };
        Ok((key.holder.id().to_owned(), slot, room))
    }
}

/// Returns the declared length of a body.
fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Returns the memory for a body, in KiB: the most that a body can take if it is packed or has no
/// declared length.
fn room(headers: &HeaderMap, length: Option<u64>) -> u32 {
    let is_packed = headers.contains_key(header::CONTENT_ENCODING);
    let bytes = match length {
        Some(0) => 0,
        Some(length) if !is_packed => length,
        Some(_) => MAX_BODY as u64,
        None if headers.contains_key(header::TRANSFER_ENCODING) => MAX_BODY as u64,
        None => 0,
    };
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

/// Passes a request to the handlers, with the context that API Gateway would add, or refuses it.
///
/// The handlers run to their end even if the client disconnects, so that transactions end as in a
/// function.
pub(crate) async fn check(
    State(admission): State<Arc<Admission>>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let id = RequestId(format!("{:032x}", fastrand::u128(..)));
    let (key, slot, room) = match admission.admit(request.headers()).await {
        Ok(admitted) => admitted,
        Err(refused) => return refuse(&admission.metrics, refused, &id, request, started).await,
    };
    // Nothing needs the secret from here on.
    request.headers_mut().remove(KEY);
    put_context(request.extensions_mut(), &id, &key);
    let request = request.map(|body| Body::new(Limited::new(body, MAX_BODY)));
    let counted = Counted::on(&admission.metrics.in_flight);
    let answered = tokio::spawn(async move {
        let answer = next.run(request).await;
        drop((slot, room, counted));
        answer
    });
    answered.await.unwrap_or_else(|error| {
        tracing::error!(request.id = id.0, error = %error, "a handler was cancelled");
        with_id(ProblemResponse::from(Problem::internal()).into_response(), &id)
    })
}

/// Answers a refused request, and writes its log line.
async fn refuse(
    metrics: &Metrics,
    refused: Refused,
    id: &RequestId,
    request: Request,
    started: Instant,
) -> Response {
    let Refused { problem, refusal, retry_after, key } = refused;
    metrics.refuse(refusal);
    let (method, route) = (method_name(request.method()), route(&request));
    let mut answer = with_id(problem.into_response(), id);
    if key.is_some() {
        drain(request.into_body()).await;
    } else {
        // No body is read without a key.
        answer = close(answer).await;
    }
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    request_answered(&RequestFigures {
        request: &id.0,
        method,
        route: &route,
        status: answer.status().as_u16(),
        time: started.elapsed(),
        rows: None,
        key: key.as_deref(),
        person: None,
        trace: None,
    });
    answer
}

fn with_id(mut answer: Response, id: &RequestId) -> Response {
    if let Ok(id) = HeaderValue::from_str(&id.0) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    answer
}

/// Reads a body and discards it.
async fn drain(body: Body) {
    let mut body = Limited::new(body, MAX_DRAIN);
    let drained = async { while let Some(Ok(_)) = body.frame().await {} };
    // A client that is slow, or that sends more, misses the answer.
    let _ = tokio::time::timeout(DRAIN_TIME, drained).await;
}

/// Closes the connection after this answer: only callers with a key keep one.
pub(crate) async fn close(mut answer: Response) -> Response {
    answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    answer
}

/// `GET /health`: any answer means that the process serves.
pub(crate) async fn health() -> &'static str {
    "{\"status\":\"ok\"}"
}
