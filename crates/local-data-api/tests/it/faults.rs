//! Every fault, by the handle, by `PUT /_/faults` and as a client sees it.

use std::time::{Duration, Instant};

use local_data_api::{Effect, ErrorKind, Faults, Loss, Operation, Rule};

use crate::support::{Harness, eventually};

async fn harness() -> Harness {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (id INT PRIMARY KEY)").await.unwrap();
    h
}

#[tokio::test]
async fn every_error_can_be_injected() {
    let h = harness().await;
    for kind in ErrorKind::ALL {
        h.server.faults().set(Faults::default().with(Rule::error(*kind)));
        let failed = h.execute("INSERT INTO t VALUES (1)").await.unwrap_err();
        assert_eq!((failed.code.as_str(), failed.status), (kind.name(), kind.status()));
    }
    h.server.faults().clear();
    assert_eq!(h.count("t").await, 0, "an injected error does no work");
    h.execute("INSERT INTO t VALUES (1)").await.unwrap();
}

#[tokio::test]
async fn errors_strike_at_their_rate_and_repeat_with_their_seed() {
    let h = harness().await;
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let rule = Rule::error(ErrorKind::ThrottlingException).rate(0.3).on(Operation::ExecuteStatement);
        h.server.faults().set(Faults { seed, ..Faults::default() }.with(rule));
        let mut run = Vec::new();
        for _ in 0..60 {
            run.push(h.execute("SELECT 1").await.is_err());
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let struck = runs[0].iter().filter(|struck| **struck).count();
    assert!((8..30).contains(&struck), "{struck} of 60");
}

#[tokio::test]
async fn a_lost_answer_leaves_the_work_done() {
    let h = harness().await;
    let faults = h.server.faults();
    faults.set(Faults::default().with(Rule::lose_answer().sql("INSERT").times(1)));
    let failed = h.execute("INSERT INTO t VALUES (1)").await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("", 0), "the connection was dropped");
    assert_eq!(h.count("t").await, 1);

    faults.set(Faults::default().with(Rule::lose_answer().on(Operation::CommitTransaction).times(1)));
    let id = h.begin().await;
    h.execute_in(&id, "INSERT INTO t VALUES (2)").await.unwrap();
    assert_eq!(h.commit(&id).await.unwrap_err().status, 0);
    assert_eq!(h.count("t").await, 2, "it is committed");
    assert_eq!(h.commit(&id).await.unwrap_err().code, "TransactionNotFoundException");

    faults.set(Faults::default().with(Rule::new(Effect::LoseAnswer(Loss::GatewayTimeout)).times(1)));
    let failed = h.execute("INSERT INTO t VALUES (3)").await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("", 504));
    assert_eq!(h.count("t").await, 3);

    faults.set(Faults::default().with(Rule::lose_answer()));
    let failed = h.execute("INSERT INTO t VALUES (3)").await.unwrap_err();
    assert!(failed.message.contains("1062"), "errors pass unharmed: {failed:?}");
}

#[tokio::test]
async fn a_dropped_request_does_no_work() {
    let h = harness().await;
    h.server.faults().set(Faults::default().with(Rule::new(Effect::DropRequest).times(1)));
    assert_eq!(h.execute("INSERT INTO t VALUES (1)").await.unwrap_err().status, 0);
    assert_eq!(h.count("t").await, 0);
    h.execute("INSERT INTO t VALUES (1)").await.unwrap();
}

#[tokio::test]
async fn latency_and_delays_add_up() {
    let h = harness().await;
    let rule = Rule::new(Effect::DelayMs(1000)).on(Operation::ExecuteStatement);
    h.server.faults().set(Faults { latency_ms: 100, ..Faults::default() }.with(rule));
    let start = Instant::now();
    h.execute("SELECT 1").await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(1100));
    let start = Instant::now();
    h.begin().await;
    assert!((100..1100).contains(&start.elapsed().as_millis()));
}

#[tokio::test]
async fn a_paused_cluster_wakes_with_the_first_call() {
    let h = harness().await;
    let id = h.begin().await;
    h.server.faults().set(Faults { resume_ms: 500, ..Faults::default() });
    tokio::time::sleep(Duration::from_millis(600)).await;
    let failed = h.execute("SELECT 1").await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("DatabaseResumingException", 400));
    assert!(failed.message.contains("is resuming after being auto-paused"), "{}", failed.message);
    h.commit(&id).await.unwrap();
    eventually("it resumed", async || h.execute("SELECT 1").await.is_ok()).await;
}

#[tokio::test]
async fn faults_are_set_over_http() {
    let h = harness().await;
    let put = br#"{"rules":[{"effect":{"error":"ForbiddenException"},"operations":["ExecuteStatement"],"times":1}]}"#;
    let (head, body) = h.http("PUT", "/_/faults", put).await;
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(body.contains("\"injected\":0"), "{body}");
    let failed = h.execute("SELECT 1").await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("ForbiddenException", 403));
    h.execute("SELECT 1").await.unwrap();
    let (_, body) = h.http("GET", "/_/faults", b"").await;
    assert!(body.contains("\"injected\":1") && body.contains("ForbiddenException"), "{body}");
    for wrong in [&b"{\"latency\":1}"[..], b"7", br#"{"rules":[{"effect":{"delay_ms":1},"rate":2}]}"#] {
        let (head, _) = h.http("PUT", "/_/faults", wrong).await;
        assert!(head.starts_with("HTTP/1.1 400"), "{head}");
    }
    assert_eq!(h.server.faults().get().rules.len(), 1, "wrong faults change nothing");
    h.http("DELETE", "/_/faults", b"").await;
    assert_eq!(h.server.faults().get(), Faults::default());
}
