use std::path::Path;
use std::process::Command;

use super::*;

/// The files that fastavro writes: for each codec a file of the same rows, in small blocks, the
/// unions in turns.
const WRITE: &str = r#"
import datetime, decimal, sys
import fastavro

folder = sys.argv[1]
schema = fastavro.parse_schema({"type": "record", "name": "thing", "namespace": "org.example", "fields": [
    {"name": "ID", "type": ["null", "long"]},
    {"name": "extra", "type": {"type": "map", "values": {"type": "array", "items": ["null", "double"]}}},
    {"name": "price", "type": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 4}]},
    {"name": "name", "type": ["string", "null", "int"]},
    {"name": "open", "type": ["boolean", "string", "null"]},
    {"name": "day", "type": [{"type": "int", "logicalType": "date"}, "string"]},
    {"name": "moment", "type": ["null", "string", {"type": "long", "logicalType": "timestamp-micros"}]}]})
utc = datetime.timezone.utc
rows = [{
    "ID": number,
    "extra": {"a": [None, 0.5] * (number % 3)},
    "price": None if number % 5 == 0 else decimal.Decimal(number) / 4,
    "name": number if number % 10 == 0 else None if number % 3 == 0 else "Łoś %d" % number,
    "open": "true" if number % 2 else False,
    "day": datetime.date(2021, 11, 7) if number % 2 else "2021-11-07",
    "moment": "2021-11-07 02:48:42.0" if number % 2 else datetime.datetime(2021, 11, 7, 2, 48, 42, tzinfo=utc),
} for number in range(1, 201)]
for codec in ("null", "deflate", "bzip2", "xz", "zstandard"):
    with open(folder + "/" + codec, "wb") as file:
        fastavro.writer(file, schema, rows, codec=codec, sync_interval=500)
"#;

#[test]
fn reads_what_fastavro_writes_to_the_same_values() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.local/venv/bin/python");
    assert!(python.exists(), "{} is missing: `make test` makes it", python.display());
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(python).args(["-c", WRITE]).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut expected = Rows::default();
    for number in 1..=200_u32 {
        let price = match number % 5 {
            0 => "NULL".to_owned(),
            _ => format!("{}.{:02}", number / 4, number % 4 * 25),
        };
        let name: String = format!("Łoś {number}").bytes().map(|byte| format!("{byte:02X}")).collect();
        let name = if number % 3 == 0 { "NULL".to_owned() } else { format!("X'{name}'") };
        let open = number % 2;
        if number % 10 == 0 {
            let price = if price == "NULL" { "" } else { &price };
            expected.rejects.push(format!(
                "{number},{price},{number},false,2021-11-07,2021-11-07T02:48:42Z,{number},type,name must be text"
            ));
        } else {
            let nulls = ",NULL".repeat(5);
            expected.rows.push(format!("{number},{price},{name},{open},20211107,20211107024842{nulls}"));
        }
    }
    for codec in ["null", "deflate", "bzip2", "xz", "zstandard"] {
        let file = std::fs::read(folder.path().join(codec)).unwrap();
        assert_eq!(read_ignoring("things", &file, &["extra"]), Ok(expected.clone()), "{codec}");
    }
}
