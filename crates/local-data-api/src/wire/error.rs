//! Why a command of the protocol failed.

use mysql_async::ServerError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The connection broke, or could not be opened.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The database answered with an error.
    #[error("{0}")]
    Server(ServerError),
    /// The database asked for a file of the client.
    #[error("the database asked for a local file")]
    LocalInfile,
    /// The answer is not part of the protocol as this client knows it.
    #[error("{0}")]
    Protocol(&'static str),
}
