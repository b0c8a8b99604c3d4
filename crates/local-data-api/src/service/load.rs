//! Runs `LOAD DATA FROM S3` as Aurora MySQL does: the server reads the object, and without `LOCAL`
//! a value that does not fit or a key that is taken is an error.

use std::path::PathBuf;

use mysql_async::ServerError;

use super::Service;
use crate::error::ApiError;
use crate::session::pool::Session;
use crate::statement::load::FromS3;
use crate::statement::params::Bound;
use crate::statement::{self, Failure, Fate, ResultOptions};
use crate::wire::{Conn, Error, Row};

/// The role whose holders may load from S3. On Aurora every database has it; here the one who
/// makes the database gives it the privilege to read files of the server.
const SET_ROLE: &str = "SET ROLE AWS_LOAD_S3_ACCESS";

/// `ER_SPECIFIC_ACCESS_DENIED_ERROR`.
const ACCESS_DENIED: u16 = 1227;

/// Aurora's number for what S3 answers, in public reports.
const S3_ERROR: u16 = 63_985;

impl Service {
    /// Copies the object into a file beside the database, and lets the database load that.
    pub(super) async fn load(&self, session: &mut Session, load: FromS3<'_>) -> Result<Vec<u8>, Failure> {
        let folder = self.folder(&mut session.conn).await?;
        match session.conn.run(SET_ROLE).await {
            Ok(()) => {}
            Err(Error::Server(_)) => {
                let message = "Access denied; you need (at least one of) the LOAD FROM S3 privilege(s) for this operation";
                return Err(self.refusal(ACCESS_DENIED, "42000", message.to_owned()));
            }
            Err(error) => return Err(Failure::database(&error, self.style)),
        }
        let loaded = match self.objects.copy(load.bucket, load.key, &folder).await {
            Ok(file) => {
                let path = file.path().display().to_string().replace('\'', "''");
                let sql = format!("LOAD DATA INFILE '{path}'{}", load.rest);
                let (statement, options) =
                    (Bound { sql: sql.into(), values: Vec::new() }, ResultOptions::default());
                let loaded = statement::execute(session, statement, options, &self.limits, self.style).await;
                if loaded.is_ok() {
                    tracing::info!(s3.key = load.key, "the database loaded an object of S3");
                }
                loaded
            }
            Err(words) => Err(self.refusal(S3_ERROR, "HY000", format!("S3 API returned error: {words}"))),
        };
        let has_session = loaded.as_ref().err().is_none_or(|failure| failure.session != Fate::Lost);
        if has_session && session.conn.run("SET ROLE NONE").await.is_err() {
            let lost = ApiError::unavailable(&"the role could not be set back");
            return Err(Failure { error: lost, session: Fate::Lost });
        }
        loaded
    }

    /// Returns the folder that the database may read files from; the one for temporary files, where
    /// it names none.
    async fn folder(&self, conn: &mut Conn) -> Result<PathBuf, Failure> {
        let failed = |error| Failure::database(&error, self.style);
        conn.query("SELECT @@secure_file_priv").await.map_err(failed)?;
        let folder = match conn.next_row().await.map_err(failed)? {
            Some(Row::Text(mut fields)) => fields.next_field().flatten().map(<[u8]>::to_vec),
            _ => None,
        };
        conn.finish().await.map_err(failed)?;
        let folder =
            folder.and_then(|folder| String::from_utf8(folder).ok()).filter(|folder| !folder.is_empty());
        Ok(folder.map_or_else(std::env::temp_dir, PathBuf::from))
    }

    fn refusal(&self, code: u16, state: &str, message: String) -> Failure {
        let error = self.style.database_error(&ServerError { code, message, state: state.to_owned() });
        Failure { error, session: Fate::Usable }
    }
}
