//! Words for columns of text, chosen by the columns' names. No person is real: the names are drawn
//! from the lists in `names/`.

use std::sync::LazyLock;

use crate::random::scatter;

/// What a text is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An e-mail address.
    Email,
    /// First and last name.
    Person,
    GivenName,
    FamilyName,
    Street,
    Postcode,
    City,
    Country,
    Phone,
    Company,
    WebPage,
    Department,
    Job,
    Sentence,
    /// An article, or anything else that has a name.
    Thing,
}

/// The words in a column's name that say what it is about. The first one that is found counts.
const SUBJECTS: [(&[&str], Subject); 14] = [
    (&["email", "mail", "e_mail"], Subject::Email),
    (&["first", "given", "forename"], Subject::GivenName),
    (&["last", "family", "surname"], Subject::FamilyName),
    (&["street", "address"], Subject::Street),
    (&["postcode", "zip", "postal", "plz"], Subject::Postcode),
    (&["city", "town", "place"], Subject::City),
    (&["country"], Subject::Country),
    (&["phone", "mobile", "fax"], Subject::Phone),
    (&["company", "employer", "supplier", "vendor"], Subject::Company),
    (&["url", "website", "link"], Subject::WebPage),
    (&["department", "team", "unit"], Subject::Department),
    (&["job", "role", "profession"], Subject::Job),
    (
        &["description", "note", "notes", "comment", "remark", "remarks", "text", "message", "reason"],
        Subject::Sentence,
    ),
    (&["person", "people", "author", "owner", "contact"], Subject::Person),
];

const LEVELS: [&str; 4] = ["Junior ", "", "Senior ", "Lead "];

/// The lines of the files in `names/`.
struct Lists {
    given: Vec<&'static str>,
    family: Vec<&'static str>,
    departments: Vec<&'static str>,
    roles: Vec<&'static str>,
    things: Vec<&'static str>,
    adjectives: Vec<&'static str>,
    cities: Vec<&'static str>,
    countries: Vec<&'static str>,
    streets: Vec<&'static str>,
    sentences: Vec<&'static str>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| Lists {
    given: include_str!("names/given.txt").lines().collect(),
    family: include_str!("names/family.txt").lines().collect(),
    departments: include_str!("names/departments.txt").lines().collect(),
    roles: include_str!("names/roles.txt").lines().collect(),
    things: include_str!("names/things.txt").lines().collect(),
    adjectives: include_str!("names/adjectives.txt").lines().collect(),
    cities: include_str!("names/cities.txt").lines().collect(),
    countries: include_str!("names/countries.txt").lines().collect(),
    streets: include_str!("names/streets.txt").lines().collect(),
    sentences: include_str!("names/sentences.txt").lines().collect(),
});

impl Subject {
    /// Returns the subject of a column.
    pub(crate) fn of(column: &str, is_personal: bool) -> Self {
        let has = |word: &&str| column == *word || column.split('_').any(|part| part == *word);
        let named = SUBJECTS.iter().find(|(words, _)| words.iter().any(has));
        named.map_or(if is_personal { Self::Person } else { Self::Thing }, |(_, subject)| *subject)
    }

    /// Returns true if a row has the texts of one person in all its columns.
    pub(crate) fn is_personal(self) -> bool {
        matches!(self, Self::Email | Self::Person | Self::GivenName | Self::FamilyName)
    }

    /// Returns a text. Numbers up to some dozens or thousands have different texts.
    pub(crate) fn text(self, number: u64) -> String {
        self.numbered(number).0
    }

    /// Returns a text that no other number has.
    pub(crate) fn distinct_text(self, number: u64) -> String {
        let (text, count) = self.numbered(number);
        match (number / count, text.split_once('@')) {
            (0, _) => text,
            (round, Some((name, domain))) => format!("{name}{}@{domain}", round + 1),
            (round, None) => format!("{text} {}", round + 1),
        }
    }

    /// Returns a text, and the number of texts after which they repeat.
    fn numbered(self, number: u64) -> (String, u64) {
        let lists = &*LISTS;
        let (given, family) = (&lists.given, &lists.family);
        let one = |list: &[&str]| {
            let [word, _] = pick([list, &[""]], number);
            (word.to_owned(), list.len() as u64)
        };
        let two = |first: &[&str], second: &[&str], between: &str| {
            let [one, other] = pick([first, second], number);
            (format!("{one}{between}{other}"), (first.len() * second.len()) as u64)
        };
        match self {
            Self::Person => two(given, family, " "),
            // Of the same person as the other columns, so that the next number may have it again.
            Self::GivenName => (pick([given, family], number)[0].to_owned(), 1),
            Self::FamilyName => (pick([given, family], number)[1].to_owned(), 1),
            Self::Email => {
                let (name, count) = two(given, family, ".");
                (format!("{}@example.com", plain(&name)), count)
            }
            Self::Street => {
                let (street, _) = one(&lists.streets);
                (format!("{street} {}", number % 190 + 1), 1)
            }
            Self::Postcode => (format!("{:05}", 10_000 + scatter(number, 80_000)), 80_000),
            Self::City => one(&lists.cities),
            Self::Country => one(&lists.countries),
            Self::Phone => (format!("+49 30 {:07}", scatter(number, 10_000_000)), 10_000_000),
            Self::Company => two(family, &["Brothers", "Ltd", "Partners", "& Co"], " "),
            Self::WebPage => {
                let (name, count) = two(&lists.adjectives, family, "-");
                (format!("https://www.example.com/{}", plain(&name)), count)
            }
            Self::Department => one(&lists.departments),
            Self::Job => two(&LEVELS, &lists.roles, ""),
            Self::Sentence => one(&lists.sentences),
            Self::Thing => two(&lists.adjectives, &lists.things, " "),
        }
    }
}

/// Returns a word of each list: combination `number` in an order that looks random.
fn pick<'a>(lists: [&[&'a str]; 2], number: u64) -> [&'a str; 2] {
    let count = lists.iter().map(|list| list.len() as u64).product();
    let mut place = scatter(number % count, count);
    lists.map(|list| {
        let word = list[(place % list.len() as u64) as usize];
        place /= list.len() as u64;
        word
    })
}

/// Returns a name as addresses have it: in lower case, without accents and apostrophes.
fn plain(name: &str) -> String {
    let plain = |character: char| match character {
        'ö' => Some('o'),
        'ë' => Some('e'),
        '.' | '-' => Some(character),
        ' ' => Some('-'),
        _ => character.is_ascii_alphanumeric().then(|| character.to_ascii_lowercase()),
    };
    name.chars().filter_map(plain).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_of_columns_choose_the_words() {
        for (column, is_personal, expected) in [
            ("email", true, Subject::Email),
            ("e_mail", true, Subject::Email),
            ("first_name", true, Subject::GivenName),
            ("name", true, Subject::Person),
            ("name", false, Subject::Thing),
            ("department_name", false, Subject::Department),
            ("product_name", false, Subject::Thing),
            ("billing_city", false, Subject::City),
            ("noted", false, Subject::Thing),
        ] {
            assert_eq!(Subject::of(column, is_personal), expected, "{column}");
        }
    }

    #[test]
    fn distinct_texts_are_distinct() {
        for subject in [
            Subject::Email,
            Subject::Person,
            Subject::Street,
            Subject::Postcode,
            Subject::City,
            Subject::Company,
            Subject::Job,
            Subject::Thing,
        ] {
            let texts: BTreeSet<String> = (0..10_000).map(|number| subject.distinct_text(number)).collect();
            assert_eq!(texts.len(), 10_000, "{subject:?}");
        }
    }

    #[test]
    fn a_person_has_one_name() {
        for number in [0, 1, 7, 5000] {
            let name = Subject::Person.text(number);
            let (given, family) = name.split_once(' ').unwrap();
            assert_eq!(Subject::GivenName.text(number), given);
            assert_eq!(Subject::FamilyName.text(number), family);
            assert!(Subject::Email.text(number).starts_with(&plain(given)));
        }
    }
}
