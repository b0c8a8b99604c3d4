//! The texts that match a regular expression, numbered.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Repetitions beyond the fewest, where an expression allows any number.
const MORE: u32 = 5;

/// An expression whose texts can be counted and made. Repetitions without an end have one, and
/// classes have no other characters than printable ones of ASCII if they have any of those.
#[derive(Debug, Clone)]
pub(crate) enum Texts {
    One(String),
    Characters(Vec<char>),
    All(Vec<Texts>),
    Either(Vec<Texts>),
    Repeated { of: Box<Texts>, least: u32, most: u32 },
}

impl Texts {
    /// Reads an expression; `None` for one that has no text. What looks around (`^`, `\b`) counts
    /// as matched.
    pub(crate) fn of(pattern: &str) -> Option<Self> {
        let texts = Self::of_hir(&regex_syntax::parse(pattern).ok()?);
        (texts.count() > 0).then_some(texts)
    }

    fn of_hir(hir: &Hir) -> Self {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Self::One(String::new()),
            HirKind::Literal(literal) => Self::One(String::from_utf8_lossy(&literal.0).into_owned()),
            HirKind::Class(class) => Self::Characters(characters(class)),
            HirKind::Capture(capture) => Self::of_hir(&capture.sub),
            HirKind::Concat(parts) => Self::All(parts.iter().map(Self::of_hir).collect()),
            HirKind::Alternation(parts) => Self::Either(parts.iter().map(Self::of_hir).collect()),
            HirKind::Repetition(repetition) => Self::Repeated {
                of: Box::new(Self::of_hir(&repetition.sub)),
                least: repetition.min,
                most: repetition.max.unwrap_or(repetition.min.saturating_add(MORE)),
            },
        }
    }

    /// Returns the number of texts, as far as it can be counted.
    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::One(_) => 1,
            Self::Characters(characters) => characters.len() as u64,
            Self::All(parts) => parts.iter().fold(1, |count, part| count.saturating_mul(part.count())),
            Self::Either(parts) => parts.iter().fold(0, |count, part| count.saturating_add(part.count())),
            Self::Repeated { of, least, most } => {
                let each = of.count();
                (*least..=*most).fold(0, |count, times| count.saturating_add(each.saturating_pow(times)))
            }
        }
    }

    /// Returns the text of a number below [`count`](Self::count). Each has another, unless the
    /// expression matches a text in several ways.
    pub(crate) fn text(&self, number: u64) -> String {
        let mut text = String::new();
        self.write(number, &mut text);
        text
    }

    fn write(&self, number: u64, text: &mut String) {
        match self {
            Self::One(one) => text.push_str(one),
            Self::Characters(characters) => text.extend(characters.get(number as usize)),
            Self::All(parts) => write_digits(parts.iter(), number, text),
            Self::Either(parts) => {
                let mut number = number;
                for part in parts {
                    let count = part.count();
                    if number < count {
                        return part.write(number, text);
                    }
                    number -= count;
                }
            }
            Self::Repeated { of, least, most } => {
                let (each, mut number) = (of.count(), number);
                for times in *least..=*most {
                    let count = each.saturating_pow(times);
                    if number < count {
                        return write_digits(std::iter::repeat_n(&**of, times as usize), number, text);
                    }
                    number -= count;
                }
            }
        }
    }
}

/// Writes the parts of a text whose number has a digit for each of them, the last one counting
/// fastest.
fn write_digits<'a>(parts: impl DoubleEndedIterator<Item = &'a Texts>, number: u64, text: &mut String) {
    let mut number = number;
    let mut digits: Vec<(&Texts, u64)> = Vec::new();
    for part in parts.rev() {
        let count = part.count().max(1);
        digits.push((part, number % count));
        number /= count;
    }
    for (part, digit) in digits.into_iter().rev() {
        part.write(digit, text);
    }
}

/// Returns the characters of a class: the printable ones of ASCII, or the first ones if it has no
/// such.
fn characters(class: &Class) -> Vec<char> {
    /// Enough for names in any script.
    const MOST: usize = 100;
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => {
            class.iter().map(|range| (char::from(range.start()), char::from(range.end()))).collect()
        }
    };
    let all = || ranges.iter().flat_map(|(first, last)| *first..=*last);
    let plain: Vec<char> = all().take_while(char::is_ascii).filter(char::is_ascii_graphic).collect();
    // Letters and digits alone where there are some: a class that excludes little has much that no
    // person would type.
    let usual: Vec<char> = plain.iter().copied().filter(char::is_ascii_alphanumeric).collect();
    if !usual.is_empty() {
        usual
    } else if !plain.is_empty() {
        plain
    } else {
        all().take(MOST).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn makes_texts_that_match_and_differ() {
        for pattern in [
            "^[A-Z]{3}-[0-9]{4}$",
            r"^\d{5}$",
            "^(red|green|blue)(-(light|dark))?$",
            "^a+b*$",
            r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
            "^[äöü]{2}$",
            r"^\+49 \d{3} \d+$",
            "x",
        ] {
            let texts = Texts::of(pattern).unwrap();
            let matcher = regex::Regex::new(pattern).unwrap();
            let count = texts.count().min(2000);
            let made: BTreeSet<String> = (0..count).map(|number| texts.text(number)).collect();
            assert_eq!(made.len() as u64, count, "{pattern}");
            assert!(made.iter().all(|text| matcher.is_match(text)), "{pattern}: {made:?}");
        }
    }

    #[test]
    fn counts_what_there_is() {
        let count = |pattern| Texts::of(pattern).map(|texts| texts.count());
        assert_eq!(count("^[0-9]{2}$"), Some(100));
        assert_eq!(count("^(a|bc)?$"), Some(3));
        assert_eq!(count("^[0-9]{100}$"), Some(u64::MAX));
        assert_eq!(count("[^\\s\\S]"), None);
    }

    #[test]
    fn numbers_count_from_the_left() {
        let texts = Texts::of("^[A-Z]{3}-[0-9]{4}$").unwrap();
        assert_eq!(texts.text(0), "AAA-0000");
        assert_eq!(texts.text(12_345), "AAB-2345");
    }
}
