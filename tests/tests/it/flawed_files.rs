//! Files with errors: every record is checked, nothing is lost, and the load ends.

use serde_json::Value;

use crate::support::{Cloud, Ids, assert_counts, with};

/// Returns a good record, and the text of one with a field changed.
fn line(cloud: &Cloud, index: i64, field: &str, text: &str) -> String {
    crate::support::csv_line(&with(cloud.ids.employee(index), field, text))
}

/// Returns the records that are rejected of the file with every reason.
fn rejects_of(ids: Ids, long: &str) -> [String; 12] {
    let (place, time) = (ids.base, format!("{}-07-27T16:02:08Z", ids.year));
    [
        "id,name,datetime,department_id,job_id,line,code,reason".to_owned(),
        format!("{},,{time},{place},{place},2,required,name is required", ids.at(11)),
        format!(
            "{},Person {},{time},x,{place},3,type,department_id must be a whole number",
            ids.at(12),
            ids.at(12)
        ),
        format!(
            "{},{long},{time},{place},{place},4,too_long,\"name has 256 characters, at most 255 are allowed\"",
            ids.at(13)
        ),
        format!(
            "2147483648,Person {},{time},{place},{place},5,out_of_range,id must be between -2147483648 and 2147483647",
            ids.at(14)
        ),
        format!(
            "{},Person {},2021-02-30T00:00:00Z,{place},{place},6,timestamp,\"datetime must be a moment in UTC that exists, \
             written like 2021-07-27T16:02:08Z\"",
            ids.at(15),
            ids.at(15)
        ),
        format!("{},Too few,{time},{place},,7,field_count,the record has 4 fields instead of 5", ids.at(16)),
        format!(
            "{},Too many,{time},{place},{place},8,field_count,the record has 6 fields instead of 5,more",
            ids.at(17)
        ),
        format!(
            "{},Person {},{time},{place},{place},9,duplicate_id,id is already taken in the table",
            ids.at(1),
            ids.at(1)
        ),
        format!(
            "{},Person {},{time},{place},{place},10,duplicate_in_batch,id is already taken by an earlier row",
            ids.at(10),
            ids.at(10)
        ),
        format!("{},\"Two, lines", ids.at(20)),
        format!(
            "and all\",yesterday,{place},,11,timestamp; required,\"datetime must be a moment in UTC that exists, \
             written like 2021-07-27T16:02:08Z; job_id is required\""
        ),
    ]
}

#[tokio::test]
async fn rejects_records_with_every_reason_and_takes_them_back_when_fixed() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let ids = cloud.ids;
    let (place, time) = (ids.base, format!("{}-07-27T16:02:08Z", ids.year));
    assert_eq!(cloud.api.post("/tables/employees/rows", &ids.employee(1)).await.status, 201);
    let long = "a".repeat(256);
    let file = [
        ids.line(10),
        line(&cloud, 11, "name", ""),
        line(&cloud, 12, "department_id", "x"),
        line(&cloud, 13, "name", &long),
        line(&cloud, 14, "id", "2147483648"),
        line(&cloud, 15, "datetime", "2021-02-30T00:00:00Z"),
        format!("{},Too few,{time},{place}\n", ids.at(16)),
        format!("{},Too many,{time},{place},{place},more\n", ids.at(17)),
        ids.line(1),
        ids.line(10),
        format!("{},\"Two, lines\nand all\",yesterday,{place},\n", ids.at(20)),
        ids.line(21),
    ]
    .concat();
    let load = cloud.load(&cloud.key("employees", "flawed.csv"), file).await;
    assert_counts(&load, "completed", 12, 2, 10);
    assert_eq!(cloud.database.count("employees", ids.at(2), ids.end()).await, 2);

    let rejects = cloud.rejects(&load).await;
    let expected = rejects_of(ids, &long);
    assert_eq!(rejects, expected);

    // Dropped back in as it is, every record is rejected again, and nothing is loaded.
    let key = cloud.reject_keys(&load).await.pop().unwrap();
    let unchanged = cloud.load(&cloud.key("employees", "unchanged.csv"), cloud.bytes(&key).await).await;
    assert_counts(&unchanged, "failed", 10, 0, 10);
    let error = unchanged["error"].as_str().unwrap();
    assert!(
        error.starts_with("nothing could be loaded: all 10 records were rejected, 2 of them because"),
        "{error}"
    );

    // Fixed in place and dropped back in with its extra columns.
    let header = &expected[0];
    let fixed = format!("{header}\r\n{}\r\n", expected[1].replacen(",,", ",Found name,", 1))
        + &format!(
            "{},Enough,{time},{place},{place},7,field_count,the record has 4 fields instead of 5\r\n",
            ids.at(16)
        );
    let again = cloud.load(&cloud.key("employees", "fixed.csv"), fixed).await;
    assert_counts(&again, "completed", 2, 2, 0);
    let sql = format!("SELECT name FROM employees WHERE id IN ({}, {}) ORDER BY id", ids.at(11), ids.at(16));
    assert_eq!(cloud.database.rows(&sql).await.concat(), ["Found name", "Enough"]);
}

#[tokio::test]
async fn a_field_that_is_not_utf8_costs_its_record_only() {
    let cloud = Cloud::connect().await;
    let mut file = format!("{},Good\n{},", cloud.ids.at(1), cloud.ids.at(2)).into_bytes();
    file.extend(b"Caf\xe9\n");
    file.extend(format!("{},Café\n", cloud.ids.at(3)).bytes());
    let load = cloud.load(&cloud.key("jobs", "latin1.csv"), file).await;
    assert_counts(&load, "completed", 3, 2, 1);
    let key = cloud.reject_keys(&load).await.pop().unwrap();
    let rejects = cloud.bytes(&key).await;
    let expected = format!("{},", cloud.ids.at(2)).into_bytes();
    let expected = [&expected[..], b"Caf\xe9,2,encoding,job_name is not UTF-8 text\r\n"].concat();
    assert!(
        rejects.ends_with(&expected),
        "the bytes stay as they were: {}",
        String::from_utf8_lossy(&rejects)
    );
}

/// Binary content, such as a picture.
#[tokio::test]
async fn a_file_that_is_no_text_brings_nothing() {
    let cloud = Cloud::connect().await;
    let noise: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let file = [format!("\x7fELF{}", cloud.ids.number).into_bytes(), noise].concat();
    let load = cloud.load(&cloud.key("jobs", "picture.csv"), file).await;
    assert!(matches!(load["status"].as_str(), Some("completed" | "failed")), "{load}");
    assert_eq!(load["rows_loaded"], 0, "{load}");
}

#[tokio::test]
async fn a_quote_that_is_never_closed_costs_its_line_alone() {
    let cloud = Cloud::connect().await;
    let ids = [1, 2, 3].map(|index| cloud.ids.at(index));
    let file = format!("{},Good\n{},\"Open\n{},Kept\n", ids[0], ids[1], ids[2]);
    let load = cloud.load(&cloud.key("jobs", "open-quote.csv"), file).await;
    assert_counts(&load, "completed", 3, 2, 1);
    let expected = [
        "id,job_name,line,code,reason".to_owned(),
        format!(",,2,quote,a quote is opened and never closed,\"{},\"\"Open\"", ids[1]),
    ];
    assert_eq!(cloud.rejects(&load).await, expected);
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 2);
}

#[tokio::test]
async fn a_load_that_brings_nothing_in_fails_and_its_file_may_be_dropped_again() {
    let cloud = Cloud::connect().await;
    let file = format!("{},\n{},\n", cloud.ids.at(1), cloud.ids.at(2));
    let key = cloud.key("jobs", "nothing.csv");
    let load = cloud.load(&key, file.clone()).await;
    assert_counts(&load, "failed", 2, 0, 2);
    let expected =
        "nothing could be loaded: all 2 records were rejected because \"job_name is required\" (required)";
    assert_eq!(load["error"], expected);
    assert_eq!(cloud.rejects(&load).await.len(), 3);
    // It is judged anew, not skipped.
    assert_eq!(cloud.load(&key, file.clone()).await["status"], "failed");
    let fixed = cloud.load(&key, file.replace(",\n", ",Job\n")).await;
    assert_counts(&fixed, "completed", 2, 2, 0);
}

#[tokio::test]
async fn markers_and_unfinished_files_are_no_loads() {
    let cloud = Cloud::connect().await;
    let number = cloud.ids.number;
    let keys = [
        format!("incoming/jobs/_temporary/{number}.csv"),
        format!("incoming/jobs/.{number}.csv"),
        format!("incoming/jobs/{number}.csv.filepart"),
        format!("incoming/jobs/_SUCCESS-{number}"),
    ];
    for key in &keys {
        cloud.put(key, format!("{},Job\n", cloud.ids.at(1))).await;
    }
    // The file dropped after them is loaded, usually after they would be.
    let load =
        cloud.load(&format!("incoming/jobs/_{number}.csv"), format!("{},Job\n", cloud.ids.at(2))).await;
    assert_counts(&load, "completed", 1, 1, 0);
    for key in &keys {
        assert_eq!(cloud.loads_of(key).await, Vec::<Value>::new(), "{key}");
    }
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 1);
}

#[tokio::test]
async fn a_line_of_a_hundred_megabytes_fails_the_load() {
    let cloud = Cloud::connect().await;
    let start = format!("{},Good\n{},", cloud.ids.at(1), cloud.ids.at(2)).into_bytes();
    let file = [start, vec![b'x'; 110_000_000]].concat();
    let key = cloud.key("jobs", "endless.csv");
    let load = cloud.load(&key, file).await;
    assert_eq!((&load["status"], &load["bytes"]), (&"failed".into(), &load["bytes"]), "{load}");
    assert!(load["error"].as_str().unwrap().contains("line 2"), "{load}");
    let loaded = cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await;
    assert_eq!(load["rows_loaded"], loaded, "{load}");
    cloud.s3.delete_object().bucket(&cloud.bucket).key(&key).send().await.unwrap();
}

#[tokio::test]
async fn a_key_that_cannot_be_loaded_fails_with_its_reason() {
    let cloud = Cloud::connect().await;
    let number = cloud.ids.number;
    for (key, reason) in [
        (format!("incoming/people/{number}.csv"), "people"),
        (format!("incoming/rowgate_loads/{number}.csv"), "rowgate_loads"),
        (format!("incoming/{number}.csv"), "incoming/<table>"),
        (format!("incoming/jobs/merge/{number}.csv"), "merge"),
        (format!("incoming/jobs/append/2021/{number}.csv"), "incoming/<table>"),
        (format!("incoming/jobs/{number}.pdf"), "pdf"),
        (format!("incoming/jobs/{number}"), ".csv"),
        (format!("incoming/{}/{number}.csv", "long-name-".repeat(30)), "long-name-"),
        (format!("incoming/é😀/{number}.csv"), "é😀"),
    ] {
        let load = cloud.load(&key, format!("{},Job\n", cloud.ids.at(1))).await;
        assert_counts(&load, "failed", 0, 0, 0);
        assert!(load["error"].as_str().unwrap().contains(reason), "{load}");
    }
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 0);
}

#[tokio::test]
async fn a_header_that_cannot_be_used_fails_the_load() {
    let cloud = Cloud::connect().await;
    for (name, header, reason) in [
        ("unknown.csv", "id,job_name,colour", "colour"),
        ("missing.csv", "id", "job_name"),
        ("repeated.csv", "id,job_name,job", "job"),
    ] {
        let file = format!("{header}\n{},Job,red\n", cloud.ids.at(1));
        let load = cloud.load(&cloud.key("jobs", name), file).await;
        assert_counts(&load, "failed", 0, 0, 0);
        assert!(load["error"].as_str().unwrap().contains(reason), "{load}");
    }
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 0);
}

/// Ids that are repeated far apart, in another transaction.
#[tokio::test]
async fn an_id_counts_once_in_a_long_file() {
    let cloud = Cloud::connect().await;
    let count = 25_000;
    let name = "x".repeat(60);
    let record = |index: i64| format!("{},{name}\n", cloud.ids.at(index));
    let file: String = (1..=count).map(record).chain([record(1), record(count), record(12_000)]).collect();
    let load: Value = cloud.load(&cloud.key("jobs", "long.csv"), file).await;
    assert_counts(&load, "completed", 25_003, 25_000, 3);
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, count);
    let rejects = cloud.rejects(&load).await;
    for (record, line) in rejects[1..].iter().zip(25_001..) {
        assert!(record.contains(&format!(",{line},duplicate_")), "{record}");
    }
}
