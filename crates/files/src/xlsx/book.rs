//! What a workbook is made of: where its first sheet is, and what goes with it.

use quick_xml::events::{BytesStart, Event};

use super::SheetError;
use super::archive::Archive;
use super::xml::{Events, attribute, element};

/// Sheets, and relations of a part, that are looked at.
const MAX_LISTED: usize = 10_000;

/// The parts of a workbook that its first sheet takes.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// The first visible sheet.
    pub(super) sheet: String,
    /// The texts that cells share.
    pub(super) strings: Option<String>,
    pub(super) styles: Option<String>,
    /// Whether days are counted from 1904, as early Macintoshes did.
    pub(super) is_1904: bool,
}

/// One part's relation to another.
struct Relation {
    id: String,
    /// The last word of its type, which is the same in both editions of the standard.
    kind: String,
    part: String,
}

/// A sheet that the workbook lists.
struct Listed {
    relation: String,
    is_visible: bool,
}

impl Book {
    pub(super) fn of(archive: &mut Archive) -> Result<Self, SheetError> {
        let roots = relations(archive, "")?;
        let root = roots.into_iter().find(|relation| relation.kind == "officeDocument");
        let workbook = root.ok_or(SheetError::NoWorkbook)?.part;
        // A binary workbook (.xlsb).
        if workbook.ends_with(".bin") {
            return Err(SheetError::NoWorkbook);
        }
        let relations = relations(archive, &workbook)?;
        let mut book = Self::default();
        let mut listed = Vec::new();
        let mut is_workbook = false;
        let part = archive.part(&workbook)?.ok_or(SheetError::NoWorkbook)?;
        let mut events = Events::of(part);
        while let Some(event) = events.next()? {
            match event {
                Event::Start(tag) if element(&tag) == "workbook" => is_workbook = true,
                Event::Start(tag) if element(&tag) == "workbookPr" => {
                    book.is_1904 = matches!(&*value(&tag, "date1904")?, "1" | "true" | "on");
                }
                Event::Start(tag) if element(&tag) == "sheet" && listed.len() < MAX_LISTED => {
                    listed.push(Listed {
                        relation: value(&tag, "id")?,
                        is_visible: matches!(&*value(&tag, "state")?, "" | "visible"),
                    });
                }
                _ => {}
            }
        }
        // A text or a presentation is made of the same kind of parts.
        if !is_workbook {
            return Err(SheetError::NoWorkbook);
        }
        let sheet_of = |listed: &Listed| {
            relations.iter().find(|relation| relation.id == listed.relation && relation.kind == "worksheet")
        };
        let visible = listed.iter().filter(|listed| listed.is_visible).find_map(sheet_of);
        let sheet = visible.or_else(|| listed.iter().find_map(sheet_of)).ok_or(SheetError::NoSheet)?;
        book.sheet.clone_from(&sheet.part);
        let part_of = |kind: &str| {
            relations.iter().find(|relation| relation.kind == kind).map(|relation| relation.part.clone())
        };
        book.strings = part_of("sharedStrings");
        book.styles = part_of("styles");
        Ok(book)
    }
}

/// The relations of a part; of the whole archive for an empty name.
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

/// The value of an attribute; empty when it is not there.
fn value(tag: &BytesStart<'_>, name: &str) -> Result<String, SheetError> {
    Ok(attribute(tag, name)?.unwrap_or_default().into_owned())
}

/// The part that `target` names as seen from a folder.
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
    use super::join;

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
