//! Recognises files that are no data by the names that programs give them: markers, locks, and
//! files that are still being written.

use super::INCOMING;
use super::format::Format;

/// The endings of files that programs write while they are at it, or beside the data, and what
/// those are.
const ENDINGS: [(&str, &str); 11] = [
    (".crc", CHECKSUM),
    (".filepart", UNFINISHED),
    (".tmp", UNFINISHED),
    (".temp", UNFINISHED),
    (".part", UNFINISHED),
    (".partial", UNFINISHED),
    (".crdownload", UNFINISHED),
    (".download", UNFINISHED),
    (".swp", UNFINISHED),
    ("~", "a program's own copy of a file, by the ~ at the end of its name"),
    ("_$folder$", FOLDER),
];

/// Files that Windows and macOS keep in folders. Those of macOS begin with a dot.
const OF_FOLDERS: [&str; 2] = ["thumbs.db", "desktop.ini"];

const CHECKSUM: &str = "a checksum, by its name";
const UNFINISHED: &str = "a file that is still being written, by its name; it is loaded once it is renamed";
const FOLDER: &str = "a folder, by its name";
const HIDDEN: &str = "a hidden file, by the dot that its name begins with";
const LOCK: &str = "a lock file of Excel, by its name";
const MARKER: &str = "a marker, by the _ that its name begins with and an ending that no data has";
const HIDDEN_FOLDER: &str =
    "in a folder for what is not ready or no data, by the . or _ that its name begins with";

/// Describes an object under `incoming/` whose key shows that it is no file to load; `None` for any
/// other.
///
/// Markers (`_SUCCESS`), hidden files, lock files, checksums and files that are still being written
/// come with the data of Spark, Excel, browsers and editors. They are not meant to be loaded, and a
/// failed load for each would hide those that matter. A name that begins with `_` and ends as data
/// does is a file to load.
pub fn no_data(key: &str) -> Option<&'static str> {
    // The first folder is the table.
    let below =
        key.strip_prefix(INCOMING).and_then(|rest| rest.split_once('/')).map_or(key, |(_, rest)| rest);
    no_data_below(below)
}

/// Returns the same for a key whose table is known: `path` is the part after the folder that was
/// named, or only the name.
pub fn no_data_below(path: &str) -> Option<&'static str> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    if folders.split('/').any(|folder| folder.starts_with(['.', '_'])) {
        return Some(HIDDEN_FOLDER);
    }
    let name = name.to_ascii_lowercase();
    if name.starts_with('.') {
        return Some(HIDDEN);
    }
    if name.starts_with("~$") {
        return Some(LOCK);
    }
    if OF_FOLDERS.contains(&&*name) {
        return Some("a file that Windows keeps in folders");
    }
    if let Some((_, what)) = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending)) {
        return Some(what);
    }
    (name.starts_with('_') && Format::of_file(&name).is_err()).then_some(MARKER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_programs_leave_beside_data() {
        for name in [
            ".DS_Store",
            ".tags.csv",
            ".part-00000.csv.crc",
            "._tags.csv",
            "~$tags.xlsx",
            "_SUCCESS",
            "_success",
            "_committed_4711",
            "_started_4711",
            "_metadata",
            "_common_metadata",
            "_delta_log_$folder$",
            "upsert_$folder$",
            "part-00000.csv.crc",
            "tags.csv.filepart",
            "tags.csv.TMP",
            "tags.tmp",
            "tags.temp",
            "tags.csv.part",
            "tags.csv.partial",
            "tags.csv.crdownload",
            "tags.csv.download",
            "tags.csv.swp",
            "tags.csv~",
            "Thumbs.db",
            "THUMBS.DB",
            "desktop.ini",
            "Desktop.ini",
        ] {
            for folder in ["incoming/tags", "incoming/tags/upsert", "incoming/people"] {
                assert!(no_data(&format!("{folder}/{name}")).is_some(), "{folder}/{name}");
            }
            assert!(no_data_below(name).is_some(), "{name}");
        }
    }

    #[test]
    fn knows_folders_of_what_is_not_ready() {
        for key in [
            "incoming/tags/_temporary/0/task_1/part-00000.csv",
            "incoming/tags/_Temporary/",
            "incoming/tags/upsert/.spark-staging/part-00000.csv",
            "incoming/tags/_delta_log/00000000000000000000.json",
            "incoming/tags/.hidden/tags.csv",
        ] {
            assert_eq!(no_data(key), Some(HIDDEN_FOLDER), "{key}");
        }
    }

    #[test]
    fn leaves_every_other_file_to_be_loaded_or_to_fail() {
        for key in [
            "incoming/tags/tags.csv",
            "incoming/tags/_tags.csv",
            "incoming/tags/_2021.TSV.GZ",
            "incoming/tags/_tags.xlsx",
            "incoming/tags/upsert/_tags.jsonl.zst",
            "incoming/tags/tags.pdf",
            "incoming/tags/tags",
            "incoming/tags/part-00000",
            "incoming/tags/tmp",
            "incoming/tags/tags.part.csv",
            "incoming/tags/~tags.csv",
            "incoming/tags/a_$folder$.csv",
            "incoming/tags/thumbs.db.csv",
            "incoming/tags/2021/tags.csv",
            // The first folder is no table; the load fails with that reason.
            "incoming/_people/tags.csv",
            "incoming/.people/tags.csv",
            "incoming/tags/",
            "",
        ] {
            assert_eq!(no_data(key), None, "{key}");
        }
    }
}
