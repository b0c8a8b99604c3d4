//! Rows that are written, referred to and deleted concurrently.

use std::sync::Arc;
use std::time::Duration;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::row_support::{is_problem, row_errors};
use crate::support::{Api, Reply, codes, document, with};

impl Api {
    /// Waits until a statement of the call waits for the lock of a row.
    ///
    /// INNODB_TRX is renewed only when nobody, in any database of the server, has read it for a
    /// tenth of a second: hence the pauses, which differ so that tests side by side do not keep it
    /// as it is.
    async fn waits(&self, call: &JoinHandle<Reply>) {
        let sql = "SELECT COUNT(*) FROM information_schema.INNODB_TRX AS t JOIN information_schema.PROCESSLIST AS p \
                   ON p.ID = t.trx_mysql_thread_id WHERE p.DB = DATABASE() AND t.trx_state = 'LOCK WAIT'";
        while self.db.value(sql).await.unwrap() == "0" {
            assert!(!call.is_finished(), "it did not wait");
            tokio::time::sleep(Duration::from_millis(fastrand::u64(120..300))).await;
        }
    }

    /// A transaction of somebody else that has done these statements.
    pub(crate) async fn began(&self, statements: &[&str]) -> Conn {
        let mut conn = self.db.connect().await.unwrap();
        conn.query_drop("BEGIN").await.unwrap();
        for sql in statements {
            conn.query_drop(*sql).await.unwrap();
        }
        conn
    }

    /// Starts a call, which has to wait for the transaction, then ends that and gives the answer.
    pub(crate) async fn answer_after(
        self: &Arc<Self>,
        mut held: Conn,
        end: &str,
        call: JoinHandle<Reply>,
    ) -> Reply {
        self.waits(&call).await;
        held.query_drop(end).await.unwrap();
        call.await.unwrap()
    }
}

fn post(api: &Arc<Api>, rows: Value) -> JoinHandle<Reply> {
    let api = Arc::clone(api);
    tokio::spawn(async move { api.post("/tables/documents/rows", &rows).await })
}

pub(crate) fn put(api: &Arc<Api>, path: String, row: Value) -> JoinHandle<Reply> {
    let api = Arc::clone(api);
    tokio::spawn(async move { api.put(&path, &row).await })
}

fn delete(api: &Arc<Api>, path: String) -> JoinHandle<Reply> {
    let api = Arc::clone(api);
    tokio::spawn(async move { api.delete(&path).await })
}

const DELETE: &[&str] = &["DELETE FROM collections WHERE id = 2"];

#[tokio::test(flavor = "multi_thread")]
async fn whoever_refers_to_a_row_that_is_being_deleted_waits_and_finds_it_gone() {
    let api = Arc::new(Api::start().await);
    let to_2 = |id| with(document(id), "collection_id", 2);

    // One statement, with the condition in it.
    let held = api.began(DELETE).await;
    let reply = api.answer_after(held, "ROLLBACK", post(&api, json!([to_2(1)]))).await;
    assert_eq!(reply.status, 201);
    // A verdict for each row, the bad one and the good one.
    let held = api.began(&["DELETE FROM documents", DELETE[0]]).await;
    let reply = api.answer_after(held, "COMMIT", post(&api, json!([to_2(2), {"id": 3}, document(4)]))).await;
    assert_eq!(
        (reply.status, codes(&reply, "documents").first().unwrap().as_str()),
        (207, "0: unknown_reference")
    );

    api.db.sql("INSERT INTO collections VALUES (2, 'Legal')").await.unwrap();
    let held = api.began(DELETE).await;
    let reply = api.answer_after(held, "COMMIT", post(&api, json!([to_2(5)]))).await;
    assert_eq!((reply.status, codes(&reply, "documents")), (422, vec!["0: unknown_reference".to_owned()]));

    api.db.sql("INSERT INTO collections VALUES (2, 'Legal')").await.unwrap();
    let held = api.began(DELETE).await;
    let reply =
        api.answer_after(held, "COMMIT", put(&api, "/tables/documents/rows/6".to_owned(), to_2(6))).await;
    is_problem(&reply, 422, "invalid-row");
    assert_eq!(row_errors(&reply), ["collection_id: unknown_reference"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delete_waits_for_those_who_refer_to_the_row_and_then_sees_them() {
    let api = Arc::new(Api::start().await);
    // The insert's own statements, with or without verdicts: the reference is locked before the row
    // is inserted.
    let insert = [
        "SELECT id FROM collections WHERE id = 2 LOCK IN SHARE MODE",
        "INSERT INTO documents VALUES (1, 'Ada', '2021-07-27 16:02:08', 2, 1)",
    ];
    for (end, status) in [("COMMIT", 409), ("ROLLBACK", 204)] {
        api.db.sql("DELETE FROM documents").await.unwrap();
        let held = api.began(&insert).await;
        let reply = api.answer_after(held, end, delete(&api, "/tables/collections/rows/2".to_owned())).await;
        assert_eq!(reply.status, status, "{reply:?}");
    }
    assert_eq!(api.count("collections").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_of_deletes_and_inserts_leaves_no_dangling_reference() {
    const ROUNDS: i64 = 40;
    let api = Arc::new(Api::start().await);
    for round in 1..=ROUNDS {
        let collection = 1000 + round;
        let path = format!("/tables/collections/rows/{collection}");
        assert_eq!(api.put(&path, &json!({"collection": "Passing"})).await.status, 201);
        let row = |id: i64| with(document(1000 * round + id), "collection_id", collection);
        let pause = || tokio::time::sleep(Duration::from_millis(fastrand::u64(0..15)));
        // In half of the rounds the DELETE comes first, so that each has its chance.
        let first = (round % 2 == 0).then(|| delete(&api, path.clone()));
        pause().await;
        let writes = [
            post(&api, json!([row(1)])),
            post(&api, json!([row(2), row(3), {"id": "bad"}])),
            put(&api, format!("/tables/documents/rows/{}", 1000 * round + 4), row(4)),
            post(&api, json!([document(1000 * round + 5), row(6)])),
        ];
        pause().await;
        let gone = match first {
            Some(first) => first.await.unwrap(),
            None => delete(&api, path.clone()).await.unwrap(),
        };
        assert!([204, 409].contains(&gone.status), "{gone:?}");
        for write in writes {
            let reply = write.await.unwrap();
            assert!([200, 201, 207, 422].contains(&reply.status), "{reply:?}");
        }
        assert_eq!(api.get(&path).await.status, if gone.status == 204 { 404 } else { 200 });
    }
    let dangling = "SELECT COUNT(*) FROM documents AS d LEFT JOIN collections AS c ON c.id = d.collection_id WHERE c.id IS NULL";
    assert_eq!(api.db.value(dangling).await.unwrap(), "0");
    assert_eq!(api.db.open_transactions(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_puts_at_once_create_a_row_once() {
    let api = Arc::new(Api::start().await);
    for id in 1..=10 {
        let puts: Vec<_> = (0..6)
            .map(|number| {
                put(
                    &api,
                    format!("/tables/documents/rows/{id}"),
                    with(document(id), "name", format!("N{number}")),
                )
            })
            .collect();
        let mut statuses = Vec::new();
        for put in puts {
            statuses.push(put.await.unwrap().status);
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 201]);
    }
    assert_eq!(api.count("documents").await, 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn puts_of_new_rows_side_by_side_are_not_in_each_others_way() {
    let api = Arc::new(Api::start().await);
    let puts: Vec<_> =
        (1..=40).map(|id| put(&api, format!("/tables/documents/rows/{id}"), document(id))).collect();
    for put in puts {
        assert_eq!(put.await.unwrap().status, 201);
    }
    assert_eq!(api.count("documents").await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_is_created_and_deleted_is_there_as_often_as_answered() {
    let api = Arc::new(Api::start().await);
    let path = "/tables/documents/rows/1";
    let calls: Vec<_> = (0..60)
        .map(|number| {
            if number % 2 == 0 {
                put(&api, path.to_owned(), document(1))
            } else {
                delete(&api, path.to_owned())
            }
        })
        .collect();
    let (mut created, mut deleted) = (0, 0);
    for call in calls {
        let reply = call.await.unwrap();
        // 503: five times in a row, the row was not as it had just been found.
        assert!([200, 201, 204, 404, 503].contains(&reply.status), "{reply:?}");
        created += usize::from(reply.status == 201);
        deleted += usize::from(reply.status == 204);
    }
    assert_eq!(api.count("documents").await, created - deleted);
}
