//! Keys as row texts: without loss, whatever the rules that values keep.

use super::write_row_text;
use crate::value::{Key, KeyPart, Value};

/// Returns the fields of a key as the text of its row has them, with commas between them: `7`,
/// `3:a,b,2021-07-27`. [`read_key`](crate::sql::read_key) reads it.
pub fn key_row_text(key: &Key) -> String {
    let values: Vec<Value<'_>> = key.parts().iter().map(KeyPart::value).collect();
    let mut text = String::new();
    write_row_text(&values, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dictionary::Dictionary;
    use crate::sql::read_key;
    use crate::value::CivilDate;

    #[test]
    fn a_key_of_one_number_is_its_digits() {
        assert_eq!(key_row_text(&Key::from(-7)), "-7");
    }

    proptest! {
        /// Also such texts come back as no key of Rowgate's has: with spaces at their ends, and
        /// with control characters.
        #[test]
        fn every_key_comes_back(code in ".{0,9}", number: i16, days in -354_285_i64..2_932_896) {
            let dictionary = Dictionary::parse("test", r#"
                [[table]]
                name = "t"
                columns = [
                    { name = "note", type = "text" },
                    { name = "code", type = "string(9)", key = true },
                    { name = "number", type = "smallint", key = true },
                    { name = "day", type = "date", key = true },
                ]
            "#).unwrap();
            let table = dictionary.table("t").unwrap();
            let day = Value::Date(CivilDate::from_days(days).unwrap());
            let key = Key::of([&Value::Text(code.into()), &Value::Integer(number.into()), &day]).unwrap();
            let text = key_row_text(&key);
            prop_assert_eq!(read_key(table, &text), Ok(key));
            prop_assert!(read_key(table, &(text + ",1")).is_err());
        }
    }
}
