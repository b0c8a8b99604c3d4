//! The connections of the server.

use std::collections::VecDeque;
use std::pin::pin;
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
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::metrics::Counted;

/// The limit of a request's head, and of one read of a body.
const BUFFER: usize = 64 * 1024;
/// The time in which a client must read some of its answer.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
/// The pause after a failed accept, for example without free file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// The limits of connections.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The number of connections; others wait in the system's queue.
    pub(crate) connections: usize,
    /// The time for the head of the first request.
    pub(crate) head: Duration,
    /// The time for the head of every other request, including the idle time before it.
    pub(crate) idle: Duration,
}

/// Answers on a listener until the process stops, and returns the handle that waits for the
/// requests under way.
///
/// If all connections are taken, the oldest one that has not sent a head is closed for the next:
/// silent clients cannot keep others out.
pub(crate) async fn serve(
    listener: TcpListener,
    routes: Router,
    limits: Limits,
    gauge: IntGauge,
    mut stop: watch::Receiver<bool>,
) -> GracefulShutdown {
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    // Oldest first; a channel is closed if a head has come or the connection has ended.
    let mut silent: VecDeque<oneshot::Sender<()>> = VecDeque::new();
    loop {
        let stream = tokio::select! {
            () = stopped(&mut stop) => return connections,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(error = %error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        silent.retain(|connection| !connection.is_closed());
        if places.available_permits() == 0 {
            while let Some(oldest) = silent.pop_front() {
                if oldest.send(()).is_ok() {
                    break;
                }
            }
        }
        let place = tokio::select! {
            () = stopped(&mut stop) => return connections,
            place = Arc::clone(&places).acquire_owned() => match place {
                Ok(place) => place,
                // It is never closed.
                Err(_) => return connections,
            },
        };
        let (make_room, must_make_room) = oneshot::channel();
        silent.push_back(make_room);
        let heard = Arc::new(Notify::new());
        let connection = connection(stream, routes.clone(), limits.idle, Arc::clone(&heard));
        let connection = until_end(connections.watch(connection), limits.head, heard, must_make_room);
        let counted = Counted::on(&gauge);
        tokio::spawn(async move {
            connection.await;
            drop((place, counted));
        });
    }
}

/// Waits for the end of a connection. It ends one whose first head is late, or that must make room
/// for another before.
async fn until_end(
    connection: impl Future,
    head: Duration,
    heard: Arc<Notify>,
    must_make_room: oneshot::Receiver<()>,
) {
    let mut connection = pin!(connection);
    let is_heard = tokio::select! {
        // In this order, because the accept loop waits for a connection that must make room.
        biased;
        Ok(()) = must_make_room => false,
        () = heard.notified() => true,
        // The error of a broken connection or a slow client needs no handling.
        _ = &mut connection => false,
        () = tokio::time::sleep(head) => false,
    };
    if is_heard {
        connection.await;
    }
}

/// Waits until the process stops.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Without a sender there is nothing to wait for.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn connection(
    stream: TcpStream,
    routes: Router,
    idle: Duration,
    heard: Arc<Notify>,
) -> impl hyper_util::server::graceful::GracefulConnection<Output: Send> + Send {
    // Small answers must not wait for more data.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_LIMIT));
    let answer = service_fn(move |request: Request<Incoming>| {
        heard.notify_one();
        routes.clone().oneshot(request.map(Body::new))
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(idle)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(Box::pin(stream)), answer)
}
