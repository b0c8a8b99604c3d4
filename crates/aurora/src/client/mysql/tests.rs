use super::*;

#[track_caller]
fn class(message: &str) -> &'static str {
    classify(message).class()
}

#[test]
fn reads_the_number_of_every_form() {
    for message in [
        "Database error code: 1062. Message: Duplicate entry '7' for key 'PRIMARY'",
        "Duplicate entry '7' for key 'documents.PRIMARY'; Error code: 1062; SQLState: 23000",
        "Duplicate entry '7' for key 'documents.PRIMARY'; Error code: 1062",
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
    assert_eq!(class(1045), "login_refused");
    assert_eq!(class(1044), "access_denied");
    assert_eq!(class(1142), "access_denied");
    assert_eq!(class(1040), "unavailable");
    assert_eq!(class(1290), "unavailable");
    assert_eq!(class(1064), "sql");
    assert_eq!(class(1146), "sql");
}

/// The words of every number that [`by_number`] or a caller tells from others, from the message
/// files of MySQL 9.7 and of its client library, and other forms of some.
const WORDS: [(u16, &str); 54] = [
    (1022, "Can't write; duplicate key in table 'tags'"),
    (1062, "Duplicate entry '7' for key 'PRIMARY'"),
    (1062, "Duplicate entry '7' for key 'tags.PRIMARY'"),
    (1586, "Duplicate entry '7' for key 'PRIMARY'"),
    (1213, "Deadlock found when trying to get lock; try restarting transaction"),
    (1020, "Record has changed since last read in table 'tags'; try restarting transaction"),
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
    (1146, "Table 'rowgate.tags' doesn't exist"),
    (1050, "Table 'tags' already exists"),
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
        "Table 'rowgate.tags' doesn't exist in engine",
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
fn distinguishes_servers_that_cannot_have_run_it() {
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
