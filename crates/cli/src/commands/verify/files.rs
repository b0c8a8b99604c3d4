//! The checks of dropped files.

use std::collections::BTreeSet;

use anyhow::Result;
use domain::dictionary::LoadMode;
use domain::load::{CHUNKS_METADATA, SETTINGS_METADATA, Settings};
use domain::row::RowCode;
use serde_json::json;

use super::cloud::{Cloud, HEADER, NOBODY, ensure_sentence};
use super::rejected::codes;
use super::report::{Outcome, passed};
use crate::api::Load;
use crate::exit::user_error;
use crate::http::{HttpClient, text};

/// The first number of the rows of each check.
const FIRST_OF_MODES: i64 = 20_000;
const FIRST_OF_REJECTS: i64 = 30_000;
const FIRST_OF_MANY: i64 = 100_000;

/// Rows of the file that takes several invocations: some chunks, which have a megabyte each.
const MANY: u32 = 30_000;
const MANY_CHUNKS: u64 = 3;

/// Appends ten rows; one is there twice, and one has an id that is taken.
pub(super) async fn append(cloud: &Cloud) -> Result<Outcome> {
    let (before, _) = cloud.rows(1000).await?;
    let mut file = HEADER.to_owned();
    for number in 0..10 {
        file.push_str(&cloud.line(FIRST_OF_MODES + number, "append"));
    }
    file.push_str(&cloud.line(FIRST_OF_MODES, "twice"));
    file.push_str(&cloud.line(0, "taken"));
    let load = cloud.load(LoadMode::Append, "append.csv", file, &[], [12, 10, 2]).await?;
    cloud.expect_rows(before.len() + 10).await?;
    expect_codes(cloud, &load, &[RowCode::DuplicateInBatch, RowCode::DuplicateId]).await?;
    expect_note(cloud, FIRST_OF_MODES, "append").await?;
    passed("10 of 12 records; a repeated and a taken id are rejected")
}

/// Upserts the rows of [`append`] and five new ones, one of them twice.
pub(super) async fn upsert(cloud: &Cloud) -> Result<Outcome> {
    let (before, _) = cloud.rows(1000).await?;
    let mut file = HEADER.to_owned();
    for number in 0..15 {
        file.push_str(&cloud.line(FIRST_OF_MODES + number, "upsert"));
    }
    file.push_str(&cloud.line(FIRST_OF_MODES + 14, "last"));
    cloud.load(LoadMode::Upsert, "upsert.csv", file, &[], [16, 16, 0]).await?;
    cloud.expect_rows(before.len() + 5).await?;
    expect_note(cloud, FIRST_OF_MODES, "upsert").await?;
    expect_note(cloud, FIRST_OF_MODES + 14, "last").await?;
    passed("16 records; 10 rows changed and 5 new ones, the last of two records counts")
}

/// Replaces the table by six rows, one of which is there twice.
pub(super) async fn replace(cloud: &Cloud) -> Result<Outcome> {
    let mut file = format!("{HEADER}{}", cloud.claim_line());
    for number in 0..5 {
        file.push_str(&cloud.line(FIRST_OF_MODES + number, "replace"));
    }
    file.push_str(&cloud.line(FIRST_OF_MODES, "twice"));
    cloud.load(LoadMode::Replace, "replace.csv", file, &[], [7, 6, 1]).await?;
    cloud.expect_rows(6).await?;
    expect_note(cloud, FIRST_OF_MODES, "replace").await?;
    passed("the table has the 6 different rows of 7 records, and no others")
}

/// Loads a record for each reason to reject one: a CSV file, and one of JSON lines for the names
/// that a CSV file has only in its header.
pub(super) async fn rejects(cloud: &Cloud) -> Result<Outcome> {
    let of_csv: Vec<RowCode> =
        RowCode::ALL.into_iter().filter(|code| *code != RowCode::UnknownColumn).collect();
    let good = format!("{},rejects,1,,rejects,{}\n", cloud.base + FIRST_OF_REJECTS, cloud.at());
    let mut file = format!("{HEADER}{good}").into_bytes();
    for (code, number) in of_csv.iter().zip(1..) {
        file.extend(wrong_line(cloud, *code, number));
    }
    // Otherwise the byte that is not UTF-8 would be taken for another encoding.
    let settings =
        Settings::from_value(json!({"delimiter": ",", "encoding": "utf-8", "header": "required"}))?;
    let metadata = [(SETTINGS_METADATA, &*settings.to_metadata()?)];
    let wrong = of_csv.len() as u64;
    let load = cloud.load(LoadMode::Append, "rejects.csv", file, &metadata, [wrong + 1, 1, wrong]).await?;
    expect_codes(cloud, &load, &of_csv).await?;

    let mut unknown = cloud.row(FIRST_OF_REJECTS + 100, "rejects");
    let good = unknown.to_string();
    unknown["colour"] = json!("red");
    let load =
        cloud.load(LoadMode::Append, "rejects.jsonl", format!("{good}\n{unknown}\n"), &[], [2, 1, 1]).await?;
    expect_codes(cloud, &load, &[RowCode::UnknownColumn]).await?;
    passed(format!("{} codes, read from the rejects files by their links", RowCode::ALL.len()))
}

/// Returns a record that is to be rejected with this code first.
fn wrong_line(cloud: &Cloud, code: RowCode, number: i64) -> Vec<u8> {
    let own = cloud.base + FIRST_OF_REJECTS + number;
    let at = cloud.at();
    let line = match code {
        RowCode::Required => format!("{own},,1,,,{at}"),
        RowCode::Type => format!("{own},,some,,rejects,{at}"),
        RowCode::TooLong => format!("{own},,1,,{},{at}", "n".repeat(65)),
        RowCode::OutOfRange => format!("{own},,3000000000,,rejects,{at}"),
        RowCode::Timestamp => format!("{own},,1,,rejects,2026-02-30T00:00:00Z"),
        RowCode::Rule => format!("{own},,-1,,rejects,{at}"),
        RowCode::DuplicateId => format!("{},,1,,rejects,{at}", cloud.base),
        RowCode::DuplicateInBatch => format!("{},,1,,rejects,{at}", cloud.base + FIRST_OF_REJECTS),
        RowCode::DuplicateValue => format!("{own},rejects,1,,rejects,{at}"),
        RowCode::UnknownReference => format!("{own},,1,{},rejects,{at}", cloud.base + NOBODY),
        RowCode::FieldCount => format!("{own},,1"),
        RowCode::Quote => format!("{own},,1,,\"rejects\"s,{at}"),
        RowCode::Encoding => {
            let line = format!("{own},,1,,r\u{1a}jects,{at}\n");
            return line.bytes().map(|byte| if byte == 0x1a { 0xe9 } else { byte }).collect();
        }
        // Of JSON lines alone.
        RowCode::UnknownColumn => String::new(),
    };
    format!("{line}\n").into_bytes()
}

/// Loads a file whose metadata lets each invocation commit one chunk of it, so that the queue
/// carries its load from one invocation to the next.
pub(super) async fn continuation(cloud: &Cloud) -> Result<Outcome> {
    let (before, _) = cloud.rows(1000).await?;
    let mut file = HEADER.to_owned();
    let note = "a note that makes the file large enough for several chunks";
    for number in 0..i64::from(MANY) {
        file.push_str(&cloud.line(FIRST_OF_MANY + number, note));
    }
    let rows = u64::from(MANY);
    // An upsert into a table with unique values commits one chunk after the other.
    let load = cloud
        .load(LoadMode::Upsert, "continuation.csv", file, &[(CHUNKS_METADATA, "1")], [rows, rows, 0])
        .await?;
    ensure_sentence(load.attempts >= MANY_CHUNKS, || {
        format!(
            "{rows} rows were loaded in {} invocations, and must take {MANY_CHUNKS} at least",
            load.attempts
        )
    })?;
    cloud.expect_rows(before.len() + MANY as usize).await?;
    passed(format!("{rows} rows in {} invocations, each row once", load.attempts))
}

/// Makes sure that a row has this note.
async fn expect_note(cloud: &Cloud, number: i64, note: &str) -> Result<()> {
    let row = cloud.find(cloud.base + number).await?;
    let found = row.as_ref().and_then(|row| row.get("note")).and_then(|note| note.as_str());
    ensure_sentence(found == Some(note), || {
        format!("A row must have the note {note:?} after the load, and has {:?}", found.unwrap_or_default())
    })
}

/// Downloads the rejects files of a load, and makes sure that their records have these codes.
async fn expect_codes(cloud: &Cloud, load: &Load, expected: &[RowCode]) -> Result<()> {
    let id = domain::load::LoadId::parse(&load.load);
    let id = id.ok_or_else(|| user_error(format!("{} is no id of a load.", load.load)))?;
    let load = cloud.api.load(&id, None).await?.unwrap_or_else(|| load.clone());
    let mut found = BTreeSet::new();
    for file in &load.rejects {
        let answer = HttpClient::new().get(&file.url).await?;
        ensure_sentence(answer.status() == 200, || {
            format!("The link to {} answered {}", file.key, answer.status().as_u16())
        })?;
        found.extend(codes(&text(&answer)));
    }
    let expected: BTreeSet<String> = expected.iter().map(|code| code.as_str().to_owned()).collect();
    ensure_sentence(found == expected, || {
        let list = |codes: &BTreeSet<String>| codes.iter().cloned().collect::<Vec<_>>().join(", ");
        format!("The rejects file of {} has the codes {}, not {}", load.key, list(&found), list(&expected))
    })
}
