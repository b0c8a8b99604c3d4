//! Reads rejects files: the records that a load rejected, with the codes of their errors.

/// Returns the code of each record of a rejects file.
pub(super) fn codes(file: &str) -> Vec<String> {
    let mut records = records(file.trim_start_matches('\u{feff}')).into_iter();
    let header = records.next().unwrap_or_default();
    let Some(place) = header.iter().rposition(|name| name == "code") else { return Vec::new() };
    records.filter_map(|mut record| (place < record.len()).then(|| record.swap_remove(place))).collect()
}

/// Cuts a CSV file (RFC 4180) into records and fields.
fn records(file: &str) -> Vec<Vec<String>> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut is_quoted = false;
    let mut characters = file.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(std::mem::take(&mut field)),
            '\n' if !is_quoted => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            '\r' if !is_quoted => {}
            other => field.push(other),
        }
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_the_header_whatever_the_records_hold() {
        let file = "\u{feff}id,note,line,code,reason\r\n1,\"a, \"\"b\"\"\r\nc\",2,type,\"id, a number\"\r\n\
                    ,,3,field_count,\"too few, 1\",over\r\n";
        assert_eq!(codes(file), ["type", "field_count"]);
        assert_eq!(codes("id,note\n1,a\n"), [""; 0]);
        assert_eq!(codes(""), [""; 0]);
    }
}
