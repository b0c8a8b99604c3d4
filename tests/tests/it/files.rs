//! Good files, in the formats that people use.

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use serde_json::{Value, json};

use crate::support::{Cloud, assert_counts, csv};

#[tokio::test]
async fn loads_a_file_without_a_header() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let key = cloud.key("employees", "plain.csv");
    let file = cloud.ids.lines(1, 10);
    let load = cloud.load(&key, file.clone()).await;
    assert_counts(&load, "completed", 10, 10, 0);
    let expected = json!({
        "table": "employees", "key": key, "mode": "append", "unknown_references": 0, "bytes": file.len(),
        "attempts": 1, "error": null,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&load[field], value, "{field} of {load}");
    }
    assert_eq!(cloud.database.count("employees", cloud.ids.base, cloud.ids.end()).await, 10);
    let sql = format!(
        "SELECT id, name, DATE_FORMAT(`datetime`, '%Y-%m-%dT%H:%i:%sZ'), department_id, job_id FROM employees \
         WHERE id BETWEEN {} AND {} ORDER BY id",
        cloud.ids.at(1),
        cloud.ids.at(10)
    );
    let stored: String = cloud.database.rows(&sql).await.iter().map(|row| row.join(",") + "\n").collect();
    assert_eq!(stored, file);
}

#[tokio::test]
async fn takes_the_aliases_of_tables_and_columns_and_any_order() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let (ids, place) = (cloud.ids, cloud.ids.base.to_string());
    let time = format!("{}-02-03T04:05:06Z", ids.year);
    let records = [1, 2, 3].map(|index| {
        [place.clone(), time.clone(), format!("Name {index}"), ids.at(index).to_string(), place.clone()]
    });
    let file = "JOB_ID,datetime_,Name,id,Department_Id\n".to_owned() + &csv(&records);
    let load = cloud.load(&cloud.key("hired_employees", "ordered.csv"), file).await;
    assert_counts(&load, "completed", 3, 3, 0);
    assert_eq!(load["table"], "employees");
    let sql = format!("SELECT id, name, department_id, job_id FROM employees WHERE id = {}", ids.at(2));
    assert_eq!(
        cloud.database.rows(&sql).await,
        [[ids.at(2).to_string(), "Name 2".to_owned(), place.clone(), place]]
    );
}

#[tokio::test]
async fn reads_a_byte_order_mark_crlf_blank_lines_and_no_last_line_end() {
    let cloud = Cloud::connect().await;
    for (name, header) in [("bare.csv", ""), ("headed.csv", "id,job\r\n")] {
        let offset = if header.is_empty() { 10 } else { 20 };
        let ids = [1, 2, 3].map(|index| cloud.ids.at(offset + index));
        let file = format!("\u{FEFF}{header}{},One\r\n\r\n\r\n{},Two\r\n{},Three", ids[0], ids[1], ids[2]);
        let load = cloud.load(&cloud.key("jobs", name), file).await;
        assert_counts(&load, "completed", 3, 3, 0);
        let sql = format!("SELECT job_name FROM jobs WHERE id BETWEEN {} AND {} ORDER BY id", ids[0], ids[2]);
        assert_eq!(cloud.database.rows(&sql).await.concat(), ["One", "Two", "Three"]);
    }
}

#[tokio::test]
async fn text_of_every_kind_arrives_as_it_stands_in_the_file() {
    let cloud = Cloud::connect().await;
    let names = [
        "comma, and \"quotes\"",
        "two\nlines",
        "two\r\nlines",
        "O'Neil \\ % :name ; -- '; DROP TABLE jobs; --",
        "nul\0nul\ttab",
        "Zoë 😀",
        " spaces around ",
        "\"",
    ];
    let long = "𝒳".repeat(255);
    let names: Vec<&str> = names.into_iter().chain([long.as_str()]).collect();
    let file: String = (1..)
        .zip(&names)
        .map(|(index, name)| format!("{},\"{}\"\n", cloud.ids.at(index), name.replace('"', "\"\"")))
        .collect();
    let load = cloud.load(&cloud.key("jobs", "texts.csv"), file).await;
    let count = names.len() as u64;
    assert_counts(&load, "completed", count, count, 0);
    let (from, to) = (cloud.ids.base, cloud.ids.end());
    let sql = format!("SELECT HEX(job_name) FROM jobs WHERE id >= {from} AND id < {to} ORDER BY id");
    let sent: Vec<String> =
        names.iter().map(|name| name.bytes().map(|byte| format!("{byte:02X}")).collect()).collect();
    assert_eq!(cloud.database.rows(&sql).await.concat(), sent);
}

#[tokio::test]
async fn a_key_may_have_spaces_plus_signs_percent_signs_and_any_letter() {
    let cloud = Cloud::connect().await;
    for (index, name) in
        (1..).zip(["a b.csv", "a+b.csv", "a%20b%2Fc.csv", "é😀ß.csv", "#1 (a)&b=c;d,e'f.csv", "UPPER.CSV"])
    {
        let key = cloud.key("jobs", name);
        let load = cloud.load(&key, format!("{},Job\n", cloud.ids.at(index))).await;
        assert_counts(&load, "completed", 1, 1, 0);
        assert_eq!(load["key"], key);
    }
    assert_eq!(cloud.database.count("jobs", cloud.ids.base, cloud.ids.end()).await, 6);
}

#[tokio::test]
async fn takes_the_mode_append_from_the_key() {
    let cloud = Cloud::connect().await;
    let key = cloud.key("jobs/append", "a.csv");
    let load = cloud.load(&key, format!("{},Job\n", cloud.ids.at(1))).await;
    assert_counts(&load, "completed", 1, 1, 0);
    assert_eq!(load["mode"], "append");
}

#[tokio::test]
async fn counts_references_to_nothing_and_loads_their_rows() {
    let cloud = Cloud::connect().await;
    cloud.seed().await;
    let (ids, nothing) = (cloud.ids, cloud.ids.at(200_000));
    let record = |index: i64, department: i64, job: i64| {
        [
            ids.at(index).to_string(),
            "Name".to_owned(),
            format!("{}-01-01T00:00:00Z", ids.year),
            department.to_string(),
            job.to_string(),
        ]
    };
    let records =
        [record(1, ids.base, ids.base), record(2, nothing, ids.base), record(3, nothing, nothing + 1)];
    let load = cloud.load(&cloud.key("employees", "strangers.csv"), csv(&records)).await;
    assert_counts(&load, "completed", 3, 3, 0);
    let unknown = load["unknown_references"].as_u64().unwrap();
    // Two rows with three references: either way of counting says at least two.
    assert!((2..=3).contains(&unknown), "{load}");
}

#[tokio::test]
async fn an_empty_file_and_one_of_only_a_header_end_with_no_rows() {
    let cloud = Cloud::connect().await;
    // Before the first row nothing tells one such file from another, so an earlier one may have
    // been the same.
    let with_unique_blanks =
        |text: &str| text.to_owned() + &"\n".repeat(usize::try_from(cloud.ids.number).unwrap() + 1);
    for (name, content) in [
        ("empty.csv", String::new()),
        ("blank.csv", with_unique_blanks("")),
        ("marked.csv", with_unique_blanks("\u{FEFF}")),
        ("header.csv", with_unique_blanks("id,job_name")),
    ] {
        let load: Value = cloud.load(&cloud.key("jobs", name), content).await;
        assert_eq!(load["rows_read"], 0, "{load}");
        let expected: &[&str] = if name == "empty.csv" { &["completed", "skipped"] } else { &["completed"] };
        assert!(expected.contains(&load["status"].as_str().unwrap()), "{load}");
    }
}

/// AWS tools upload large files in parts.
#[tokio::test]
async fn a_file_uploaded_in_parts_is_one_load() {
    let cloud = Cloud::connect().await;
    let key = cloud.key("jobs", "parts.csv");
    // All parts but the last have at least 5 MiB; the cut goes through the middle of a record.
    let name = "x".repeat(250);
    let mut file: String = (1..=25_000).map(|index| format!("{},{name}\n", cloud.ids.at(index))).collect();
    file.push_str(&format!("{},", cloud.ids.at(25_001)));
    let cut = 5 * 1024 * 1024 + 100;
    let bucket = &cloud.bucket;
    let begun = cloud.s3.create_multipart_upload().bucket(bucket).key(&key).send().await.unwrap();
    let upload = begun.upload_id().unwrap();
    let mut parts = Vec::new();
    for (number, part) in (1..).zip([&file[..cut], &file[cut..]]) {
        let body = part.to_owned().into_bytes().into();
        let sent = cloud.s3.upload_part().bucket(bucket).key(&key).upload_id(upload).part_number(number);
        let sent = sent.body(body).send().await.unwrap();
        parts.push(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build());
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let end = cloud.s3.complete_multipart_upload().bucket(bucket).key(&key).upload_id(upload);
    end.multipart_upload(parts).send().await.unwrap();
    let load = cloud.ended(&key, 1).await.pop().unwrap();
    assert_counts(&load, "completed", 25_001, 25_000, 1);
    assert_eq!(load["bytes"], file.len());
}

#[tokio::test]
async fn a_file_copied_into_place_is_loaded() {
    let cloud = Cloud::connect().await;
    let source = format!("elsewhere/{}.csv", cloud.ids.number);
    cloud.put(&source, format!("{},Copied\n", cloud.ids.at(1))).await;
    let key = cloud.key("jobs", "copied.csv");
    let copy = cloud.s3.copy_object().copy_source(format!("{}/{source}", cloud.bucket));
    copy.bucket(&cloud.bucket).key(&key).send().await.unwrap();
    let load = cloud.ended(&key, 1).await.pop().unwrap();
    assert_counts(&load, "completed", 1, 1, 0);
}
