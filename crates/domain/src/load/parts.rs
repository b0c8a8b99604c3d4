//! The way of rows into the database, and parts: chunks' rows as files for the database to read.

use std::fmt::Display;

/// The way of a chunk's rows into the database.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LoadPath {
    /// In the text of INSERT statements.
    #[default]
    Statements,
    /// As an object in the data bucket, which Aurora MySQL reads with `LOAD DATA FROM S3`. Upserts
    /// and chunks that meet taken keys take the other way.
    S3,
}

impl LoadPath {
    /// Every path.
    pub const ALL: [Self; 2] = [Self::Statements, Self::S3];

    /// Returns its name in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Statements => "statements",
            Self::S3 => "s3",
        }
    }

    /// Finds the path of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|path| path.as_str() == name)
    }
}

/// Returns the key of a chunk's part. Functions with different tokens write different objects, so
/// that none reads rows that another one checked. Objects that a killed function leaves expire.
pub fn part_key(load: &impl Display, chunk: u32, token: u32) -> String {
    format!("rowgate/parts/{load}/{chunk:05}-{token:08x}.tsv")
}
