//! Every report of the repository against the database.

use domain::parameter::{Parameter, ParameterType, ParameterValue};
use domain::report::ColumnType;
use testkit::TestDatabase;
use testkit::sdk::types::{Field, SqlParameter, TypeHint};

/// A value that the parameter may have.
fn sample(parameter: &Parameter) -> ParameterValue {
    parameter.default.clone().unwrap_or_else(|| match &parameter.parameter_type {
        ParameterType::Integer { minimum, .. } => ParameterValue::Integer(*minimum),
        ParameterType::String { .. } => ParameterValue::String("x".to_owned()),
        ParameterType::Choice { values } => ParameterValue::String(values[0].clone()),
        ParameterType::Boolean => ParameterValue::Boolean(true),
        ParameterType::Date => ParameterValue::Date("2021-01-01".to_owned()),
    })
}

fn bind(parameter: &Parameter) -> SqlParameter {
    let builder = SqlParameter::builder().name(&parameter.name);
    match sample(parameter) {
        ParameterValue::Integer(number) => builder.value(Field::LongValue(number)),
        ParameterValue::String(text) => builder.value(Field::StringValue(text)),
        ParameterValue::Boolean(value) => builder.value(Field::BooleanValue(value)),
        ParameterValue::Date(day) => builder.value(Field::StringValue(day)).type_hint(TypeHint::Date),
    }
    .build()
}

/// The declared type for a type of the database, by the name that the Data API gives it.
fn declared_for(type_name: &str) -> Option<ColumnType> {
    Some(match type_name.trim_end_matches(" UNSIGNED") {
        "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "INTEGER" | "BIGINT" | "YEAR" => ColumnType::Integer,
        "DECIMAL" => ColumnType::Decimal,
        "FLOAT" | "DOUBLE" => ColumnType::Double,
        "CHAR" | "VARCHAR" | "TINYTEXT" | "TEXT" | "MEDIUMTEXT" | "LONGTEXT" => ColumnType::String,
        "BIT" => ColumnType::Boolean,
        "DATE" => ColumnType::Date,
        "DATETIME" | "TIMESTAMP" => ColumnType::Timestamp,
        _ => return None,
    })
}

#[tokio::test]
async fn every_shipped_report_gives_the_columns_that_it_declares() {
    let db = TestDatabase::migrated_with(testkit::hr::folder()).await.unwrap();
    let target = db.reader_target();
    for report in &testkit::hr::folder().reports {
        let answer = db
            .client()
            .execute_statement()
            .resource_arn(&target.cluster_arn)
            .secret_arn(&target.secret_arn)
            .database(&target.database)
            .sql(&report.sql)
            .set_parameters(Some(report.parameters.iter().map(bind).collect()))
            .include_result_metadata(true)
            .send()
            .await
            .unwrap_or_else(|error| panic!("{}: {error:?}", report.name));
        let found: Vec<_> = answer
            .column_metadata()
            .iter()
            .map(|column| {
                let type_name = column.type_name().unwrap_or_default();
                (column.label().unwrap_or_default(), declared_for(type_name).ok_or(type_name))
            })
            .collect();
        let declared: Vec<_> =
            report.columns.iter().map(|column| (&*column.name, Ok(column.column_type))).collect();
        assert_eq!(found, declared, "{}", report.name);
    }
}
