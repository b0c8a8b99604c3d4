//! From a message of the database to an error class.
//!
//! The Data API hands on MySQL's errors as DatabaseErrorException or as (deprecated) BadRequestException, with the error
//! number in the message alone. Forms seen: `Database error code: 1062. Message: Duplicate entry …` (version 1 of the service),
//! `Duplicate entry …; Error code: 1062; SQLState: 23000` (version 2), `ERROR 1062 (23000): …` (MySQL's own).

use super::error::Error;

/// Classifies the message of a statement that the database refused.
pub(crate) fn classify(message: &str) -> Error {
    match number(message) {
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
        // ER_TABLE_DEF_CHANGED, "please retry transaction": a table has been swapped in since the transaction's snapshot.
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

/// Messages without a number. Only how a message begins counts: further in, it may quote a user's value.
fn by_words(message: &str) -> Error {
    let words = message.trim_start();
    let owned = message.to_owned();
    if words.starts_with("Communications link failure") {
        // The driver's words when it could not connect, which is what a paused cluster looks like on version 1; with other
        // details an established connection broke.
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
        || words.starts_with("Packet for query is too large")
    {
        return Error::TooLarge { message: owned };
    }
    if words.starts_with("HttpEndpoint is not enabled") {
        return Error::Configuration { message: owned };
    }
    if words.starts_with("Access denied for user") {
        return Error::AccessDenied { message: owned };
    }
    // MySQL's own words; the number is missing, the meaning is not.
    if words.starts_with("Duplicate entry '") {
        return Error::DuplicateKey { message: owned };
    }
    if words.starts_with("Deadlock found when trying to get lock") {
        return Error::Deadlock { message: owned };
    }
    if words.starts_with("Lock wait timeout exceeded") {
        return Error::LockWaitTimeout { message: owned };
    }
    Error::Sql { code: None, message: owned }
}

/// `Transaction <id> is not found`, `Transaction <id> not found`, `Transaction is not found`.
fn is_lost_transaction(words: &str) -> bool {
    let mut words = words.split_ascii_whitespace();
    if words.next() != Some("Transaction") {
        return false;
    }
    let rest: Vec<&str> = words.take(4).collect();
    let not_found = |rest: &[&str]| matches!(rest, ["is", "not", last, ..] | ["not", last, ..] if last.trim_end_matches(['.', ':', ';', ',']) == "found");
    not_found(&rest) || rest.get(1..).is_some_and(not_found)
}

/// The MySQL error number, read only where the service writes it: at the very start or at the very end. What is between may
/// quote a user's value, and that must not choose the class.
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
    }
}
