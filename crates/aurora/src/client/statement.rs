use std::borrow::Cow;

use aws_sdk_rdsdata::primitives::Blob;
use aws_sdk_rdsdata::types::{Field, SqlParameter, TypeHint};
use domain::sql::{InsertStatement, Parameter};

use super::error::Error;
use super::limits::{MAX_REQUEST_BYTES, MAX_SQL_CHARS, REQUEST_ENVELOPE_BYTES};

/// One SQL statement with its bound parameters.
///
/// Parameters are named `:name` in the text. Values travel beside the text, never in it.
#[derive(Debug, Clone)]
pub struct Statement {
    sql: Cow<'static, str>,
    parameters: Vec<(Cow<'static, str>, Value)>,
    idempotent: bool,
    continue_after_timeout: bool,
}

impl Statement {
    /// Makes a statement without parameters.
    pub fn new(sql: impl Into<Cow<'static, str>>) -> Self {
        Self { sql: sql.into(), parameters: Vec::new(), idempotent: false, continue_after_timeout: false }
    }

    /// Binds `:name` to a value.
    #[must_use]
    pub fn bind(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Binds a parameter that the SQL text has only if there is a value.
    #[must_use]
    pub(crate) fn bind_some(
        self,
        name: impl Into<Cow<'static, str>>,
        value: Option<impl Into<Value>>,
    ) -> Self {
        match value {
            Some(value) => self.bind(name, value),
            None => self,
        }
    }

    /// Binds `:<name>0`, `:<name>1` and so on to these values.
    #[must_use]
    pub(crate) fn bind_each<V: Into<Value>>(self, name: &str, values: impl IntoIterator<Item = V>) -> Self {
        let numbered = values.into_iter().enumerate();
        numbered.fold(self, |statement, (number, value)| statement.bind(format!("{name}{number}"), value))
    }

    /// Binds the values that travel beside SQL text of [`domain::sql`].
    #[must_use]
    pub(crate) fn bind_parameters(self, parameters: Vec<Parameter>) -> Self {
        self.bind_each("p", parameters)
    }

    /// Says that running it twice does the same as once, so it is tried again even when an answer
    /// was lost. Reads ([`Database::query`](crate::Database::query)) always are.
    #[must_use]
    pub fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Lets the service finish it after the call timed out: AWS advises this for DDL, which must
    /// not be stopped half-way.
    #[must_use]
    pub fn continue_after_timeout(mut self) -> Self {
        self.continue_after_timeout = true;
        self
    }

    /// Returns the SQL text.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.idempotent
    }

    pub(crate) fn continues_after_timeout(&self) -> bool {
        self.continue_after_timeout
    }

    pub(crate) fn parameters(&self) -> Option<Vec<SqlParameter>> {
        (!self.parameters.is_empty())
            .then(|| self.parameters.iter().map(|(name, value)| value.parameter(name)).collect())
    }

    /// Refuses what the service would refuse for its size, before anything is sent.
    pub(crate) fn check_size(&self) -> Result<(), Error> {
        // A text has never more characters than bytes, so nearly always there is nothing to count.
        if self.sql.len() > MAX_SQL_CHARS {
            let chars = self.sql.chars().count();
            if chars > MAX_SQL_CHARS {
                let message = format!("SQL text of {chars} characters, {MAX_SQL_CHARS} are allowed");
                return Err(Error::TooLarge { message });
            }
        }
        let bytes = REQUEST_ENVELOPE_BYTES
            + json_len(&self.sql)
            + self.parameters.iter().map(|(name, value)| name.len() + value.json_len()).sum::<usize>();
        if bytes > MAX_REQUEST_BYTES {
            let message = format!("request of {bytes} bytes, {MAX_REQUEST_BYTES} are allowed");
            return Err(Error::TooLarge { message });
        }
        Ok(())
    }
}

impl From<InsertStatement> for Statement {
    fn from(insert: InsertStatement) -> Self {
        Self::new(insert.sql).bind_parameters(insert.parameters)
    }
}

impl From<&InsertStatement> for Statement {
    fn from(insert: &InsertStatement) -> Self {
        insert.clone().into()
    }
}

/// A bound value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value {
    /// SQL NULL.
    Null,
    /// A boolean; a TINYINT(1) in MySQL.
    Bool(bool),
    /// A whole number of up to 64 bits.
    Long(i64),
    /// Text.
    Text(String),
    /// `YYYY-MM-DD`, converted by the service.
    Date(String),
    /// Bytes.
    Binary(Vec<u8>),
}

impl Value {
    fn parameter(&self, name: &str) -> SqlParameter {
        let field = match self {
            Self::Null => Field::IsNull(true),
            Self::Bool(value) => Field::BooleanValue(*value),
            Self::Long(value) => Field::LongValue(*value),
            Self::Text(value) | Self::Date(value) => Field::StringValue(value.clone()),
            Self::Binary(value) => Field::BlobValue(Blob::new(value.clone())),
        };
        let hint = matches!(self, Self::Date(_)).then_some(TypeHint::Date);
        SqlParameter::builder().name(name).value(field).set_type_hint(hint).build()
    }

    /// Returns an upper bound of its bytes in the request, with the JSON around it.
    fn json_len(&self) -> usize {
        const AROUND: usize = r#"{"name":"","value":{"stringValue":""},"typeHint":"DATE"},"#.len();
        const NUMBER: usize = 32;
        AROUND
            + match self {
                Self::Text(text) | Self::Date(text) => json_len(text),
                // Base64.
                Self::Binary(bytes) => bytes.len().div_ceil(3) * 4,
                Self::Null | Self::Bool(_) | Self::Long(_) => NUMBER,
            }
    }
}

/// Returns the length of a text inside a JSON string.
fn json_len(text: &str) -> usize {
    text.bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
            0..0x20 | 0x7F => 6,
            _ => 1,
        })
        .sum()
}

macro_rules! values {
    ($($variant:ident: $($type:ty),+;)+) => {$($(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        }
    )+)+};
}

values! {
    Bool: bool;
    Long: i64, i32, u32, u16, u8;
    Text: &str, String, &String;
}

impl From<Parameter> for Value {
    fn from(parameter: Parameter) -> Self {
        match parameter {
            Parameter::Text(text) => Self::Text(text),
            Parameter::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

impl From<u64> for Value {
    /// Converts to the type that the database stores; no number of the ledger is larger.
    fn from(value: u64) -> Self {
        Self::Long(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(value: usize) -> Self {
        u64::try_from(value).unwrap_or(u64::MAX).into()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_text_at_the_limit_and_refuses_one_more() {
        assert!(Statement::new("x".repeat(MAX_SQL_CHARS)).check_size().is_ok());
        let refused = Statement::new("x".repeat(MAX_SQL_CHARS + 1)).check_size();
        assert!(matches!(refused, Err(Error::TooLarge { .. })), "{refused:?}");
    }

    #[test]
    fn counts_characters_and_not_bytes() {
        assert!(Statement::new("\u{1F600}".repeat(MAX_SQL_CHARS)).check_size().is_ok());
    }

    #[test]
    fn refuses_a_request_over_four_mebibytes() {
        let room = MAX_REQUEST_BYTES - REQUEST_ENVELOPE_BYTES - 1024;
        let statement = |len: usize| Statement::new("SELECT :a").bind("a", "x".repeat(len));
        assert!(statement(room).check_size().is_ok());
        assert!(matches!(statement(room + 1024).check_size(), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn counts_what_json_escapes() {
        assert_eq!(json_len("a\"\\\n\u{1}é"), 1 + 2 + 2 + 2 + 6 + 2);
        let quotes = Statement::new("SELECT :a").bind("a", "\"".repeat(MAX_REQUEST_BYTES / 2));
        assert!(matches!(quotes.check_size(), Err(Error::TooLarge { .. })));
    }

    #[test]
    fn gives_a_hint_for_what_travels_as_text() {
        let hint = |value: Value| value.parameter("p").type_hint().cloned();
        assert_eq!(hint(Value::Date("2021-07-27".into())), Some(TypeHint::Date));
        assert_eq!(hint("text".into()), None);
        assert_eq!(hint(None::<i64>.into()), None);
    }
}
