//! A database that is away, resuming or without its tables.

use std::time::{Duration, Instant};

use testkit::aurora::Deadline;
use testkit::local_data_api::{Effect, ErrorKind, Faults, Rule};

use crate::support::{ABOVE_MEAN, Api, FILES};

#[tokio::test]
async fn waits_for_a_database_that_resumes() {
    let api = Api::start().await;
    api.db.data_api().set(Faults::default().with(Rule::error(ErrorKind::DatabaseResumingException).times(2)));
    assert_eq!(api.get(FILES).await.status, 200);
}

#[tokio::test]
async fn says_when_to_come_back_to_a_database_that_is_away() {
    let mut api = Api::start().await;
    for rule in [
        Rule::error(ErrorKind::DatabaseResumingException),
        Rule::error(ErrorKind::ServiceUnavailableError),
        Rule::new(Effect::DropRequest),
        Rule::new(Effect::DelayMs(20_000)),
    ] {
        api.set_database(api.db.reader().with_deadline(Deadline::after(Duration::from_secs(1))));
        api.db.data_api().set(Faults::default().with(rule.clone()));
        let started = Instant::now();
        for path in [FILES, ABOVE_MEAN, "/loads", "/loads/0123456789abcdef0123456789abcdef"] {
            let reply = api.get(path).await;
            assert_eq!((reply.status, reply.header("retry-after")), (503, "10"), "{rule:?}: {}", reply.body);
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{rule:?}");
    }
    // The list needs no database.
    assert_eq!(api.get("/reports").await.status, 200);
}

#[tokio::test]
async fn a_missing_table_is_an_internal_error_without_details() {
    let api = Api::start().await;
    api.sql(&["DROP TABLE documents"]).await;
    let reply = api.get(FILES).await;
    assert_eq!(reply.status, 500);
    assert!(!reply.body.contains("documents"), "{}", reply.body);
}
