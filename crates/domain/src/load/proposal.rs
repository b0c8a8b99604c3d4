//! What could be set so that a file can be loaded that is not written as its table's files are: which field may be which
//! column, and in which format its times may be. People decide; nothing is loaded by a proposal.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::settings::Settings;
use crate::dictionary::{Column, ColumnType, HeaderField, Table, WireFiles, header_name};
use crate::row::{REJECT_COLUMNS, check_file_field, read_in_format};

/// Records that are looked at for a header.
const ROWS_LOOKED_AT: usize = 20;

/// Values of a field that are looked at.
const MAX_VALUES: usize = 200;

/// How alike a name and a column's are at least, of 1.
const ALIKE: f64 = 0.6;

/// Formats that are proposed at most: as many as can be set.
const MAX_FORMATS: usize = 16;

/// Share of a field's values that have to be of a column's type, where its name is like the column's, and where it is
/// not.
const FITS: f64 = 0.5;
const FITS_WELL: f64 = 0.9;

/// Tokens that stand for a value that is not there.
const NULL_TOKENS: [&str; 11] = ["NULL", "null", "\\N", "N/A", "n/a", "NA", "-", "--", "None", "nan", "NaN"];

/// Words of a name that mean an id.
const ID_WORDS: [&str; 8] = ["id", "no", "nr", "num", "number", "key", "code", "ids"];

/// A table that was found among the records of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundTable {
    /// The names of its header, as the file has them.
    pub header: Vec<String>,
    /// What to set: the columns, and the lines above the header.
    pub settings: Settings,
    /// How well the table fits; of two readings of a file the one with more is right.
    pub score: f64,
}

/// Looks for a header among the first records of a file, each with its line, and proposes which column each of its fields
/// is. `None` where no record looks like one.
pub fn propose_table(table: &Table, records: &[(u64, Vec<String>)]) -> Option<FoundTable> {
    let candidates = records.iter().enumerate().take(ROWS_LOOKED_AT);
    let found = candidates.filter_map(|(position, (line, header))| {
        let filled = header.iter().filter(|name| !name.trim().is_empty()).count();
        if filled < 2.min(table.columns().len()) || header.iter().any(|name| is_value(name)) {
            return None;
        }
        let rows = &records[position + 1..];
        let matched = match_columns(table, header, rows);
        matched.iter().flatten().next()?;
        // A record of another width is no row of this table.
        let fitting = rows.iter().filter(|(_, row)| row.len() == header.len()).count();
        let share = if rows.is_empty() { 1.0 } else { ratio(fitting, rows.len()) };
        let required = table.columns().iter().enumerate().filter(|(_, column)| column.required());
        let missing = required.filter(|(index, _)| !matched.contains(&Some(*index))).count();
        let score = ratio(matched.iter().flatten().count(), 1) - 0.5 * ratio(missing, 1) + share;
        let columns = said_of(table, header, &matched);
        let skip_lines = (position > 0).then(|| u32::try_from(line - 1).unwrap_or(u32::MAX));
        let settings = Settings(WireFiles { columns, skip_lines, ..WireFiles::default() });
        Some(FoundTable { header: header.clone(), settings, score })
    });
    // Of several that fit equally well, the first.
    found.reduce(|best, other| if other.score > best.score { other } else { best })
}

/// What has to be said of the columns of a header beyond what its names say by themselves.
fn said_of(table: &Table, header: &[String], matched: &[Option<usize>]) -> BTreeMap<String, Option<String>> {
    let mut said = BTreeMap::new();
    for (name, index) in header.iter().zip(matched) {
        let normal = header_name(name.as_bytes());
        let by_itself = table.header_field(&normal);
        match index {
            Some(index) if by_itself == HeaderField::Column(*index) => {}
            Some(index) => {
                said.insert(name.trim().to_owned(), Some(table.columns()[*index].name().to_owned()));
            }
            None if by_itself == HeaderField::LeftOut || REJECT_COLUMNS.contains(&&*normal) => {}
            None => {
                // Of a name that comes twice, the first one counts.
                said.entry(name.trim().to_owned()).or_insert(None);
            }
        }
    }
    said
}

/// For each field of a header the position of the column that it may be: by its name, then by what its values are where
/// only one column is left that they can be of.
fn match_columns(table: &Table, header: &[String], rows: &[(u64, Vec<String>)]) -> Vec<Option<usize>> {
    let fields: Vec<Field<'_>> =
        header.iter().enumerate().map(|(at, name)| Field::of(at, name, rows)).collect();
    let columns = table.columns();
    let mut matched: Vec<Option<usize>> = vec![None; header.len()];
    let mut taken = BTreeSet::new();
    let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        for (index, column) in columns.iter().enumerate() {
            let alike = likeness(table, index, field.name);
            if alike >= ALIKE && field.fit(table, column).is_none_or(|fit| fit >= FITS) {
                pairs.push((alike, at, index));
            }
        }
    }
    pairs.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    for (_, at, index) in pairs {
        if matched[at].is_none() && taken.insert(index) {
            matched[at] = Some(index);
        }
    }
    // What is left over belongs together where nothing else is possible.
    loop {
        let mut found = None;
        for (index, column) in columns.iter().enumerate().filter(|(index, _)| !taken.contains(index)) {
            let fits = |at: &usize| {
                matched[*at].is_none() && fields[*at].fit(table, column).is_some_and(|fit| fit >= FITS_WELL)
            };
            let candidates: Vec<usize> = (0..fields.len()).filter(fits).collect();
            let [only] = candidates[..] else { continue };
            let rivals = columns.iter().enumerate().filter(|(other, rival)| {
                *other != index
                    && !taken.contains(other)
                    && fields[only].fit(table, rival).is_some_and(|fit| fit >= FITS_WELL)
            });
            if rivals.count() == 0 {
                found = Some((only, index));
                break;
            }
        }
        let Some((at, index)) = found else { return matched };
        taken.insert(index);
        matched[at] = Some(index);
    }
}

/// A field of a header, and values below it.
struct Field<'r> {
    name: &'r str,
    values: Vec<&'r str>,
}

impl<'r> Field<'r> {
    fn of(at: usize, name: &'r str, rows: &'r [(u64, Vec<String>)]) -> Self {
        let values = rows.iter().filter_map(|(_, row)| row.get(at)).map(String::as_str);
        let values = values.filter(|value| !value.trim().is_empty() && !NULL_TOKENS.contains(value));
        Self { name, values: values.take(MAX_VALUES).collect() }
    }

    /// The share of its values that are of a column's type in some form; `None` where it has none.
    fn fit(&self, table: &Table, column: &Column) -> Option<f64> {
        if self.values.is_empty() {
            return None;
        }
        let is_text = matches!(column.column_type(), ColumnType::String { .. });
        // Numbers and times are text as well, but a column of names is not made of them.
        let fits = |value: &&&str| {
            if is_text { !is_value(value) } else { can_be(table, column, value) }
        };
        Some(ratio(self.values.iter().filter(fits).count(), self.values.len()))
    }
}

/// Returns true if a value can be of a column, in its own form or in one that could be set.
fn can_be(table: &Table, column: &Column, value: &str) -> bool {
    if check_file_field(column, table.files(), value.as_bytes()).is_ok() {
        return true;
    }
    match column.column_type() {
        kind @ (ColumnType::Date | ColumnType::Timestamp) => {
            formats(kind).iter().any(|format| read_in_format(kind, format, value).is_some())
        }
        ColumnType::Decimal { .. } => {
            check_file_field(column, table.files(), value.replace(',', ".").as_bytes()).is_ok()
        }
        _ => false,
    }
}

/// Returns true for a number or a time, which no name of a column is.
fn is_value(text: &str) -> bool {
    let text = text.trim();
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    has_digit && text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.,:/ TZ".contains(&byte))
}

/// How alike the name of a field and those of a column are, from 0 to 1.
fn likeness(table: &Table, index: usize, name: &str) -> f64 {
    let column = &table.columns()[index];
    let found = words(name);
    if found.is_empty() {
        return 0.0;
    }
    let names = std::iter::once(column.name()).chain(column.aliases().iter().map(String::as_str));
    let mut best = names.map(|own| likeness_of_words(&found, &words(own))).fold(0.0, f64::max);
    // The id of a table is often called after the table: "Employee ID", "Emp No".
    if index == table.key_index()
        && let [of_table @ .., last] = &found[..]
        && ID_WORDS.contains(&&**last)
    {
        let tables = || std::iter::once(table.name()).chain(table.aliases().iter().map(String::as_str));
        let is_of_table = |word: &String| {
            word.len() > 1
                && tables()
                    .flat_map(words)
                    .any(|own| own.starts_with(word.as_str()) || is_short_for(word, &own))
        };
        if of_table.iter().all(is_of_table) {
            best = best.max(0.95);
        }
    }
    best
}

fn likeness_of_words(found: &[String], own: &[String]) -> f64 {
    let (joined, own_joined) = (found.concat(), own.concat());
    if joined == own_joined {
        return 1.0;
    }
    let mut left: Vec<&String> = found.iter().collect();
    let mut sum = 0.0;
    for word in own {
        let best = left
            .iter()
            .enumerate()
            .map(|(at, other)| (likeness_of_word(other, word), at))
            .max_by(|one, other| one.0.total_cmp(&other.0));
        if let Some((alike, at)) = best.filter(|(alike, _)| *alike > 0.0) {
            left.remove(at);
            sum += alike;
        }
    }
    // What refers to a table is often called as the table is: "Dept" for department_id.
    let is_id_over = own.len() > found.len() && own.last().is_some_and(|last| last == "id");
    let length = found.len().max(own.len() - usize::from(is_id_over));
    let by_words = (sum / ratio(length.max(1), 1)).min(if is_id_over { 0.9 } else { 1.0 });
    let as_a_whole = strsim::jaro_winkler(&joined, &own_joined);
    // Words that only share some letters are alike to this measure, too.
    let as_a_whole = if as_a_whole >= 0.88 { 0.9 * as_a_whole } else { 0.0 };
    by_words.max(as_a_whole)
}

fn likeness_of_word(word: &str, own: &str) -> f64 {
    if word == own {
        1.0
    } else if ID_WORDS.contains(&word) && ID_WORDS.contains(&own)
        || word.len() >= 3 && own.len() >= 3 && (own.starts_with(word) || word.starts_with(own))
    {
        0.9
    } else if is_short_for(word, own) {
        0.8
    } else {
        let alike = strsim::jaro_winkler(word, own);
        if alike >= 0.88 { 0.9 * alike } else { 0.0 }
    }
}

/// Returns true if a word has the first letter of a longer one, and others of it in their order: `dept` of `department`.
fn is_short_for(word: &str, own: &str) -> bool {
    let mut letters = own.chars();
    word.len() >= 3
        && word.len() < own.len()
        && word.chars().next() == own.chars().next()
        && word.chars().all(|letter| letters.any(|other| other == letter))
}

/// The words of a name in lower case: `EmpNo`, `emp_no` and `Emp. No` have the same.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for character in name.chars() {
        let begins = !before.is_alphanumeric() || (before.is_lowercase() && character.is_uppercase());
        if character.is_alphanumeric() {
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        } else if character == '#' {
            words.push("no".to_owned());
        }
        before = character;
    }
    words
}

/// Proposes the settings under which values could be read that cannot be as they are: for each column of the table, those
/// that were refused in a sample.
pub fn propose_settings(table: &Table, refused: &BTreeMap<usize, Vec<String>>) -> Settings {
    let mut wire = WireFiles::default();
    for (index, values) in refused {
        let Some(column) = table.columns().get(*index) else { continue };
        let values: BTreeSet<&str> = values.iter().map(|value| value.trim()).collect();
        let values: Vec<&str> =
            values.into_iter().filter(|value| !value.is_empty()).take(MAX_VALUES).collect();
        match column.column_type() {
            kind @ ColumnType::Date => extend(&mut wire.date_formats, propose_formats(kind, &values)),
            kind @ ColumnType::Timestamp => {
                extend(&mut wire.timestamp_formats, propose_formats(kind, &values));
            }
            ColumnType::Decimal { .. } => {
                let has_comma = |value: &&str| {
                    !value.contains('.')
                        && value.matches(',').count() == 1
                        && check_file_field(column, table.files(), value.replace(',', ".").as_bytes()).is_ok()
                };
                if !values.is_empty() && values.iter().all(has_comma) {
                    wire.decimal_comma = Some(true);
                }
            }
            _ => {}
        }
    }
    Settings(wire)
}

/// Proposes which of the values that were refused may mean no value, where the table's column can be without one.
pub fn propose_null_values(table: &Table, refused: &BTreeMap<usize, Vec<String>>) -> Settings {
    let columns = refused
        .iter()
        .filter(|(index, _)| table.columns().get(**index).is_some_and(|column| !column.required()));
    let tokens: BTreeSet<&str> = columns
        .flat_map(|(_, values)| values.iter().map(String::as_str))
        .filter(|value| NULL_TOKENS.contains(value))
        .collect();
    let null_values = (!tokens.is_empty()).then(|| {
        let known = table.files().null_values.iter().cloned();
        known.chain(tokens.into_iter().map(str::to_owned)).collect()
    });
    Settings(WireFiles { null_values, ..WireFiles::default() })
}

fn extend(known: &mut Option<Vec<String>>, more: Vec<String>) {
    if more.is_empty() {
        return;
    }
    let known = known.get_or_insert_default();
    for format in more {
        if known.len() < MAX_FORMATS && !known.contains(&format) {
            known.push(format);
        }
    }
}

/// The formats that can read the most of these values, most of them at least; several where it is not clear what the
/// values mean. Formats that read all of them alike count as one.
fn propose_formats(kind: ColumnType, values: &[&str]) -> Vec<String> {
    let mut found: Vec<(usize, Vec<Option<crate::value::Value<'static>>>, String)> = Vec::new();
    for format in formats(kind) {
        let read: Vec<_> = values.iter().map(|value| read_in_format(kind, &format, value)).collect();
        let count = read.iter().flatten().count();
        if count > 0 && !found.iter().any(|(_, other, _)| *other == read) {
            found.push((count, read, format));
        }
    }
    found.sort_by_key(|(count, ..)| Reverse(*count));
    let most = found.first().map_or(0, |(count, ..)| *count);
    // A few values may be wrong in any format.
    if ratio(most, values.len().max(1)) < 0.8 {
        return Vec::new();
    }
    found.into_iter().take_while(|(count, ..)| *count == most).map(|(_, _, format)| format).collect()
}

/// Ways in which people write a day.
const DAYS: [&str; 17] = [
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%Y%m%d",
    "%Y-%m-%d",
];

/// Ways in which people write a time behind it.
const TIMES: [&str; 11] = [
    " %H:%M:%S",
    " %H:%M",
    "T%H:%M:%S",
    "T%H:%M",
    ", %H:%M:%S",
    ", %H:%M",
    " %I:%M:%S %p",
    " %I:%M %p",
    ", %I:%M:%S %p",
    ", %I:%M %p",
    " %H.%M",
];

fn formats(kind: ColumnType) -> Vec<String> {
    match kind {
        ColumnType::Date => DAYS.map(str::to_owned).to_vec(),
        ColumnType::Timestamp => {
            DAYS.iter().flat_map(|day| TIMES.iter().map(move |time| format!("{day}{time}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// A share of a count. Counts are of samples, far below what a float holds.
fn ratio(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap_or(u32::MAX)) / f64::from(u32::try_from(whole).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dictionary::Dictionary;
    use crate::shipped;

    fn employees() -> &'static Table {
        shipped::dictionary().unwrap().table("employees").unwrap()
    }

    fn found(table: &Table, lines: &[&str]) -> String {
        let records: Vec<(u64, Vec<String>)> = (1..)
            .zip(lines)
            .map(|(line, text)| (line, text.split(';').map(str::to_owned).collect()))
            .collect();
        propose_table(table, &records).map_or_else(String::new, |found| found.settings.to_json())
    }

    #[test]
    fn finds_the_columns_of_headers_in_other_words() {
        let table = employees();
        for (header, row, expected) in [
            ("id;name;datetime;department_id;job_id", "1;Ada;2021-07-27T16:02:08Z;3;7", "{}"),
            (
                "Employee ID;Name;Hired;Job ID;Department ID",
                "1;Ada;2021-03-01T09:00:00Z;7;3",
                r#"{"columns":{"Department ID":"department_id","Employee ID":"id","Hired":"datetime","Job ID":"job_id"}}"#,
            ),
            (
                "Emp No;Full Name;Date/Time;Dept;JobNr;Shoe size",
                "1;Ada;27/07/2021 16:02;3;7;44",
                r#"{"columns":{"Date/Time":"datetime","Dept":"department_id","Emp No":"id","Full Name":"name","JobNr":"job_id","Shoe size":null}}"#,
            ),
            (
                "empno;departmentId;jobId;hired on;person",
                "1;3;7;03.04.2021 09:00;Ada",
                r#"{"columns":{"departmentId":"department_id","empno":"id","hired on":"datetime","jobId":"job_id","person":"name"}}"#,
            ),
        ] {
            assert_eq!(found(table, &[header, row]), expected, "{header}");
        }
    }

    #[test]
    fn finds_a_header_below_other_lines() {
        let lines =
            ["New hires", "", "ID;Name;Date Time;Job ID;Department ID", "1;Ada;2021-03-01T09:00:00Z;7;3"];
        assert_eq!(
            found(employees(), &lines),
            r#"{"columns":{"Date Time":"datetime","Department ID":"department_id","Job ID":"job_id"},"skip_lines":2}"#
        );
    }

    #[test]
    fn values_tell_columns_of_like_names_apart() {
        let table = &Dictionary::parse(
            "t",
            "[[table]]\nname = \"orders\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }, \
             { name = \"order_date\", type = \"date\" }, { name = \"order_note\", type = \"string(99)\" }]",
        )
        .unwrap()
        .tables()[0]
            .clone();
        assert_eq!(
            found(table, &["order no;date of order;order", "1;27.07.2021;as usual"]),
            r#"{"columns":{"date of order":"order_date","order":"order_note","order no":"id"}}"#
        );
    }

    #[test]
    fn rows_are_no_header() {
        assert_eq!(
            found(employees(), &["1;Ada;2021-03-01T09:00:00Z;7;3", "2;Bea;2021-03-01T09:00:00Z;7;3"]),
            ""
        );
        assert_eq!(found(employees(), &["something;else", "entirely;other"]), "");
    }

    fn formats_of(values: &[&str]) -> Vec<String> {
        propose_formats(ColumnType::Timestamp, values)
    }

    #[test]
    fn finds_the_formats_of_times_and_says_where_several_are_possible() {
        assert_eq!(formats_of(&["27/07/2021 16:02", "01/02/2021 08:00"]), ["%d/%m/%Y %H:%M"]);
        assert_eq!(formats_of(&["07/27/2021 04:02 PM"]), ["%m/%d/%Y %I:%M %p"]);
        assert_eq!(formats_of(&["01/02/2021 08:00"]), ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]);
        assert_eq!(formats_of(&["3 May 2021, 09:30:00"]), ["%d %b %Y, %H:%M:%S"]);
        assert_eq!(formats_of(&["20210727 16:02"]), ["%Y%m%d %H:%M"]);
        assert_eq!(formats_of(&["soon", "later"]), [""; 0]);
        // One value in five may be wrong.
        assert_eq!(
            formats_of(&[
                "27.07.2021 16:02",
                "28.07.2021 16:02",
                "29.07.2021 16:02",
                "30.07.2021 16:02",
                "?"
            ]),
            ["%d.%m.%Y %H:%M"]
        );
        // No time can be made of a day.
        assert_eq!(formats_of(&["27/07/2021"]), [""; 0]);
        assert_eq!(propose_formats(ColumnType::Date, &["27/07/2021"]), ["%d/%m/%Y"]);
    }

    #[test]
    fn proposes_what_else_values_need() {
        let table = &Dictionary::parse(
            "t",
            "[[table]]\nname = \"things\"\ncolumns = [{ name = \"id\", type = \"integer\", key = true }, \
             { name = \"price\", type = \"decimal(9,2)\", required = false }]",
        )
        .unwrap()
        .tables()[0]
            .clone();
        let refused =
            |values: &[&str]| BTreeMap::from([(1, values.iter().map(|v| (*v).to_owned()).collect())]);
        assert_eq!(
            propose_settings(table, &refused(&["12,50", "-1,2"])).to_json(),
            r#"{"decimal_comma":true}"#
        );
        assert!(propose_settings(table, &refused(&["1,234.50", "12,50"])).is_empty());
        assert_eq!(
            propose_null_values(table, &refused(&["-", "-", "x"])).to_json(),
            r#"{"null_values":["-"]}"#
        );
        // A key cannot be without a value.
        assert!(propose_null_values(table, &BTreeMap::from([(0, vec!["-".to_owned()])])).is_empty());
    }

    #[test]
    fn every_format_can_be_set() {
        let json = |key: &str, formats: &[String]| serde_json::json!({ key: formats }).to_string();
        for (key, kind) in [("date_formats", ColumnType::Date), ("timestamp_formats", ColumnType::Timestamp)]
        {
            for some in formats(kind).chunks(MAX_FORMATS) {
                let settings = Settings::from_json(&json(key, some)).unwrap();
                assert_eq!(settings.apply(employees()).map(|_| ()), Ok(()), "{some:?}");
            }
        }
    }

    proptest! {
        /// Whatever is found can be used.
        #[test]
        fn a_proposal_can_be_applied(
            records in proptest::collection::vec(proptest::collection::vec("[a-zA-Z0-9_ /#é-]{0,9}", 0..8), 0..8),
        ) {
            let records: Vec<(u64, Vec<String>)> = (1..).zip(records).collect();
            if let Some(found) = propose_table(employees(), &records) {
                prop_assert_eq!(found.settings.apply(employees()).map(|_| ()), Ok(()));
            }
        }

        #[test]
        fn a_format_that_is_proposed_reads_what_it_was_proposed_for(day in 0..4_000i32, seconds in 0..86_400i32) {
            let time = jiff::civil::datetime(2015, 1, 1, 0, 0, 0, 0)
                .checked_add(jiff::Span::new().days(day).seconds(i64::from(seconds)))
                .unwrap();
            for format in formats(ColumnType::Timestamp) {
                let written = jiff::fmt::strtime::format(&format, time).unwrap();
                let proposed = formats_of(&[&written]);
                prop_assert!(!proposed.is_empty(), "{} as {}", format, written);
                for format in proposed {
                    prop_assert!(read_in_format(ColumnType::Timestamp, &format, &written).is_some());
                }
            }
        }
    }
}
