//! Restores over HTTP and by invocation. These tests replace whole tables, so each has the cloud
//! for itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apache_avro::types::{Record, Value as Avro};
use apache_avro::{Codec, Schema, Writer};
use serde_json::{Value, json};
use testkit::hr::tables;

use crate::support::{Cloud, Listener, of};

#[tokio::test]
async fn a_restore_over_http_brings_back_what_was_and_can_be_undone() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let rows: Vec<Value> = (0..200).map(|index| cloud.ids.employee(index)).collect();
    assert_eq!(cloud.api.post("/tables/employees/rows", &Value::from(rows)).await.status, 201);
    let (backup, _) = cloud.backup(&json!({})).await;
    let mut then = Vec::new();
    let tables = tables();
    for table in &tables {
        then.push(cloud.rows_of(table).await);
    }
    let later: Vec<Value> = (200..260).map(|index| cloud.ids.employee(index)).collect();
    assert_eq!(cloud.api.post("/tables/employees/rows", &Value::from(later)).await.status, 201);
    let now = cloud.rows_of("employees").await;

    // To verify is not to change, and it is noted with the backup.
    let operator = cloud.as_operator();
    let verified = operator.post("/restores", &of(&backup, &tables, "verify")).await;
    assert_eq!(verified.status, 202, "{verified:?}");
    let verified = cloud.restored(verified.json()["restore"].as_str().unwrap()).await;
    assert_eq!(
        (&verified["status"], &verified["mode"]),
        (&json!("completed"), &json!("verify")),
        "{verified}"
    );
    assert_eq!(cloud.rows_of("employees").await, now);
    assert!(cloud.backed_up(&backup).await["verified_at"].is_string());

    let listener = Listener::start(&cloud, "restore", &json!({"restore": [{"exists": true}]})).await;
    let started = operator.post("/restores", &json!({"backup": backup})).await;
    assert_eq!(started.status, 202, "{started:?}");
    let restore = started.json()["restore"].as_str().unwrap().to_owned();
    let restored = cloud.restored(&restore).await;
    let event = listener.next(|event| event["detail"]["restore"] == restore).await;
    assert_eq!(
        (&event["detail-type"], &event["detail"]["backup"]),
        (&json!("Restore Completed"), &json!(backup))
    );
    listener.end().await;
    assert_eq!((&restored["status"], &restored["error"]), (&json!("completed"), &Value::Null), "{restored}");
    let manifest = cloud.backed_up(&backup).await["manifest"].clone();
    for (table, then) in tables.iter().zip(&then) {
        assert_eq!(cloud.rows_of(table).await, *then, "{table}");
        let (table_report, listed) = (&restored["tables"][table], &manifest["tables"][table]);
        assert_eq!(table_report["rows_read"], listed["rows"]);
        assert_eq!(table_report["rows_restored"], listed["rows"]);
        assert_eq!(table_report["rows_rejected"], 0);
        assert_eq!((&table_report["checksum"], &table_report["kept"]), (&listed["checksum"], &json!(true)));
    }
    assert_eq!(cloud.previous_rows(&restore, "employees").await, now);

    let undone = cloud.restore(&json!({"put_back": restore})).await;
    assert_eq!(cloud.rows_of("employees").await, now);
    assert_eq!(undone["kind"], "put_back");
    let redone = json!({"put_back": undone["restore"], "tables": ["employees"]});
    cloud.restore(&redone).await;
    assert_eq!(cloud.rows_of("employees").await, then[2]);
}

#[tokio::test]
async fn rows_inserted_during_a_restore_are_in_the_table_or_in_the_previous_one() {
    let cloud = Arc::new(Cloud::connect().await);
    cloud.seed().await;
    let (backup, _) = cloud.backup(&json!({"tables": ["employees"]})).await;
    let over = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (cloud, over) = (Arc::clone(&cloud), Arc::clone(&over));
        async move {
            let mut acknowledged = Vec::new();
            for index in 0.. {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let reply = cloud.api.post("/tables/employees/rows", &cloud.ids.employee(index)).await;
                // A swap may be waited for, but not for long.
                assert_eq!(reply.status, 201, "{reply:?}");
                acknowledged.push(cloud.ids.at(index));
            }
            acknowledged
        }
    });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let restored = cloud.restore(&of(&backup, &["employees"], "replace")).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    over.store(true, Ordering::SeqCst);
    let acknowledged = writer.await.unwrap();
    let live = cloud.rows_of("employees").await;
    let previous = cloud.previous_rows(restored["restore"].as_str().unwrap(), "employees").await;
    let is_previous: Vec<bool> = acknowledged.iter().map(|id| previous.contains_key(id)).collect();
    for (id, is_previous) in acknowledged.iter().zip(&is_previous) {
        assert!(*is_previous != live.contains_key(id), "{id} is in both or in none");
    }
    // Those before the swap are in the previous table, those after it are live.
    assert!(is_previous.is_sorted_by(|earlier, later| earlier >= later), "{is_previous:?}");
    assert!(is_previous[0] && !is_previous[is_previous.len() - 1], "{is_previous:?}");
}

#[tokio::test]
async fn a_backup_that_is_not_what_it_was_is_refused_and_nothing_is_touched() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let (backup, _) = cloud.backup(&json!({})).await;
    let before = cloud.rows_of("jobs").await;
    let key = cloud.files(&backup, "jobs").await.remove(0);
    let other = cloud.files(&backup, "departments").await.remove(0);
    let (good, other) = (cloud.bytes(&key).await, cloud.bytes(&other).await);
    let mut altered = good.clone();
    *altered.last_mut().unwrap() ^= 1;
    for content in [altered, good[..good.len() / 2].to_vec(), other, b"no Avro".to_vec(), Vec::new()] {
        cloud.put(&key, content).await;
        let reason = cloud.refused_restore(&of(&backup, &["jobs"], "replace")).await;
        assert!(reason.contains("jobs/part-00000.avro"), "{reason}");
        assert_eq!(cloud.rows_of("jobs").await, before);
    }
    cloud.s3.delete_object().bucket(&cloud.bucket).key(&key).send().await.unwrap();
    let reason = cloud.refused_restore(&of(&backup, &["jobs"], "replace")).await;
    assert!(reason.contains("jobs/part-00000.avro"), "{reason}");
    // The other tables of it are as good as ever.
    let verified = cloud.restore(&of(&backup, &["departments"], "verify")).await;
    assert_eq!(cloud.rows_of("jobs").await, before);
    let shadows = "SELECT table_name FROM information_schema.tables \
                   WHERE table_schema = DATABASE() AND table_name RLIKE '^rowgate_new_[0-9]'";
    let mut left = cloud.database.rows(shadows).await;
    // But for those of the drill, which the clock may have started just now.
    let drills = format!(
        "SELECT restore_id FROM rowgate_restores WHERE mode = 'verify' AND restore_id <> '{}'",
        verified["restore"].as_str().unwrap()
    );
    for drill in cloud.database.rows(&drills).await {
        let of_drill = format!("rowgate_new_{}_", drill[0].replace('-', "_"));
        left.retain(|shadow| !shadow[0].starts_with(&of_drill));
    }
    assert!(left.is_empty(), "{left:?}");
    for key in cloud
        .s3
        .list_objects_v2()
        .bucket(&cloud.bucket)
        .prefix(format!("backups/{backup}/"))
        .send()
        .await
        .unwrap()
        .contents()
    {
        cloud.s3.delete_object().bucket(&cloud.bucket).key(key.key().unwrap()).send().await.unwrap();
    }
}

#[tokio::test]
async fn avro_of_another_program_is_restored_by_names_and_its_flawed_rows_are_rejected() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let (prefix, base) = (format!("avro/{}/", cloud.ids.number), cloud.ids.base);
    // As a Glue job writes it: everything may be null, date-times are text, names are old ones.
    let schema = Schema::parse_str(
        r#"{"type": "record", "name": "topLevelRecord", "fields": [
            {"name": "datetime_", "type": ["string", "null"]}, {"name": "id", "type": ["long", "null"]},
            {"name": "name", "type": ["string", "null"]}, {"name": "job_id", "type": ["int", "null"]},
            {"name": "department_id", "type": ["int", "null"]}]}"#,
    )
    .unwrap();
    let file = |rows: &[(i64, &str, &str)]| {
        let mut writer = Writer::with_codec(&schema, Vec::new(), Codec::Null).unwrap();
        for (id, name, time) in rows {
            let mut record = Record::new(&schema).unwrap();
            let place = i32::try_from(base).unwrap();
            for (field, value) in [
                ("datetime_", Avro::from(*time)),
                ("id", Avro::from(*id)),
                ("name", Avro::from(*name)),
                ("job_id", Avro::from(place)),
                ("department_id", Avro::from(place)),
            ] {
                record.put(field, Avro::Union(0, Box::new(value)));
            }
            writer.append_value(record).unwrap();
        }
        writer.into_inner().unwrap()
    };
    let good = [(base + 1, "Ada", "2021-11-07 02:48:42.0"), (base + 2, "Grace", "2021-11-07 02:48:42.0")];
    cloud.put(&format!("{prefix}run-1/part-0.avro"), file(&good)).await;
    cloud.put(&format!("{prefix}run-1/_SUCCESS"), Vec::new()).await;
    let flawed = [(base + 3, "", "2021-11-07 02:48:42.0"), (base + 4, "Edsger", "soon")];
    cloud.put(&format!("{prefix}run-2/part-0.avro"), file(&flawed)).await;

    let before = cloud.rows_of("employees").await;
    let strict = json!({"from": prefix, "tables": ["employees"], "strict": true});
    let reason = cloud.refused_restore(&strict).await;
    assert!(reason.contains("run-2/part-0.avro"), "{reason}");
    let elsewhere = json!({"from": "exports/", "tables": ["employees"]});
    let reason = cloud.refused_restore(&elsewhere).await;
    assert!(reason.contains("may not read files under exports/, only those under avro/"), "{reason}");
    assert_eq!(cloud.rows_of("employees").await, before);

    let restored = cloud.restore(&json!({"from": prefix, "tables": ["employees"]})).await;
    let table_report = &restored["tables"]["employees"];
    assert_eq!(
        [&table_report["rows_read"], &table_report["rows_restored"], &table_report["rows_rejected"]],
        [4, 2, 2],
        "{restored}"
    );
    let place = base.to_string();
    let expected = good.map(|(id, name, _)| {
        vec![id.to_string(), name.to_owned(), "2021-11-07 02:48:42".to_owned(), place.clone(), place.clone()]
    });
    assert_eq!(cloud.rows_of("employees").await.into_values().collect::<Vec<_>>(), expected);
    let prefix = format!("rejected/employees/{}/", restored["restore"].as_str().unwrap());
    let listed = cloud.s3.list_objects_v2().bucket(&cloud.bucket).prefix(prefix).send().await.unwrap();
    let mut rejects = String::new();
    for object in listed.contents() {
        rejects.push_str(&String::from_utf8(cloud.bytes(object.key().unwrap()).await).unwrap());
    }
    assert!(rejects.contains("required") && rejects.contains("timestamp"), "{rejects}");
    cloud.restore(&json!({"put_back": restored["restore"]})).await;
    assert_eq!(cloud.rows_of("employees").await, before);
}

#[tokio::test]
async fn a_drill_proves_the_newest_backup_and_a_backup_during_a_restore_is_one_snapshot() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let (backup, _) = cloud.backup(&json!({})).await;
    let before = cloud.rows_of("employees").await;
    let (drilled, failed) = cloud.invoke("rowgate-restore", &json!({"drill": {}})).await;
    assert!(!failed, "{drilled}");
    // This test's own, unless the clock has started the daily one since.
    let newest = drilled["backup"].as_str().unwrap();
    assert!(newest >= backup.as_str(), "{drilled} is not of {backup} or a newer one");
    assert!(cloud.backed_up(newest).await["verified_at"].is_string(), "{drilled}");
    let (restore, all) = (json!({"backup": "latest"}), json!({}));
    let (restored, during) =
        tokio::join!(cloud.invoke("rowgate-restore", &restore), cloud.invoke("rowgate-backup", &all));
    assert!(!restored.1 && !during.1, "{restored:?} {during:?}");
    // The tables are the same before and after, so the backup has exactly that.
    let rows = during.0["tables"]["employees"]["rows"].as_u64().unwrap();
    assert_eq!(rows, before.len() as u64);
    let (swept, failed) = cloud.invoke("rowgate-restore", &json!({"sweep": {}})).await;
    assert!(!failed, "{swept}");
    assert_eq!(cloud.rows_of("employees").await, before);
}
