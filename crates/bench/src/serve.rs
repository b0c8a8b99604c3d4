//! Small HTTP servers within this program.

use std::net::SocketAddr;

use anyhow::Result;
use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// Serves routes on a free port of the loopback interface, until the program ends.
pub(crate) async fn serve(routes: Router) -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    // Small answers must not wait for more to come.
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(address)
}
