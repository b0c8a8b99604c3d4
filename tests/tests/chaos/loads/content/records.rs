//! Draws records, good and flawed.

use fastrand::Rng;

use super::{Format, KNOWN_REFERENCES, Record, Shape, Table};

impl Shape {
    /// A record in which nothing is wrong, with its fields in the dictionary's order.
    pub(super) fn row(&self, random: &mut Rng, id: i64) -> Record {
        let mut name = name(random, self.tag);
        if self.format == Format::Xlsx {
            // XML has no carriage returns.
            name = name.replace('\r', "");
        }
        let mut fields = vec![id.to_string(), name.clone()];
        let mut cells = vec![name];
        let mut unknown = 0;
        if self.table == Table::Employees {
            let (year, month, day) = (random.u32(1990..2036), random.u32(1..=12), random.u32(1..=28));
            let (hour, minute, second) = (random.u32(..24), random.u32(..60), random.u32(..60));
            let (date, time) =
                (format!("{year}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}"));
            fields.push(match random.u8(..16) {
                0 => format!("{date} {time}"),
                1 => format!("{date}T{time}.000Z"),
                2 => format!("{date}T{time}+00:00"),
                _ => format!("{date}T{time}Z"),
            });
            cells.push(format!("{date} {time}"));
            for _ in 0..2 {
                let is_unknown = random.u8(..30) == 0;
                let reference =
                    random.i64(1..=KNOWN_REFERENCES) + if is_unknown { KNOWN_REFERENCES } else { 0 };
                unknown += u64::from(is_unknown);
                fields.push(reference.to_string());
                cells.push(reference.to_string());
            }
        }
        let fields = fields.into_iter().map(String::into_bytes).collect();
        let (codes, wrong_column) = (Vec::new(), None);
        Record { line: 0, start: 0, fields, raw: None, id: Some(id), codes, wrong_column, cells, unknown }
    }

    /// Puts one or two things wrong.
    pub(super) fn spoil(&self, random: &mut Rng, record: &mut Record) {
        let is_sheet = self.format == Format::Xlsx;
        if random.u8(..8) == 0 && !is_sheet {
            // Some line between the others, and one after which a quote is open until the next one
            // comes.
            let text = if random.bool() { "\"closed\" and more" } else { "\"never closed" };
            *record =
                Record::broken(format!("{},{text}", record.id.unwrap_or_default()), record.fields.len());
            return;
        }
        if random.u8(..6) == 0 {
            // A cell that is not there is an empty one.
            if random.bool() && !is_sheet {
                record.fields.pop();
            } else {
                record.fields.push(b"too much".to_vec());
            }
            // Nobody can say which field is which, so it has no id.
            (record.id, record.codes) = (None, vec!["field_count"]);
            return;
        }
        let width = record.fields.len();
        let mut wrong = [random.usize(..width), random.usize(..width)];
        wrong.sort_unstable();
        // A row without a filled cell is none.
        let count = if wrong[0] != wrong[1] && random.bool() && !is_sheet { 2 } else { 1 };
        for column in &wrong[..count] {
            let (value, code) = loop {
                let (value, code) = flaw(random, self.table.columns()[*column]);
                // A workbook is UTF-8.
                if code != "encoding" || !is_sheet {
                    break (value, code);
                }
            };
            record.fields[*column] = value;
            record.codes.push(code);
            record.wrong_column = record.wrong_column.or(Some(self.table.columns()[*column]));
            if *column == 0 {
                record.id = None;
            }
        }
    }
}

fn flaw(random: &mut Rng, column: &str) -> (Vec<u8>, &'static str) {
    let flaws: &[(&[u8], &str)] = match column {
        "id" => {
            &[(b"", "required"), (b"12x", "type"), (b"0", "out_of_range"), (b"2147483648", "out_of_range")]
        }
        "datetime" => &[
            (b"", "required"),
            (b"2021-02-30T10:00:00Z", "timestamp"),
            (b"2021-07-27T16:02:08.5Z", "timestamp"),
            (b"soon", "timestamp"),
        ],
        "name" | "department_name" => &[(b"", "required"), (b"M\xFCller", "encoding"), (b"long", "too_long")],
        _ => &[(b"", "required"), (b"1.5", "type"), (b"-2147483649", "out_of_range")],
    };
    match flaws[random.usize(..flaws.len())] {
        (_, "too_long") => ("\u{e9}".repeat(256).into_bytes(), "too_long"),
        (value, code) => (value.to_vec(), code),
    }
}

fn name(random: &mut Rng, tag: char) -> String {
    const PARTS: [&str; 12] = [
        "Ada",
        "Grace Hopper",
        "M\u{fc}ller",
        "O'Brien",
        "quoted \"nick\" name",
        "comma, after",
        "two\nlines",
        "\u{1F600}",
        "back\\slash",
        "semi;colon",
        "carriage\r\nreturn",
        " spaces ",
    ];
    let mut name = String::from(tag);
    for _ in 0..random.usize(1..=4) {
        // Mostly plain names, as in life.
        let part = if random.u8(..3) > 0 { random.usize(..4) } else { random.usize(..PARTS.len()) };
        name.push_str(PARTS[part]);
    }
    if random.u8(..200) == 0 {
        let room = 255 - name.chars().count();
        name.extend(std::iter::repeat_n('\u{e9}', room));
    }
    name
}
