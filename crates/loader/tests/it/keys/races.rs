//! Other writers take unique values between a chunk's question and its rows.

use std::time::Duration;

use testkit::local_data_api::{Effect, Faults, Rule};

use super::{refused, rows, world};
use crate::support::figures;

const ALL: &str = "SELECT id, code, label FROM badges ORDER BY id";

#[tokio::test]
async fn an_upsert_never_writes_over_the_row_of_another_key() {
    for (meanwhile, file, expected, refused_lines) in [
        // The key is new, and the value is taken meanwhile.
        (
            "INSERT INTO badges VALUES (9, 'A', 'other')",
            "1,A,mine\n",
            vec!["9 A other"],
            vec!["2: duplicate_value"],
        ),
        // The same, and the key comes again with another value.
        (
            "INSERT INTO badges VALUES (9, 'A', 'other')",
            "1,A,mine\n1,B,later\n",
            vec!["1 B later", "9 A other"],
            vec!["2: duplicate_value"],
        ),
        // The key is there, and its new value is taken meanwhile.
        (
            "INSERT INTO badges VALUES (9, 'A', 'other')",
            "5,A,mine\n",
            vec!["5 E old", "9 A other"],
            vec!["2: duplicate_value"],
        ),
        // The same row gets another key meanwhile.
        (
            "UPDATE badges SET id = 9, label = 'other'",
            "5,E,mine\n",
            vec!["9 E other"],
            vec!["2: duplicate_value"],
        ),
        // The row that is written over goes meanwhile.
        ("DELETE FROM badges", "5,E,mine\n", vec!["5 E mine"], vec![]),
    ] {
        let world = world().await;
        if file.starts_with('5') {
            world.db.sql("INSERT INTO badges VALUES (5, 'E', 'old')").await.unwrap();
        }
        let slow = Rule::new(Effect::DelayMs(3_000)).sql("ON DUPLICATE KEY UPDATE `code`").times(1);
        world.db.data_api().set(Faults::default().with(slow));
        let object = world.put("incoming/badges/upsert/a.csv", "v1", format!("id,code,label\n{file}"));
        let other = async {
            // Until the slow call is the one that is under way.
            loop {
                let calls = world.db.data_api().calls();
                tokio::time::sleep(Duration::from_millis(400)).await;
                if world.db.open_transactions() > 0 && calls == world.db.data_api().calls() {
                    break;
                }
            }
            world.db.sql(meanwhile).await.unwrap();
        };
        let (delivered, ()) = tokio::join!(world.deliver(&object), other);
        delivered.unwrap();
        let load = world.record(&object).await;
        assert_eq!(rows(&world, ALL).await, expected, "{meanwhile} {file}");
        assert_eq!(refused(&world, &load), refused_lines, "{meanwhile} {file}");
        assert_eq!(figures(&load).2, refused_lines.len() as u64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_files_with_the_same_values_share_them_out() {
    let mut world = world().await;
    (world.options.lanes, world.options.chunk_bytes) = (4, 1024);
    let file = |from: u64| -> String {
        let rows = (0..400).map(|number| format!("{},C{number:05},label-{from}\n", from + number));
        "id,code,label\n".to_owned() + &rows.collect::<String>()
    };
    for mode in ["", "upsert/"] {
        world.db.sql("DELETE FROM badges").await.unwrap();
        let one = world.put(&format!("incoming/badges/{mode}one.csv"), "v1", file(0));
        let other = world.put(&format!("incoming/badges/{mode}other.csv"), "v1", file(1_000));
        let (first, second) = tokio::join!(world.deliver(&one), world.deliver(&other));
        first.unwrap();
        second.unwrap();
        let (one, other) = (world.record(&one).await, world.record(&other).await);
        assert_eq!(
            (one.rows_loaded + other.rows_loaded, one.rows_rejected + other.rows_rejected),
            (400, 400)
        );
        assert_eq!(world.count("badges").await, 400);
        for load in [one, other] {
            let sql = format!(
                "SELECT COUNT(*) FROM badges WHERE id DIV 1000 = {}",
                u8::from(load.key.contains("other"))
            );
            assert_eq!(world.db.value(&sql).await.unwrap(), load.rows_loaded.to_string(), "{mode}");
        }
    }
}
