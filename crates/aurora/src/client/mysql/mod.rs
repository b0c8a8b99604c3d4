//! Classifies messages of the database as errors.
//!
//! The Data API hands on MySQL's errors as DatabaseErrorException or as (deprecated)
//! BadRequestException, with the error number only in the message. Reported forms:
//!
//! - `Duplicate entry …; Error code: 1062; SQLState: 23000` (version 2 of the service)
//! - `Database error code: 1062. Message: Duplicate entry …` (version 1)
//! - `…; SQLState: 23505`, without a number, also behind `ERROR: ` (version 2, of PostgreSQL so
//!   far)
//! - `Database error code: 0. Message: …` (version 1, of errors that are not the database's own)
//!
//! Without a number, an error is recognised by MySQL's own words.

use super::error::Error;

/// Classifies the message of a statement that the database refused.
pub(crate) fn classify(message: &str) -> Error {
    match number(message).filter(|code| *code != 0) {
        Some(code) => by_number(code, message),
        None => by_words(message),
    }
}

fn by_number(code: u16, message: &str) -> Error {
    let message = message.to_owned();
    let away = |message, may_have_run| Error::Unavailable { message, may_have_run, source: None };
    match code {
        // ER_DUP_KEY, ER_DUP_ENTRY, ER_DUP_ENTRY_WITH_KEY_NAME
        1022 | 1062 | 1586 => Error::DuplicateKey { message },
        // The latter is ER_CHECKREAD, "try restarting transaction", of MariaDB's snapshot
        // isolation: a row has changed since the transaction's first read.
        1213 | 1020 => Error::Deadlock { message },
        1205 => Error::LockWaitTimeout { message },
        // ER_TABLE_DEF_CHANGED, "please retry transaction": a table has been swapped in since the
        // transaction's snapshot.
        1412 => Error::TransactionLost { message },
        // ER_QUERY_INTERRUPTED, MariaDB's max_statement_time, ER_QUERY_TIMEOUT
        1317 | 1969 | 3024 => Error::StatementTimeout { message },
        // ER_NET_PACKET_TOO_LARGE
        1153 => Error::TooLarge { message },
        // ER_ACCESS_DENIED_ERROR, of a login. (`SELECT … INTO OUTFILE` has it as well, which
        // Rowgate never sends.)
        1045 => Error::LoginRefused { message },
        // Access to a database, a table, a column, a privilege, a routine.
        1044 | 1142 | 1143 | 1227 | 1370 => Error::AccessDenied { message },
        // No connection slot; cannot connect.
        1040 | 1203 | 2002 | 2003 => away(message, false),
        // Read-only server: what a writer becomes in a failover.
        1290 | 1836 => away(message, false),
        // Shutting down, connection killed, gone away, lost, closed for idleness.
        1053 | 1927 | 2006 | 2013 | 2055 | 4031 => away(message, true),
        code => Error::Sql { code: Some(code), message },
    }
}

/// Classifies a message without a number. Only how a message begins counts: further in, it may
/// quote a user's value.
fn by_words(message: &str) -> Error {
    let words = words(message);
    let owned = message.to_owned();
    if words.starts_with("Communications link failure") {
        // The driver's words when it could not connect, which is what a paused cluster looks like
        // on version 1; with other details an established connection broke.
        return if words.contains("The driver has not received any packets from the server") {
            Error::Resuming { message: owned }
        } else {
            Error::Unavailable { message: owned, may_have_run: true, source: None }
        };
    }
    if words.starts_with("Transaction is still running a query") {
        return Error::Unavailable { message: owned, may_have_run: false, source: None };
    }
    if is_lost_transaction(words) {
        return Error::TransactionLost { message: owned };
    }
    if words.starts_with("Database returned more than the allowed response size limit")
        || words.starts_with("Database response exceeded size limit")
        || words.starts_with("The result exceeds the size limit")
        || words.starts_with("Packet for query is too large")
    {
        return Error::TooLarge { message: owned };
    }
    if words.starts_with("HttpEndpoint is not enabled") || words.starts_with("HttpEndpoint isn't enabled") {
        return Error::Configuration { message: owned };
    }
    match number_of_words(words) {
        Some(code) => by_number(code, message),
        None => Error::Sql { code: None, message: owned },
    }
}

/// Returns the database's own words of a message without a number.
fn words(message: &str) -> &str {
    let message = message.trim_start();
    let of_version_1 =
        message.strip_prefix("Database error code: ").and_then(|rest| rest.split_once(". Message: "));
    let words = of_version_1.map_or(message, |(_, words)| words);
    words.strip_prefix("ERROR: ").unwrap_or(words)
}

/// The beginnings of messages with fixed words: MySQL's, and their forms without its name. They
/// cover exactly the numbers that [`by_number`] or a caller distinguishes, together with
/// [`number_of_words`].
const BEGINNINGS: [(&str, u16); 32] = [
    ("Duplicate entry '", 1062),
    ("Can't write; duplicate key in table '", 1022),
    ("Deadlock found when trying to get lock;", 1213),
    ("Record has changed since last read in table '", 1020),
    ("Lock wait timeout exceeded;", 1205),
    ("Table definition has changed, please retry transaction", 1412),
    // With "maximum statement execution time exceeded" behind it, this is 3024.
    ("Query execution was interrupted", 1317),
    ("Got a packet bigger than 'max_allowed_packet' bytes", 1153),
    // With "to database" behind the account, this is 1044.
    ("Access denied for user '", 1045),
    ("Access denied; you need ", 1227),
    ("Too many connections", 1040),
    ("Can't connect to local MySQL server through socket '", 2002),
    ("Can't connect to local server through socket '", 2002),
    ("Can't connect to MySQL server ", 2003),
    ("Can't connect to server ", 2003),
    ("Running in read-only mode", 1836),
    ("Server shutdown in progress", 1053),
    ("Connection was killed", 1927),
    ("MySQL server has gone away", 2006),
    ("Server has gone away", 2006),
    ("Lost connection to MySQL server at '", 2055),
    ("Lost connection to server at '", 2055),
    ("Lost connection to MySQL server", 2013),
    ("Lost connection to server", 2013),
    ("The client was disconnected by the server because of inactivity", 4031),
    ("Subquery returns more than 1 row", 1242),
    ("Unknown column '", 1054),
    ("Duplicate column name '", 1060),
    ("Duplicate key name '", 1061),
    ("Duplicate foreign key constraint name '", 1826),
    ("Duplicate check constraint name '", 3822),
    ("Unknown table '", 1051),
];

/// Returns the number of an error that is recognised by its words. Only names of the schema and of
/// accounts may stand before these words, never a value of a row.
fn number_of_words(words: &str) -> Option<u16> {
    let (begins, rest) = words.split_once('\'').unwrap_or((words, ""));
    let behind_name = rest.split_once('\'').map_or("", |(_, behind)| behind);
    match begins {
        // 1932 continues with "in engine": such a table exists, but is corrupt.
        "Table "
            if behind_name
                .strip_prefix(" doesn't exist")
                .is_some_and(|rest| !rest.starts_with(" in engine")) =>
        {
            return Some(1146);
        }
        "Table " if behind_name.starts_with(" already exists") => return Some(1050),
        // 1045 continues with "(using password: …)".
        "Access denied for user " if words.contains("' to database '") => return Some(1044),
        _ => {}
    }
    // The text between is a name of ours: that of a savepoint, an index or a column.
    if words.starts_with("SAVEPOINT ") && words.contains(" does not exist") {
        return Some(1305);
    }
    if words.starts_with("Can't DROP ") && words.contains("check that ") {
        return Some(1091);
    }
    // `SELECT command denied to user …`, `alter routine command denied to user …`
    let privilege = begins.strip_suffix(" command denied to user ");
    if privilege.is_some_and(|privilege| {
        privilege.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b' ' || byte == b',')
    }) {
        // The table's, the column's and the routine's number are one class.
        return Some(1142);
    }
    // `User rowgate already has …`
    let behind_user = words.strip_prefix("User ").and_then(|rest| rest.split_once(' '));
    if behind_user.is_some_and(|(_, rest)| rest.starts_with("already has more than 'max_user_connections'")) {
        return Some(1203);
    }
    // `The MySQL server is running with the --read-only option …`
    let behind_name = words.strip_prefix("The ").and_then(|rest| rest.split_once(' '));
    if behind_name.is_some_and(|(_, rest)| rest.starts_with("server is running with the ")) {
        return Some(1290);
    }
    BEGINNINGS.iter().find(|(beginning, _)| words.starts_with(beginning)).map(|(_, code)| *code)
}

/// Returns true if the service says that a transaction is gone: `Transaction <id> is not found`,
/// followed by one of three causes. Each of these may also stand alone.
fn is_lost_transaction(words: &str) -> bool {
    const LOST: [&str; 7] = [
        "is not found",
        "isn't found",
        "not found",
        "has been aborted",
        "was aborted",
        "may be expired",
        "has expired",
    ];
    let is_lost = |rest: &str| LOST.iter().any(|lost| rest.starts_with(lost));
    if words.starts_with("One previous call resulted in a termination of your transaction") {
        return true;
    }
    let Some(rest) = words.strip_prefix("Transaction ") else { return false };
    is_lost(rest) || rest.split_once(' ').is_some_and(|(_, behind_id)| is_lost(behind_id))
}

/// Returns the MySQL error number, read only where the service writes it: at the very start or at
/// the very end. What is between may quote a user's value, and that must not choose the class.
fn number(message: &str) -> Option<u16> {
    let message = message.trim();
    for start in ["Database error code: ", "ERROR "] {
        if let Some(rest) = message.strip_prefix(start)
            && let Some((code, after)) = digits(rest)
            && (after.starts_with(". Message:") || after.starts_with(" ("))
        {
            return Some(code);
        }
    }
    let (_, end) = message.rsplit_once("Error code: ")?;
    let (code, after) = digits(end)?;
    let after = after.trim_end_matches('.');
    let state = after.strip_prefix("; SQLState: ").or_else(|| after.strip_prefix(", SQLState: "));
    let ends = after.is_empty()
        || state.is_some_and(|s| s.len() == 5 && s.bytes().all(|b| b.is_ascii_alphanumeric()));
    ends.then_some(code)
}

fn digits(text: &str) -> Option<(u16, &str)> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests;
