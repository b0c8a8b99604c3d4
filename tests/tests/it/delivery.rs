//! Exactly-once loading: events are delivered at least once, late and twice, functions are killed,
//! and every row counts once.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Cloud, assert_counts, ended};

#[tokio::test]
async fn the_same_file_twice_is_skipped_the_second_time() {
    let cloud = Cloud::connect().await;
    let key = cloud.key("jobs", "twice.csv");
    let file = format!("{},One\n{},Two\n{},\n", cloud.ids.at(1), cloud.ids.at(2), cloud.ids.at(3));
    let first = cloud.load(&key, file.clone()).await;
    assert_counts(&first, "completed", 3, 2, 1);
    let second = cloud.load(&key, file.clone()).await;
    assert_counts(&second, "skipped", 0, 0, 0);
    assert_ne!(second["load"], first["load"]);
    assert!(second["error"].as_str().unwrap().contains(first["load"].as_str().unwrap()), "{second}");
    // The bytes count, not the name.
    let third = cloud.load(&cloud.key("jobs", "renamed.csv"), file).await;
    assert_counts(&third, "skipped", 0, 0, 0);
    assert_eq!(cloud.load_by_id(&first).await["status"], "completed");
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 2);
}

/// The same bytes are another load for another table.
#[tokio::test]
async fn the_same_bytes_for_another_table_are_loaded() {
    let cloud = Cloud::connect().await;
    let file = format!("{},Same words\n", cloud.ids.at(1));
    for table in ["jobs", "departments"] {
        let load = cloud.load(&cloud.key(table, "both.csv"), file.clone()).await;
        assert_counts(&load, "completed", 1, 1, 0);
    }
}

#[tokio::test]
async fn an_event_that_comes_again_changes_nothing() {
    let cloud = Cloud::connect().await;
    let key = cloud.key("jobs", "again + é.csv");
    let file = format!("{},One\n{},\n", cloud.ids.at(1), cloud.ids.at(2));
    let version = cloud.put(&key, file.clone()).await;
    let before = cloud.ended(&key, 1).await;
    for _ in 0..3 {
        cloud.send_event(&key, &version, file.len()).await;
    }
    // A later file's load shows that the events before it have been taken from the queue.
    cloud.load(&cloud.key("jobs", "later.csv"), format!("{},Later\n", cloud.ids.at(3))).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(cloud.ended(&key, 1).await, before);
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 2);
    assert_eq!(cloud.reject_keys(&before[0]).await.len(), 1);
}

/// Several concurrent deliveries of one event work on one file.
#[tokio::test]
async fn an_event_delivered_twice_at_once_counts_each_row_once() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let key = cloud.key("employees", "racing.csv");
    let count = 30_000;
    let mut file = cloud.ids.lines(1, count);
    file.push_str("short,record\n");
    let size = file.len();
    let version = cloud.put(&key, file).await;
    for _ in 0..3 {
        cloud.send_event(&key, &version, size).await;
    }
    let load = cloud.ended(&key, 1).await.pop().unwrap();
    let loaded = u64::try_from(count).unwrap();
    assert_counts(&load, "completed", loaded + 1, loaded, 1);
    assert_eq!(cloud.database.count("employees", cloud.ids.base, cloud.ids.end()).await, count);
    assert_eq!(cloud.rejects(&load).await.len(), 2);
}

/// Two people drop the same file at the same time, under two names.
#[tokio::test]
async fn the_same_bytes_dropped_twice_at_once_count_once() {
    let cloud = Cloud::connect().await;
    let count = 20_000;
    let file: String = (1..=count).map(|index| format!("{},Job\n", cloud.ids.at(index))).collect();
    let keys = [cloud.key("jobs", "left.csv"), cloud.key("jobs", "right.csv")];
    for key in &keys {
        cloud.put(key, file.clone()).await;
    }
    let mut loaded = 0;
    for key in &keys {
        let load = cloud.ended(key, 1).await.pop().unwrap();
        assert_ne!(load["status"], "failed", "{load}");
        loaded += load["rows_loaded"].as_i64().unwrap();
    }
    assert_eq!(loaded, count);
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, count);
}

/// The same ids are inserted over HTTP while their file is being loaded: each is in once.
#[tokio::test]
async fn rows_posted_while_their_file_loads_count_once() {
    let cloud = Cloud::connect().await;
    let count = 20_000;
    let file: String = (1..=count).map(|index| format!("{},From the file\n", cloud.ids.at(index))).collect();
    let key = cloud.key("jobs", "contested.csv");
    cloud.put(&key, file).await;
    let mut posted = 0;
    for first in (0..10).map(|part| count - 1 - part * 2_000) {
        let rows: Vec<_> = (first - 50..first)
            .map(|index| json!({"id": cloud.ids.at(index), "job_name": "Posted"}))
            .collect();
        let reply = cloud.api.post("/tables/jobs/rows", &json!(rows)).await;
        assert!(matches!(reply.status, 201 | 207 | 422), "{reply:?}");
        posted += reply.json()["inserted"].as_i64().unwrap();
    }
    let load = cloud.ended(&key, 1).await.pop().unwrap();
    assert_eq!(load["status"], "completed", "{load}");
    assert_eq!(load["rows_loaded"].as_i64().unwrap() + posted, count, "{load}");
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, count);
    let sql = format!(
        "SELECT COUNT(*) FROM jobs WHERE id >= {} AND id < {} AND job_name = 'Posted'",
        cloud.ids.base,
        cloud.ids.end()
    );
    assert_eq!(cloud.database.number(&sql).await, posted);
}

#[tokio::test]
async fn a_file_deleted_before_it_is_read_fails_its_load() {
    let cloud = Cloud::connect().await;
    // An object that is gone when its event arrives.
    let elsewhere = format!("elsewhere/{}-gone.csv", cloud.ids.number);
    let version = cloud.put(&elsewhere, format!("{},Job\n", cloud.ids.at(1))).await;
    let key = cloud.key("jobs", "gone.csv");
    cloud.send_event(&key, &version, 10).await;
    let load = cloud.ended(&key, 1).await.pop().unwrap();
    assert_counts(&load, "failed", 0, 0, 0);

    // Deleted for good right after the drop: the loader may have been quicker, but nothing is half
    // in.
    for index in 0..4 {
        let key = cloud.key("jobs", &format!("fleeting-{index}.csv"));
        let ids = [1, 2].map(|second| cloud.ids.at(10 * (index + 1) + second));
        let version = cloud.put(&key, format!("{},One\n{},Two\n", ids[0], ids[1])).await;
        cloud.s3.delete_object().bucket(&cloud.bucket).key(&key).version_id(version).send().await.unwrap();
        let load = cloud.ended(&key, 1).await.pop().unwrap();
        let stored = cloud.database.count("jobs", ids[0], ids[1] + 1).await;
        match load["status"].as_str().unwrap() {
            "completed" => assert_eq!(stored, 2),
            status => assert_eq!((status, stored), ("failed", 0), "{load}"),
        }
    }
}

/// A delete without a version leaves the version that the event names, and that is what is loaded.
#[tokio::test]
async fn a_file_hidden_by_a_delete_marker_is_still_loaded() {
    let cloud = Cloud::connect().await;
    let key = cloud.key("jobs", "hidden.csv");
    let file = format!("{},Job\n", cloud.ids.at(1));
    cloud.put(&key, file).await;
    cloud.s3.delete_object().bucket(&cloud.bucket).key(&key).send().await.unwrap();
    let load = cloud.ended(&key, 1).await.pop().unwrap();
    assert_counts(&load, "completed", 1, 1, 0);
}

/// Two versions of one key dropped in a row are two loads, each of its own bytes.
#[tokio::test]
async fn each_version_of_a_key_is_a_load() {
    let cloud = Cloud::connect().await;
    let key = cloud.key("jobs", "versions.csv");
    for index in 1..=3 {
        cloud.put(&key, format!("{},Job {index}\n", cloud.ids.at(index))).await;
    }
    for load in cloud.ended(&key, 3).await {
        assert_counts(&load, "completed", 1, 1, 0);
    }
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 3);
}

/// `.config/nextest.toml` runs this test alone, because it kills every loader of this cloud that
/// runs.
#[tokio::test]
async fn a_load_that_is_killed_continues_where_it_stopped() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let key = cloud.key("employees", "killed.csv");
    let (count, flawed) = (150_000_i64, 150_u64);
    let mut file = String::new();
    for index in 1..=count {
        file.push_str(&cloud.ids.line(index));
        if index % 1000 == 0 {
            file.push_str(&format!("{},,,,\n", cloud.ids.at(index)));
        }
    }
    let size = file.len();
    let version = cloud.put(&key, file).await;
    let stored = || cloud.database.count("employees", cloud.ids.base, cloud.ids.end());
    let mut left = 0;
    for _ in 0..2 {
        let started = Instant::now();
        while stored().await == left {
            assert!(started.elapsed() < Duration::from_secs(60), "the load does not continue");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(cloud.kill_function("rowgate-loader") > 0, "no loader of this cloud runs");
        // A request on its way to the database arrives or does not; an open transaction would end
        // after three minutes.
        tokio::time::sleep(Duration::from_secs(1)).await;
        cloud.database.end_idle_transactions(0).await;
        left = stored().await;
        assert!(left < count, "the load was over before it could be killed");
        let load = cloud.loads_of(&key).await.pop().unwrap();
        assert!(!ended(&load), "{load}");
        assert_eq!(load["rows_loaded"], left, "every committed row is in the ledger: {load}");
        cloud.send_event(&key, &version, size).await;
    }
    let load = cloud.ended(&key, 1).await.pop().unwrap();
    assert_counts(&load, "completed", 150_000 + flawed, 150_000, flawed);
    assert_eq!(load["attempts"], json!(3), "{load}");
    assert_eq!(stored().await, count);
    let sum = count * (count + 1) / 2 + cloud.ids.base * count;
    let sql =
        format!("SELECT SUM(id) FROM employees WHERE id >= {} AND id < {}", cloud.ids.base, cloud.ids.end());
    assert_eq!(cloud.database.number(&sql).await, sum);
    let rejects = cloud.rejects(&load).await;
    assert_eq!(rejects.len() as u64, 1 + flawed);
    let chunks = format!(
        "SELECT COUNT(*), COUNT(DISTINCT chunk_no), SUM(rows_read) FROM rowgate_load_chunks WHERE load_id = '{}'",
        load["load"].as_str().unwrap()
    );
    let chunks = &cloud.database.rows(&chunks).await[0];
    assert_eq!((&chunks[0], &chunks[2]), (&chunks[1], &(150_000 + flawed).to_string()));
}
