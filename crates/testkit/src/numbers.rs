/// Returns a table for a `FROM` clause whose column `seq` counts from 1 to `count`.
///
/// It is a `JSON_TABLE` of the SQL standard, because MariaDB and MySQL both have that: `seq_1_to_N`
/// is MariaDB's alone, and a recursive query of more than 1000 rows needs a setting on MySQL. Cast
/// `seq` to `SIGNED` where the result may be negative.
///
/// ```
/// let sql = format!("INSERT INTO tags SELECT seq, CONCAT('Tag ', seq) FROM {}", testkit::numbers(60));
/// ```
///
/// # Panics
///
/// Panics if `count` is zero.
pub fn numbers(count: u32) -> String {
    assert!(count > 0, "a table of no numbers");
    format!(
        "JSON_TABLE(CONCAT('[0', REPEAT(',0', {count} - 1), ']'), '$[*]' COLUMNS (seq FOR ORDINALITY)) numbers"
    )
}
