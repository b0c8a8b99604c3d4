//! Reads the parts of a workbook: the sheet to read, and the parts that it needs.

use domain::shortened;
use quick_xml::events::{BytesStart, Event};

use super::archive::Archive;
use super::error::SheetError;
use super::sheet::Rules;
use super::xml::{Events, attribute, element};

/// The most sheets, and relations of a part, that are read.
const MAX_LISTED: usize = 10_000;

/// The version of Excel that XlsxWriter and its relatives say they are. They store 0 for the result
/// of a formula, and want Excel to calculate it. openpyxl says the same, but stores no results.
/// <https://xlsxwriter.readthedocs.io/working_with_formulas.html#formula-results>
const UNCALCULATED: &str = "124519";

/// A sheet with cells.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) part: String,
}

/// The parts of a workbook that are read, and its other sheets.
#[derive(Debug)]
pub(super) struct Book {
    /// The sheet to read.
    pub(super) sheet: Listed,
    /// The others that people see.
    pub(super) others: Vec<Listed>,
    /// The texts that cells share.
    pub(super) strings: Option<String>,
    pub(super) styles: Option<String>,
    pub(super) rules: Rules,
}

/// One part's relation to another.
struct Relation {
    id: String,
    /// The last word of its type, which is the same in both editions of the standard.
    kind: String,
    part: String,
}

impl Book {
    /// Reads which parts there are. The sheet to read is the one with the name `wanted`, in upper
    /// or lower case as in Excel; without a name the first one that is visible, or the first one if
    /// none is.
    pub(super) fn of(archive: &mut Archive, wanted: Option<&str>) -> Result<Self, SheetError> {
        let roots = relations(archive, "")?;
        let root = roots.into_iter().find(|relation| relation.kind == "officeDocument");
        let workbook = root.ok_or(SheetError::NoWorkbook)?.part;
        // A binary workbook (.xlsb).
        if workbook.ends_with(".bin") {
            return Err(SheetError::NoWorkbook);
        }
        let relations = relations(archive, &workbook)?;
        let part_of = |is_it: &dyn Fn(&Relation) -> bool| {
            relations.iter().find(|relation| is_it(relation)).map(|relation| relation.part.clone())
        };
        let mut rules = Rules::default();
        let (mut visible, mut hidden) = (Vec::new(), Vec::new());
        let mut is_workbook = false;
        let part = archive.part(&workbook)?.ok_or(SheetError::NoWorkbook)?;
        let mut events = Events::of(part);
        while let Some(event) = events.next()? {
            match event {
                Event::Start(tag) if element(&tag) == "workbook" => is_workbook = true,
                Event::Start(tag) if element(&tag) == "workbookPr" => {
                    rules.is_1904 = is_set(&tag, "date1904")?;
                }
                Event::Start(tag) if element(&tag) == "calcPr" => {
                    rules.is_uncalculated =
                        is_set(&tag, "fullCalcOnLoad")? && value(&tag, "calcId")? == UNCALCULATED;
                }
                Event::Start(tag)
                    if element(&tag) == "sheet" && visible.len() + hidden.len() < MAX_LISTED =>
                {
                    let id = value(&tag, "id")?;
                    let is_visible = matches!(&*value(&tag, "state")?, "" | "visible");
                    // Charts have sheets, too.
                    if let Some(part) = part_of(&|relation| relation.id == id && relation.kind == "worksheet")
                    {
                        let sheets = if is_visible { &mut visible } else { &mut hidden };
                        sheets.push(Listed { name: value(&tag, "name")?, part });
                    }
                }
                _ => {}
            }
        }
        // A text or a presentation is made of the same kind of parts.
        if !is_workbook {
            return Err(SheetError::NoWorkbook);
        }
        let strings = part_of(&|relation| relation.kind == "sharedStrings");
        let styles = part_of(&|relation| relation.kind == "styles");
        let sheet = take(&mut visible, &mut hidden, wanted)?;
        Ok(Self { sheet, others: visible, strings, styles, rules })
    }
}

/// Takes the sheet to read from among the others.
fn take(
    visible: &mut Vec<Listed>,
    hidden: &mut Vec<Listed>,
    wanted: Option<&str>,
) -> Result<Listed, SheetError> {
    let is_wanted =
        |sheet: &Listed| wanted.is_none_or(|name| name.to_lowercase() == sheet.name.to_lowercase());
    for sheets in [&mut *visible, &mut *hidden] {
        if let Some(index) = sheets.iter().position(is_wanted) {
            return Ok(sheets.remove(index));
        }
    }
    Err(match wanted {
        Some(wanted) if visible.len() + hidden.len() > 0 => SheetError::NoSuchSheet {
            wanted: wanted.to_owned(),
            sheets: names(visible.iter().chain(&*hidden).map(|sheet| &*sheet.name)),
        },
        _ => SheetError::NoSheet,
    })
}

/// Names that a message lists at most, and characters of each, more than Excel allows.
const MAX_NAMED: usize = 8;
const MAX_NAME: usize = 40;

/// Lists the names of sheets for a message.
pub(super) fn names<'n>(mut names: impl Iterator<Item = &'n str>) -> String {
    let quoted = |name: &str| format!("{:?}", shortened(name, MAX_NAME));
    let listed: Vec<String> = names.by_ref().take(MAX_NAMED).map(quoted).collect();
    let more = if names.next().is_some() { ", …" } else { "" };
    format!("{}{more}", listed.join(", "))
}

/// Returns the relations of a part; of the whole archive for an empty name.
fn relations(archive: &mut Archive, part: &str) -> Result<Vec<Relation>, SheetError> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let path = join(folder, &format!("_rels/{name}.rels"));
    let Some(part) = archive.part(&path)? else {
        return Ok(Vec::new());
    };
    let mut events = Events::of(part);
    let mut found = Vec::new();
    while let Some(event) = events.next()? {
        if let Event::Start(tag) = event
            && element(&tag) == "Relationship"
            && found.len() < MAX_LISTED
        {
            let kind = value(&tag, "Type")?;
            found.push(Relation {
                id: value(&tag, "Id")?,
                kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                part: join(folder, &value(&tag, "Target")?),
            });
        }
    }
    Ok(found)
}

/// Returns the value of an attribute; empty when it is not there.
fn value(tag: &BytesStart<'_>, name: &str) -> Result<String, SheetError> {
    Ok(attribute(tag, name)?.unwrap_or_default().into_owned())
}

/// Returns true if an attribute says yes.
fn is_set(tag: &BytesStart<'_>, name: &str) -> Result<bool, SheetError> {
    Ok(matches!(&*value(tag, name)?, "1" | "true" | "on"))
}

/// Returns the part that `target` names as seen from a folder.
fn join(folder: &str, target: &str) -> String {
    let start = if target.starts_with('/') { "" } else { folder };
    let mut path: Vec<&str> = Vec::new();
    for step in start.split('/').chain(target.split('/')) {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_parts_from_where_they_are_named() {
        for (folder, target, expected) in [
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("xl", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/a", "../styles.xml", "xl/styles.xml"),
            ("xl", "../../styles.xml", "styles.xml"),
            ("", "_rels/.rels", "_rels/.rels"),
        ] {
            assert_eq!(join(folder, target), expected);
        }
    }
}
