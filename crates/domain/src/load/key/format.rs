use std::fmt;

use serde::{Deserialize, Serialize};

use crate::parameter::join;

/// The format and the packing of a file's content, by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Format {
    /// The format of the content.
    pub content: Content,
    /// The packing.
    pub packing: Packing,
}

/// The format of a file's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// Separated values: `.csv`, `.txt`.
    Csv,
    /// The same, with tabs unless another delimiter is recognised: `.tsv`.
    Tsv,
    /// One JSON object a line: `.jsonl`, `.ndjson`.
    JsonLines,
    /// A sheet of an Excel workbook: `.xlsx`, `.xlsm`.
    Xlsx,
}

/// The packing of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Packing {
    /// Not at all.
    None,
    /// With gzip: `.gz` behind the other ending.
    Gzip,
    /// With Zstandard: `.zst` behind the other ending.
    Zstd,
}

/// The endings of names that say how the content is written.
const CONTENTS: [(&str, Content); 7] = [
    (".csv", Content::Csv),
    (".tsv", Content::Tsv),
    (".txt", Content::Csv),
    (".jsonl", Content::JsonLines),
    (".ndjson", Content::JsonLines),
    (".xlsx", Content::Xlsx),
    (".xlsm", Content::Xlsx),
];

/// The readable files, as messages name them.
pub const READABLE_FILES: ReadableFiles = ReadableFiles;

/// Displays the endings of all files that can be read, as the end of a sentence.
#[derive(Debug, Clone, Copy)]
pub struct ReadableFiles;

impl fmt::Display for ReadableFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let contents = join(CONTENTS.map(|(ending, _)| ending), "or");
        let packings = join(PACKINGS.map(|(ending, _)| ending), "or");
        write!(f, "files that end in {contents} can, also packed, with {packings} behind it")
    }
}

/// The endings of names that say how a file is packed.
const PACKINGS: [(&str, Packing); 2] = [(".gz", Packing::Gzip), (".zst", Packing::Zstd)];

/// The names of the formats: a row for each content, with its name under each packing.
const NAMES: [[&str; 3]; 4] = [
    ["csv", "gzip", "zstd"],
    ["tsv", "tsv.gz", "tsv.zst"],
    ["jsonl", "jsonl.gz", "jsonl.zst"],
    ["xlsx", "xlsx.gz", "xlsx.zst"],
];

impl Format {
    /// Separated values, not packed.
    pub const CSV: Self = Self { content: Content::Csv, packing: Packing::None };

    /// Every format.
    pub const ALL: [Self; 12] = {
        let contents = [Content::Csv, Content::Tsv, Content::JsonLines, Content::Xlsx];
        let packings = [Packing::None, Packing::Gzip, Packing::Zstd];
        let mut all = [Self::CSV; 12];
        let mut index = 0;
        while index < all.len() {
            all[index] = Self { content: contents[index / 3], packing: packings[index % 3] };
            index += 1;
        }
        all
    };

    /// Returns the format's name, as in the ledger and in logs.
    pub fn as_str(self) -> &'static str {
        NAMES[self.content as usize][self.packing as usize]
    }

    /// Returns the format called `name`, if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    /// Returns the format of a file called `file`, in upper or lower case.
    ///
    /// # Errors
    /// Advice on what to do with an unreadable file.
    pub fn of_file(file: &str) -> Result<Self, &'static str> {
        let file = file.to_ascii_lowercase();
        let packed =
            PACKINGS.into_iter().find_map(|(ending, packing)| Some((file.strip_suffix(ending)?, packing)));
        let (name, packing) = packed.unwrap_or((&file, Packing::None));
        match CONTENTS.into_iter().find(|(ending, _)| name.ends_with(ending)) {
            Some((_, content)) => Ok(Self { content, packing }),
            None => Err(advice(&file)),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Format> for String {
    fn from(format: Format) -> Self {
        format.as_str().to_owned()
    }
}

impl TryFrom<String> for Format {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::from_name(&name).ok_or_else(|| format!("there is no format {name:?}"))
    }
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "unpacked",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// Returns advice for a file whose lower-case name has the ending of no [`Format`].
fn advice(file: &str) -> &'static str {
    let has = |endings: &[&str]| endings.iter().any(|ending| file.ends_with(ending));
    if has(&[".xls", ".xlsb", ".ods", ".numbers"]) {
        "save it as .xlsx or .csv"
    } else if has(&[".zip", ".7z", ".rar", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.bz2", ".tar.xz"]) {
        "unpack it and drop the files in it, one by one"
    } else if has(&[".gz", ".zst"]) {
        "if it holds CSV, name it .csv.gz or .csv.zst"
    } else if has(&[".gzip", ".zstd"]) {
        "name it .csv.gz or .csv.zst"
    } else if has(&[".bz2", ".xz", ".lz4", ".br", ".z", ".lzma", ".sz"]) {
        "unpack it, or pack it with gzip or zstd"
    } else if has(&[".json"]) {
        "write one object a line and name it .jsonl"
    } else if has(&[".tab"]) {
        "if it holds values separated by tabs, name it .tsv"
    } else if file.is_empty() {
        "it is a folder"
    } else {
        "convert it"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_readable_files() {
        assert_eq!(
            READABLE_FILES.to_string(),
            "files that end in .csv, .tsv, .txt, .jsonl, .ndjson, .xlsx or .xlsm can, also packed, with .gz or .zst \
             behind it"
        );
    }
}
