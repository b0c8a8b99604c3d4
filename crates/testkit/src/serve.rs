//! Servers that can leave a client without an answer.

use std::fmt;
use std::net::SocketAddr;

use anyhow::Result;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// The connection ends without an answer.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the fault plan closes the connection")
    }
}

impl std::error::Error for Cut {}

/// Listens on a free loopback port and answers with `answer`. All of it ends with the set of tasks.
///
/// `axum::serve` would do for answers alone: its services cannot fail, and so close no connection.
pub(crate) async fn serve<A, F>(answer: A) -> Result<(SocketAddr, JoinSet<()>)>
where
    A: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<Body>, Cut>> + Send + 'static,
{
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            // Small answers must not wait for more to come.
            let _ = stream.set_nodelay(true);
            let service = service_fn(answer.clone());
            connections.spawn(async move {
                // A connection that is cut ends with an error, and that is all there is to it.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
            while connections.try_join_next().is_some() {}
        }
    });
    Ok((address, serving))
}
