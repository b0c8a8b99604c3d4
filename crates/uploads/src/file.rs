//! The rules for the name of a file, and the key of its object.

use domain::dictionary::{LoadMode, Table};
use domain::load::{Format, INCOMING, READABLE_FILES, no_data_below};
use domain::problem::{Problem, ProblemKind};
use lambda_kit::problem::sentence;

/// The most bytes of a name: as many as file systems take. A key of S3 has 1024.
pub const MAX_NAME_BYTES: usize = 255;

/// A file to upload, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    /// Its key.
    pub(crate) key: String,
    /// The format of its content.
    pub(crate) format: Format,
}

impl File {
    /// Reads the name of a file for a table. A name is one part of a key: it can lead to no other
    /// table, no other mode and no other folder.
    ///
    /// # Errors
    /// The problem of a name that cannot be used, and what to do.
    pub(crate) fn new(table: &Table, mode: Option<LoadMode>, name: &str) -> Result<Self, Problem> {
        check(name)?;
        let format = Format::of_file(name)
            .map_err(|advice| refused(&format!("the file cannot be loaded: {advice}; {READABLE_FILES}")))?;
        let mode = mode.map(|mode| format!("{mode}/")).unwrap_or_default();
        Ok(Self { key: format!("{INCOMING}{}/{mode}{name}", table.name()), format })
    }
}

fn check(name: &str) -> Result<(), Problem> {
    let problem = if name.is_empty() {
        "the file has no name; name it like hires.csv".to_owned()
    } else if name.len() > MAX_NAME_BYTES {
        format!("the file's name has {} bytes, at most {MAX_NAME_BYTES} are allowed; shorten it", name.len())
    } else if name.contains(['/', '\\']) {
        "the file's name has a slash or a backslash; send the name alone, without folders".to_owned()
    } else if name.starts_with('.') {
        "the file's name begins with a point, as those of hidden files do; rename it".to_owned()
    } else if name.chars().any(is_unseen) {
        "the file's name has a character that nobody sees; rename it".to_owned()
    } else if let Some(what) = no_data_below(name) {
        format!("the file would not be loaded: it is {what}; rename it")
    } else {
        return Ok(());
    };
    Err(refused(&problem))
}

/// Returns true for characters that change how a name looks, or that cannot be written into a
/// listing of S3: control characters, those that change the direction of text, and noncharacters.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}'
        )
}

/// Returns the problem of an upload that cannot be begun.
pub(crate) fn refused(why: &str) -> Problem {
    Problem::new(ProblemKind::InvalidUpload, sentence(why))
}

#[cfg(test)]
mod tests {
    use domain::load::Incoming;
    use proptest::prelude::*;

    use super::*;

    fn key(mode: Option<LoadMode>, name: &str) -> Result<String, String> {
        let table = testkit::dictionary().table("tags").unwrap();
        File::new(table, mode, name).map(|file| file.key).map_err(|problem| problem.detail)
    }

    #[test]
    fn the_key_names_table_and_mode() {
        assert_eq!(key(None, "My tags (2) é.CSV"), Ok("incoming/tags/My tags (2) é.CSV".to_owned()));
        assert_eq!(key(Some(LoadMode::Upsert), "a..b.xlsx"), Ok("incoming/tags/upsert/a..b.xlsx".to_owned()));
        let longest = format!("{}.csv", "x".repeat(MAX_NAME_BYTES - 4));
        assert!(key(None, &longest).is_ok());
        assert!(key(None, &format!("x{longest}")).unwrap_err().contains("shorten it"));
    }

    #[test]
    fn hostile_names_are_refused_with_what_to_do() {
        for (name, expected) in [
            ("", "The file has no name; name it like hires.csv."),
            ("../a.csv", "The file's name has a slash or a backslash; send the name alone, without folders."),
            ("..\\a.csv", "The file's name has a slash or a backslash"),
            ("/etc/passwd.csv", "The file's name has a slash or a backslash"),
            ("upsert/a.csv", "The file's name has a slash or a backslash"),
            ("..", "The file's name begins with a point"),
            (".a.csv", "The file's name begins with a point"),
            ("a\n.csv", "The file's name has a character that nobody sees; rename it."),
            ("a\0.csv", "The file's name has a character that nobody sees"),
            ("a\u{202E}vsc.csv", "The file's name has a character that nobody sees"),
            ("a\u{FEFF}.csv", "The file's name has a character that nobody sees"),
            ("~$a.xlsx", "The file would not be loaded: it is"),
            ("_SUCCESS", "The file would not be loaded: it is"),
            (
                "a.zip",
                "The file cannot be loaded: unpack it and drop the files in it, one by one; files that end in",
            ),
            ("a.exe", "The file cannot be loaded: convert it"),
            ("a.csv ", "The file cannot be loaded: convert it"),
        ] {
            let detail = key(None, name).unwrap_err();
            assert!(detail.starts_with(expected), "{name:?} said {detail}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_file_is_called_it_goes_to_its_table_or_nowhere(name in "\\PC{0,20}(\\.csv|\\.xlsx|/x\\.csv|)") {
            if let Ok(key) = key(Some(LoadMode::Append), &name) {
                let incoming = Incoming::from_key(testkit::dictionary(), &key).unwrap();
                prop_assert_eq!((incoming.table.name(), incoming.mode), ("tags", LoadMode::Append));
                prop_assert_eq!(key.split('/').count(), 4);
            }
        }
    }
}
