//! Rows as a file that the database reads by itself.

use crate::dictionary::{ColumnType, Table};
use crate::value::Value;

/// The characters that `LOAD DATA` would not take as they are.
const SPECIAL: [char; 4] = ['\\', '\t', '\n', '\0'];

/// Rows in the form that `LOAD DATA` reads by default: a tab between fields, a
/// line feed behind each row, `\N` for NULL, and a backslash before what would be taken for one of
/// them.
/// <https://dev.mysql.com/doc/refman/8.4/en/load-data.html>
///
/// ```text
/// 1   Sales   2021-07-27 16:02:08   \N
/// ```
///
/// Bytes are hexadecimal digits, which [`load_part_sql`] turns back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// The text, UTF-8.
    pub text: String,
    /// The number of rows.
    pub rows: u64,
}

impl Part {
    /// Adds a row, one value for each column of the table.
    pub fn push(&mut self, row: &[Value<'_>]) {
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                self.text.push('\t');
            }
            match value {
                Value::Null => self.text.push_str("\\N"),
                Value::Text(characters) | Value::Json(characters) => {
                    push_escaped(&mut self.text, characters);
                }
                other => other.write_to(&mut self.text),
            }
        }
        self.text.push('\n');
        self.rows += 1;
    }
}

fn push_escaped(text: &mut String, characters: &str) {
    for piece in characters.split_inclusive(SPECIAL) {
        let Some(special) = piece.chars().next_back().filter(|last| SPECIAL.contains(last)) else {
            text.push_str(piece);
            continue;
        };
        text.push_str(&piece[..piece.len() - 1]);
        text.push('\\');
        text.push(match special {
            '\t' => 't',
            '\n' => 'n',
            '\0' => '0',
            other => other,
        });
    }
}

/// Returns the statement that lets Aurora MySQL read a [`Part`] from S3 into `target`, a table with
/// the columns of `table`. A value that does not fit and a key that is taken are errors, as in an
/// INSERT in strict mode: that is so without `LOCAL`, `IGNORE` and `REPLACE`.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.LoadFromS3.html>
///
/// All names are put into the SQL as they are: `target` is one of the dictionary or of a shadow
/// table, `bucket` and `key` have no quote and no backslash.
pub fn load_part_sql(table: &Table, target: &str, bucket: &str, key: &str) -> String {
    let mut fields = Vec::new();
    let mut sets = Vec::new();
    for column in table.columns() {
        let name = column.name();
        if matches!(column.column_type(), ColumnType::Binary { .. }) {
            fields.push(format!("@`{name}`"));
            sets.push(format!("`{name}`=UNHEX(@`{name}`)"));
        } else {
            fields.push(format!("`{name}`"));
        }
    }
    let set = if sets.is_empty() { String::new() } else { format!(" SET {}", sets.join(",")) };
    format!(
        "LOAD DATA FROM S3 's3://{bucket}/{key}' INTO TABLE `{target}` CHARACTER SET utf8mb4 ({}){set}",
        fields.join(",")
    )
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::dictionary::Dictionary;
    use crate::value::{CivilDate, CivilTime, Decimal, Double, Timestamp};

    fn text(row: &[Value<'_>]) -> String {
        let mut part = Part::default();
        part.push(row);
        assert_eq!(part.rows, 1);
        part.text
    }

    #[test]
    fn writes_every_type() {
        let (day, time) = (CivilDate::new(2021, 7, 27).unwrap(), CivilTime::new(6, 2, 8).unwrap());
        let row = [
            Value::Null,
            Value::Integer(i64::MIN),
            Value::Decimal(Decimal { unscaled: -5, scale: 2 }),
            Value::Double(Double::new(-1.5e-300).unwrap()),
            Value::Boolean(true),
            Value::Date(day),
            Value::Time(time),
            Value::Timestamp(Timestamp::new(day, time, 120_000, 3).unwrap()),
            Value::Uuid(Uuid::nil()),
            Value::Binary(b"\0\t\xff".into()),
            Value::Json(r#"["\t"]"#.into()),
        ];
        let expected = "\\N\t-9223372036854775808\t-0.05\t-1.5e-300\t1\t2021-07-27\t06:02:08\t\
                        2021-07-27 06:02:08.120\t00000000-0000-0000-0000-000000000000\t0009FF\t[\"\\\\t\"]\n";
        assert_eq!(text(&row), expected);
    }

    #[test]
    fn escapes_what_would_end_a_field_or_a_row() {
        for (value, expected) in [
            ("", "\n"),
            ("\\N", "\\\\N\n"),
            ("a\tb\nc\0d\\", "a\\tb\\nc\\0d\\\\\n"),
            ("\r\u{1a}'\"é😀", "\r\u{1a}'\"é😀\n"),
            ("\t\t", "\\t\\t\n"),
        ] {
            assert_eq!(text(&[Value::Text(value.into())]), expected);
        }
    }

    #[test]
    fn names_every_column_and_reads_bytes_from_digits() {
        let dictionary = |columns: &str| {
            let text = format!("[[table]]\nname = \"things\"\ncolumns = [{columns}]");
            Dictionary::parse("test", &text).unwrap()
        };
        let id = "{ name = \"id\", type = \"integer\", key = true }";
        let plain = dictionary(id);
        assert_eq!(
            load_part_sql(plain.table("things").unwrap(), "things_new", "bucket", "rowgate/parts/a/1.tsv"),
            "LOAD DATA FROM S3 's3://bucket/rowgate/parts/a/1.tsv' INTO TABLE `things_new` \
             CHARACTER SET utf8mb4 (`id`)"
        );
        let bytes = dictionary(&format!("{id}, {{ name = \"hash\", type = \"binary(9)\" }}"));
        let sql = load_part_sql(bytes.table("things").unwrap(), "things", "bucket", "key");
        assert!(sql.ends_with(" (`id`,@`hash`) SET `hash`=UNHEX(@`hash`)"), "{sql}");
    }
}
