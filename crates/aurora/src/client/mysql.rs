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
        1213 => Error::Deadlock { message },
        1205 => Error::LockWaitTimeout { message },
        // ER_TABLE_DEF_CHANGED, "please retry transaction": a table has been swapped in since the
        // transaction's snapshot.
        1412 => Error::TransactionLost { message },
        // ER_QUERY_INTERRUPTED, MariaDB's max_statement_time, ER_QUERY_TIMEOUT
        1317 | 1969 | 3024 => Error::StatementTimeout { message },
        // ER_NET_PACKET_TOO_LARGE
        1153 => Error::TooLarge { message },
        // Access to a database, a login, a table, a column, a privilege, a routine.
        1044 | 1045 | 1142 | 1143 | 1227 | 1370 => Error::AccessDenied { message },
        // No connection slot; cannot connect.
        1040 | 1203 | 2002 | 2003 => away(message, false),
        // Read-only server: what a writer becomes in a failover.
        1290 | 1836 => away(message, false),
        // Shutting down, connection killed, gone away, lost, closed for idleness.
        1053 | 1927 | 2006 | 2013 | 2055 | 4031 => away(message, true),
        code => Error::Sql { code: Some(code), message },
    }
}

/// Messages without a number. Only how a message begins counts: further in, it may quote a user's
/// value.
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

/// The database's own words in a message without a number.
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
const BEGINNINGS: [(&str, u16); 31] = [
    ("Duplicate entry '", 1062),
    ("Can't write; duplicate key in table '", 1022),
    ("Deadlock found when trying to get lock;", 1213),
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

/// The MySQL error number, read only where the service writes it: at the very start or at the very
/// end. What is between may quote a user's value, and that must not choose the class.
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
mod tests {
    use super::*;

    #[track_caller]
    fn class(message: &str) -> &'static str {
        classify(message).class()
    }

    #[test]
    fn reads_the_number_of_every_form() {
        for message in [
            "Database error code: 1062. Message: Duplicate entry '7' for key 'PRIMARY'",
            "Duplicate entry '7' for key 'employees.PRIMARY'; Error code: 1062; SQLState: 23000",
            "Duplicate entry '7' for key 'employees.PRIMARY'; Error code: 1062",
            "ERROR 1062 (23000): Duplicate entry '7' for key 'PRIMARY'",
            "Duplicate entry '7' for key 'PRIMARY'",
            "Duplicate entry '7' for key 'PRIMARY'; SQLState: 23000",
            "ERROR: Duplicate entry '7' for key 'PRIMARY'; SQLState: 23000",
            "Database error code: 0. Message: Duplicate entry '7' for key 'PRIMARY'",
        ] {
            assert_eq!(class(message), "duplicate_key", "{message}");
        }
    }

    #[test]
    fn tells_the_classes_apart_by_number() {
        let class = |code: u16| classify(&format!("Words; Error code: {code}; SQLState: HY000")).class();
        assert_eq!(class(1213), "deadlock");
        assert_eq!(class(1205), "lock_wait_timeout");
        assert_eq!(class(1317), "statement_timeout");
        assert_eq!(class(3024), "statement_timeout");
        assert_eq!(class(1153), "too_large");
        assert_eq!(class(1045), "access_denied");
        assert_eq!(class(1142), "access_denied");
        assert_eq!(class(1040), "unavailable");
        assert_eq!(class(1290), "unavailable");
        assert_eq!(class(1064), "sql");
        assert_eq!(class(1146), "sql");
    }

    /// The words of every number that [`by_number`] or a caller tells from others, from the message
    /// files of MySQL 9.7 and of its client library, and other forms of some.
    const WORDS: [(u16, &str); 53] = [
        (1022, "Can't write; duplicate key in table 'jobs'"),
        (1062, "Duplicate entry '7' for key 'PRIMARY'"),
        (1062, "Duplicate entry '7' for key 'jobs.PRIMARY'"),
        (1586, "Duplicate entry '7' for key 'PRIMARY'"),
        (1213, "Deadlock found when trying to get lock; try restarting transaction"),
        (1205, "Lock wait timeout exceeded; try restarting transaction"),
        (1412, "Table definition has changed, please retry transaction"),
        (1317, "Query execution was interrupted"),
        (1969, "Query execution was interrupted (max_statement_time exceeded)"),
        (3024, "Query execution was interrupted, maximum statement execution time exceeded"),
        (1153, "Got a packet bigger than 'max_allowed_packet' bytes"),
        (1044, "Access denied for user 'a'@'b' to database 'c'"),
        (1045, "Access denied for user 'a'@'b' (using password: YES)"),
        (1142, "SELECT command denied to user 'a'@'b' for table 'c'"),
        (1142, "SELECT, INSERT command denied to user 'a'@'b' for table `c`.`d`"),
        (1143, "SELECT command denied to user 'a'@'b' for column 'c' in table 'd'"),
        (1227, "Access denied; you need (at least one of) the PROCESS privilege(s) for this operation"),
        (1370, "execute command denied to user 'a'@'b' for routine 'c.d'"),
        (1370, "alter routine command denied to user 'a'@'b' for routine 'c.d'"),
        (1040, "Too many connections"),
        (1203, "User rowgate already has more than 'max_user_connections' active connections"),
        (2002, "Can't connect to local MySQL server through socket '/tmp/mysql.sock' (2)"),
        (2002, "Can't connect to local server through socket '/tmp/mysql.sock' (2)"),
        (2003, "Can't connect to MySQL server on 'writer.local:3306' (111)"),
        (2003, "Can't connect to MySQL server (111)"),
        (2003, "Can't connect to server on 'writer.local' (111)"),
        (1290, "The MySQL server is running with the --read-only option so it cannot execute this statement"),
        (1290, "The other server is running with the --read-only option so it cannot execute this statement"),
        (1836, "Running in read-only mode"),
        (1053, "Server shutdown in progress"),
        (1927, "Connection was killed"),
        (2006, "MySQL server has gone away"),
        (2006, "Server has gone away"),
        (2013, "Lost connection to MySQL server during query"),
        (2013, "Lost connection to server during query"),
        (2055, "Lost connection to MySQL server at 'reading', system error: 104"),
        (2055, "Lost connection to server at 'reading', system error: 104"),
        (
            4031,
            "The client was disconnected by the server because of inactivity. See wait_timeout and interactive_timeout for \
             configuring this behavior.",
        ),
        (1242, "Subquery returns more than 1 row"),
        (1146, "Table 'rowgate.jobs' doesn't exist"),
        (1050, "Table 'jobs' already exists"),
        (1305, "SAVEPOINT rowgate_snapshot does not exist"),
        (1054, "Unknown column 'a' in 'field list'"),
        (1060, "Duplicate column name 'a'"),
        (1061, "Duplicate key name 'a'"),
        (1826, "Duplicate foreign key constraint name 'a'"),
        (3822, "Duplicate check constraint name 'a'."),
        (1091, "Can't DROP 'a'; check that column/key exists"),
        (1091, "Can't DROP COLUMN `a`; check that it exists"),
        (1091, "Can't DROP INDEX `a`; check that it exists"),
        (1051, "Unknown table 'rowgate.a'"),
        (1051, "Unknown table 'a'"),
        (1051, "Unknown table 'rowgate.a,rowgate.b'"),
    ];

    #[test]
    fn knows_by_the_words_what_the_number_would_tell() {
        for (code, words) in WORDS {
            let by_number = by_number(code, words);
            for message in [
                words.to_owned(),
                format!("{words}; SQLState: HY000"),
                format!("{words}, SQLState: HY000"),
                format!("ERROR: {words}; SQLState: HY000"),
                format!("Database error code: 0. Message: {words}"),
                format!("{words}; Error code: {code}; SQLState: HY000"),
            ] {
                let error = classify(&message);
                assert_eq!(error.class(), by_number.class(), "{message}");
                assert_eq!(error.may_have_run(), by_number.may_have_run(), "{message}");
                if let Error::Sql { code: expected, .. } = by_number {
                    assert!(matches!(error, Error::Sql { code, .. } if code == expected), "{message}");
                }
            }
        }
    }

    #[test]
    fn has_the_words_of_every_number_that_it_tells_from_others() {
        for code in 1..=u16::MAX {
            if !matches!(by_number(code, ""), Error::Sql { .. }) {
                assert!(WORDS.iter().any(|(known, _)| *known == code), "no words of {code}");
            }
        }
        for (beginning, code) in BEGINNINGS {
            let used = WORDS.iter().any(|(known, words)| *known == code && words.starts_with(beginning));
            assert!(used, "{beginning} is proved by no words");
        }
    }

    #[test]
    fn words_that_only_resemble_those_of_a_number_have_none() {
        for message in [
            "Table 'rowgate.jobs' doesn't exist in engine",
            "Deadlock found when trying to get locking service lock; try releasing locks",
            "User 'x' has exceeded the 'max_user_connections' resource (current value: 5)",
            "Data too long for column 'Too many connections' at row 1",
            "Incorrect integer value: 'MySQL server has gone away' for column 'a' at row 1",
            "Incorrect integer value: ' command denied to user 'a'@'b' for column 'a' at row 1",
            "'MySQL server has gone away' is too long",
        ] {
            let error = classify(message);
            assert!(matches!(error, Error::Sql { code: None, .. }), "{message}: {error:?}");
        }
    }

    #[test]
    fn keeps_the_number_of_what_it_does_not_know() {
        let error = classify("Table 'rowgate.x' doesn't exist; Error code: 1146; SQLState: 42S02");
        assert!(matches!(error, Error::Sql { code: Some(1146), .. }), "{error:?}");
        let error = classify("Something new");
        assert!(matches!(error, Error::Sql { code: None, .. }), "{error:?}");
    }

    #[test]
    fn a_value_quoted_in_a_message_does_not_choose_the_class() {
        let message = "Duplicate entry 'x; Error code: 1213; SQLState: 40001' for key 'k'; Error code: 1062; SQLState: 23000";
        assert_eq!(class(message), "duplicate_key");
        let message = "Database error code: 1062. Message: Duplicate entry 'Error code: 1213' for key 'k'";
        assert_eq!(class(message), "duplicate_key");
        let message = "Incorrect value 'Error code: 1213' for column 'a'";
        assert_eq!(class(message), "sql");
        let message = "Incorrect value: 'Transaction x is not found' for column 'a'";
        assert_eq!(class(message), "sql");
        let message = "Duplicate entry 'x; Error code: 1213' for key 'k'; SQLState: 23000";
        assert_eq!(class(message), "duplicate_key");
        let message = "Incorrect string value: 'Table 'a' doesn't exist' for column 'b'; SQLState: HY000";
        assert!(matches!(classify(message), Error::Sql { code: None, .. }));
    }

    #[test]
    fn a_server_that_cannot_have_run_it_is_told_from_one_that_may_have() {
        let ran = |message: &str| classify(message).may_have_run();
        assert!(!ran("Database error code: 1040. Message: Too many connections"));
        assert!(!ran(
            "The MySQL server is running with the --read-only option; Error code: 1290; SQLState: HY000"
        ));
        assert!(ran("Lost connection to MySQL server during query; Error code: 2013; SQLState: HY000"));
        assert!(!ran("Database error code: 1213. Message: Deadlock found when trying to get lock"));
    }

    #[test]
    fn a_paused_cluster_on_version_one_is_resuming() {
        let message = "Communications link failure\n\nThe last packet sent successfully to the server was 0 milliseconds ago. \
                       The driver has not received any packets from the server.";
        assert_eq!(class(message), "resuming");
        let message = "Communications link failure\n\nThe last packet successfully received from the server was 12 milliseconds ago.";
        let error = classify(message);
        assert!(matches!(error, Error::Unavailable { may_have_run: true, .. }), "{error:?}");
    }

    #[test]
    fn a_transaction_that_is_gone_is_lost() {
        for message in [
            "Transaction AXk1bWVz0A== is not found",
            "Transaction AXk1bWVz0A== not found.",
            "Transaction is not found",
            "Transaction ABC is not found. The transaction may have expired.",
            "Transaction ABC isn't found",
            "Transaction ABC is not found. Transaction has been aborted due to an error from a previous call.",
            "Transaction has been aborted due to an error from a previous call",
            "Transaction ABC has been aborted due to an error from a previous call; SQLState: 25000",
            "Transaction may be expired.",
            "One previous call resulted in a termination of your transaction.",
            "Database error code: 0. Message: Transaction ABC is not found",
        ] {
            assert_eq!(class(message), "transaction_lost", "{message}");
        }
        assert_eq!(class("Transaction is still running a query"), "unavailable");
    }

    #[test]
    fn a_cluster_without_the_data_api_is_a_matter_of_configuration() {
        let message = "HttpEndpoint is not enabled for resource arn:aws:rds:us-east-1:1:cluster:a";
        assert_eq!(class(message), "configuration");
    }

    #[test]
    fn an_answer_over_the_limit_is_too_large() {
        assert_eq!(class("Database returned more than the allowed response size limit"), "too_large");
        assert_eq!(class("Database response exceeded size limit"), "too_large");
        assert_eq!(class("The result exceeds the size limit 1 MB"), "too_large");
        assert_eq!(class("Packet for query is too large (65537 > 65536)."), "too_large");
    }
}
