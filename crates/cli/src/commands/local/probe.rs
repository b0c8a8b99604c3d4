//! Asks a service whether it is ready.

use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::http::HttpClient;

/// A running service that does not answer within this long is restarted.
pub(super) const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// The sign that a service is ready.
#[derive(Clone, Debug)]
pub(super) enum Probe {
    /// It answers a GET of this URL with a 2xx.
    Http(String),
    /// It greets clients that connect to this socket.
    Socket(PathBuf),
}

impl Probe {
    pub(super) async fn is_ready(&self, http: &HttpClient) -> bool {
        match self {
            Self::Http(url) => http.get(url).await.is_ok_and(|answer| answer.status().is_success()),
            Self::Socket(path) => greeted(path),
        }
    }
}

/// The database sends its version at once; one byte of it proves that it takes connections.
fn greeted(path: &Path) -> bool {
    let Ok(mut stream) = UnixStream::connect(path) else { return false };
    let mut byte = [0];
    stream.set_read_timeout(Some(PROBE_LIMIT)).is_ok() && stream.read_exact(&mut byte).is_ok()
}
