//! Passwords, and the rule for them.

use std::fmt;

use serde::Deserialize;

/// Characters of a password at most: Cognito's limit.
const MAX_CHARACTERS: usize = 256;

/// The symbols of Cognito
/// (docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html).
const SYMBOLS: &str = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+=";

/// A password on its way to the user pool, which is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Returns the password with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns true if a user pool could have it, whatever its rule: it is not empty, not too long,
    /// and has no control characters.
    pub(crate) fn can_be_one(&self) -> bool {
        (1..=MAX_CHARACTERS).contains(&self.0.chars().count()) && !self.0.contains(char::is_control)
    }

    /// Returns the text, for the user pool alone.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// The rule of a user pool for passwords.
///
/// It is checked before Cognito is called: Cognito checks passwords of new names alone, so its
/// error would reveal that a name is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordRule {
    /// The least number of characters.
    pub minimum: usize,
    /// True if it requires one of A to Z.
    pub capital: bool,
    /// True if it requires one of a to z.
    pub small: bool,
    /// True if it requires one of 0 to 9.
    pub digit: bool,
    /// True if it requires a symbol.
    pub symbol: bool,
}

impl PasswordRule {
    /// Returns true if the password keeps the rule. Cognito documents nothing for characters beyond
    /// ASCII, so only ASCII counts for the required kinds.
    pub fn allows(&self, password: &Password) -> bool {
        let text = password.reveal();
        let has = |is: fn(&char) -> bool| text.chars().any(|character| is(&character));
        password.can_be_one()
            && text.chars().count() >= self.minimum
            && !text.contains(char::is_whitespace)
            && (!self.capital || has(char::is_ascii_uppercase))
            && (!self.small || has(char::is_ascii_lowercase))
            && (!self.digit || has(char::is_ascii_digit))
            && (!self.symbol || has(|character| SYMBOLS.contains(*character)))
    }
}

impl fmt::Display for PasswordRule {
    /// Writes the whole rule as a sentence.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let symbols: Vec<String> = SYMBOLS.chars().map(String::from).collect();
        let symbols = format!("one of these symbols: {}", symbols.join(" "));
        let wanted: Vec<&str> = [
            (self.capital, "a capital letter (A to Z)"),
            (self.small, "a small letter (a to z)"),
            (self.digit, "a digit"),
            (self.symbol, &symbols),
        ]
        .into_iter()
        .filter_map(|(is_wanted, what)| is_wanted.then_some(what))
        .collect();
        write!(formatter, "A password has {} to {MAX_CHARACTERS} characters and no blanks", self.minimum)?;
        match &wanted[..] {
            [] => formatter.write_str("."),
            [only] => write!(formatter, ", and among them {only}"),
            [others @ .., last] => write!(formatter, ", and among them {} and {last}", others.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: PasswordRule =
        PasswordRule { minimum: 12, capital: true, small: true, digit: true, symbol: true };
    const LONG: PasswordRule =
        PasswordRule { minimum: 8, capital: false, small: false, digit: false, symbol: false };

    #[test]
    fn a_password_is_shown_nowhere() {
        assert_eq!(format!("{:?}", Password::new("Sesame-open-7")), "Password(…)");
    }

    #[test]
    fn what_no_pool_takes_is_no_password() {
        let can = |text: &str| Password::new(text).can_be_one();
        assert!(can("x") && can("Sésame€ open") && can(&"é".repeat(256)));
        for text in ["", "a\n", "a\0", &"a".repeat(257)] {
            assert!(!can(text), "{text:?}");
        }
    }

    #[test]
    fn a_password_keeps_all_of_the_rule() {
        let allows = |rule: PasswordRule, text: &str| rule.allows(&Password::new(text));
        assert!(allows(FULL, "Sesame-open-7") && allows(FULL, "Sésame-open-7"));
        for text in [
            "",
            "Sesame-open",
            "Sesame-op-7",
            "sesame-open-7",
            "SESAME-OPEN-7",
            "Sesame-open-x",
            "Sesame0open07",
            "Sesame open-7",
            "Sesame-open-7 ",
            "Sesame-open-7\n",
            "Sesame-open-7\0",
            "ÉÉÉÉ-open-7777",
            "Sesame€open07",
        ] {
            assert!(!allows(FULL, text), "{text:?}");
        }
        assert!(allows(LONG, "sesameee") && !allows(LONG, "sesamee"));
        assert!(allows(LONG, &"a".repeat(256)) && !allows(LONG, &"a".repeat(257)));
    }

    #[test]
    fn the_message_has_the_whole_rule() {
        assert_eq!(
            FULL.to_string(),
            "A password has 12 to 256 characters and no blanks, and among them a capital letter (A to Z), a small letter \
             (a to z), a digit and one of these symbols: ^ $ * . [ ] { } ( ) ? - \" ! @ # % & / \\ , > < ' : ; | _ ~ ` + ="
        );
        assert_eq!(LONG.to_string(), "A password has 8 to 256 characters and no blanks.");
        let digits = PasswordRule { digit: true, ..LONG };
        assert_eq!(
            digits.to_string(),
            "A password has 8 to 256 characters and no blanks, and among them a digit"
        );
    }
}
