//! Rules that values have to keep beside their type.

use std::cmp::Ordering;
use std::fmt;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

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

    /// Returns true if no text keeps them that is not ASCII.
    pub(crate) fn are_ascii(&self) -> bool {
        let is_ascii = |value: &Value<'_>| matches!(value, Value::Text(text) if text.is_ascii());
        self.pattern.as_ref().is_some_and(|pattern| pattern.is_ascii)
            || !self.values.is_empty() && self.values.iter().all(is_ascii)
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
pub struct Pattern {
    regex: Regex,
    /// True if it is tied to the whole text, and that has to be ASCII.
    is_ascii: bool,
}

/// Bytes that a compiled pattern may take: a start reads every pattern of the folder.
const MAX_PATTERN_BYTES: usize = 1 << 20;

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// Why it is none, in one line: its syntax, or that it takes too much memory.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        let compiled = RegexBuilder::new(text).size_limit(MAX_PATTERN_BYTES).build();
        let regex = compiled.map_err(|error| {
            let text = error.to_string();
            // The first lines show where; the last one says why.
            text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        })?;
        // It was compiled, so it can be parsed.
        let is_ascii = regex_syntax::parse(text).is_ok_and(|hir| is_whole(&hir) && is_of_ascii(&hir));
        Ok(Self { regex, is_ascii })
    }

    /// Returns the text of the expression.
    pub fn as_str(&self) -> &str {
        self.regex.as_str()
    }

    /// Returns true if the text contains a match.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// Returns true if an expression matches whole texts only.
fn is_whole(hir: &Hir) -> bool {
    let properties = hir.properties();
    properties.look_set_prefix().contains(Look::Start) && properties.look_set_suffix().contains(Look::End)
}

/// Returns true if all that an expression can match is ASCII.
fn is_of_ascii(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => literal.0.is_ascii(),
        HirKind::Class(Class::Unicode(class)) => class.is_ascii(),
        HirKind::Class(Class::Bytes(class)) => class.is_ascii(),
        HirKind::Repetition(repetition) => is_of_ascii(&repetition.sub),
        HirKind::Capture(capture) => is_of_ascii(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(is_of_ascii),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_ascii_are_tied_to_the_whole_text() {
        for (pattern, is_ascii) in [
            ("^[!-~]+$", true),
            ("^(?:DE|FR)-[0-9]{2}$", true),
            ("^(?:[a-z]+|[0-9]+)$", true),
            ("^$", true),
            ("[!-~]+", false),
            ("^[!-~]+", false),
            ("^a|b$", false),
            ("^.*$", false),
            (r"^\w+$", false),
            ("^[^0-9]$", false),
            ("^é$", false),
            ("(?i)^k$", false),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().is_ascii, is_ascii, "{pattern}");
        }
        let rules = |values: &[&str]| Rules {
            values: values.iter().map(|text| Value::Text((*text).to_owned().into())).collect(),
            ..Rules::default()
        };
        assert!(rules(&["a", "b"]).are_ascii());
        assert!(!rules(&["a", "é"]).are_ascii() && !rules(&[]).are_ascii());
    }
}
