use std::fmt;

use serde::{Deserialize, Serialize};

/// How a file's content is written; said by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// CSV as it is: `.csv`.
    Csv,
    /// CSV packed with gzip: `.csv.gz`.
    Gzip,
    /// CSV packed with Zstandard: `.csv.zst`.
    Zstd,
    /// The first sheet of an Excel workbook: `.xlsx`.
    Xlsx,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Gzip, Self::Zstd, Self::Xlsx];

    /// The end of the names of such files.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => ".csv",
            Self::Gzip => ".csv.gz",
            Self::Zstd => ".csv.zst",
            Self::Xlsx => ".xlsx",
        }
    }

    /// The format's name, as in the ledger and in logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xlsx => "xlsx",
        }
    }

    /// The format called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// The format of a file called `file`, in upper or lower case.
    ///
    /// # Errors
    /// What to do with a file that cannot be read.
    pub fn of_file(file: &str) -> Result<Self, &'static str> {
        let file = file.to_ascii_lowercase();
        let known = Self::ALL.into_iter().find(|format| file.ends_with(format.ending()));
        known.ok_or_else(|| advice(&file))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What to do with a file whose lower-case name has an ending of no [`Format`].
fn advice(file: &str) -> &'static str {
    let has = |endings: &[&str]| endings.iter().any(|ending| file.ends_with(ending));
    if has(&[".xls", ".xlsm", ".xlsb", ".ods", ".numbers"]) {
        "save it as .xlsx or .csv"
    } else if has(&[".zip", ".7z", ".rar", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz"]) {
        "unpack it and drop the files in it, one by one"
    } else if has(&[".gz", ".zst"]) {
        "if it holds CSV, name it .csv.gz or .csv.zst"
    } else if has(&[".gzip", ".zstd"]) {
        "name it .csv.gz or .csv.zst"
    } else if has(&[".bz2", ".xz", ".lz4", ".br", ".z", ".lzma", ".sz"]) {
        "unpack it, or pack it with gzip or zstd"
    } else if has(&[".tsv", ".tab", ".txt"]) {
        "if it holds values separated by commas, name it .csv"
    } else if file.is_empty() {
        "it is a folder"
    } else {
        "convert it"
    }
}
