//! Rules that values have to keep beside their type.

use std::cmp::Ordering;
use std::fmt;

use regex::{Regex, RegexBuilder};

use crate::value::Value;

/// The rules of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    pub(crate) minimum: Option<Value<'static>>,
    pub(crate) maximum: Option<Value<'static>>,
    pub(crate) min_length: Option<u32>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) values: Vec<Value<'static>>,
}

impl Rules {
    /// Returns the least value.
    pub fn minimum(&self) -> Option<&Value<'static>> {
        self.minimum.as_ref()
    }

    /// Returns the greatest value.
    pub fn maximum(&self) -> Option<&Value<'static>> {
        self.maximum.as_ref()
    }

    /// Returns the fewest characters of a text.
    pub fn min_length(&self) -> Option<u32> {
        self.min_length
    }

    /// Returns the pattern that a text matches.
    pub fn pattern(&self) -> Option<&Pattern> {
        self.pattern.as_ref()
    }

    /// Returns the values that there are; none where any is.
    pub fn values(&self) -> &[Value<'static>] {
        &self.values
    }

    /// Returns the first rule that a value breaks. No value breaks none.
    pub fn broken_by(&self, value: &Value<'_>) -> Option<BrokenRule<'_>> {
        let is = |bound: &Value<'_>, wrong: Ordering| value.compare(bound) == Some(wrong);
        if matches!(value, Value::Null) {
            return None;
        }
        if let Some(least) = self.minimum.as_ref().filter(|least| is(least, Ordering::Less)) {
            return Some(BrokenRule::Minimum(least));
        }
        if let Some(most) = self.maximum.as_ref().filter(|most| is(most, Ordering::Greater)) {
            return Some(BrokenRule::Maximum(most));
        }
        if let Value::Text(text) = value {
            // A text cannot have more characters than bytes.
            let is_short = |least: &u32| {
                text.len() < *least as usize || text.chars().take(*least as usize).count() < *least as usize
            };
            if let Some(least) = self.min_length.filter(is_short) {
                return Some(BrokenRule::MinLength(least));
            }
            if let Some(pattern) = self.pattern.as_ref().filter(|pattern| !pattern.matches(text)) {
                return Some(BrokenRule::Pattern(pattern));
            }
        }
        let is_one = self.values.is_empty() || self.values.iter().any(|one| one == value);
        (!is_one).then_some(BrokenRule::Values(&self.values))
    }
}

/// A rule that a value breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokenRule<'t> {
    /// The value is less than this.
    Minimum(&'t Value<'static>),
    /// The value is greater than this.
    Maximum(&'t Value<'static>),
    /// The text has fewer characters.
    MinLength(u32),
    /// The text does not match.
    Pattern(&'t Pattern),
    /// The value is none of these.
    Values(&'t [Value<'static>]),
}

/// A regular expression that a text contains, as JSON Schema's `pattern`: `^` and `$` tie it to
/// the whole text. It is matched in time linear in the text (crate `regex`).
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

/// Bytes that a compiled pattern may take: a start reads every pattern of the folder.
const MAX_PATTERN_BYTES: usize = 1 << 20;

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Why it is none, in one line: its syntax, or that it takes too much memory.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let compiled = RegexBuilder::new(text).size_limit(MAX_PATTERN_BYTES).build();
        compiled.map(Self).map_err(|error| {
            let text = error.to_string();
            // The first lines show where; the last one says why.
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })
    }

    /// Returns the text of the expression.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns true if the text contains a match.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

/// A comparison between two columns that every row keeps: `ends_on >= starts_on`. It holds where
/// one of them is without a value, as in SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub(crate) left: usize,
    pub(crate) operator: Operator,
    pub(crate) right: usize,
    pub(crate) text: String,
}

impl Check {
    /// Returns the positions of both columns.
    pub fn columns(&self) -> (usize, usize) {
        (self.left, self.right)
    }

    /// Returns the operator between them.
    pub fn operator(&self) -> Operator {
        self.operator
    }

    /// Returns the comparison as text: `ends_on >= starts_on`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns true if a row keeps it.
    pub fn holds(&self, values: &[Value<'_>]) -> bool {
        values[self.left].compare(&values[self.right]).is_none_or(|order| self.operator.holds(order))
    }
}

/// The operator of a [`Check`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
    /// `<>`
    Different,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 6] =
        [Self::Less, Self::AtMost, Self::Greater, Self::AtLeast, Self::Equal, Self::Different];

    /// Returns the operator as SQL has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Equal => "=",
            Self::Different => "<>",
        }
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Equal => order.is_eq(),
            Self::Different => order.is_ne(),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
