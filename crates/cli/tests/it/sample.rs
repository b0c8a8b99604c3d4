//! `rowgate sample`

use std::path::Path;

use crate::{rowgate, stdout};

#[test]
fn writes_a_file_for_each_table_and_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let sql = Path::new(testkit::hr::SQL).join("../examples/sales/sql");
    let output = rowgate(
        folder.path(),
        &["sample", "--sql", sql.to_str().unwrap(), "--rows", "500", "--out", "deep/er"],
    );
    assert_eq!(output.status.code(), Some(0));
    let tables = ["clients", "client_addresses", "sales_people", "products", "sales", "sales_items"];
    let expected: String = tables.iter().map(|table| format!("deep/er/{table}.csv\n")).collect();
    assert_eq!(stdout(&output), expected);
    let items = std::fs::read_to_string(folder.path().join("deep/er/sales_items.csv")).unwrap();
    assert_eq!(items.lines().count(), 501);
}
