//! Reading the rules of a column, and the comparisons of a table.

use serde::Deserialize;

use super::error::DictionaryError;
use super::value::{WireValue, read_value};
use crate::dictionary::{Check, Column, ColumnType, Operator, Pattern, Rules};

/// The rules in a column's entry.
pub(super) struct WireRules {
    pub(super) minimum: Option<WireValue>,
    pub(super) maximum: Option<WireValue>,
    pub(super) min_length: Option<u32>,
    pub(super) pattern: Option<String>,
    pub(super) values: Option<Vec<WireValue>>,
}

/// A table's `check`: one comparison or several.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum WireChecks {
    One(String),
    Several(Vec<String>),
}

impl WireChecks {
    pub(super) fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// Reads the rules of a column that is complete but for them; `None` if it has none.
///
/// # Errors
/// A rule that its type does not have, or that no value can keep.
pub(super) fn read_rules(column: &Column, wire: WireRules) -> Result<Option<Box<Rules>>, DictionaryError> {
    let column_type = column.column_type;
    let read = |key: &str, wire: &WireValue| read_value(column, key, wire).map_err(DictionaryError::new);
    let only_for = |rule: &str, types: &str| {
        Err(DictionaryError::new(format!("{rule} is a rule of {types}, not of {column_type}")))
    };
    let has_order = !matches!(
        column_type,
        ColumnType::Boolean | ColumnType::Json | ColumnType::Binary { .. } | ColumnType::Uuid
    );
    if (wire.minimum.is_some() || wire.maximum.is_some()) && (!has_order || column_type.is_text()) {
        return only_for("minimum or maximum", "numbers and times");
    }
    if wire.min_length.is_some() && !column_type.is_text() {
        return only_for("min_length", "texts");
    }
    if wire.pattern.is_some() && !column_type.is_text() {
        return only_for("pattern", "texts");
    }
    if wire.values.is_some() && (!has_order || column_type == ColumnType::Text) {
        return only_for("values", "strings, numbers and times");
    }
    let rules = Rules {
        minimum: wire.minimum.map(|value| read("minimum", &value)).transpose()?,
        maximum: wire.maximum.map(|value| read("maximum", &value)).transpose()?,
        min_length: wire.min_length,
        pattern: wire
            .pattern
            .map(|text| {
                Pattern::new(&text)
                    .map_err(|problem| DictionaryError::new(format!("pattern {text:?}: {problem}")))
            })
            .transpose()?,
        values: wire
            .values
            .unwrap_or_default()
            .iter()
            .map(|value| read("values", value))
            .collect::<Result<_, _>>()?,
    };
    if let (Some(least), Some(most)) = (&rules.minimum, &rules.maximum)
        && least.compare(most).is_some_and(std::cmp::Ordering::is_gt)
    {
        return Err(DictionaryError::new("minimum is greater than maximum: no value keeps both"));
    }
    if let (Some(least), ColumnType::String { max }) = (rules.min_length, column_type)
        && least > max
    {
        return Err(DictionaryError::new(format!("min_length {least} is more than {column_type} holds")));
    }
    Ok((rules != Rules::default()).then(|| Box::new(rules)))
}

/// Reads a comparison between two columns: `ends_on >= starts_on`.
///
/// # Errors
/// A text that is none, a column that is not there, or columns that cannot be compared.
pub(super) fn read_check(columns: &[Column], text: &str) -> Result<Check, DictionaryError> {
    let wrong = |problem: String| DictionaryError::new(format!("check {text:?}: {problem}"));
    let words: Vec<&str> = text.split_whitespace().collect();
    let [left, operator, right] = words[..] else {
        return Err(wrong(
            "write two columns and an operator between them, like \"ends_on >= starts_on\"".into(),
        ));
    };
    let Some(operator) = Operator::ALL.into_iter().find(|known| known.as_str() == operator) else {
        let known: Vec<&str> = Operator::ALL.into_iter().map(Operator::as_str).collect();
        return Err(wrong(format!("{operator:?} is no operator; there are {}", known.join(" "))));
    };
    let find = |name: &str| {
        let found = columns.iter().position(|column| column.name == name);
        found.ok_or_else(|| wrong(format!("there is no column {name:?}")))
    };
    let (left, right) = (find(left)?, find(right)?);
    let [one, other] = [left, right].map(|index| columns[index].column_type);
    let is_string = |column_type: ColumnType| matches!(column_type, ColumnType::String { .. });
    let is_comparable = one == other && !matches!(one, ColumnType::Json | ColumnType::Text)
        || one.is_whole_number() && other.is_whole_number()
        || is_string(one) && is_string(other);
    if left == right || !is_comparable {
        return Err(wrong(format!("{one} and {other} cannot be compared; use two columns of one type")));
    }
    let text = format!("{} {operator} {}", columns[left].name, columns[right].name);
    Ok(Check { left, operator, right, text })
}
