//! What the lake does with rows that break the dictionary: the `expectations` of a table.

use serde::Deserialize;

use crate::named::named_enum;

/// Configures what the lake does with rows of a table that break the dictionary. The lake's job
/// reads the same key of the same file; here it is checked, so that a wrong one does not build. Two
/// rows with the same key end every run: without unique keys no row could be found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectations {
    /// For a required column without a value.
    pub required: Severity,
    /// For a reference that names no row.
    pub references: Severity,
    /// For a value beyond its type: a text too long, a number out of range or with too many digits.
    pub rules: Severity,
}

named_enum! {
    /// The effect of a broken expectation on a run of the lake.
    pub enum Severity {
        /// It ends before gold is touched.
        Stop = "stop",
        /// The run continues; the result of the check is recorded.
        Warn = "warn",
    }
}

impl Default for Expectations {
    fn default() -> Self {
        let (stop, warn) = (Severity::Stop, Severity::Warn);
        Self { required: stop, references: warn, rules: warn }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireExpectations {
    required: Option<String>,
    references: Option<String>,
    rules: Option<String>,
}

/// Reads the `expectations` of a table.
pub(crate) fn read_expectations(wire: &WireExpectations) -> Result<Expectations, String> {
    let WireExpectations { required, references, rules } = wire;
    let mut read = Expectations::default();
    for (name, value, severity) in [
        ("required", required, &mut read.required),
        ("references", references, &mut read.references),
        ("rules", rules, &mut read.rules),
    ] {
        if let Some(value) = value {
            *severity = Severity::from_name(value)
                .ok_or_else(|| format!("unknown {name} {value:?}; use stop or warn"))?;
        }
    }
    Ok(read)
}
