//! A running server.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::config::Config;
use crate::faults::FaultHandle;
use crate::http::Endpoint;
use crate::service::Service;

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address that was asked for.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
    /// The faults make no sense.
    #[error("wrong faults: {0}")]
    Faults(String),
}

/// A server that answers until it is shut down or dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    faults: FaultHandle,
    service: Arc<Service>,
    stop: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Server {
    /// Listens and answers in tasks of the current runtime. The database need not be up yet.
    ///
    /// # Errors
    /// [`StartError`] if the address is taken or the faults make no sense.
    pub async fn bind(config: Config) -> Result<Self, StartError> {
        config.faults.check().map_err(StartError::Faults)?;
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|source| StartError::Listen { address: config.listen, source })?;
        let address =
            listener.local_addr().map_err(|source| StartError::Listen { address: config.listen, source })?;
        let faults = FaultHandle::new(config.faults.clone());
        let service = Arc::new(Service::new(&config, faults.clone()).await);
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(reap(service.clone(), stopped.clone()));
        let endpoint = Arc::new(Endpoint::new(service.clone(), config.authority));
        let accepting = tokio::spawn(accept(listener, endpoint, stopped));
        Ok(Self { address, faults, service, stop, accepting })
    }

    /// Returns the address that the server listens on.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint for SDKs: `http://127.0.0.1:<port>`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Reads and sets the injected faults.
    #[must_use]
    pub fn faults(&self) -> &FaultHandle {
        &self.faults
    }

    /// Returns the number of open transactions.
    #[must_use]
    pub fn open_transactions(&self) -> usize {
        self.service.transactions.count()
    }

    /// Stops listening, rolls open transactions back and closes the sessions.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let _ = timeout(Duration::from_secs(2), &mut self.accepting).await;
        for session in self.service.transactions.drain() {
            session.conn.quit().await;
        }
        self.service.pool.close().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}

async fn accept(listener: TcpListener, endpoint: Arc<Endpoint>, mut stopped: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            Ok((stream, _)) => {
                tokio::spawn(serve(stream, endpoint.clone(), stopped.clone()));
            }
            Err(error) => {
                // Out of file descriptors, most likely: the listener lives on, but must not spin.
                tracing::warn!("could not accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, endpoint: Arc<Endpoint>, mut stopped: watch::Receiver<bool>) {
    // Answers are written in one go; waiting for more to send would only add delay.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| endpoint.clone().answer(request));
    let connection =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), answer);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended early: {error}");
    }
}

/// Ends abandoned transactions, and closes unused sessions.
async fn reap(service: Arc<Service>, mut stopped: watch::Receiver<bool>) {
    let pace =
        (service.limits.transaction_idle / 10).clamp(Duration::from_millis(10), Duration::from_secs(1));
    let mut ticks = interval(pace);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.changed() => return,
        }
        for session in service.transactions.expire() {
            tracing::info!(
                db.connection = session.conn.id(),
                "rolled back a transaction that ran out of time"
            );
            session.conn.quit().await;
        }
        service.pool.close_idle();
    }
}
