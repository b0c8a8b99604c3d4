//! Lambda's Runtime API, from which a function's process takes events and to which it answers.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A function's answer to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The body of its answer.
    Response(String),
    /// The body of its error: the handler failed, or the function could not start.
    Error(String),
}

/// The Runtime API of one process. It hands out one invocation at a time, as Lambda does.
#[derive(Debug)]
pub struct RuntimeApi {
    address: SocketAddr,
    waiting: mpsc::Sender<Invocation>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Invocation {
    id: String,
    payload: String,
    deadline: SystemTime,
    answer: oneshot::Sender<Answer>,
}

#[derive(Debug)]
struct Shared {
    waiting: tokio::sync::Mutex<mpsc::Receiver<Invocation>>,
    /// The invocation that was handed out and is not answered.
    current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
}

impl RuntimeApi {
    /// Listens on a free loopback port, in tasks of the current runtime.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        // The end of a large event must not wait for its beginning to be acknowledged.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let (waiting, receiver) = mpsc::channel(1);
        let shared = Arc::new(Shared { waiting: receiver.into(), current: Mutex::default() });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            // A function's answer may have any length.
            .layer(DefaultBodyLimit::disable())
            .with_state(shared);
        let serving = tokio::spawn(async move {
            // It ends with the task.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { address, waiting, serving })
    }

    /// Returns the address that it listens on, for `AWS_LAMBDA_RUNTIME_API`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Hands an event to the function once it asks for one, and waits for its answer without a
    /// limit. `deadline` is only passed on; the caller must end a function that exceeds it.
    ///
    /// # Errors
    /// When the function took the event and can no longer answer it.
    pub async fn invoke(&self, payload: String, deadline: SystemTime) -> Result<Answer> {
        let (answer, answered) = oneshot::channel();
        let id = format!("{:032x}", fastrand::u128(..));
        let invocation = Invocation { id, payload, deadline, answer };
        self.waiting.send(invocation).await.ok().context("the Runtime API has ended")?;
        answered.await.context("the function asked for another event before it answered")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn current(&self) -> MutexGuard<'_, Option<(String, oneshot::Sender<Answer>)>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, id: &str, answer: Answer) -> StatusCode {
        let mut current = self.current();
        match current.take_if(|(current, _)| current == id) {
            Some((_, sender)) => {
                // The caller may have stopped waiting.
                let _ = sender.send(answer);
                StatusCode::ACCEPTED
            }
            None => StatusCode::BAD_REQUEST,
        }
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    let Some(Invocation { id, payload, deadline, answer }) = shared.waiting.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", id.clone()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:000000000000:function:test".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000".to_owned()),
    ];
    *shared.current() = Some((id, answer));
    (headers, payload).into_response()
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    shared.answer(&id, Answer::Response(text(&body)))
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    shared.answer(&id, Answer::Error(text(&body)))
}

/// Answers the waiting invocation with the error of a function that could not start.
async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    if let Some(Invocation { answer, .. }) = shared.waiting.lock().await.recv().await {
        let _ = answer.send(Answer::Error(text(&body)));
    }
    StatusCode::ACCEPTED
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).into_owned()
}
