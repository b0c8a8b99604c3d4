//! The model's constraints, checked before anything reaches the database.

use crate::error::{ApiError, ErrorKind};
use crate::faults::Operation;
use crate::limits::Limits;
use crate::request::Request;
use crate::statement::ResultOptions;
use crate::statement::records::NumberOptions;

/// Checks the members that an operation reads.
pub(crate) fn check(
    request: &Request<'_>,
    operation: Operation,
    limits: &Limits,
    only_resource: Option<&str>,
) -> Result<(), ApiError> {
    use Operation as O;
    let resource_arn = arn(request.resource_arn.as_deref(), "resourceArn")?;
    arn(request.secret_arn.as_deref(), "secretArn")?;
    if matches!(operation, O::ExecuteStatement | O::BatchExecuteStatement) {
        let sql = request.sql.as_deref().ok_or_else(|| missing("sql"))?;
        // Characters are never more than bytes, so most texts need no counting.
        if sql.len() > limits.sql_chars && sql.chars().count() > limits.sql_chars {
            return Err(too_long("sql", limits.sql_chars));
        }
    }
    if matches!(operation, O::CommitTransaction | O::RollbackTransaction) && request.transaction_id.is_none()
    {
        return Err(missing("transactionId"));
    }
    let parameters = request.parameters.iter().filter(|_| operation == O::ExecuteStatement);
    let sets = request.parameter_sets.iter().filter(|_| operation == O::BatchExecuteStatement);
    for parameter in parameters.chain(sets.flatten()).flatten() {
        hint(parameter.type_hint.as_deref())?;
    }
    at_most(request.transaction_id.as_deref(), "transactionId", 192)?;
    at_most(request.database.as_deref(), "database", 64)?;
    at_most(request.schema.as_deref(), "schema", 64)?;
    if request.schema.as_deref().is_some_and(|schema| !schema.is_empty()) {
        return Err(ApiError::new(ErrorKind::ValidationException, "The schema parameter isn't supported"));
    }
    if only_resource.is_some_and(|only| only != resource_arn) {
        return Err(ApiError::new(
            ErrorKind::HttpEndpointNotEnabledException,
            format!("HttpEndpoint is not enabled for resource {resource_arn}"),
        ));
    }
    if operation == O::ExecuteStatement
        && request.continue_after_timeout == Some(true)
        && request.transaction_id.is_some()
    {
        return Err(ApiError::bad_request("continueAfterTimeout isn't supported inside of a transaction."));
    }
    Ok(())
}

/// Returns the form of the result that the request asks for.
pub(crate) fn result_options(request: &Request<'_>) -> Result<ResultOptions, ApiError> {
    let options = request.result_set_options.as_ref();
    Ok(ResultOptions {
        formatted: choice(request.format_records_as.as_deref(), "formatRecordsAs", ["NONE", "JSON"])?,
        metadata: request.include_result_metadata.unwrap_or(false),
        numbers: NumberOptions {
            decimals_as_numbers: choice(
                options.and_then(|options| options.decimal_return_type.as_deref()),
                "resultSetOptions.decimalReturnType",
                ["STRING", "DOUBLE_OR_LONG"],
            )?,
            longs_as_strings: choice(
                options.and_then(|options| options.long_return_type.as_deref()),
                "resultSetOptions.longReturnType",
                ["LONG", "STRING"],
            )?,
        },
    })
}

/// Returns true if the second of two values was chosen; the first is the default.
fn choice(value: Option<&str>, member: &str, [default, other]: [&str; 2]) -> Result<bool, ApiError> {
    match value {
        None => Ok(false),
        Some(value) if value == default => Ok(false),
        Some(value) if value == other => Ok(true),
        Some(value) => Err(ApiError::validation(
            &format!("'{value}'"),
            member,
            &format!("satisfy enum value set: [{default}, {other}]"),
        )),
    }
}

fn hint(hint: Option<&str>) -> Result<(), ApiError> {
    match hint {
        None | Some("JSON" | "UUID" | "TIMESTAMP" | "DATE" | "TIME" | "DECIMAL") => Ok(()),
        Some(hint) => Err(ApiError::validation(
            &format!("'{hint}'"),
            "parameters.typeHint",
            "satisfy enum value set: [JSON, UUID, TIMESTAMP, DATE, TIME, DECIMAL]",
        )),
    }
}

fn missing(member: &str) -> ApiError {
    ApiError::validation("null", member, "not be null")
}

fn too_long(member: &str, most: usize) -> ApiError {
    ApiError::validation("", member, &format!("have length less than or equal to {most}"))
}

fn at_most(value: Option<&str>, member: &str, most: usize) -> Result<(), ApiError> {
    match value {
        Some(value) if value.chars().count() > most => Err(too_long(member, most)),
        _ => Ok(()),
    }
}

/// An ARN of 11 to 570 characters; the service accepts a secret's name too, which is as long.
fn arn<'a>(value: Option<&'a str>, member: &str) -> Result<&'a str, ApiError> {
    let value = value.ok_or_else(|| missing(member))?;
    if value.len() < 11 {
        return Err(ApiError::validation(
            &format!("'{value}'"),
            member,
            "have length greater than or equal to 11",
        ));
    }
    at_most(Some(value), member, 570)?;
    Ok(value)
}
