//! A file's way from bytes to accepted rows and a rejects file, without a database.

use proptest::prelude::*;

use super::*;
use crate::dictionary::{LoadMode, Table};
use crate::row::HeaderError;
use crate::shipped;

fn table(name: &str) -> &'static Table {
    shipped::dictionary().unwrap().table(name).unwrap()
}

fn only_chunk(content: &[u8]) -> Chunk {
    let mut chunker = Chunker::new(CHUNK_BYTES);
    assert_eq!(chunker.feed(content), Ok((None, &b""[..])));
    chunker.finish().unwrap().unwrap()
}

/// The ids accepted, and the rejects file.
fn check(name: &str, content: &[u8]) -> (Vec<i64>, String) {
    let table = table(name);
    let chunk = only_chunk(content);
    let columns = Columns::of_first_chunk(table, &chunk).unwrap();
    let checked = CheckedChunk::check(table, &columns, &chunk, LoadMode::Append);
    assert_eq!(checked.rows_read, checked.len() + checked.rejected.len());
    let ids = checked.rows().map(|row| row[table.key_index()].as_integer().unwrap()).collect();
    let file = rejects_csv(table, &columns, &checked.rejected);
    (ids, String::from_utf8_lossy(&file).into_owned())
}

#[test]
fn a_file_without_a_header_is_in_dictionary_order_and_its_rejects_get_one() {
    let (ids, rejects) = check("departments", b"1,Sales\n2,\n3,Legal\n");
    assert_eq!(ids, [1, 3]);
    assert_eq!(
        rejects,
        "id,department_name,line,code,reason\r\n2,,2,required,department_name is required\r\n"
    );
}

#[test]
fn a_header_names_columns_in_any_order_and_by_alias() {
    let content = b"\xEF\xBB\xBFjob_id,datetime_,name,id,department_id\r\n7,2021-02-03T04:05:06Z,Ada,1,2\r\nx,2021-02-30T00:00:00Z,,2,2\r\n";
    let (ids, rejects) = check("employees", content);
    assert_eq!(ids, [1]);
    assert_eq!(
        rejects,
        "job_id,datetime,name,id,department_id,line,code,reason\r\n\
         x,2021-02-30T00:00:00Z,,2,2,3,required; timestamp; type,\"name is required; datetime must be a moment in UTC \
         that exists, written like 2021-07-27T16:02:08Z; job_id must be a whole number\"\r\n"
    );
}

#[test]
fn a_header_alone_has_no_rows() {
    assert_eq!(check("jobs", b"id,job_name\n"), (vec![], "id,job_name,line,code,reason\r\n".to_owned()));
}

#[test]
fn a_header_that_leaves_a_column_out_is_no_header_to_load_by() {
    let error = |content: &[u8]| Columns::of_first_chunk(table("jobs"), &only_chunk(content)).unwrap_err();
    assert_eq!(error(b"id\n1\n"), HeaderError::Missing("job_name".to_owned()));
    assert_eq!(error(b"id,title\n1,x\n"), HeaderError::Unknown("title".to_owned()));
    assert_eq!(error(b"id,job,job_name\n1,x,y\n"), HeaderError::Repeated("job_name".to_owned()));
}

#[test]
fn of_an_id_the_first_good_row_counts() {
    let (ids, rejects) = check("jobs", b"1,\n1,Chef\n1,Waiter\n");
    assert_eq!(ids, [1]);
    assert_eq!(
        rejects,
        "id,job_name,line,code,reason\r\n\
         1,,1,required,job_name is required\r\n\
         1,Waiter,3,duplicate_in_batch,id is already taken by an earlier row\r\n"
    );
}

#[test]
fn short_and_long_records_keep_what_they_had() {
    let (ids, rejects) = check("jobs", b"1\n2,Chef,\"a, b\"\n3,Cook\n");
    assert_eq!(ids, [3]);
    assert_eq!(
        rejects,
        "id,job_name,line,code,reason\r\n\
         1,,1,field_count,the record has 1 fields instead of 2\r\n\
         2,Chef,2,field_count,the record has 3 fields instead of 2,\"a, b\"\r\n"
    );
}

#[test]
fn a_rejects_file_loads_once_it_is_fixed() {
    let (_, rejects) = check("jobs", b"1,\"say \"\"hi\"\"\nthere\"\nx,Chef\n");
    let fixed = rejects.replace("\r\nx,", "\r\n2,");
    let (ids, rejects) = check("jobs", fixed.as_bytes());
    assert_eq!(ids, [2]);
    assert_eq!(rejects, "id,job_name,line,code,reason\r\n");
}

#[test]
fn bytes_that_are_not_utf_8_are_rejected_and_kept() {
    let chunk = only_chunk(b"1,caf\xE9\n");
    let columns = Columns::of_first_chunk(table("jobs"), &chunk).unwrap();
    let checked = CheckedChunk::check(table("jobs"), &columns, &chunk, LoadMode::Append);
    let file = rejects_csv(table("jobs"), &columns, &checked.rejected);
    assert_eq!(file, b"id,job_name,line,code,reason\r\n1,caf\xE9,1,encoding,job_name is not UTF-8 text\r\n");
}

proptest! {
    /// Whatever the fields of a record are, its rejects file gives them back to any reader of RFC 4180.
    #[test]
    fn a_rejects_file_gives_the_fields_back(fields in proptest::collection::vec("[a-z,\"\r\n ;é]{0,12}", 2)) {
        let quoted: Vec<String> =
            fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect();
        // An id that is no number: every such record is rejected.
        let content = format!("x,\"\"\n\"x{}\",{}\n", &quoted[0][1..quoted[0].len() - 1], quoted[1]);
        let table = table("jobs");
        let chunk = only_chunk(content.as_bytes());
        let columns = Columns::of_first_chunk(table, &chunk).unwrap();
        let checked = CheckedChunk::check(table, &columns, &chunk, LoadMode::Append);
        prop_assert_eq!(checked.rejected.len(), 2);
        let again = only_chunk(&rejects_csv(table, &columns, &checked.rejected));
        let record = again.records().nth(2).unwrap();
        let given: Vec<String> =
            record.fields().take(2).map(|field| String::from_utf8_lossy(field).into_owned()).collect();
        prop_assert_eq!(given, vec![format!("x{}", fields[0]), fields[1].clone()]);
    }
}
