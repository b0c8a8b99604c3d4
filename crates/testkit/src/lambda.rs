//! The part of Lambda that functions call: asynchronous invocations, which are queued for the test
//! to carry out.

use std::net::SocketAddr;

use anyhow::Result;
use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::fault_plan::{Fault, FaultPlan, Faults};
use crate::serve::{Cut, serve};

/// A requested invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoked {
    /// The function's name, or its ARN, as it was named.
    pub function: String,
    /// Its payload.
    pub payload: String,
}

/// An endpoint for invocations of type `Event`.
#[derive(Debug)]
pub struct Lambda {
    address: SocketAddr,
    faults: Faults,
    invoked: tokio::sync::Mutex<mpsc::UnboundedReceiver<Invoked>>,
    /// Everything that serves ends with it.
    _serving: JoinSet<()>,
}

impl Lambda {
    /// Listens on a free loopback port, in tasks of the current runtime.
    ///
    /// # Errors
    /// When no port can be listened on.
    pub async fn serve() -> Result<Self> {
        let (sender, invoked) = mpsc::unbounded_channel();
        let faults = Faults::none();
        let drawn = faults.clone();
        let (address, serving) = serve(move |request| answer(drawn.next(), sender.clone(), request)).await?;
        Ok(Self { address, faults, invoked: invoked.into(), _serving: serving })
    }

    /// For `AWS_ENDPOINT_URL_LAMBDA`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Sets the fault plan from now on.
    pub fn set_faults(&self, plan: FaultPlan) {
        self.faults.set(plan);
    }

    /// Waits for the next requested invocation. Cancelling the wait loses none.
    pub async fn next(&self) -> Option<Invoked> {
        self.invoked.lock().await.recv().await
    }
}

async fn answer(
    fault: Fault,
    sender: mpsc::UnboundedSender<Invoked>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    if let Some(refused) = fault.before().await? {
        return Ok(status(refused));
    }
    let function = head.uri.path().strip_prefix("/2015-03-31/functions/");
    let Some(function) = function.and_then(|rest| rest.strip_suffix("/invocations")) else {
        return Ok(status(StatusCode::NOT_FOUND));
    };
    // Synchronous invocations are not supported.
    if head.headers.get("x-amz-invocation-type").is_none_or(|kind| kind != "Event") {
        return Ok(status(StatusCode::NOT_IMPLEMENTED));
    }
    let payload = String::from_utf8_lossy(&body).into_owned();
    let _ = sender.send(Invoked { function: function.to_owned(), payload });
    if fault == Fault::Lost {
        return Err(Cut);
    }
    Ok(status(StatusCode::ACCEPTED))
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}
