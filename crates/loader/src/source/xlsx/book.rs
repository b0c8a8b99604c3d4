//! What a workbook is made of: where its first sheet is, and what goes with it.

use super::SheetError;
use super::xml::{Tag, Token, Tokens, push_text};
use super::zip::Archive;

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
    id: Vec<u8>,
    /// The last word of its type, which is the same in both editions of the standard.
    kind: Vec<u8>,
    part: String,
}

/// A sheet that the workbook lists.
struct Listed {
    relation: Vec<u8>,
    is_visible: bool,
}

impl Book {
    pub(super) fn of(archive: &Archive) -> Result<Self, SheetError> {
        let roots = relations(archive, "")?;
        let root = roots.into_iter().find(|relation| relation.kind == b"officeDocument");
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
        let mut tokens = Tokens::of(part);
        while let Some(token) = tokens.next()? {
            match token {
                Token::Open(tag) if tag.name == b"workbook" => is_workbook = true,
                Token::Open(tag) if tag.name == b"workbookPr" => {
                    book.is_1904 = matches!(tag.attribute(b"date1904"), Some(b"1" | b"true" | b"on"));
                }
                Token::Open(tag) if tag.name == b"sheet" && listed.len() < MAX_LISTED => {
                    listed.push(Listed {
                        relation: attribute(&tag, b"id")?,
                        is_visible: matches!(tag.attribute(b"state"), None | Some(b"visible")),
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
            relations.iter().find(|relation| relation.id == listed.relation && relation.kind == b"worksheet")
        };
        let visible = listed.iter().filter(|listed| listed.is_visible).find_map(sheet_of);
        let sheet = visible.or_else(|| listed.iter().find_map(sheet_of)).ok_or(SheetError::NoSheet)?;
        book.sheet.clone_from(&sheet.part);
        let part_of = |kind: &[u8]| {
            relations.iter().find(|relation| relation.kind == kind).map(|relation| relation.part.clone())
        };
        book.strings = part_of(b"sharedStrings");
        book.styles = part_of(b"styles");
        Ok(book)
    }
}

/// The relations of a part; of the whole archive for an empty name.
fn relations(archive: &Archive, part: &str) -> Result<Vec<Relation>, SheetError> {
    let (folder, name) = part.rsplit_once('/').unwrap_or(("", part));
    let path = join(folder, &format!("_rels/{name}.rels"));
    let Some(part) = archive.part(&path)? else {
        return Ok(Vec::new());
    };
    let mut tokens = Tokens::of(part);
    let mut found = Vec::new();
    while let Some(token) = tokens.next()? {
        if let Token::Open(tag) = token
            && tag.name == b"Relationship"
            && found.len() < MAX_LISTED
        {
            let kind = attribute(&tag, b"Type")?;
            found.push(Relation {
                id: attribute(&tag, b"Id")?,
                kind: kind.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec(),
                part: join(folder, &String::from_utf8_lossy(&attribute(&tag, b"Target")?)),
            });
        }
    }
    Ok(found)
}

/// The value of an attribute, without its entities; empty when it is not there.
fn attribute(tag: &Tag<'_>, name: &[u8]) -> Result<Vec<u8>, SheetError> {
    let mut value = Vec::new();
    push_text(tag.attribute(name).unwrap_or_default(), &mut value)?;
    Ok(value)
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
