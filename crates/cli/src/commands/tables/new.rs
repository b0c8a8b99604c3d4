//! `rowgate tables new`

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use domain::dictionary::Dictionary;
use domain::folder::{FolderError, TableFolder};
use domain::load::{Content, DraftError, Format, TableDraft, draft_table};
use files::{Records, records};
use table_folder::DICTIONARY;

use crate::arguments::FolderArguments;
use crate::exit::{ExitStatus, cannot, user_error};
use crate::printer::Printer;
use crate::verb::Verb;

/// Bytes of a file that are read at most.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Records that are read at most.
const MAX_RECORDS: usize = 50_000;

/// A dictionary of one table: a file is read with a table, whichever it is.
const ANY: &str = "[[table]]\nname = \"any\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }]";

/// Proposes a table and its migration from a file: names, types, the key, and how the file is
/// written.
#[derive(Debug, Args)]
pub(crate) struct New {
    /// The table's name: a-z, 0-9 and _.
    name: String,
    /// The file: CSV or other delimited text, or a workbook.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    #[command(flatten)]
    folder: FolderArguments,
    /// Adds the table and the migration to the folder.
    #[arg(long)]
    write: bool,
}

impl Verb for New {
    async fn run(&self, printer: Printer) -> Result<ExitStatus> {
        let Records { records, settings } = read(&self.from)?;
        let draft = draft_table(&self.name, &records, settings).map_err(|error| match error {
            DraftError::Name(_) => user_error(format!("{error}.")),
            error => user_error(format!("{}: {error}.", self.from.display())),
        })?;
        let folder = &self.folder.sql;
        let dictionary = folder.join(DICTIONARY);
        let as_users = |error: FolderError| user_error(format!("{error}."));
        let mut files = if dictionary.exists() {
            table_folder::files(folder).map_err(as_users)?
        } else {
            BTreeMap::new()
        };
        let text = match files.get(DICTIONARY) {
            Some(before) => format!("{}\n\n{}", before.trim_end(), draft.block),
            None => draft.block.clone(),
        };
        let name = format!("migrations/{}/up.sql", migration_name(&self.name, &folder.join("migrations")));
        files.insert(DICTIONARY.to_owned(), text.clone());
        files.insert(name.clone(), draft.migration.clone());
        // A name that is taken, for example.
        TableFolder::parse(&folder.display().to_string(), &files).map_err(as_users)?;
        let migration = folder.join(name);
        printer.result(&shown(&draft, &dictionary, &migration))?;
        for note in &draft.notes {
            printer.note(&format!("note: {note}"));
        }
        if !self.write {
            printer.note("Nothing was written; --write adds both to the folder.");
            return Ok(ExitStatus::Success);
        }
        fs::create_dir_all(migration.parent().unwrap_or(folder)).map_err(cannot(&migration, "be written"))?;
        fs::write(&migration, &draft.migration).map_err(cannot(&migration, "be written"))?;
        fs::write(&dictionary, text).map_err(cannot(&dictionary, "be written"))?;
        let folder = folder.display();
        printer.note(&format!("Both were written. Read them, then try: rowgate tables check {folder}"));
        Ok(ExitStatus::Success)
    }
}

fn read(path: &Path) -> Result<Records> {
    let unreadable = || cannot(path, "be read");
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let format = Format::of_file(&name).map_err(|advice| unreadable()(advice.to_string()))?;
    if format.content == Content::JsonLines {
        return Err(unreadable()("JSON lines name no columns in order; take a CSV file".to_owned()));
    }
    if fs::metadata(path).map_err(|error| unreadable()(error.to_string()))?.len() > MAX_BYTES {
        let advice = format!("it has more than {} MiB; take the first lines of it", MAX_BYTES >> 20);
        return Err(unreadable()(advice));
    }
    let content = fs::read(path).map_err(|error| unreadable()(error.to_string()))?;
    let any = Dictionary::parse("any", ANY)?;
    records(&any.tables()[0], format, &content, MAX_RECORDS).map_err(|error| unreadable()(error.to_string()))
}

/// Returns the name of the migration that creates a table, after all others in the folder. Words
/// are separated by one underscore in it, and the word of Rowgate's own migrations is none of them.
fn migration_name(table: &str, migrations: &Path) -> String {
    let words = table.split('_').filter(|word| !word.is_empty() && *word != "rowgate");
    let words: Vec<&str> = ["create"].into_iter().chain(words).collect();
    format!("{}_{}", next_day(migrations), words.join("_"))
}

/// Returns today, or the day after that of the last migration if that is later: a new migration is
/// applied after all others, and a day has one.
fn next_day(migrations: &Path) -> String {
    let names = fs::read_dir(migrations).into_iter().flatten().flatten();
    let names = names.filter_map(|entry| entry.file_name().into_string().ok());
    let days = names.filter_map(|name| jiff::civil::Date::strptime("%Y%m%d", name.get(..8)?).ok());
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = days.max().and_then(|last| last.tomorrow().ok()).map_or(today, |next| next.max(today));
    day.strftime("%Y%m%d").to_string()
}

fn shown(draft: &TableDraft, dictionary: &Path, migration: &Path) -> String {
    format!("# {}\n{}\n-- {}\n{}", dictionary.display(), draft.block, migration.display(), draft.migration)
}
