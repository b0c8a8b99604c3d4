//! Connections, and how they end.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use prometheus::IntGauge;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::metrics::Counted;

/// What a request's head may take, and what is read of a body at a time.
const BUFFER: usize = 64 * 1024;
/// How long a client may take nothing of its answer.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// How long to wait after a failed accept: there are no file descriptors, say.
const PAUSE: Duration = Duration::from_millis(100);

/// What connections may do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// How many there may be; others wait in the system's queue.
    pub(crate) connections: usize,
    /// How long the head of a request may take, the idle time before it included.
    pub(crate) head: Duration,
}

/// Answers on a listener until the process is to stop; gives what waits for the requests that are under way then.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    gauge: IntGauge,
    mut stop: watch::Receiver<bool>,
) -> GracefulShutdown {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let next = async {
            // It is never closed.
            let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
            let (stream, _) = listener.accept().await?;
            Ok::<_, io::Error>((place, stream))
        };
        let (place, stream) = tokio::select! {
            () = stopped(&mut stop) => return connections,
            next = next => match next {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let counted = Counted::on(&gauge);
        let connection = connections.watch(connection(stream, routes.clone(), limits.head));
        tokio::spawn(async move {
            // A connection that breaks, or a client that is too slow, ends with an error, and that is all there is to it.
            let _ = connection.await;
            drop((place, counted));
        });
    }
}

/// Waits until the process is to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Without a sender nobody would ever say so, and there is nothing to wait for.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn connection(
    stream: TcpStream,
    routes: Router,
    head: Duration,
) -> impl hyper_util::server::graceful::GracefulConnection<Output: Send> + Send {
    // Small answers must not wait for more to come.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_LIMIT));
    let answer = service_fn(move |request: Request<Incoming>| routes.clone().oneshot(request.map(Body::new)));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), answer)
}
