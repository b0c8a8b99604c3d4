//! The input of a document.

use domain::dictionary::Dictionary;
use domain::report::Report;

/// One of the two ways into the API. A document describes one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// Programs, with an API key.
    Scripts,
    /// People, with an account.
    People,
}

/// The input of the document, beside the declarations.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The tables; hidden ones are left out.
    pub dictionary: &'a Dictionary,
    /// The reports.
    pub reports: &'a [Report],
    /// The version of Rowgate.
    pub version: &'a str,
    /// The door that is described.
    pub door: Door,
    /// The URL of the door, with its stage and without a slash at the end.
    pub url: &'a str,
}

impl Door {
    /// Returns the name of the door, as declarations have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Scripts => "scripts",
            Self::People => "people",
        }
    }
}
