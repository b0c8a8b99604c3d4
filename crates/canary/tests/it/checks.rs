//! Each check, as it should go and as it should not.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use canary::{Answer, Limits, Status};
use lambda_runtime::Diagnostic;
use serde_json::{Value, json};

use crate::world::{World, Wrong};

/// The names of the checks, in their order.
fn checks() -> Vec<&'static str> {
    let reports = testkit::folder().reports.iter().map(|report| &*report.name);
    let names = ["key", "status"].into_iter().chain(reports);
    names.chain(["insert", "delete", "leftovers", "file"]).collect()
}

/// The details of the checks that did not go as they should, after their names.
fn details(answer: &Answer) -> Vec<(&str, &str)> {
    let names: Vec<&str> = answer.checks.iter().map(|check| &*check.check).collect();
    assert_eq!(names, checks(), "every check is reported, whatever happens");
    let bad = answer.checks.iter().filter(|check| check.status != Status::Ok);
    bad.map(|check| (&*check.check, check.detail.as_deref().unwrap())).collect()
}

#[tokio::test]
async fn leaves_nothing_behind_where_everything_works() {
    let world = World::start().await;
    let answer = world.run().await;
    assert_eq!((details(&answer), answer.status), (vec![], Status::Ok));
    let stub = world.stub();
    assert!(stub.rows.is_empty(), "{:?}", stub.rows);
    let [(row, idempotency)] = &stub.inserts[..] else { panic!("{:?}", stub.inserts) };
    let [(key, content)] = &stub.objects[..] else { panic!("{:?}", stub.objects) };
    let id = row["id"].as_i64().unwrap();
    assert_eq!(*idempotency, format!("\"canary-{id}\""));
    assert_eq!(*key, format!("incoming/rowgate_canary/{}.csv", id + 1));
    assert_eq!(*content, format!("{},file,{}\n", id + 1, row["at"].as_str().unwrap()));
}

#[tokio::test]
async fn a_check_that_fails_is_reported_and_the_others_still_run() {
    let world = World::start().await;
    world.goes_wrong("status", vec![Wrong(503, None, "The schema is behind.")]);
    world.goes_wrong("report", vec![Wrong(500, None, "")]);
    let answer = world.run().await;
    let first = checks()[2];
    let refused = format!("GET /reports/{first} answered 500, not 200: ");
    let expected =
        [("status", "GET /status answered 503, not 200: The schema is behind."), (first, &*refused)];
    assert_eq!(details(&answer), expected);
    let error: Diagnostic = answer.clone().into_result().unwrap_err().into();
    assert_eq!(error.error_type, "CanaryFailed");
    let message: Value = serde_json::from_str(&error.error_message).unwrap();
    assert_eq!(message, serde_json::to_value(&answer).unwrap());
    assert_eq!(message["status"], "failed");
    assert_eq!(message["checks"][1]["detail"], expected[0].1);
    assert_eq!(
        message["checks"][3].as_object().unwrap().keys().collect::<Vec<_>>(),
        ["check", "status", "duration_ms"]
    );
}

#[tokio::test]
async fn without_a_key_nothing_is_called() {
    let world = World::start().await;
    world.goes_wrong("key", vec![Wrong(404, None, "Invalid API Key identifier specified")]);
    let answer = world.run().await;
    let mut expected = vec![(
        "key",
        "GET /apikeys/k1 of API Gateway answered 404, not 200: Invalid API Key identifier specified",
    )];
    expected.extend(checks()[1..].iter().map(|name| (*name, "there is no key to call with")));
    assert_eq!(details(&answer), expected);
    assert_eq!(world.stub().calls, ["key"]);
}

#[tokio::test]
async fn throttled_and_unavailable_calls_are_retried_after_the_stated_pause() {
    let world = World::start().await;
    world.goes_wrong("status", vec![Wrong(503, Some("0"), "resuming"), Wrong(429, None, "throttled")]);
    world.goes_wrong("insert", vec![Wrong(503, Some("1"), "resuming")]);
    let answer = world.run().await;
    assert_eq!(details(&answer), []);
    let count = |name| world.stub().calls.iter().filter(|call| **call == name).count();
    assert_eq!((count("status"), count("insert"), count("report")), (3, 2, checks().len() - 6));
}

#[tokio::test]
async fn an_insert_whose_first_try_is_still_running_is_retried_after_the_stated_pause() {
    let in_use = Wrong(409, Some("1"), "The first request with this Idempotency-Key has not ended.");
    let world = World::start().await;
    world.goes_wrong("insert", vec![Wrong(503, Some("1"), "resuming"), in_use]);
    assert_eq!(details(&world.run().await), []);
    assert_eq!(world.stub().calls.iter().filter(|call| **call == "insert").count(), 3);
}

#[tokio::test]
async fn a_conflict_that_no_key_explains_is_not_waited_out() {
    let world = World::start().await;
    world.goes_wrong("status", vec![Wrong(409, Some("1"), "no")]);
    world.goes_wrong("insert", vec![Wrong(409, None, "no")]);
    let answer = world.run().await;
    let expected = [
        ("status", "GET /status answered 409, not 200: no"),
        ("insert", "POST /tables/rowgate_canary/rows answered 409, not 201: no"),
        ("delete", "there is no row to delete"),
    ];
    assert_eq!(details(&answer), expected);
}

#[tokio::test]
async fn a_row_may_be_gone_only_where_an_earlier_try_may_have_deleted_it() {
    let gone = Wrong(404, None, "There is no such row.");
    let fails =
        [("delete", "DELETE /tables/rowgate_canary/rows/… answered 404, not 204: There is no such row.")];
    for (before, expected) in [
        (vec![Wrong(503, Some("1"), "resuming")], &fails[1..]),
        (vec![Wrong(503, Some("1"), "resuming"), Wrong(429, None, "throttled")], &fails[1..]),
        (vec![Wrong(429, None, "throttled")], &fails),
        (vec![], &fails),
    ] {
        let world = World::start().await;
        world.goes_wrong("delete", [before.clone(), vec![gone.clone()]].concat());
        let answer = world.run().await;
        let id = world.stub().inserts[0].0["id"].to_string();
        let found = details(&answer).into_iter().map(|(name, detail)| (name, detail.replace(&id, "…")));
        let expected = expected.iter().map(|(name, detail)| (*name, (*detail).to_owned()));
        assert_eq!(found.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{before:?}");
    }
}

#[tokio::test]
async fn what_stays_unavailable_fails_with_what_it_says() {
    let world = World::start().await;
    let away = Wrong(503, Some("5"), "The database is away.");
    world.goes_wrong("status", vec![away.clone(); 9]);
    let limits = Limits { call: Duration::from_secs(4), ..Limits::default() };
    let answer = world.run_within(limits, Duration::from_secs(120)).await;
    assert_eq!(details(&answer), [("status", "GET /status answered 503, not 200: The database is away.")]);
}

#[tokio::test]
async fn a_row_that_is_not_in_is_not_deleted() {
    let world = World::start().await;
    world.goes_wrong("insert", vec![Wrong(422, None, "no")]);
    let answer = world.run().await;
    let expected = [
        ("insert", "POST /tables/rowgate_canary/rows answered 422, not 201: no"),
        ("delete", "there is no row to delete"),
    ];
    assert_eq!(details(&answer), expected);
}

#[tokio::test]
async fn what_others_left_goes_and_what_others_do_now_stays() {
    let world = World::start().await;
    let second = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let id = |age: i64| (second - age) << 20;
    world.stub().rows.extend([7, id(86_400), id(3600), id(60), id(1)]);
    // Another run was faster with the first one.
    world.goes_wrong("delete", vec![Wrong(204, None, ""), Wrong(404, None, "")]);
    let answer = world.run().await;
    assert_eq!(details(&answer), []);
    // The row of the insert has had the answer 204 of somebody else, and that of the leftover 7 the
    // 404.
    let mut left: Vec<i64> = world.stub().rows.iter().copied().collect();
    let own = world.stub().inserts[0].0["id"].as_i64().unwrap();
    left.retain(|id| *id != own);
    assert_eq!(left, [7, id(60), id(1)]);
}

#[tokio::test]
async fn a_file_is_waited_for_until_it_is_loaded() {
    let world = World::start().await;
    let running = json!({"status": "running", "rows_loaded": 0});
    world.stub().loads.splice(0..0, [running.clone(), running]);
    assert_eq!(details(&world.run().await), []);
    assert_eq!(world.stub().calls.iter().filter(|call| **call == "loads").count(), 3);
}

#[tokio::test]
async fn a_load_that_fails_or_never_ends_fails_the_check() {
    let world = World::start().await;
    for (load, limit, expected) in [
        (
            Some(json!({"status": "failed", "rows_loaded": 0, "error": "the bucket is gone"})),
            60,
            "is failed with 0 rows: the bucket is gone",
        ),
        (Some(json!({"status": "completed", "rows_loaded": 0})), 60, "is completed with 0 rows"),
        (Some(json!({"status": "running", "rows_loaded": 0})), 2, "is running in the time it has"),
        (None, 2, "nobody has begun to load it in the time it has"),
    ] {
        world.stub().loads = load.into_iter().collect();
        let limits = Limits { file: Duration::from_secs(limit), ..Limits::default() };
        let answer = world.run_within(limits, Duration::from_secs(120)).await;
        let [("file", detail)] = details(&answer)[..] else { panic!("{answer:?}") };
        assert!(detail.starts_with("incoming/rowgate_canary/") && detail.ends_with(expected), "{detail}");
    }
}

#[tokio::test]
async fn a_run_reports_every_check_when_its_time_is_up() {
    let world = World::start().await;
    let answer = world.run_within(Limits::default(), Duration::ZERO).await;
    let (key, rest) = (details(&answer)[0], &details(&answer)[1..]);
    assert_eq!(key, ("key", "there was no time left for it"));
    assert!(rest.iter().all(|(_, detail)| *detail == "there is no key to call with"));
    assert_eq!(world.stub().calls, [""; 0]);
}
