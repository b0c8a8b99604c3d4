//! Runs a statement in a session and writes its result into the body of the answer.

mod columns;
pub(crate) mod lexer;
pub(crate) mod load;
pub(crate) mod params;
pub(crate) mod records;

use std::io::Write as _;

use mysql_async::{Column, ServerError};

use self::params::Bound;
use self::records::{NumberOptions, RecordWriter, write_string};
use crate::error::{ApiError, ErrorStyle, TooLarge};
use crate::limits::Limits;
use crate::session::pool::Session;
use crate::wire::{Conn, Error};

/// The form of the result that the caller requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResultOptions {
    /// As JSON. For SELECT alone: the caller of this module ensures that.
    pub(crate) formatted: bool,
    pub(crate) metadata: bool,
    pub(crate) numbers: NumberOptions,
}

/// The error of a statement, and what it means for its session.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ApiError,
    pub(crate) session: Fate,
}

/// The state of a session after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Only the statement is rolled back; the session and its transaction continue.
    Usable,
    /// The session continues, but the service ends its transaction in any case.
    Ended,
    /// The database rolled the whole transaction back.
    RolledBack,
    /// The session is lost.
    Lost,
}

/// The numbers of the database's errors that say more than "this statement failed".
mod errno {
    pub(super) const SERVER_SHUTDOWN: u16 = 1053;
    pub(super) const LOCK_DEADLOCK: u16 = 1213;
    pub(super) const CONNECTION_KILLED: u16 = 1927;
    pub(super) const LOCAL_INFILE_DISABLED: u16 = 3948;
    pub(super) const CLIENT_INTERACTION_TIMEOUT: u16 = 4031;
}

impl Failure {
    pub(crate) fn database(error: &Error, style: ErrorStyle) -> Self {
        let server = match error {
            Error::Server(server) => server,
            // The database asked for a file of the client: MySQL's own words.
            Error::LocalInfile => {
                let refused = ServerError {
                    code: errno::LOCAL_INFILE_DISABLED,
                    message: "Loading local data is disabled".to_owned(),
                    state: "42000".to_owned(),
                };
                return Self { error: style.database_error(&refused), session: Fate::Lost };
            }
            _ => return Self { error: ApiError::unavailable(error), session: Fate::Lost },
        };
        let session = match server.code {
            errno::LOCK_DEADLOCK => Fate::RolledBack,
            errno::SERVER_SHUTDOWN | errno::CONNECTION_KILLED | errno::CLIENT_INTERACTION_TIMEOUT => {
                Fate::Lost
            }
            _ => Fate::Usable,
        };
        Self { error: style.database_error(server), session }
    }

    /// Returns true if the session can run another statement, be it only a ROLLBACK.
    fn leaves_session(&self) -> bool {
        matches!(self.session, Fate::Usable | Fate::Ended)
    }
}

/// Runs one statement; returns the body of its answer.
pub(crate) async fn execute(
    session: &mut Session,
    statement: Bound<'_>,
    options: ResultOptions,
    limits: &Limits,
    style: ErrorStyle,
) -> Result<Vec<u8>, Failure> {
    // A result that is too large is read to its end inside a transaction: the session is needed
    // again, at least for the ROLLBACK.
    let drain = !session.autocommit();
    let conn = &mut session.conn;
    let sent = if statement.values.is_empty() {
        conn.query(&statement.sql).await
    } else {
        conn.execute(&statement.sql, &statement.values).await
    };
    match sent.map_err(|error| Failure::database(&error, style))? {
        Some(columns) => answer(conn, &columns, options, limits, style, drain).await,
        None => counts(conn, style).await,
    }
}

/// Runs one statement for each set of values; returns the body of the answer.
pub(crate) async fn execute_batch(
    session: &mut Session,
    statements: Vec<Bound<'_>>,
    limits: &Limits,
    style: ErrorStyle,
) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::database(&error, style);
    let mut body = b"{\"updateResults\":[".to_vec();
    for (index, statement) in statements.into_iter().enumerate() {
        if statement.values.is_empty() {
            session.conn.query(&statement.sql).await.map_err(failed)?;
        } else {
            // The session remembers what it prepared: the same text is prepared once.
            session.conn.execute(&statement.sql, &statement.values).await.map_err(failed)?;
        }
        session.conn.finish().await.map_err(failed)?;
        body.extend_from_slice(if index == 0 { b"{" } else { b",{" });
        write_generated_fields(&mut body, session.conn.last_insert_id());
        body.push(b'}');
        if body.len() + 2 > limits.result_bytes {
            return Err(Failure { error: style.too_large(TooLarge::Result), session: Fate::Ended });
        }
    }
    body.extend_from_slice(b"]}");
    Ok(body)
}

/// Returns the body of an answer without rows.
async fn counts(conn: &mut Conn, style: ErrorStyle) -> Result<Vec<u8>, Failure> {
    let mut body = b"{".to_vec();
    write_generated_fields(&mut body, conn.last_insert_id());
    let _ = write!(body, ",\"numberOfRecordsUpdated\":{}}}", conn.affected_rows());
    conn.finish().await.map_err(|error| Failure::database(&error, style))?;
    Ok(body)
}

async fn answer(
    conn: &mut Conn,
    columns: &[Column],
    options: ResultOptions,
    limits: &Limits,
    style: ErrorStyle,
    drain: bool,
) -> Result<Vec<u8>, Failure> {
    let mut body = b"{\"numberOfRecordsUpdated\":0,".to_vec();
    if options.formatted {
        body.extend_from_slice(b"\"formattedRecords\":");
    } else {
        if options.metadata {
            let metadata: Vec<_> = columns.iter().map(columns::metadata).collect();
            body.extend_from_slice(b"\"columnMetadata\":");
            let _ = serde_json::to_writer(&mut body, &metadata);
            body.push(b',');
        }
        body.extend_from_slice(b"\"records\":");
    }
    // The bytes after the rows: a brace, and a string's two quotes.
    let around = body.len() + if options.formatted { 3 } else { 1 };
    let read = read_rows(conn, columns, options, limits, style, around).await;
    if read.is_ok() || (drain && read.as_ref().is_err_and(Failure::leaves_session)) {
        // The rest: the rows beyond a limit, and the further result sets of a CALL.
        conn.finish().await.map_err(|error| Failure::database(&error, style))?;
    }
    let rows = read.map_err(|mut failure| {
        if !drain && failure.leaves_session() {
            // Rows are still on their way; closing the session is cheaper than reading them.
            failure.session = Fate::Lost;
        }
        failure
    })?;
    body.reserve(rows.len() + 1);
    if options.formatted {
        write_string(&mut body, &String::from_utf8_lossy(&rows));
    } else {
        body.extend_from_slice(&rows);
    }
    body.push(b'}');
    Ok(body)
}

/// Returns the JSON array of the first result set's rows; the rest of the body has `around` bytes.
async fn read_rows(
    conn: &mut Conn,
    columns: &[Column],
    options: ResultOptions,
    limits: &Limits,
    style: ErrorStyle,
    around: usize,
) -> Result<Vec<u8>, Failure> {
    let mut writer = RecordWriter::new(columns, options.formatted, options.numbers, limits, around)
        .map_err(|error| Failure { error, session: Fate::Usable })?;
    let too_large = |what| Failure { error: style.too_large(what), session: Fate::Ended };
    while let Some(row) = conn.next_row().await.map_err(|error| Failure::database(&error, style))? {
        writer.push(row).map_err(too_large)?;
    }
    Ok(writer.finish())
}

fn write_generated_fields(body: &mut Vec<u8>, last_insert_id: u64) {
    body.extend_from_slice(b"\"generatedFields\":[");
    if last_insert_id > 0 {
        let _ = match i64::try_from(last_insert_id) {
            Ok(id) => write!(body, "{{\"longValue\":{id}}}"),
            Err(_) => write!(body, "{{\"stringValue\":\"{last_insert_id}\"}}"),
        };
    }
    body.push(b']');
}
