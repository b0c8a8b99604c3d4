use super::*;

#[test]
fn a_token_and_a_text_are_limited() {
    let long = "x".repeat(1024 * 1024);
    let cell = |text: &str| by_hand(&format!("<row><c t=\"str\"><v>{text}</v></c></row>"), "");
    assert_eq!(records(&cell(&long[..1_000_000]))[0].1[0].len(), 1_000_000);
    for text in [&*long, &format!("<!--{long}-->"), &format!("<a b=\"{long}\"/>")] {
        assert!(error(&cell(text)).contains("a piece of it is longer than 1 MiB"));
    }
    let half = &long[..600_000];
    let texts = format!("<si><t>{half}</t><t>{half}</t></si>");
    assert!(error(&by_hand("", &texts)).contains("a text of more than 1 MiB"));
    assert!(error(&cell(&format!("{half}<!-- -->{half}"))).contains("a text of more than 1 MiB"));
    let two = "<c t=\"s\"><v>0</v></c>".repeat(2);
    let row =
        by_hand(&format!("<row><c><v>7</v></c></row><row>{two}</row>"), &format!("<si><t>{half}</t></si>"));
    let (chunks, end) = read(&row);
    assert!(end.unwrap_err().to_string().starts_with("line 2: the record is longer than"));
    assert_eq!(fields(&chunks), [record(1, &["7", "", "", "", "", ""])]);
}

#[test]
fn a_directory_is_limited() {
    let unusual = "the workbook is encrypted or packed in an unusual way";
    let names: Vec<_> = (0..140).map(|number| format!("{number}{:60000}", "")).collect();
    let parts: Vec<_> = [ROOT, BOOK].into_iter().chain(names.iter().map(|name| (&**name, ""))).collect();
    assert!(error(&archive(&parts)).starts_with(unusual));
    assert!(error(&archive(&parts[..130])).starts_with("the workbook has no sheet"));
    // Number of entries, length and offset of an end that refers to ZIP64's.
    let bytes = archive(&[ROOT, BOOK]);
    for field in [
        bytes.len() - 12..bytes.len() - 10,
        bytes.len() - 10..bytes.len() - 6,
        bytes.len() - 6..bytes.len() - 2,
    ] {
        let mut large = bytes.clone();
        large[field].fill(0xff);
        assert!(error(&large).starts_with(unusual));
    }
}

#[test]
fn elements_within_each_other_are_limited() {
    let nested = |depth: usize| by_hand(&"<a>".repeat(depth), "");
    let says = "its elements are too deep, or their names too long";
    assert!(error(&nested(255)).contains(says));
    assert!(error(&nested(1_000_000)).contains(says));
    let named = |length: usize| by_hand(&format!("<{}/>", "a".repeat(length)), "");
    read(&named(256)).1.unwrap();
    assert!(error(&named(257)).contains(says));
    let closed = format!("{}{}", "<a>".repeat(254), "</a>".repeat(254));
    read(&by_hand(&closed, "")).1.unwrap();
}

#[test]
fn styles_are_limited() {
    let styles = format!("<styleSheet><cellXfs>{}</cellXfs></styleSheet>", "<xf/>".repeat(65_537));
    let parts =
        [ROOT, BOOK, RELATIONS, ("xl/styles.xml", &*styles), ("xl/worksheets/sheet1.xml", "<worksheet/>")];
    assert!(error(&archive(&parts)).contains("more than 65536 cell styles"));
}
