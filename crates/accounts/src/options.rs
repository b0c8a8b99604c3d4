//! The settings of the function.

use std::sync::Arc;
use std::time::Duration;

use lambda_kit::env::{SettingError, Settings};

use crate::username::{Username, is_domain};

/// The shortest time of an answer to a registration. It is longer than the calls for a new name and
/// for a taken one, so that the time does not reveal which it was.
const REGISTER_TIME: Duration = Duration::from_secs(1);

/// The rules of registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// True if people may register.
    pub self_registration: bool,
    /// The domains whose e-mail addresses may register; empty: any.
    pub email_domains: Arc<[String]>,
    /// The shortest time of an answer to a registration.
    pub register_time: Duration,
}

impl Options {
    /// Reads the settings from the environment.
    ///
    /// # Errors
    /// [`SettingError`] names the invalid variable.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        let settings = Settings(variable);
        let is_open = |value: &str| value.parse().ok();
        let open = settings.get("ROWGATE_SELF_REGISTRATION", is_open, "neither true nor false")?;
        let fault = "no list of domains like example.com,example.org";
        let domains = settings.get("ROWGATE_EMAIL_DOMAINS", domains, fault)?;
        Ok(Self {
            self_registration: open.unwrap_or(true),
            email_domains: domains.unwrap_or_default().into(),
            register_time: REGISTER_TIME,
        })
    }

    /// Returns true if the address may register.
    pub(crate) fn allow(&self, name: &Username) -> bool {
        self.email_domains.is_empty() || self.email_domains.iter().any(|domain| domain == name.domain())
    }
}

fn domains(list: &str) -> Option<Vec<String>> {
    let domains = list.split(',').map(|domain| domain.trim().to_ascii_lowercase());
    domains.map(|domain| is_domain(&domain).then_some(domain)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(open: &str, domains: &str) -> Result<Options, String> {
        let value = |name: &str| match name {
            "ROWGATE_SELF_REGISTRATION" => Some(open.to_owned()),
            "ROWGATE_EMAIL_DOMAINS" => Some(domains.to_owned()),
            _ => None,
        };
        Options::read(value).map_err(|error| error.to_string())
    }

    #[test]
    fn anybody_may_register_unless_something_else_is_said() {
        let options = read("", "").unwrap();
        assert!(options.self_registration && options.allow(&Username::parse("ann@x.example").unwrap()));
        assert!(!read("false", "").unwrap().self_registration);
        assert_eq!(
            read("yes", "").unwrap_err(),
            "ROWGATE_SELF_REGISTRATION=\"yes\" is neither true nor false"
        );
    }

    #[test]
    fn only_the_domains_themselves_may_register() {
        let options = read("true", "X.example, y.example").unwrap();
        let allows = |name: &str| options.allow(&Username::parse(name).unwrap());
        assert!(allows("ann@x.example") && allows("ann@Y.example"));
        assert!(!allows("ann@z.example") && !allows("ann@mail.x.example") && !allows("ann@ax.example"));
        for list in ["x", "@x.example", "x.example,", "x.example y.example", "*.example"] {
            assert!(read("true", list).is_err(), "{list}");
        }
    }
}
