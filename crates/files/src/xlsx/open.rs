//! Opens a workbook: chooses the sheet to read, and warns about the others.

use std::fs::File;
use std::io::{Seek, Write};

use domain::dictionary::FileSettings;
use domain::load::{Format, LayoutError};
use quick_xml::events::Event;

use super::archive::Archive;
use super::book::{Book, Listed, names};
use super::error::SheetError;
use super::sheet::{Rules, Sheet};
use super::strings::Strings;
use super::styles::cell_styles;
use super::xml::{Events, element};
use crate::content::Content;
use crate::error::SourceError;
use crate::kind;

/// Bytes of a workbook at most. It is kept in a temporary file, because a ZIP archive is read from
/// its end; a function has 512 MiB for such files. A sheet of a million rows and ten columns takes
/// some 60 MB.
const MAX_WORKBOOK: u64 = 192 * 1024 * 1024;

/// The number of a sheet's events that are read to see if it has cells with values. A sheet without
/// any up to there may be formatted all over, but is not worth more time.
const MAX_EVENTS: usize = 100_000;

/// Copies a workbook to a temporary file, which has no name and is gone with its last handle.
pub(super) fn spool(mut content: Content, format: Format) -> Result<File, SourceError> {
    let mut file = tempfile::tempfile().map_err(SourceError::Read)?;
    let mut piece = vec![0; 64 * 1024];
    let mut copied = 0;
    loop {
        let (filled, result) = content.fill(&mut piece);
        result?;
        if copied == 0 {
            kind::check_content(format.content, format.packing, &piece[..filled])?;
        }
        copied += filled as u64;
        if copied > MAX_WORKBOOK {
            return Err(SheetError::TooLarge(MAX_WORKBOOK).into());
        }
        file.write_all(&piece[..filled]).map_err(SourceError::Read)?;
        if filled < piece.len() {
            file.rewind().map_err(SourceError::Read)?;
            return Ok(file);
        }
    }
}

/// Opens the sheet of a workbook that is declared for the table, or the first visible one.
pub(super) fn open_sheet(
    file: File,
    unpacked_limit: u64,
    settings: &FileSettings,
) -> Result<(Sheet, Choice), SheetError> {
    let mut archive = Archive::open(file, unpacked_limit)?;
    let Book { sheet, others, strings, styles, rules } = Book::of(&mut archive, settings.sheet.as_deref())?;
    let mut part = |name: &Option<String>| match name {
        Some(name) => archive.part(name).map(|part| part.map(Events::of)),
        None => Ok(None),
    };
    // A cell that refers to a missing text fails later.
    let texts = part(&strings)?.map(Strings::read).transpose()?.unwrap_or_default();
    let cell_styles = part(&styles)?.map(cell_styles).transpose()?;
    // Without the styles that a workbook names, its dates would be numbers.
    if styles.is_some() && cell_styles.is_none() {
        return Err(SheetError::Damaged);
    }
    let events = archive.checked_part(&sheet.part)?.map(Events::of).ok_or(SheetError::NoSheet)?;
    let has_cells = |other: &Listed| has_cells(&mut archive, &other.part).unwrap_or(true);
    let choice = Choice {
        sheet: sheet.name,
        is_declared: settings.sheet.is_some(),
        others: others.into_iter().filter(has_cells).map(|other| other.name).collect(),
    };
    let rules = Rules { decimal_comma: settings.decimal_comma, ..rules };
    Ok((Sheet::new(events, texts, cell_styles.unwrap_or_default(), rules), choice))
}

/// Returns true if a sheet has a cell with a value, or may have one further down.
fn has_cells(archive: &mut Archive, part: &str) -> Result<bool, SheetError> {
    let Some(part) = archive.part(part)? else {
        return Ok(false);
    };
    let mut events = Events::of(part);
    for _ in 0..MAX_EVENTS {
        match events.next()? {
            Some(Event::Start(tag)) if matches!(element(&tag), "v" | "is") => return Ok(true),
            Some(Event::End(tag)) if tag.local_name().into_inner() == "sheetData" => return Ok(false),
            None => return Ok(false),
            Some(_) => {}
        }
    }
    Ok(true)
}

/// The sheet to read, and those that are not read.
pub(super) struct Choice {
    sheet: String,
    /// True if the dictionary names it.
    is_declared: bool,
    /// The other sheets that people see, but for those without values.
    others: Vec<String>,
}

impl Choice {
    /// Says what is not read, unless the dictionary wants it so.
    pub(super) fn warning(&self) -> Option<String> {
        let (sheets, were) = match self.others.len() {
            0 => return None,
            _ if self.is_declared => return None,
            1 => ("sheet", "was"),
            _ => ("sheets", "were"),
        };
        Some(format!("the {sheets} {} {were} not read; only {} was", self.other_names(), self.name()))
    }

    /// Adds to the error of a sheet that is not the table's which others there are.
    pub(super) fn explain(&self, error: LayoutError) -> SourceError {
        if self.others.is_empty() {
            return error.into();
        }
        let (name, others) = (self.name(), self.other_names());
        let advice = match self.is_declared {
            true => {
                format!("this is the sheet {name}, as declared for the table; the workbook also has {others}")
            }
            false => {
                format!("this is the sheet {name}, the first one; the workbook also has {others}: {ADVICE}")
            }
        };
        SheetError::NotOurs { error, advice }.into()
    }

    /// Refuses a sheet without rows where another one has some, unless the dictionary wants it so.
    pub(super) fn check_blank(&self) -> Result<(), SheetError> {
        if self.others.is_empty() || self.is_declared {
            return Ok(());
        }
        let (name, others) = (self.name(), self.other_names());
        Err(SheetError::Blank(format!(
            "the sheet {name}, the first one, has no rows; the workbook also has {others}: {ADVICE}"
        )))
    }

    fn name(&self) -> String {
        names(std::iter::once(&*self.sheet))
    }

    fn other_names(&self) -> String {
        names(self.others.iter().map(|name| &**name))
    }
}

const ADVICE: &str = "move the right one to the front, or set sheet = \"…\" for the table";
