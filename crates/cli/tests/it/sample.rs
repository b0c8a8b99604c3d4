//! `rowgate sample`

use crate::{rowgate, stdout};

#[test]
fn writes_the_three_files_and_names_them() {
    let folder = tempfile::tempdir().unwrap();
    let output = rowgate(folder.path(), &["sample", "--out", "deep/er"]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(stdout(&output), "deep/er/departments.csv\ndeep/er/jobs.csv\ndeep/er/employees.csv\n");
    let employees = std::fs::read_to_string(folder.path().join("deep/er/employees.csv")).unwrap();
    assert!(employees.lines().count() > 2000);
}
