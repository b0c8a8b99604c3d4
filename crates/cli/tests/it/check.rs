//! `rowgate check`: a file read on this machine alone.

use std::fs;

use crate::{rowgate, stderr, stdout};

/// Exit code, stdout and stderr of a check of a file.
fn check(name: &str, content: impl AsRef<[u8]>, options: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    let arguments = [&["check", "tags", path.to_str().unwrap()][..], options].concat();
    let output = rowgate(folder.path(), &arguments);
    (output.status.code(), stdout(&output), stderr(&output))
}

#[test]
fn a_file_without_a_fault_would_be_loaded() {
    let (code, out, err) = check("tags.tsv", "id\ttag_name\n1\tWelder\n\t\n2\tMason\n", &[]);
    assert_eq!(
        (code, &*out, &*err),
        (
            Some(0),
            "tags: 2 records read, 2 would be loaded, 0 rejected\nskipped: 1 (rows of empty fields, the header again)\n",
            ""
        )
    );
}

#[test]
fn rejected_records_are_counted_by_code_and_the_first_shown() {
    let (code, out, err) =
        check("tags.csv", "id,tag_name\n1,\"a\"b\n2,\nx,\n3,Cook\n3,Chef\n", &["--first", "2"]);
    assert_eq!(code, Some(1));
    assert_eq!(err, "error: 4 of 5 records would be rejected.\n");
    let expected = [
        "tags: 5 records read, 1 would be loaded, 4 rejected",
        "  code                errors",
        "  ------------------  ------",
        "  required                 2",
        "  type                     1",
        "  duplicate_in_batch       1",
        "  quote                    1",
        "  line  code      reason",
        "  ----  --------  ----------------------------------------------------------------------------------------",
        "     2  quote     text follows a closing quote; inside a quoted field a quote is written twice, and a field",
        "     3  required  tag_name is required",
        "  and 2 more",
    ];
    for line in expected.iter().filter(|line| !line.contains("----")) {
        assert!(out.contains(line), "{line:?} is not in\n{out}");
    }
}

#[test]
fn a_load_that_would_fail_is_refused_with_the_reason() {
    for (name, content, options, reason) in [
        ("tags.csv", "<html><body>1</body></html>", &[][..], "the file is an HTML page"),
        ("tags.csv", "tag,title\n1,Welder\n", &[], "line 1 is neither a header of the table nor a row of it"),
        ("tags.csv", "id,tag\n1,\n", &[], "no record can be loaded"),
        (
            "tags.csv",
            "id,tag\n1,a\n2,\n",
            &["--mode", "replace"],
            "more records are rejected than the limit of 0",
        ),
        ("tags.csv", "id,tag\n", &["--mode", "replace"], "the file has no row to replace the table with"),
    ] {
        let (code, _, err) = check(name, content, options);
        assert_eq!(code, Some(1), "{err}");
        assert!(err.starts_with(&format!("error: The load would fail: {reason}")), "{err}");
    }
}

#[test]
fn a_hidden_table_is_checked_too() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.csv"), "").unwrap();
    let output = rowgate(folder.path(), &["check", "rowgate_canary", "rows.csv"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    assert_eq!(stdout(&output), "rowgate_canary: 0 records read, 0 would be loaded, 0 rejected\n");
}

#[test]
fn files_that_cannot_be_read_are_the_users() {
    let (code, _, err) = check("tags.pdf", "1,a\n", &[]);
    assert_eq!((code, &*err), (Some(1), "error: tags.pdf cannot be read: convert it.\n"));
    let folder = tempfile::tempdir().unwrap();
    for (table, file, says) in [
        ("people", "tags.csv", "error: "),
        ("tags", "nothing.csv", "error: nothing.csv cannot be read: No such file or directory"),
        ("tags", ".", "error: "),
    ] {
        let output = rowgate(folder.path(), &["check", table, file]);
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(stderr(&output).starts_with(says), "{}", stderr(&output));
    }
}
