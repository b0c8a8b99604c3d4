//! Reads rejects files: the records that a load rejected, with the codes of their errors.

/// Returns the code of each record of a rejects file.
pub(super) fn codes(file: &str) -> Vec<String> {
    let file = file.trim_start_matches('\u{feff}');
    // A record that was rejected for its number of fields has that number here as well.
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(file.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let Some(place) = header.iter().position(|name| name == "code") else { return Vec::new() };
    reader.into_records().filter_map(|record| Some(record.ok()?.get(place)?.to_owned())).collect()
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
