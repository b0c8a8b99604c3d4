//! Type by type: what columns come back as, what parameters go in as.

use aws_sdk_rdsdata::primitives::Blob;
use aws_sdk_rdsdata::types::{
    ArrayValue, ColumnMetadata, DecimalReturnType, Field, LongReturnType, RecordsFormatType,
    ResultSetOptions, TypeHint,
};

use crate::support::{Harness, hinted, param, send, text};

const TABLE: &str = "CREATE TABLE every_type (
    id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
    flag TINYINT(1), bit1 BIT(1), bit8 BIT(8),
    tiny TINYINT, utiny TINYINT UNSIGNED, small SMALLINT, medium MEDIUMINT, plain INT, uplain INT UNSIGNED,
    big BIGINT, ubig BIGINT UNSIGNED, zeros INT(6) ZEROFILL, y YEAR,
    f FLOAT, d DOUBLE, dec0 DECIMAL(20,0), dec2 DECIMAL(10,2),
    da DATE, ti TIME, ti3 TIME(3), dt DATETIME, dt6 DATETIME(6), ts TIMESTAMP NULL,
    c CHAR(4), vc VARCHAR(255), tx TEXT, js JSON, en ENUM('a','b'), se SET('x','y'),
    bi BINARY(3), vb VARBINARY(10), bl BLOB, nothing VARCHAR(10))";

const VALUES: &str = "INSERT INTO every_type VALUES (NULL,
    1, b'1', b'10000001',
    -128, 255, -32768, 8388607, -2147483648, 4294967295,
    -9223372036854775808, 18446744073709551615, 42, 2021,
    1.1, 1e300, 12345678901234567890, -12.50,
    '2021-07-27', '-26:03:04', '16:02:08.120', '2021-07-27 16:02:08', '2021-07-27 16:02:08.123456',
    '2021-07-27 16:02:08',
    'four', 'größe 𝄞 \"\\\\', 'text', '{\"a\": [1, null]}', 'b', 'x,y',
    X'000102', X'FF00', X'DEADBEEF', NULL)";

fn blob(bytes: &[u8]) -> Field {
    Field::BlobValue(Blob::new(bytes))
}

fn expected() -> Vec<(&'static str, Field)> {
    vec![
        ("id", Field::LongValue(1)),
        ("flag", Field::BooleanValue(true)),
        ("bit1", Field::BooleanValue(true)),
        ("bit8", blob(&[0x81])),
        ("tiny", Field::LongValue(-128)),
        ("utiny", Field::LongValue(255)),
        ("small", Field::LongValue(-32768)),
        ("medium", Field::LongValue(8_388_607)),
        ("plain", Field::LongValue(i64::from(i32::MIN))),
        ("uplain", Field::LongValue(4_294_967_295)),
        ("big", Field::LongValue(i64::MIN)),
        ("ubig", text("18446744073709551615")),
        ("zeros", Field::LongValue(42)),
        ("y", Field::LongValue(2021)),
        ("f", Field::DoubleValue(1.1)),
        ("d", Field::DoubleValue(1e300)),
        ("dec0", text("12345678901234567890")),
        ("dec2", text("-12.50")),
        ("da", text("2021-07-27")),
        ("ti", text("-26:03:04")),
        ("ti3", text("16:02:08.120")),
        ("dt", text("2021-07-27 16:02:08")),
        ("dt6", text("2021-07-27 16:02:08.123456")),
        ("ts", text("2021-07-27 16:02:08")),
        ("c", text("four")),
        ("vc", text("größe 𝄞 \"\\")),
        ("tx", text("text")),
        ("js", text("{\"a\": [1, null]}")),
        ("en", text("b")),
        ("se", text("x,y")),
        ("bi", blob(&[0, 1, 2])),
        ("vb", blob(&[255, 0])),
        ("bl", blob(&[0xde, 0xad, 0xbe, 0xef])),
        ("nothing", Field::IsNull(true)),
    ]
}

#[tokio::test]
async fn every_column_type_comes_back_as_the_service_maps_it() {
    let h = Harness::start().await;
    h.execute(TABLE).await.unwrap();
    h.execute(VALUES).await.unwrap();
    let plain = h.statement("SELECT * FROM every_type WHERE id = 1");
    let prepared =
        h.statement("SELECT * FROM every_type WHERE id = :id").parameters(param("id", Field::LongValue(1)));
    for (protocol, statement) in [("text", plain), ("binary", prepared)] {
        let result = send(statement.include_result_metadata(true)).await.unwrap();
        assert_eq!(result.number_of_records_updated, 0);
        let record = &result.records()[0];
        let columns: Vec<&str> = result.column_metadata().iter().filter_map(|column| column.name()).collect();
        let expected = expected();
        assert_eq!(columns, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for ((name, field), got) in expected.iter().zip(record) {
            assert_eq!(got, field, "{name} by the {protocol} protocol");
        }
    }

    let options = ResultSetOptions::builder()
        .decimal_return_type(DecimalReturnType::DoubleOrLong)
        .long_return_type(LongReturnType::String)
        .build();
    let numbers =
        h.statement("SELECT dec2, dec0 - dec0 + 7, big, y FROM every_type").result_set_options(options);
    let record = send(numbers).await.unwrap().records.unwrap().remove(0);
    let i64_min = i64::MIN.to_string();
    assert_eq!(record, [Field::DoubleValue(-12.5), Field::LongValue(7), text(&i64_min), text("2021")]);

    let formatted = h.statement("SELECT * FROM every_type").format_records_as(RecordsFormatType::Json);
    let result = send(formatted.include_result_metadata(true)).await.unwrap();
    assert!(result.records.is_none() && result.column_metadata.is_none());
    let rows: serde_json::Value = serde_json::from_str(result.formatted_records().unwrap()).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    let row = &rows[0];
    assert_eq!(row["flag"], true);
    assert_eq!(row["big"], i64::MIN);
    assert_eq!(row["f"], 1.1);
    assert_eq!(row["dec2"], "-12.50");
    assert_eq!(row["dt"], "2021-07-27 16:02:08");
    assert_eq!(row["vc"], "größe 𝄞 \"\\");
    assert_eq!(row["js"], "{\"a\": [1, null]}");
    assert_eq!(row["bl"], "3q2+7w==");
    assert!(row["nothing"].is_null());
    let none =
        h.statement("SELECT * FROM every_type WHERE id = 9").format_records_as(RecordsFormatType::Json);
    assert_eq!(send(none).await.unwrap().formatted_records(), Some("[]"));
}

#[tokio::test]
async fn metadata_speaks_jdbc() {
    let h = Harness::start().await;
    h.execute(TABLE).await.unwrap();
    let sql = "SELECT *, COUNT(*) AS n FROM every_type t GROUP BY id";
    let result = send(h.statement(sql).include_result_metadata(true)).await.unwrap();
    let columns = result.column_metadata();
    let get = |name: &str| -> &ColumnMetadata {
        columns.iter().find(|column| column.label() == Some(name)).unwrap()
    };
    for (name, type_name, code, precision, scale) in [
        ("id", "INT", 4, 10, 0),
        ("flag", "BIT", -7, 1, 0),
        ("tiny", "TINYINT", -6, 3, 0),
        ("small", "SMALLINT", 5, 5, 0),
        ("uplain", "INT UNSIGNED", 4, 10, 0),
        ("big", "BIGINT", -5, 19, 0),
        ("ubig", "BIGINT UNSIGNED", -5, 20, 0),
        ("f", "FLOAT", 7, 12, 0),
        ("d", "DOUBLE", 8, 22, 0),
        ("dec2", "DECIMAL", 3, 10, 2),
        ("da", "DATE", 91, 10, 0),
        ("ti3", "TIME", 92, 12, 0),
        ("dt", "DATETIME", 93, 19, 0),
        ("dt6", "DATETIME", 93, 26, 0),
        ("ts", "TIMESTAMP", 93, 19, 0),
        ("c", "CHAR", 1, 4, 0),
        ("vc", "VARCHAR", 12, 255, 0),
        ("tx", "TEXT", -1, 65535, 0),
        ("vb", "VARBINARY", -3, 10, 0),
        ("bl", "BLOB", -4, 65535, 0),
        ("n", "BIGINT", -5, 19, 0),
    ] {
        let column = get(name);
        assert_eq!(column.type_name(), Some(type_name), "{name}");
        assert_eq!((column.r#type(), column.precision(), column.scale()), (code, precision, scale), "{name}");
        assert!(!column.is_currency());
        assert_eq!(column.array_base_column_type(), 0);
    }
    let id = get("id");
    assert!(id.is_auto_increment() && id.is_signed() && !id.is_case_sensitive());
    assert_eq!(
        (id.nullable(), id.name(), id.table_name(), id.schema_name()),
        (0, Some("id"), Some("t"), Some(""))
    );
    assert!(!get("uplain").is_signed());
    assert_eq!(get("vc").nullable(), 1);
    assert!(get("vb").is_case_sensitive());
    let without = h.execute("SELECT 1").await.unwrap();
    assert!(without.column_metadata.is_none());
}

#[tokio::test]
async fn the_longest_columns_have_metadata_that_sdks_can_read() {
    let h = Harness::start().await;
    h.execute("CREATE TABLE t (j JSON, x LONGTEXT, b LONGBLOB)").await.unwrap();
    let result = send(h.statement("SELECT * FROM t").include_result_metadata(true)).await.unwrap();
    assert_eq!(result.column_metadata().len(), 3);
    assert_eq!(result.column_metadata()[2].precision(), i32::MAX);
    assert!(result.column_metadata().iter().all(|column| column.precision() >= 0x3fff_ffff));
}

#[tokio::test]
async fn parameters_of_every_type_go_in_as_they_are() {
    let h = Harness::start().await;
    h.execute(TABLE).await.unwrap();
    let sql = "INSERT INTO every_type (flag, big, d, vc, bl, nothing, dec2, da, ti3, dt6, js, c)
        VALUES (:flag, :big, :d, :vc, :bl, :nothing, :dec2, :da, :ti3, :dt6, :js, :c)";
    let result = send(
        h.statement(sql)
            .parameters(param("flag", Field::BooleanValue(true)))
            .parameters(param("big", Field::LongValue(i64::MIN)))
            .parameters(param("d", Field::DoubleValue(-0.1)))
            .parameters(param("vc", text("it's :big \\ \" % \0 𝄞; DROP TABLE every_type")))
            .parameters(param("bl", blob(&[0, 39, 255])))
            .parameters(param("nothing", Field::IsNull(true)))
            .parameters(hinted("dec2", TypeHint::Decimal, "12345678.91"))
            .parameters(hinted("da", TypeHint::Date, "2024-02-29"))
            .parameters(hinted("ti3", TypeHint::Time, "23:59:59.999"))
            .parameters(hinted("dt6", TypeHint::Timestamp, "2021-07-27 16:02:08.5"))
            .parameters(hinted("js", TypeHint::Json, "{\"a\": 1}"))
            .parameters(param("c", text("")))
            .parameters(param("unused", Field::LongValue(1))),
    )
    .await
    .unwrap();
    assert_eq!(result.number_of_records_updated, 1);
    assert_eq!(result.generated_fields(), [Field::LongValue(1)]);
    let row = h.row("SELECT flag, big, d, vc, bl, nothing, dec2, da, ti3, dt6, js, c FROM every_type").await;
    assert_eq!(
        row,
        [
            Field::BooleanValue(true),
            Field::LongValue(i64::MIN),
            Field::DoubleValue(-0.1),
            text("it's :big \\ \" % \0 𝄞; DROP TABLE every_type"),
            blob(&[0, 39, 255]),
            Field::IsNull(true),
            text("12345678.91"),
            text("2024-02-29"),
            text("23:59:59.999"),
            text("2021-07-27 16:02:08.500000"),
            text("{\"a\": 1}"),
            text(""),
        ]
    );
    // A decimal is compared as one; as text, both numbers would be the same double.
    let sql = "SELECT CAST(12345678901234567.89 AS DECIMAL(20,2)) = :d";
    let equal = |digits| send(h.statement(sql).parameters(hinted("d", TypeHint::Decimal, digits)));
    assert_eq!(equal("12345678901234567.89").await.unwrap().records()[0], [Field::LongValue(1)]);
    assert_eq!(equal("12345678901234567.88").await.unwrap().records()[0], [Field::LongValue(0)]);
    let uuid = "123e4567-e89b-12d3-a456-426614174000";
    let result = send(h.statement("SELECT :u").parameters(hinted("u", TypeHint::Uuid, uuid))).await.unwrap();
    assert_eq!(result.records()[0], [text(uuid)]);
}

/// On one session, so that the statement is prepared already.
#[tokio::test]
async fn values_of_other_types_than_before_go_in_as_they_are() {
    let h = Harness::start().await;
    let id = h.begin().await;
    for value in [Field::LongValue(-5), Field::DoubleValue(0.1), text("word"), Field::LongValue(7)] {
        let asked = h.statement("SELECT :p").transaction_id(&id).parameters(param("p", value.clone()));
        assert_eq!(send(asked).await.unwrap().records()[0], [value]);
    }
}

#[tokio::test]
async fn wrong_parameters_are_refused() {
    let h = Harness::start().await;
    let one = |parameter| send(h.statement("SELECT :a").parameters(parameter));
    for (hint, wrong) in [
        (TypeHint::Date, "2021-02-30"),
        (TypeHint::Time, "25:00:00"),
        (TypeHint::Timestamp, "2021-07-27T16:02:08Z"),
        (TypeHint::Decimal, "1e3"),
        (TypeHint::Json, "{'a':1}"),
        (TypeHint::Uuid, "not-a-uuid"),
    ] {
        let failed = one(hinted("a", hint, wrong)).await.unwrap_err();
        assert_eq!((failed.code.as_str(), failed.status), ("BadRequestException", 400), "{wrong}");
    }
    let failed = one(hinted("a", TypeHint::from("NUMBER"), "1")).await.unwrap_err();
    assert_eq!(failed.code, "ValidationException");
    let array = Field::ArrayValue(ArrayValue::LongValues(vec![Some(1), Some(2)]));
    let failed = one(param("a", array)).await.unwrap_err();
    assert_eq!(failed.code, "BadRequestException");
    assert_eq!(failed.message, "Array parameters are not supported.");
    let failed = one(param("b", Field::LongValue(1))).await.unwrap_err();
    assert_eq!(
        (failed.code.as_str(), failed.message.as_str()),
        ("BadRequestException", "Cannot find parameter: a")
    );
}

#[tokio::test]
async fn types_without_a_mapping_are_refused() {
    let h = Harness::start().await;
    let failed = h.execute("SELECT ST_GeomFromText('POINT(1 2)')").await.unwrap_err();
    assert_eq!((failed.code.as_str(), failed.status), ("UnsupportedResultException", 400));
    assert_eq!(failed.message, "The result contains the unsupported data type \"GEOMETRY\".");
    let twice = h.statement("SELECT 1 AS a, 2 AS a").format_records_as(RecordsFormatType::Json);
    assert!(send(twice).await.unwrap_err().message.contains("duplicate column name"));
    assert!(h.execute("SELECT 1 AS a, 2 AS a").await.is_ok());
}
