//! Short ways to say what a value looks like.

use domain::dictionary::LoadMode;
use domain::parameter::{Parameter as Asked, ParameterType, ParameterValue};
use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, Ref, Schema, SchemaFormat,
    SchemaType, Type,
};
use utoipa::openapi::{RefOr, Required};

/// A day that exists in the years 1000 to 9999, as the rows and the reports' parameters have it.
pub(crate) const DAY: &str = concat!(
    "(?:[1-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|",
    "02-(?:0[1-9]|1[0-9]|2[0-8]))|",
    // A 29th of February: of years that 4 divides, but not 100, and of those that 400 divides.
    "(?:[1-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29)",
);

/// A schema of the components, by its name.
pub(crate) fn named(name: &str) -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name(name))
}

/// Text of any kind.
pub(crate) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// Text that a regular expression describes as a whole.
pub(crate) fn matching(pattern: &str) -> ObjectBuilder {
    text().pattern(Some(format!("^{pattern}$")))
}

/// One of some words.
pub(crate) fn one_of<W: Into<Value>>(words: impl IntoIterator<Item = W>) -> ObjectBuilder {
    text().enum_values(Some(words))
}

/// A name of a load's mode.
pub(crate) fn load_mode() -> ObjectBuilder {
    one_of([LoadMode::Append, LoadMode::Upsert, LoadMode::Replace].map(LoadMode::as_str))
}

/// A moment as the ledgers have it: ISO 8601, UTC, with milliseconds.
pub(crate) fn moment() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

/// A whole number within these bounds.
pub(crate) fn integer(minimum: i64, maximum: i64) -> ObjectBuilder {
    let fits = i32::try_from(minimum).is_ok() && i32::try_from(maximum).is_ok();
    let format = if fits { KnownFormat::Int32 } else { KnownFormat::Int64 };
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(format)))
        .minimum(Some(number(minimum)))
        .maximum(Some(number(maximum)))
}

/// How many there are of something.
pub(crate) fn count() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0_usize))
}

/// True or false.
pub(crate) fn boolean() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Boolean)
}

/// What may also be `null`.
pub(crate) fn or_null(schema: ObjectBuilder, kind: Type) -> ObjectBuilder {
    schema.schema_type(SchemaType::from_iter([kind, Type::Null]))
}

/// A text, or `null`.
pub(crate) fn text_or_null() -> ObjectBuilder {
    or_null(text(), Type::String)
}

/// A named schema, or `null`.
pub(crate) fn named_or_null(name: &str) -> AnyOfBuilder {
    AnyOfBuilder::new().item(named(name)).item(ObjectBuilder::new().schema_type(Type::Null))
}

/// An array.
pub(crate) fn array(items: impl Into<RefOr<Schema>>) -> ArrayBuilder {
    ArrayBuilder::new().items(items.into())
}

/// An object with exactly these members, each of them required.
pub(crate) fn object<'n>(members: impl IntoIterator<Item = (&'n str, RefOr<Schema>)>) -> ObjectBuilder {
    let empty = ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(NOTHING_ELSE));
    members.into_iter().fold(empty, |object, (name, schema)| object.property(name, schema).required(name))
}

/// What closes an object.
pub(crate) const NOTHING_ELSE: AdditionalProperties<Schema> = AdditionalProperties::FreeForm(false);

/// A parameter of the path.
pub(crate) fn in_path(name: &str, description: &str, schema: impl Into<RefOr<Schema>>) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(description))
        .schema(Some(schema))
        .build()
}

/// A parameter of the query, as a definition has it.
pub(crate) fn in_query(asked: &Asked) -> Parameter {
    let schema = match &asked.parameter_type {
        ParameterType::Integer { minimum, maximum } => integer(*minimum, *maximum),
        ParameterType::String { max_length } => text().max_length(Some(*max_length)),
        ParameterType::Choice { values } => one_of(values.iter().map(String::as_str)),
        ParameterType::Boolean => boolean(),
        ParameterType::Date => matching(DAY),
    };
    let schema = schema.default(asked.default.as_ref().map(default_value));
    optional(&asked.name, ParameterIn::Query, &asked.description, asked.required, schema)
}

/// Text in the query that a pattern describes.
pub(crate) fn query_text(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    optional(name, ParameterIn::Query, description, false, schema)
}

/// A header that a request may have.
pub(crate) fn in_header(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    optional(name, ParameterIn::Header, description, false, schema)
}

fn optional(
    name: &str,
    place: ParameterIn,
    description: &str,
    required: bool,
    schema: ObjectBuilder,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(if required { Required::True } else { Required::False })
        .description((!description.is_empty()).then_some(description))
        .schema(Some(schema))
        .build()
}

fn default_value(value: &ParameterValue) -> Value {
    json!(value)
}

/// A bound as the library writes numbers. Lambda's processors are of 64 bits, as is every machine that this is built for.
fn number(value: i64) -> isize {
    isize::try_from(value).unwrap_or(if value < 0 { isize::MIN } else { isize::MAX })
}
